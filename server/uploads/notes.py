"""What there is to say of a file: a sentence, with the row and the column that it is of."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: tells how far reading is, from 0 to 1, and at what
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Note:
    """row: as a spreadsheet counts, where the names of the columns are row 1."""

    message: str
    row: int | None = None
    column: str | None = None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {"row": self.row, "column": self.column, "message": self.message}


class Unreadable(Exception):
    """A file cannot be read: why, where in it, and what to do."""

    def __init__(self, message: str, row: int | None = None, column: str | None = None) -> None:
        super().__init__(message)
        self.note = Note(message, row, column)


#: names that mean something of their own in what is exported
TAKEN = ("(part)",)


def plain(text: str, longest: int = 100) -> str:
    """The text on one line, without signs that are no letters: what others show is shown."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(kept.split())[:longest].strip()


def shown(text: str, longest: int = 40) -> str:
    """The text in quotation marks, shortened, for a sentence."""
    found = plain(text, longest + 1)
    return f"'{found[:longest]}…'" if len(found) > longest else f"'{found}'"
