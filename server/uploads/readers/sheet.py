"""Rows of cells, gathered into a sheet: its columns' names, what they are, and what is odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from server.uploads.cells import Cells, cleaned
from server.uploads.notes import TAKEN, Note, Unreadable, plain, shown

TABLE = "table.parquet"
MOST_COLUMNS, MOST_CELLS = 1000, 10_000_000
#: rows that are gathered before they are packed closely
TOGETHER = 20_000
#: columns of which it is said what is odd
NOTED = 40
#: names that the answer's column often has
ANSWERS = ("target", "label", "class", "answer", "y", "outcome", "species", "category", "sentiment")


class Gathering:
    """Rows that come one by one. `first`: the row, as a spreadsheet counts, of the first."""

    def __init__(self, names: Sequence[str], first: int) -> None:
        self.first = first
        self.notes: list[Note] = []
        self.names = self._named(names)
        self.rows = 0
        self._parts: list[Any] = []
        self._few: list[Sequence[str | None]] = []

    def add(self, row: Sequence[str | None]) -> None:
        """Raises Unreadable beyond the limit."""
        self._few.append(row)
        self.rows += 1
        if self.rows * len(self.names) > MOST_CELLS:
            most = MOST_CELLS // len(self.names)
            raise Unreadable(
                f"there are more than {MOST_CELLS:,} cells; send {most:,} rows at most, or fewer "
                "columns",
                self.rows + self.first - 1,
            )
        if len(self._few) >= TOGETHER:
            self._pack()

    def _pack(self) -> None:
        import polars as pl

        columns = list(zip(*self._few, strict=True)) or [() for _ in self.names]
        self._parts.append(
            pl.DataFrame([cleaned(cells, str(i)) for i, cells in enumerate(columns)])
        )
        self._few = []

    def frame(self) -> Any:
        """A polars.DataFrame of str, null where nothing is known. Raises Unreadable for none."""
        import polars as pl

        if self._few or not self._parts:
            self._pack()
        found = pl.concat(self._parts)
        if not found.height:
            raise Unreadable("there are no rows; a table has a row of names and one for each case")
        return found

    def _named(self, given: Sequence[str]) -> list[str]:
        """The names on one line, none empty, none twice."""
        if len(given) > MOST_COLUMNS:
            raise Unreadable(
                f"there are {len(given):,} columns; a table may have {MOST_COLUMNS:,}: leave some "
                "out, or turn rows into columns if it lies on its side", 1,
            )  # fmt: skip
        names: list[str] = []
        for i, name in enumerate(given, start=1):
            found = plain(name) or f"column {i}"
            base, count = found, 2
            while found in names or found in TAKEN:
                found, count = f"{base} ({count})", count + 1
            if found != name.strip():
                self._renamed(name, found, i)
            names.append(found)
        return names

    def _renamed(self, name: str, found: str, place: int) -> None:
        why = "has no name" if not plain(name) else "has a name of its own now"
        self.notes.append(Note(f"column {place} {why}: it is called {shown(found)}", 1, found))


def write(gathered: Gathering, folder: Path, comma: bool = False) -> dict[str, Any]:
    """Keep a sheet in a folder, and return what is known of it."""
    frame = gathered.frame()
    columns = [
        Cells(name, frame[str(i)], comma) for i, name in enumerate(gathered.names)
    ]  # fmt: skip
    kinds = [column.guess() for column in columns]
    frame.write_parquet(folder / TABLE)
    notes = gathered.notes + list(_odd(columns, kinds, gathered.first))
    double = frame.height - frame.unique().height
    if double:
        which = "a row is the same as another" if double == 1 else f"{double:,} rows repeat others"
        notes.append(Note(f"{which}; 'deduplicate' leaves them out"))
    return {
        "about": f"{frame.height:,} rows, {len(columns):,} columns",
        "rows": frame.height,
        "first_row": gathered.first,
        "comma": comma,
        "columns": [
            {"name": column.name, "guessed": kind}
            for column, kind in zip(columns, kinds, strict=True)
        ],
        "answer": _answer(columns, kinds),
        "notes": [note.told() for note in notes],
    }


def _answer(columns: Sequence[Cells], kinds: Sequence[str]) -> str | None:
    """The column that is probably to be predicted: by its name, else the last of few categories,
    else the last of numbers."""
    usable = {
        column.name: kind
        for column, kind in zip(columns, kinds, strict=True)
        if kind in ("number", "category") and _differs(column, kind)
    }
    named = [name for name in usable if name.lower() in ANSWERS]
    classes = [name for name, kind in usable.items() if kind == "category"]
    return (named or classes or list(usable) or [None])[-1]


def _differs(column: Cells, kind: str) -> bool:
    cells = column.numbers() if kind == "number" else column.cells
    return cells.drop_nulls().n_unique() > 1


def _odd(columns: Sequence[Cells], kinds: Sequence[str], first: int) -> Iterable[Note]:
    for column, kind in list(zip(columns, kinds, strict=True))[:NOTED]:
        yield from _odd_of(column, kind, first)


def _odd_of(column: Cells, kind: str, first: int) -> Iterable[Note]:
    """What is odd about a column, each with the first row in which it is so."""
    cells, name = column.cells, column.name
    known = cells.is_not_null()
    if not known.any():
        yield Note("nothing is in this column; leave it out", None, name)
        return
    if cells.drop_nulls().n_unique() == 1 and known.all():
        yield Note("has the same value in every row: nothing can be learned from it", None, name)
    formulas = (cells.str.starts_with("=") & known).fill_null(False)
    if formulas.any():
        row = int(formulas.arg_max() or 0)
        yield Note(
            f"{shown(cells[row])} is a formula: it is kept as text and never computed; paste the "
            "value in its place" + _more(int(formulas.sum())), row + first, name,
        )  # fmt: skip
    if kind == "number":
        bad = known & column.numbers().is_null()
        if bad.any():
            row = int(bad.arg_max() or 0)
            yield Note(
                f"{shown(cells[row])} is no number that can be used: it is taken as missing; mend "
                "it, or make the column a category" + _more(int(bad.sum())), row + first, name,
            )  # fmt: skip
    if kind == "category":
        counts = Counter(cells.drop_nulls().to_list())
        lone = [value for value, count in counts.items() if count == 1]
        if lone:
            row = int((cells == lone[0]).fill_null(False).arg_max() or 0)
            yield Note(
                f"{shown(lone[0])} stands in one row only: it will be in one part of the data; "
                "leave the row out, or call it as another" + _more(len(lone)), row + first, name,
            )  # fmt: skip


def _more(count: int) -> str:
    return f" ({count - 1:,} more such)" if count > 1 else ""
