"""What a sweep is: a base experiment, the settings that vary, and how long each run trains."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

import server.datasets
import server.layers
import server.training  # noqa: F401 - they fill the registries
from server.experiment import Experiment, Spec

MAX_AXES = 3
MAX_RUNS = 256
#: optimizer steps of all runs together
MAX_TOTAL_STEPS = 50_000_000
#: levels of one axis
MAX_LEVELS = 64
MAX_SEED = 2**32 - 1

_POINTER = re.compile(r"(/[A-Za-z0-9_]{1,40}){1,12}")


class Range(Spec):
    """Numbers from `low` to `high`, both among them; of an integer setting they are rounded.

    count: levels of a grid; a random search draws from all of the range.
    """

    low: float = Field(ge=-1e9, le=1e9)
    high: float = Field(ge=-1e9, le=1e9)
    scale: Literal["linear", "log"] = "linear"
    count: int = Field(5, ge=2, le=MAX_LEVELS)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"high: it must be above low, {self.low:g}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("low: a logarithmic range begins above 0; choose scale 'linear'")
        return self


class Axis(Spec):
    """A setting that varies: its JSON pointer in the experiment, and either values or a range."""

    path: str = Field(max_length=200, examples=["/training/learning_rate"])
    values: tuple[JsonValue, ...] | None = Field(None, min_length=1, max_length=MAX_LEVELS)
    range: Range | None = None

    @field_validator("path")
    @classmethod
    def _is_a_setting(cls, path: str) -> str:
        if not _POINTER.fullmatch(path):
            raise ValueError("write it as /training/learning_rate or /network/layers/0/units")
        if path == "/seed":
            raise ValueError("the seed is varied by `seeds`, the number of seeds of every setting")
        if path == "/version":
            raise ValueError("the version of the format is no setting; choose another")
        return path

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.values is None) == (self.range is None):
            raise ValueError("values: give either values or a range")
        if self.values and any(v in self.values[:i] for i, v in enumerate(self.values)):
            raise ValueError("values: each may be named once; remove the repeated one")
        return self

    @property
    def keys(self) -> list[str]:
        """The steps of the path."""
        return self.path.split("/")[1:]


class Grid(Spec):
    """Every level of every axis with every level of the others."""

    kind: Literal["grid"] = "grid"


class Random(Spec):
    """So many settings, each drawn from all values or from all of the range, on its scale."""

    kind: Literal["random"] = "random"
    count: int = Field(20, ge=1, le=MAX_RUNS)
    seed: int = Field(0, ge=0, le=MAX_SEED)


Mode = Annotated[Grid | Random, Field(discriminator="kind")]


class Sweep(Spec):
    """Runs of one experiment with some settings varied.

    seeds: of every setting, counted up from the experiment's own. epochs, steps: how long every
        run trains; either of them.
    """

    experiment: Experiment = Field(default_factory=lambda: Experiment.model_validate({}))
    axes: tuple[Axis, ...] = Field((), max_length=MAX_AXES)
    mode: Mode = Grid.model_validate({})
    seeds: int = Field(1, ge=1, le=MAX_RUNS)
    epochs: int | None = Field(None, ge=1, le=1_000_000)
    steps: int | None = Field(None, ge=1, le=MAX_TOTAL_STEPS)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("epochs: give either epochs or steps")
        if isinstance(self.mode, Random) and not self.axes:
            raise ValueError("mode: a random search needs an axis to draw from; add one")
        for i, axis in enumerate(self.axes):
            for j, other in enumerate(self.axes[:i]):
                if f"{axis.path}/".startswith(f"{other.path}/") or f"{other.path}/".startswith(
                    f"{axis.path}/"
                ):
                    raise ValueError(
                        f"axes.{i}.path: it lies on axis {j}, {other.path}; vary one of them"
                    )
        return self
