"""Steps that change how far the numbers of a column reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from server.experiment.registry import PREPARATIONS, setting

from .base import ColumnStep, Variable

LEAK = "How far the numbers reach would be worked out with rows that the network is tested on."


@PREPARATIONS.register
class Standardise(ColumnStep):
    """Mean 0, standard deviation 1."""

    kind: Literal["standardise"] = "standardise"
    keeps_unit = False
    title = "Standardise"
    help = "Takes the mean away and divides by the standard deviation, so that columns compare."
    formula = r"x \leftarrow (x - \mu)/\sigma"
    source = "scikit-learn, StandardScaler"
    leak = LEAK

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import StandardScaler

        return StandardScaler()


@PREPARATIONS.register
class MinMax(ColumnStep):
    """From one number to another."""

    kind: Literal["min_max"] = "min_max"
    keeps_unit = False
    title = "Scale to a range"
    help = "Stretches each column so that its smallest and largest values are given numbers."
    formula = r"x \leftarrow a + (b - a)\,(x - \min)/(\max - \min)"
    source = "scikit-learn, MinMaxScaler"
    leak = LEAK

    low: float = setting(0.0, title="From", ge=-1000, le=999, help="The smallest value's number.")
    span: float = setting(
        1.0, title="Width", gt=0, le=2000, choices=[1, 2], help="How far the largest is from it."
    )

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import MinMaxScaler

        return MinMaxScaler((self.low, self.low + self.span))


@PREPARATIONS.register
class Robust(ColumnStep):
    """By the middle half."""

    kind: Literal["robust"] = "robust"
    keeps_unit = False
    title = "Scale robustly"
    help = (
        "Takes the median away and divides by the width of the middle half; outliers count little."
    )
    formula = r"x \leftarrow (x - q_{50})/(q_{75} - q_{25})"
    source = "scikit-learn, RobustScaler"
    leak = LEAK

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import RobustScaler

        return RobustScaler()


@PREPARATIONS.register
class Log(ColumnStep):
    """A logarithm that knows 0 and below."""

    kind: Literal["log"] = "log"
    keeps_unit = False
    title = "Logarithm"
    help = "Draws large numbers together and small ones apart; negative ones keep their sign."
    formula = r"x \leftarrow \operatorname{sign}(x)\,\ln(1 + |x|)"

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import FunctionTransformer

        return FunctionTransformer(signed_log)


def signed_log(x: Any) -> Any:
    """sign(x) ln(1 + |x|)."""
    return np.sign(x) * np.log1p(np.abs(x))


@PREPARATIONS.register
class ClipOutliers(ColumnStep):
    """Nothing further out than this."""

    kind: Literal["clip_outliers"] = "clip_outliers"
    title = "Clip outliers"
    help = "Moves what lies far outside of the middle half to where far outside begins."
    formula = r"q_{25} - k\,d \le x \le q_{75} + k\,d,\ d = q_{75} - q_{25}"
    source = "Tukey, Exploratory Data Analysis, 1977"
    leak = LEAK

    factor: float = setting(
        1.5, title="Reach", ge=0, le=100, choices=[1, 1.5, 2, 3, 5], formula="k",
        help="How many widths of the middle half beyond it are not far.",
    )  # fmt: skip

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from ._estimators import Fences

        return Fences(self.factor)
