"""What a preparation step is: a kind that is fitted on the training rows, and changes them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import Kind, setting

VariableKind = Literal["number", "category", "text"]

#: what examples are called that steps are for, by their form
FORMS = {"table": "tables", "image": "pictures"}


@dataclass(frozen=True)
class Variable:
    """A column by its name. categories: what the codes of a category stand for, from 0 on. gaps:
    whether values may be missing."""

    name: str
    kind: VariableKind = "number"
    categories: tuple[str, ...] = ()
    unit: str = ""
    gaps: bool = False

    def filled(self) -> Variable:
        """The same without gaps."""
        return replace(self, gaps=False)


def check_form(steps: Sequence[Any], form: str) -> None:
    """Raises ValueError, with the path of the step and the mend, for one that is for other
    examples than these."""
    for i, step in enumerate(steps):
        if step.form != form:
            raise ValueError(
                f"preparation.{i}: {step.kind!r} is for {FORMS[step.form]}, and these are "
                f"{FORMS[form]}; leave it out"
            )


def check_filled(variables: Sequence[Variable]) -> None:
    """Raises ValueError, with the mend, for one in which values may be missing."""
    for v in variables:
        if v.gaps:
            raise ValueError(
                f"values of {v.name!r} are missing; put 'impute' or 'drop_missing' before"
            )


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows of variables. columns: (N,) each, float64 with NaN where a value is missing, of a
    category its code; of text objects, "" where it is missing."""

    variables: tuple[Variable, ...]
    columns: tuple[NDArray[Any], ...]

    @property
    def rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[[v.name for v in self.variables].index(name)]

    def take(self, rows: NDArray[Any]) -> Frame:
        """Only these rows: places, or a mask."""
        return Frame(self.variables, tuple(column[rows] for column in self.columns))

    def matrix(self, names: Sequence[str]) -> NDArray[Any]:
        """(N, len(names)) of columns of numbers, or of text."""
        if not names:
            return np.zeros((self.rows, 0))
        return np.stack([self[name] for name in names], axis=1)


def missing(column: NDArray[Any]) -> NDArray[np.bool_]:
    """(N,): where nothing is known."""
    return column == "" if column.dtype == object else np.isnan(column)


def columns_setting() -> Any:
    return setting(
        None, title="Columns", max_length=1000, widget="columns",
        help="Which columns it is for; null is all that it can be used for.",
    )  # fmt: skip


class Step(Kind):
    """Base of every step for tables."""

    #: what its examples are
    form: ClassVar[str] = "table"
    #: the kinds of columns it can be used for
    kinds: ClassVar[tuple[VariableKind, ...]] = ("number",)
    #: what would leak if it were fitted on all rows, in a sentence; empty where nothing is learned
    leak: ClassVar[str] = ""
    #: rows before a row that it needs: so many of the first are left out
    past: ClassVar[int] = 0

    columns: tuple[str, ...] | None = columns_setting()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        shown = {"form": cls.form, "kinds": list(cls.kinds), "leak": cls.leak}
        cls.hints = cls.hints | {key: value for key, value in shown.items() if value}

    def chosen(self, variables: Sequence[Variable]) -> list[Variable]:
        """The columns it is for. Raises ValueError, with the mend, for one that there is not or
        that it cannot be used for."""
        if self.columns is None:
            return [v for v in variables if v.kind in self.kinds]
        known = {v.name: v for v in variables}
        for name in self.columns:
            if name not in known:
                some = ", ".join(repr(v.name) for v in variables[:8])
                raise ValueError(f"columns: there is no column {name!r} here; there are {some}")
            if known[name].kind not in self.kinds:
                raise ValueError(
                    f"columns: {name!r} is a {known[name].kind}, and {self.name()!r} is for a "
                    f"{' or a '.join(self.kinds)}; leave it out, or encode it before"
                )
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns: each may be named once; remove the repeated one")
        return [known[name] for name in self.columns]

    def after(self, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        """The variables there are after it. Raises ValueError as `chosen` does."""
        raise NotImplementedError

    def told(self, chosen: Sequence[Variable], fitted: Any) -> dict[str, str]:
        """What it has learned that some of its columns are about, by their names."""
        return {}


class ColumnStep(Step):
    """A step that puts other columns in the place of those that it is for."""

    #: whether its numbers are in the unit of their column
    keeps_unit: ClassVar[bool] = True

    def outputs(self, chosen: Sequence[Variable]) -> list[list[Variable]]:
        """What stands in the place of each of the chosen columns."""
        return [[v if self.keeps_unit else replace(v, unit="")] for v in chosen]

    def estimator(self, chosen: Sequence[Variable]) -> Any:
        """A scikit-learn transformer of the matrix of chosen columns, not yet fitted, whose
        outputs are those of `outputs` one after the other."""
        raise NotImplementedError

    def after(self, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        chosen = self.chosen(variables)
        places = dict(zip((v.name for v in chosen), self.outputs(chosen), strict=True))
        found = tuple(new for v in variables for new in places.get(v.name, [v]))
        return _named_apart(found)

    def fitted(self, frame: Frame) -> Any:
        """The transformer, fitted on these rows; None where it is for no column."""
        chosen = self.chosen(frame.variables)
        if not chosen:
            return None
        return self.estimator(chosen).fit(frame.matrix([v.name for v in chosen]))

    def apply(self, frame: Frame, fitted: Any) -> Frame:
        """The rows as they are after it."""
        chosen = self.chosen(frame.variables)
        if fitted is None:
            return frame
        names = [v.name for v in chosen]
        found = np.asarray(fitted.transform(frame.matrix(names)), np.float64)
        widths = [len(new) for new in self.outputs(chosen)]
        parts = np.split(found, np.cumsum(widths)[:-1], axis=1)
        by_name = dict(zip(names, parts, strict=True))
        columns: list[NDArray[Any]] = []
        for v, column in zip(frame.variables, frame.columns, strict=True):
            columns += list(by_name[v.name].T) if v.name in by_name else [column]
        return Frame(self.after(frame.variables), tuple(columns))


class RowStep(Step):
    """A step that leaves rows out, of every part."""

    def after(self, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        self.chosen(variables)
        return variables

    def kept(self, frame: Frame) -> NDArray[np.bool_]:
        """(N,): which rows stay."""
        raise NotImplementedError


def _named_apart(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    names = [v.name for v in variables]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise ValueError(f"columns: there would be two columns {double!r}; leave one out before")
    return variables
