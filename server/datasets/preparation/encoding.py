"""Steps from categories to numbers, and from numbers to categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from server.experiment.registry import PREPARATIONS, setting

from .base import ColumnStep, Variable, check_filled


@PREPARATIONS.register
class OneHot(ColumnStep):
    """A column for each category."""

    kind: Literal["one_hot"] = "one_hot"
    title = "One-hot"
    help = "A column for each category, 1 where it is this one; what is missing is 0 in all."
    source = "scikit-learn, OneHotEncoder"
    kinds = ("category",)

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        return [[Variable(f"{v.name} = {name}") for name in v.categories] for v in chosen]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import OneHotEncoder

        codes: Any = [np.arange(len(v.categories), dtype=np.float64) for v in chosen]
        return OneHotEncoder(categories=codes, handle_unknown="ignore", sparse_output=False)


@PREPARATIONS.register
class Ordinal(ColumnStep):
    """The number of the category."""

    kind: Literal["ordinal"] = "ordinal"
    title = "Ordinal"
    help = "The number of the category, from 0 on: where categories have an order."
    kinds = ("category",)

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        return [[Variable(v.name, gaps=v.gaps)] for v in chosen]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import FunctionTransformer

        return FunctionTransformer()


@PREPARATIONS.register
class Bins(ColumnStep):
    """Categories of numbers."""

    kind: Literal["bins"] = "bins"
    title = "Bins"
    help = "Divides a column of numbers into intervals, each a category."
    source = "scikit-learn, KBinsDiscretizer"
    leak = "Where the intervals end would be worked out with rows that the network is tested on."

    bins: int = setting(
        5, title="Intervals", ge=2, le=50, choices=[2, 3, 4, 5, 8, 10, 20], help="How many."
    )
    strategy: Literal["uniform", "quantile"] = setting(
        "quantile", title="Divided", help="Where the intervals end.",
        options={
            "uniform": ("Evenly", "All intervals are as wide."),
            "quantile": ("By rows", "All intervals have as many rows, as far as can be."),
        },
    )  # fmt: skip

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        check_filled(chosen)
        names = tuple(f"interval {i + 1}" for i in range(self.bins))
        return [[Variable(v.name, "category", names)] for v in chosen]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import KBinsDiscretizer

        everything: Any = None  # or it would look at a part of the rows
        return KBinsDiscretizer(
            n_bins=self.bins,
            encode="ordinal",
            strategy=self.strategy,
            quantile_method="averaged_inverted_cdf",
            subsample=everything,
        )
