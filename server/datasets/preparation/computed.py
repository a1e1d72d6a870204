"""A step that works out a column by a formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from server.experiment.registry import PREPARATIONS, setting

from ..formula import MAX_LENGTH, Expression, FormulaError, parse
from .base import ColumnStep, Variable


@dataclass(frozen=True)
class Computed:
    """A formula as a function of columns (n, N), in the order of their names."""

    expression: Expression

    def __call__(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        given = dict(zip(self.expression.variables, columns, strict=True))
        return self.expression.of(given, columns.shape[1:])

    def __str__(self) -> str:
        """As it is written in Python, with NumPy."""
        names = self.expression.variables
        places = {name: f"c[{i}]" for i, name in enumerate(names)}
        return f"lambda c: {self.expression.python(places)}"


@PREPARATIONS.register
class Formula(ColumnStep):
    """A column that is worked out of others, which stay."""

    kind: Literal["formula"] = "formula"
    title = "Formula"
    help = (
        "Adds a column worked out of others, by their names, in backticks where a name has "
        "blanks: `siblings and spouses` + 1. Where it has no value, it is missing."
    )

    columns: ClassVar[None] = None  # pyright: ignore[reportIncompatibleVariableOverride]
    column: str = setting(
        "computed", title="Name", min_length=1, max_length=60, help="What the column is called."
    )
    expression: str = setting(
        "", title="Formula", max_length=MAX_LENGTH, widget="formula",
        help="Of columns of numbers, such as log(fare + 1) or age^2; while empty, there is none.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_a_name(self) -> Any:
        if not self.column.strip():
            raise ValueError("column: a name of blanks cannot be told from others; write a word")
        return self

    def chosen(self, variables: Sequence[Variable]) -> list[Variable]:
        """Those that the formula is of."""
        if not self.expression.strip():
            return []
        known = {v.name: v for v in variables}
        return [known[name] for name in self._parsed(variables).variables]

    def _parsed(self, variables: Sequence[Variable]) -> Expression:
        try:
            found = parse(self.expression, [v.name for v in variables])
        except FormulaError as error:
            raise ValueError(f"expression: {error}") from None
        kinds = {v.name: v.kind for v in variables}
        for name in found.variables:
            if kinds[name] != "number":
                raise ValueError(
                    f"expression: {name!r} is a {kinds[name]}, and sums are of numbers; encode it "
                    "before"
                )
        if not found.variables:
            raise ValueError("expression: it is of no column, always the same; name one in it")
        return found

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        if not chosen:
            return []
        gaps = not self._parsed(chosen).total or any(v.gaps for v in chosen)
        return [*([v] for v in chosen[:-1]), [chosen[-1], Variable(self.column, gaps=gaps)]]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        from ._estimators import Adding

        parsed = self._parsed(chosen)
        return Adding(Computed(parsed), parsed.total and not any(v.gaps for v in chosen))
