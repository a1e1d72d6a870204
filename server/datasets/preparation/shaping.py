"""Steps that choose, multiply and combine columns, and one that leaves out repeated rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import PREPARATIONS, setting

from .base import ColumnStep, Frame, RowStep, Step, Variable, check_filled

#: columns that a step may make
MAX_COLUMNS = 2000


@PREPARATIONS.register
class DropColumns(Step):
    """Columns that are not wanted."""

    kind: Literal["drop_columns"] = "drop_columns"
    title = "Drop columns"
    help = "Leaves out columns: names and numbers of things, what is known only afterwards."
    kinds = ("number", "category", "text")

    columns: tuple[str, ...] = setting(
        (), title="Columns", max_length=1000, widget="columns", help="Which ones."
    )  # type: ignore[assignment]

    def after(self, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        gone = {v.name for v in self.chosen(variables)}
        return tuple(v for v in variables if v.name not in gone)

    def fitted(self, frame: Frame) -> Any:
        return None

    def apply(self, frame: Frame, fitted: Any) -> Frame:
        left = self.after(frame.variables)
        return Frame(left, tuple(frame[v.name] for v in left))


@PREPARATIONS.register
class DropDuplicates(RowStep):
    """Rows that are there already."""

    kind: Literal["drop_duplicates"] = "drop_duplicates"
    title = "Drop repeated rows"
    help = "Leaves out rows that are equal to an earlier one, which would be trained and tested on."
    kinds = ("number", "category", "text")

    def kept(self, frame: Frame) -> NDArray[np.bool_]:
        names = [v.name for v in self.chosen(frame.variables)]
        rows = list(zip(*(_keys(frame[name]) for name in names), strict=True))
        seen: set[Any] = set()
        return np.array([not (row in seen or seen.add(row)) for row in rows], bool)


def _keys(column: NDArray[Any]) -> list[Any]:
    """Values that compare equal where two are, missing ones too."""
    return [None if isinstance(v, float) and math.isnan(v) else v for v in column.tolist()]


class _Joined(ColumnStep):
    """A step that puts columns made of all the chosen ones in the place of the first of them."""

    def made(self, chosen: Sequence[Variable]) -> list[Variable]:
        """What stands there."""
        raise NotImplementedError

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        if not chosen:
            return []
        check_filled(chosen)
        made = self.made(chosen)
        if len(made) > MAX_COLUMNS:
            raise ValueError(
                f"there would be {len(made):,} columns, and {MAX_COLUMNS:,} may be; choose fewer"
            )
        return [made, *([] for _ in chosen[1:])]


@PREPARATIONS.register
class Polynomial(_Joined):
    """Products of columns."""

    kind: Literal["polynomial"] = "polynomial"
    title = "Polynomial features"
    help = "Adds the products of columns with each other and themselves."
    formula = r"x_i,\ x_i x_j,\ x_i^2, \dots"
    source = "scikit-learn, PolynomialFeatures"

    degree: int = setting(
        2, title="Degree", ge=2, le=4, choices=[2, 3, 4], help="Factors of a product at most."
    )
    interaction_only: bool = setting(
        False, title="Different columns only", help="No powers: no column is a factor twice."
    )

    def made(self, chosen: Sequence[Variable]) -> list[Variable]:
        count = len(chosen)
        limit = sum(math.comb(count + d - 1, d) for d in range(1, self.degree + 1))
        if limit > MAX_COLUMNS and not self.interaction_only:
            return [Variable("")] * limit
        names = np.array([v.name for v in chosen], object)
        found = self.estimator(chosen).fit(np.zeros((1, count)))
        return [Variable(str(name)) for name in found.get_feature_names_out(names)]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.preprocessing import PolynomialFeatures

        return PolynomialFeatures(
            self.degree, interaction_only=self.interaction_only, include_bias=False
        )


@PREPARATIONS.register
class PrincipalComponents(_Joined):
    """Directions in which the rows differ most."""

    kind: Literal["pca"] = "pca"
    title = "Principal components"
    help = "Turns columns into the few directions in which the rows differ most."
    source = "scikit-learn, PCA"
    leak = "The directions would be worked out with rows that the network is tested on."

    components: int = setting(
        2, title="Components", ge=1, le=100, choices=[1, 2, 3, 5, 10, 20], help="How many."
    )
    whiten: bool = setting(
        False, title="Whiten", help="Divides each by its deviation, so that all reach as far."
    )

    def made(self, chosen: Sequence[Variable]) -> list[Variable]:
        if self.components > len(chosen):
            raise ValueError(
                f"components: there are {len(chosen)} columns to turn; choose so many at most"
            )
        return [Variable(f"component {i + 1}") for i in range(self.components)]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from sklearn.decomposition import PCA

        return PCA(self.components, whiten=self.whiten, svd_solver="full")
