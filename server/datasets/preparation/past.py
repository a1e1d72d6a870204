"""A step that gives every row what came before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import PREPARATIONS, setting

from .base import ColumnStep, Frame, Variable


@PREPARATIONS.register
class Window(ColumnStep):
    """Columns of the rows before, beside those of the row itself."""

    kind: Literal["window"] = "window"
    title = "Window"
    help = (
        "Adds the values of the rows before, of a table in order; the first rows, which have no "
        "whole past, are left out."
    )
    formula = r"x_t,\ x_{t-1}, \dots, x_{t-k}"
    kinds = ("number", "category")
    hints = {"looks-back": True}

    lags: int = setting(
        1, title="Rows back", ge=1, le=50, choices=[1, 2, 3, 6, 12, 24], formula="k",
        help="How many rows before are looked at.",
    )  # fmt: skip

    @property
    def past(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.lags

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        back = range(1, self.lags + 1)
        return [[v, *(replace(v, name=f"{v.name} −{k}") for k in back)] for v in chosen]

    def fitted(self, frame: Frame) -> Any:
        return None

    def apply(self, frame: Frame, fitted: Any) -> Frame:
        """The rows in their order, without the first."""
        if frame.rows <= self.lags:
            raise ValueError(
                f"a row needs the {self.lags} before it, and of these rows the first {frame.rows} "
                f"are only that; bring {self.lags + 1} or more, in their order"
            )
        names = {v.name for v in self.chosen(frame.variables)}
        columns: list[NDArray[Any]] = []
        for v, column in zip(frame.variables, frame.columns, strict=True):
            columns.append(column[self.lags :])
            if v.name in names:
                columns += [self._before(column, k) for k in range(1, self.lags + 1)]
        return Frame(self.after(frame.variables), tuple(columns))

    def _before(self, column: NDArray[Any], k: int) -> NDArray[Any]:
        return np.asarray(column[self.lags - k : len(column) - k])
