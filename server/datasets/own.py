"""Tables that people bring: their rows, their sentences, their series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from server.experiment.registry import DATASETS, Spec, setting
from server.uploads.cells import Kind

from .base import Points
from .sequences import SequenceDataset, foreseeing, windows
from .sources import Column, Table, own
from .tables import TableDataset, check_answer
from .written import SentenceDataset

#: categories of a column that are told apart unless one asks for more, and names of columns that
#: only count the rows
MANY = 30
COUNTING = re.compile(r"(.*[ _.-])?(id|index|row)|unnamed.*|column 1", re.I)


class ColumnType(Spec):
    """What a column is, where that is not what it is guessed to be."""

    column: str = setting(title="Column", help="The column's name.", max_length=120)
    kind: Kind = setting(
        title="Kind", help="What its cells are.",
        options={
            "number": ("Number", "Quantities."),
            "category": ("Category", "One of a few, told apart by their names."),
            "text": ("Text", "Words, or names that are hardly there twice."),
            "time": ("Time", "Days and times of day."),
        },
    )  # fmt: skip


def file_setting() -> Any:
    return setting(
        None, title="File", pattern="^[0-9a-f]{64}$", widget="upload",
        help="The digest of a file that was brought here; null is a small sample of ours.",
    )  # fmt: skip


class OwnColumns(Spec):
    """A table that somebody brought, and what its columns are."""

    becomes: ClassVar[str] = "table"
    hints: ClassVar[dict[str, Any]] = {
        "own": True, "accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.parquet",
    }  # fmt: skip

    file: str | None = file_setting()
    types: tuple[ColumnType, ...] = setting(
        (), title="Kinds of columns", max_length=1000, widget="types",
        help="What columns are, where they are not what they are guessed to be.",
    )  # fmt: skip

    def of_file(self, samples: int) -> Table:
        """So many of its rows at most, in their order. Raises ValueError, with path and mend."""
        return own.table(self.file, tuple((t.column, t.kind) for t in self.types), samples)


@DATASETS.register
class OwnTable(OwnColumns, TableDataset):
    """Rows of a table that somebody brought."""

    kind: Literal["own_table"] = "own_table"
    title = "Own table"
    help = "Your CSV, TSV, JSON lines or Parquet; until you bring one, a year of a café."
    samples: int = setting(
        10_000, title="Rows", ge=20, le=200_000, scale="log",
        choices=[200, 1000, 5000, 10_000, 50_000, 200_000],
        help="How many of the rows are taken, before the split; all, where there are fewer.",
    )  # fmt: skip

    def table(self) -> Table:
        return self.of_file(self.samples)

    @model_validator(mode="after")
    def _can_be_learned(self) -> Self:
        table = self.table()
        if table.rows * len(table.columns) > own.MOST_NUMBERS:
            most = own.MOST_NUMBERS // len(table.columns)
            raise ValueError(f"samples: these are too many numbers; take {most:,} at most")
        if not (self.answer or table.target):
            raise ValueError(
                "answer: no column has numbers, or a few categories, that differ; say what the "
                "columns are, or bring another table"
            )
        check_answer(self.asked)
        known = self.asked.values[~self.asked.missing]
        if len(np.unique(known)) < 2:
            raise ValueError(
                f"answer: {self.asked.name!r} is the same in every row: there is nothing to tell "
                "apart; choose another column"
            )
        return self

    @property
    def useless(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Columns that say nothing, or too much at once; none where all do."""
        others = [c for c in self.table().columns if c is not self.asked]
        found = tuple(c.name for c in others if _says_nothing(c))
        return found if len(found) < len(others) else ()

    def preparation(self) -> tuple[dict[str, Any], ...]:
        """As of any table; where nothing but texts is left, of their words."""
        others = [c for c in self.table().columns if c is not self.asked]
        texts = [c.name for c in others if c.kind == "text" and not c.missing.all()]
        rest = [c.name for c in others if c.name not in texts]
        if not texts or any(name not in self.useless for name in rest):
            return super().preparation()
        drop = ({"kind": "drop_columns", "columns": rest},) if rest else ()
        return (*drop, {"kind": "bag_of_words", "columns": texts})


def _says_nothing(column: Column) -> bool:
    if column.missing.all():
        return True
    if column.kind == "category":
        return len(column.categories) > MANY
    if column.kind != "number" or not COUNTING.fullmatch(column.name):
        return False
    return len(np.unique(column.values)) == len(column.values)


@DATASETS.register
class OwnSentences(OwnColumns, SentenceDataset):
    """Inputs (length,): the last words of a cell, `·` before fewer and `…` for a word that is not
    among the `words` commonest. Labels: the category in another column."""

    kind: Literal["own_sentences"] = "own_sentences"
    title = "Own sentences"
    help = "A column of text in your table, and the class of each in another, word by word."
    text: str | None = setting(
        None, title="Text", max_length=120, widget="column",
        help="The column that is read; null is the one with the longest texts.",
    )  # fmt: skip
    answer: str | None = setting(
        None, title="Answer", max_length=120, widget="column",
        help="The column of the classes; null is the one that usually is.",
    )  # fmt: skip
    samples: int = setting(
        5000, title="Rows", ge=20, le=50_000, scale="log", choices=[200, 1000, 5000, 20_000],
        help="How many of the rows are taken, before the split; all, where there are fewer.",
    )  # fmt: skip

    @cached_property
    def whole(self) -> Table:
        """The table."""
        return self.of_file(self.samples)

    @cached_property
    def read(self) -> Column:
        """The column of text."""
        texts = [c for c in self.whole.columns if c.kind == "text" and not c.missing.all()]
        if self.text is not None:
            return _named(self.whole, self.text, ("text",), "text")
        if not texts:
            raise ValueError("text: no column is text; say that one is, or bring another table")
        return max(texts, key=lambda c: sum(map(len, c.values)))

    @cached_property
    def asked(self) -> Column:
        """The column of the classes."""
        name = self.answer or self.whole.target
        if not name:
            raise ValueError("answer: no column has a few categories; bring another table")
        return _named(self.whole, name, ("category",), "answer")

    @model_validator(mode="after")
    def _can_be_learned(self) -> Self:
        if not 2 <= len(self.asked.categories) <= 100:
            raise ValueError(
                f"answer: {self.asked.name!r} has {len(self.asked.categories)} categories; "
                "choose a column with from 2 to 100"
            )
        if not self.commonest:
            raise ValueError(f"text: there is no word in {self.read.name!r}; choose another")
        return self

    @property
    def classes(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.asked.categories)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.asked.categories

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.whole.columns)

    def sentences(self) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        known = ~self.asked.missing & ~self.read.missing
        texts = tuple(str(cell) for cell in self.read.values[known])
        return texts, self.asked.values[known].astype(np.float32)


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers over time, (N,)."""

    values: NDArray[np.float64]


@DATASETS.register
class OwnSeries(OwnColumns, SequenceDataset):
    """Numbers of a column in their order, by their mean and standard deviation before the test
    part: every stretch of `length`, and the one after. A gap is on the line between its sides."""

    kind: Literal["own_series"] = "own_series"
    continues = True
    problem = "regression"
    step_name, unit = "row", "deviations"
    title = "Own series"
    help = "A column of your table over time, to be foreseen a row ahead; the last are the test."
    column: str | None = setting(
        None, title="Column", max_length=120, widget="column",
        help="The column that is foreseen; null is the last one of numbers.",
    )  # fmt: skip
    order: str | None = setting(
        None, title="In the order of", max_length=120, widget="column",
        help="The column that says when each row was; null is the rows' own order.",
    )  # fmt: skip
    length: int = setting(
        20, title="Length", ge=5, le=100, choices=[7, 12, 20, 30, 50, 100],
        help="How many rows are looked back on.",
    )  # fmt: skip
    held: int = setting(
        20, title="Test part", ge=5, le=50, choices=[10, 20, 30],
        help="How much of the series, at its end, is the test part, in percent.",
    )  # fmt: skip

    @cached_property
    def series(self) -> Series:
        """The last 20,000 numbers, in their order. Raises ValueError, with path and mend."""
        table = self.of_file(own.MOST_NUMBERS)
        numbers = [c.name for c in table.columns if c.kind == "number" and not c.missing.all()]
        if not (self.column or numbers):
            raise ValueError("column: no column has numbers; say that one does")
        column = _named(table, self.column or numbers[-1], ("number",), "column")
        values = column.values
        if self.order is not None:
            by = _named(table, self.order, ("number", "time"), "order")
            values = values[~by.missing][np.argsort(by.values[~by.missing], kind="stable")]
        known = np.flatnonzero(~np.isnan(values))
        if len(known) < 3 * self.length:
            raise ValueError(
                f"length: there are {len(known)} numbers; look back on {len(known) // 3} at most"
            )
        return Series(np.interp(np.arange(len(values)), known, values[known])[-20_000:])

    @model_validator(mode="after")
    def _can_be_learned(self) -> Self:
        if self.series.values.std() == 0:
            raise ValueError("column: its numbers are all the same; choose another")
        return self

    @property
    def test(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return max(1, (len(self.series.values) - self.length) * self.held // 100)

    @property
    def column_names(self) -> tuple[str, ...]:
        return ()

    def generate(self, rng: np.random.Generator) -> Points:
        values, before = self.series.values, self.series.values[: -self.test]
        level = (values - before.mean()) / (before.std() or 1.0)
        return windows(level, self.length, self.test)

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        if not len(labels):
            return super().label_range(labels)
        return float(labels.min()), float(labels.max())

    def suggestion(self) -> dict[str, Any]:
        return foreseeing()


def _named(table: Table, name: str, kinds: tuple[str, ...], path: str) -> Column:
    """The column of that name. Raises ValueError, with the path, where it is none of that kind."""
    columns = {c.name: c for c in table.columns}
    if name not in columns:
        names = ", ".join(map(repr, list(columns)[:20]))
        raise ValueError(f"{path}: there is no column {name!r:.80}; there are {names}")
    if columns[name].kind not in kinds:
        raise ValueError(
            f"{path}: {name!r} is {columns[name].kind}; choose one of {' or '.join(kinds)}, or say "
            "that it is"
        )
    return columns[name]
