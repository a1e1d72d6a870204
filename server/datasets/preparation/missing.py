"""Steps for values that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import PREPARATIONS, setting

from .base import ColumnStep, Frame, RowStep, Variable, missing


@PREPARATIONS.register
class DropMissing(RowStep):
    """Rows in which a value is missing."""

    kind: Literal["drop_missing"] = "drop_missing"
    title = "Drop rows with missing values"
    help = "Leaves out every row in which one of the columns has no value."
    kinds = ("number", "category", "text")

    def after(self, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        names = {v.name for v in self.chosen(variables)}
        return tuple(v.filled() if v.name in names else v for v in variables)

    def kept(self, frame: Frame) -> NDArray[np.bool_]:
        gaps = [missing(frame[v.name]) for v in self.chosen(frame.variables)]
        return ~np.any(gaps, axis=0) if gaps else np.ones(frame.rows, bool)


@PREPARATIONS.register
class Impute(ColumnStep):
    """Something in the place of what is missing."""

    kind: Literal["impute"] = "impute"
    title = "Impute missing values"
    help = "Puts a likely value where there is none."
    source = "scikit-learn, SimpleImputer and KNNImputer"
    kinds = ("number", "category")
    leak = "What is typical would be worked out with rows that the network is tested on."

    strategy: Literal["mean", "median", "most_frequent", "constant", "knn"] = setting(
        "median", title="With", help="What is put there.",
        options={
            "mean": ("Mean", "The mean of the column."),
            "median": ("Median", "The value in the middle, which outliers do not move."),
            "most_frequent": ("Mode", "The most frequent value."),
            "constant": ("A constant", "Always the same number."),
            "knn": ("Nearest rows", "The mean of the rows that are most alike otherwise."),
        },
    )  # fmt: skip
    fill: float = setting(
        0.0, title="Constant", ge=-1e9, le=1e9, help="What is put there, where it is a constant."
    )
    neighbors: int = setting(
        5, title="Neighbours", ge=1, le=50, choices=[1, 3, 5, 10, 20],
        help="How many of the nearest rows the mean is of.",
    )  # fmt: skip
    indicator: bool = setting(
        False, title="Say where", help="Adds a column that is 1 where the value was missing."
    )

    def chosen(self, variables: Sequence[Variable]) -> list[Variable]:
        """Of categories only the most frequent one makes sense."""
        found = super().chosen(variables)
        if self.strategy == "most_frequent":
            return found
        wrong = next((v.name for v in found if v.kind == "category"), None)
        if wrong is not None and self.columns is not None:
            raise ValueError(
                f"columns: {wrong!r} is a category, whose codes are no quantities; choose "
                "'most_frequent' for it, in a step of its own"
            )
        return [v for v in found if v.kind == "number"]

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        if not self.indicator:
            return [[v.filled()] for v in chosen]
        return [[v.filled(), Variable(f"{v.name} missing")] for v in chosen]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer

        if self.strategy == "knn":
            imputer: Any = KNNImputer(n_neighbors=self.neighbors, keep_empty_features=True)
        else:
            imputer = SimpleImputer(
                strategy=self.strategy, fill_value=self.fill, keep_empty_features=True
            )
        if not self.indicator:
            return imputer
        marks = MissingIndicator(features="all")
        from ._estimators import Alternating

        return Alternating([("values", imputer), ("missing", marks)])
