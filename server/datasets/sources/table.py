"""A table as it was collected: typed columns, and where values are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.datasets.packs import frozen, once

Kind = Literal["number", "category", "text", "time"]


@dataclass(frozen=True, eq=False)
class Column:
    """`values` (rows,), read-only. By kind: number float64, missing NaN; category int32, an index
    of `categories`, missing -1; text str objects, missing ""; time datetime64[D], missing NaT."""

    name: str
    kind: Kind
    values: NDArray[Any]
    categories: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(rows,): where nothing is known."""
        if self.kind == "category":
            return self.values < 0
        if self.kind == "text":
            return self.values == ""
        return np.isnan(self.values) if self.kind == "number" else np.isnat(self.values)


@dataclass(frozen=True, eq=False)
class Table:
    """`target` is the column that is usually predicted."""

    columns: tuple[Column, ...]
    target: str

    @property
    def rows(self) -> int:
        return len(self.columns[0].values)

    def __getitem__(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]


@dataclass(frozen=True)
class Source:
    """Where a table is from, and what reads it: once for all."""

    title: str
    help: str
    source: str
    licence: str
    read: Callable[[], Table]

    def __call__(self) -> Table:
        """The table. Raises RuntimeError with the mend where what it is read from is missing."""
        return self.read()


def described(
    title: str, help: str, source: str, licence: str
) -> Callable[[Callable[[], Table]], Source]:
    """Make a source of a function that reads a table."""

    def make(read: Callable[[], Table]) -> Source:
        return Source(title, help, source, licence, once(read))

    return make


@dataclass(frozen=True)
class Field:
    """What a file's column is. `categories`: what stands in its cells, and how each is called."""

    name: str
    kind: Kind = "number"
    unit: str = ""
    help: str = ""
    categories: Mapping[str, str] = field(default_factory=dict[str, str])


def column(described: Field, cells: Sequence[str], missing: str = "") -> Column:
    """The column whose cells are written as text. Raises ValueError for what is no number or no
    date, KeyError for what is no category."""
    known = [cell != missing for cell in cells]
    return Column(
        described.name,
        described.kind,
        frozen(_values(described, cells, known)),
        tuple(described.categories.values()),
        described.unit,
        described.help,
    )


def columns(
    fields: Sequence[Field], rows: Sequence[Sequence[str]], missing: str = ""
) -> tuple[Column, ...]:
    """The columns of rows of cells. Raises as `column` does, and ValueError for ragged rows."""
    by_column = zip(*rows, strict=True)
    return tuple(
        column(each, cells, missing) for each, cells in zip(fields, by_column, strict=True)
    )


def _values(described: Field, cells: Sequence[str], known: Sequence[bool]) -> NDArray[Any]:
    pairs = list(zip(cells, known, strict=True))
    match described.kind:
        case "number":
            return np.array([float(cell) if is_known else np.nan for cell, is_known in pairs])
        case "category":
            codes = {cell: code for code, cell in enumerate(described.categories)}
            return np.array([codes[cell] if is_known else -1 for cell, is_known in pairs], np.int32)
        case "text":
            return np.array([cell if is_known else "" for cell, is_known in pairs], object)
        case "time":
            return np.array([cell if is_known else "NaT" for cell, is_known in pairs], "M8[D]")
