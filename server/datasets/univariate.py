"""Regression on one input: a curve given by a formula."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationInfo, field_validator, model_validator

from server.experiment.registry import DATASETS, setting

from .base import DOMAIN, Points, Sampled, samples_setting
from .formula import MAX_LENGTH, parse

#: every input drawn is one of GRID + 1 evenly spaced places, so that a formula
#: found good at all of them is good at all points that are ever drawn
GRID = 4096
MAX_VALUE = 1e6


@DATASETS.register
class Function(Sampled):
    kind: Literal["function"] = "function"
    title = "Function curve"
    help = "Points of a curve that you give by its formula; noise scatters them up and down."
    formula = r"t = f(x) + \epsilon"
    problem = "regression"
    dimensions = 1

    samples: int = samples_setting(200)
    low: float = setting(
        -DOMAIN, title="From", ge=-DOMAIN, le=DOMAIN,
        help="The least x that a point is drawn at.",
    )  # fmt: skip
    high: float = setting(
        DOMAIN, title="To", ge=-DOMAIN, le=DOMAIN,
        help="The greatest x that a point is drawn at.",
    )  # fmt: skip
    expression: str = setting(
        "sin(x)", title="Formula", max_length=MAX_LENGTH, widget="formula",
        choices=["sin(x)", "x^2/6 - 3", "abs(x) - 3", "step(x)", "sin(3*x)*exp(-x^2/8)",
                 "floor(x)", "tanh(2*x) + x/4", "max(sin(x), 0)"],
        help="The curve: numbers, x, pi, e, + - * / ^, parentheses and sin cos tan exp log sqrt "
        "abs tanh sigmoid relu sign step floor gauss min max.",
    )  # fmt: skip

    @field_validator("expression")
    @classmethod
    def _has_values(cls, text: str, info: ValidationInfo) -> str:
        curve = parse(text)
        if "low" in info.data and "high" in info.data:
            places = grid(info.data["low"], info.data["high"])
            _check_values(places, curve.evaluate(places))
        return text

    @model_validator(mode="after")
    def _has_width(self) -> Self:
        if self.high - self.low < 0.1:
            raise ValueError(
                f"high: must lie at least 0.1 above low, which is {self.low:g}; raise it, or "
                "lower low"
            )
        return self

    def generate(self, rng: np.random.Generator) -> Points:
        curve = parse(self.expression)
        places = grid(self.low, self.high)
        x = places[rng.integers(0, GRID, self.samples, endpoint=True)]
        half_height = np.ptp(curve.evaluate(places)) / 2
        scatter = rng.standard_normal(self.samples) * half_height * self.noise_share
        return Points.of(x[:, None], curve.evaluate(x) + scatter)

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        """The span of the labels and a tenth of it at either end."""
        low, high = float(np.min(labels)), float(np.max(labels))
        margin = 0.1 * (high - low) or 1.0
        return low - margin, high + margin


def grid(low: float, high: float) -> NDArray[np.float64]:
    """(GRID + 1,) evenly spaced places, ends included."""
    return low + (high - low) * (np.arange(GRID + 1) / GRID)


def _check_values(places: NDArray[np.float64], values: NDArray[np.float64]) -> None:
    bad = ~(np.abs(values) <= MAX_VALUE)  # NaN too
    if not bad.any():
        return
    x, value = places[bad][0], values[bad][0]
    mend = "change the formula, or move From and To"
    if np.isfinite(value):
        raise ValueError(f"the value at x = {x:g} is {value:.3g}, beyond ±{MAX_VALUE:g}; {mend}")
    raise ValueError(f"there is no finite value at x = {x:g}; {mend}")
