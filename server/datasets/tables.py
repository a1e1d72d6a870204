"""Real tables, of columns of numbers and categories, with what is missing in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from server.experiment.registry import DATASETS, setting
from server.uploads.cells import FAR

from . import sources
from .base import Dataset, Points, Problem
from .preparation import Frame, Variable, prepared_variables
from .preparation.pipeline import check_numbers
from .sources import Column, Table

#: categories that an answer may be of
MAX_CLASSES = 100
DAY = np.timedelta64(1, "D")
MEDICAL = (
    "A lesson, no medical device: it has learned from few patients of one place and time, and "
    "nobody may be diagnosed or treated by what it answers."
)


def variable(column: Column) -> Variable:
    """How a column comes into the preparation; a time as a number, of days since 1970."""
    kind = "number" if column.kind == "time" else column.kind
    gaps = kind != "text" and bool(column.missing.any())
    return Variable(column.name, kind, column.categories, column.unit, gaps)


def values(column: Column) -> NDArray[Any]:
    """The values of a column as those of a `Frame`."""
    if column.kind == "text":
        return column.values
    if column.kind == "time":
        days = (column.values - np.datetime64(0, "D")) / DAY
        return np.where(column.missing, np.nan, days.astype(np.float64))
    return np.where(column.missing, np.nan, column.values.astype(np.float64))


class TableDataset(Dataset):
    """Rows of a table, each with the value of one column as the answer: the class where it is a
    category, the number, by its mean and standard deviation, where it is one."""

    form = "table"
    dimensions = 0
    #: the problem that the usual answer poses
    usual: ClassVar[Problem] = "classification"
    #: columns of numbers that a network had better not be given
    useless: ClassVar[tuple[str, ...]] = ()

    answer: str | None = setting(
        None, title="Answer", max_length=200, widget="column",
        help="The column to be predicted; null is the one that usually is.",
    )  # fmt: skip

    def table(self) -> Table:
        """The table, the same at every call. Raises RuntimeError with the mend where what it is
        read from is missing."""
        return sources.TABLES[self.name()]()

    @classmethod
    def usual_problem(cls) -> Problem:
        return cls.usual

    @model_validator(mode="after")
    def _has_the_answer(self) -> Self:
        if self.answer is None:
            return self
        columns = {c.name: c for c in self.table().columns}
        if self.answer not in columns:
            names = ", ".join(map(repr, columns))
            raise ValueError(f"answer: there is no column {self.answer!r}; there are {names}")
        check_answer(columns[self.answer])
        return self

    @cached_property
    def asked(self) -> Column:
        """The column of the answers."""
        table = self.table()
        return table[self.answer or table.target]

    @property
    def problem(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return "classification" if self.asked.kind == "category" else "regression"

    @property
    def classes(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.asked.categories)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.asked.categories

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.table().columns)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The columns beside the answer."""
        return tuple(variable(c) for c in self.table().columns if c is not self.asked)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of a row as it was collected."""
        return (len(self.variables),)

    def prepared_shape(self, steps: tuple[Any, ...]) -> tuple[int, ...]:
        return (len(self.prepared(steps)[-1]),)

    def prepared(self, steps: tuple[Any, ...]) -> list[tuple[Variable, ...]]:
        """The variables as they are, then after every step. Raises ValueError, with the path of
        the step and the mend, where one cannot be done or a network could not be given the last."""
        found = prepared_variables(steps, self.variables)
        check_numbers(found[-1])
        return found

    def rows(self) -> tuple[Frame, NDArray[np.float64]]:
        """All rows whose answer is known, and the answers (N,): classes, or numbers as they are."""
        columns = [c for c in self.table().columns if c is not self.asked]
        known = ~self.asked.missing
        frame = Frame(self.variables, tuple(values(c)[known] for c in columns))
        return frame, values(self.asked)[known]

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        if self.classes or not len(labels):
            return super().label_range(labels)
        low, high = float(labels.min()), float(labels.max())
        return low, max(high, low + 1e-6)

    def key(self, name: str) -> NDArray[Any]:
        """The values of a column, of the rows whose answer is known: alike, or in order; missing
        ones last."""
        column = self.table()[name]
        found = values(column)[~self.asked.missing]
        return np.array(found, str) if column.kind == "text" else found

    def frame_of(self, rows: Sequence[Mapping[str, Any]]) -> Frame:
        """Rows from outside, by the names of the columns: a number, a category's name, or text;
        what is missing, or null, is missing. Raises ValueError, with the row and the column, where
        one cannot be read."""
        names = {v.name for v in self.variables} | {self.asked.name}
        for i, row in enumerate(rows):
            unknown = next((name for name in row if name not in names), None)
            if unknown is not None:
                raise ValueError(f"row {i}: there is no column {unknown!r:.60}; leave it out")
        columns = [
            np.array([_read(row.get(v.name), v, i) for i, row in enumerate(rows)],
                     object if v.kind == "text" else np.float64)
            for v in self.variables
        ]  # fmt: skip
        return Frame(self.variables, tuple(columns))

    def generate(self, rng: np.random.Generator) -> Points:
        """All rows, in their order: numbers and codes, NaN where one is missing, 0 for text."""
        frame, answers = self.rows()
        numbers = [np.zeros(frame.rows) if c.dtype == object else c for c in frame.columns]
        return Points.of(np.stack(numbers, axis=1), answers)

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        found = cls().generate(rng)
        rows = rng.permutation(len(found.labels))[:20]
        return Points(np.nan_to_num(found.inputs[rows]), found.labels[rows])

    def preparation(self) -> tuple[dict[str, Any], ...]:
        """The steps that a network can be given its rows by, with no other choice made."""
        unread = [v.name for v in self.variables if v.kind == "text" or v.name in self.useless]
        read = [v for v in self.variables if v.name not in unread]
        steps: list[dict[str, Any]] = []
        if unread:
            steps.append({"kind": "drop_columns", "columns": unread})
        if any(v.gaps and v.kind == "number" for v in read):
            steps.append({"kind": "impute", "strategy": "median"})
        numbers = [v.name for v in read if v.kind == "number"]
        if numbers:
            steps.append({"kind": "standardise", "columns": numbers})
        if any(v.kind == "category" for v in read):
            steps.append({"kind": "one_hot"})
        return tuple(steps)

    def suggestion(self) -> dict[str, Any]:
        classes = self.problem == "classification"
        layer = {
            "kind": "dense", "units": 8, "activation": "relu", "initializer": "he_uniform",
        }  # fmt: skip
        return {
            "network": {
                "layers": [layer, layer],
                "output": {"initializer": "glorot_uniform", "bias": 0},
            },
            "training": {
                "loss": "categorical_crossentropy" if classes else "squared_error",
                "optimizer": "adam",
                "learning_rate": 0.003,
                "batch_size": 32,
            },
        }


def check_answer(asked: Column) -> None:
    """Raises ValueError, with path and mend, for a column that cannot be predicted."""
    if asked.kind not in ("number", "category") or len(asked.categories) > MAX_CLASSES:
        raise ValueError(
            f"answer: {asked.name!r} is {asked.kind}; choose a column of numbers, or of at "
            f"most {MAX_CLASSES} categories"
        )


def _read(cell: Any, v: Variable, row: int) -> Any:
    """A cell from outside as a value of a `Frame`."""
    if v.kind == "text":
        return str(cell or "")
    if cell is None or cell == "":
        if v.gaps:
            return math.nan
        raise ValueError(f"row {row}: {v.name!r} is missing, and never was in training; fill it in")
    if v.kind == "category":
        if cell in v.categories:
            return float(v.categories.index(cell))
        some = ", ".join(map(repr, v.categories[:10]))
        raise ValueError(f"row {row}: {v.name!r} is {str(cell)[:40]!r}; it is one of {some}")
    if isinstance(cell, int | float) and abs(cell) <= FAR:
        return float(cell)
    raise ValueError(f"row {row}: {v.name!r} is {str(cell)[:40]!r}; send a number")


class _BuiltIn(TableDataset):
    """A table of `sources.TABLES`, whose words it takes over."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        source = sources.TABLES[cls.name()]
        cls.title, cls.help = source.title, source.help
        cls.source, cls.licence = source.source, source.licence
        super().__pydantic_init_subclass__(**kwargs)


@DATASETS.register
class Iris(_BuiltIn):
    kind: Literal["iris"] = "iris"


@DATASETS.register
class Wine(_BuiltIn):
    kind: Literal["wine"] = "wine"


@DATASETS.register
class BreastCancer(_BuiltIn):
    caution = MEDICAL
    kind: Literal["breast_cancer"] = "breast_cancer"


@DATASETS.register
class Diabetes(_BuiltIn):
    caution = MEDICAL
    usual = "regression"
    kind: Literal["diabetes"] = "diabetes"


@DATASETS.register
class Penguins(_BuiltIn):
    useless = ("year",)
    kind: Literal["penguins"] = "penguins"


@DATASETS.register
class Titanic(_BuiltIn):
    useless = ("body",)
    kind: Literal["titanic"] = "titanic"
