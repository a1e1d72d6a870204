"""Tables as text: cells between commas, semicolons, tabs or bars, a row a line."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from server.uploads.notes import Note, Progress, Unreadable, shown

from .encoding import opened, share
from .said import Said
from .sheet import MOST_COLUMNS, Gathering, write

SEPARATORS = ",;\t|"
#: rows that are looked at to find how the table is written
LOOKED = 50
#: letters of one cell
LONGEST = 100_000
COMMA = re.compile(r"[-+]?\d+,\d+")


def separator_of(lines: Sequence[str]) -> str | None:
    """What stands between the cells of these lines: what makes most of them alike; None where
    nothing does."""
    found = [(*_evenness(lines, separator), separator) for separator in SEPARATORS]
    share, width, separator = max(found)
    return separator if share and width > 1 else None


def evenness(lines: Sequence[str]) -> float:
    """Which share of the lines have as many cells as most."""
    return max(_evenness(lines, separator)[0] for separator in SEPARATORS)


def _evenness(lines: Sequence[str], separator: str) -> tuple[float, int]:
    """The share of the lines with the commonest number of cells, and this; 0 for one cell."""
    counts = Counter(len(row) for row in _parsed(lines, separator) if row)
    width, count = counts.most_common(1)[0] if counts else (0, 0)
    return (count / sum(counts.values()) if width > 1 else 0.0), width


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Read such a file. Raises Unreadable."""
    with opened(path, said.encoding) as file:
        head = list(islice(file, LOOKED))
    separator = separator_of(head)
    if separator is None:
        raise Unreadable(
            "nothing parts its cells; a table has a comma, a semicolon or a tab between them", 1
        )
    size = max(path.stat().st_size, 1)
    with opened(path, said.encoding) as file:
        rows = _rows(csv.reader(file, delimiter=separator, strict=True))
        gathered = _gathered(rows, said.header, separator)
        for number, row in rows:
            if len(row) != len(gathered.names):
                raise _ragged(number, row, len(gathered.names), separator)
            gathered.add(row)
            if gathered.rows % 5000 == 0:
                progress(share(file, size), f"row {number:,}")
    return write(gathered, folder, separator == ";" and _has_commas(head, separator))


def _parsed(lines: Iterable[str], separator: str) -> list[list[str]]:
    """The rows, to the first that is none."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=separator))
    return rows


def _rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their numbers."""
    csv.field_size_limit(LONGEST)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(error, number) from None
        if any(cell.strip() for cell in row):
            yield number, row


def _broken(error: csv.Error, number: int) -> Unreadable:
    text = str(error)
    if "field limit" in text:
        return Unreadable(
            f"a cell has more than {LONGEST:,} letters; perhaps a quotation mark before it is not "
            "closed", number,
        )  # fmt: skip
    if "expected after" in text or "end of data" in text:
        return Unreadable(
            "a quotation mark is not closed, or stands within a cell; write it twice there", number
        )
    return Unreadable("this row is not written as a table's row; mend or remove it", number)


def _ragged(number: int, row: Sequence[str], wanted: int, separator: str) -> Unreadable:
    name = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[separator]
    mend = (
        f"put a cell that holds a {name} in quotation marks"
        if len(row) > wanted
        else f"fill it up with {name}s for what is not known"
    )
    return Unreadable(f"has {len(row):,} cells, and there are {wanted:,} columns; {mend}", number)


def _gathered(rows: Iterator[tuple[int, list[str]]], header: str, separator: str) -> Gathering:
    """A gathering with the names of the columns, and the first row where that is no names."""
    number, first = next(rows, (1, []))
    if not first:
        raise Unreadable("the file is empty; a table has a row of names and one for each case")
    if len(first) > MOST_COLUMNS:
        raise Unreadable(
            f"has {len(first):,} cells, and a table may have {MOST_COLUMNS:,} columns; leave some "
            "out, or turn rows into columns if it lies on its side", number,
        )  # fmt: skip
    if len(first) < 2:
        raise Unreadable("has one cell; a table has two columns at least", number)
    names = header == "yes" or (header == "guess" and all(_is_name(cell) for cell in first))
    if names:
        return Gathering(first, number + 1)
    gathered = Gathering([f"column {i}" for i in range(1, len(first) + 1)], number)
    gathered.add(first)
    gathered.notes.append(
        Note(f"is taken as a case: {shown(first[0])} is no name of a column; say that it is the "
             "header where it is", number)
    )  # fmt: skip
    return gathered


def _is_name(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return True
    return False


def _has_commas(lines: Iterable[str], separator: str) -> bool:
    """Whether a comma is the point of its numbers."""
    cells = [cell.strip() for row in _parsed(lines, separator) for cell in row]
    return any(COMMA.fullmatch(cell) for cell in cells)
