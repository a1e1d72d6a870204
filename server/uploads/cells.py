"""From cells, written as text, to the values of a column: what kind they are, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "category", "text", "time"]
KINDS: tuple[Kind, ...] = ("number", "category", "text", "time")

#: cells that say that nothing is known, in small letters
MISSING = ("", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "?", "-", "–", ".")
#: the largest number that a cell may hold
FAR = 1e12
#: the share of a column's cells that are numbers where it is one of numbers
MOSTLY = 0.9
#: categories that a column is guessed to have, and may have
FEW, MOST_CATEGORIES = 50, 1000
MONTH = "%Y-%m"
TIMES = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", MONTH,
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cells:
    """A column of a sheet. `cells`: a polars.Series of str, null where nothing is known."""

    name: str
    cells: Any
    #: whether the comma is the point of its numbers
    comma: bool = False

    def numbers(self) -> Any:
        """A polars.Series of float64: null where a cell is no number, is infinite or too large."""
        import polars as pl

        cells = self.cells.str.replace(",", ".", literal=True) if self.comma else self.cells
        found = cells.cast(pl.Float64, strict=False)
        return found.set(found.abs() > FAR, None)

    def times(self) -> Any:
        """A polars.Series of datetimes, in the form that the first cell has: null where a cell is
        none."""
        import polars as pl

        known = self.cells.drop_nulls()
        found = known.clear().cast(pl.Datetime("ms"))
        if not len(known):
            return found
        for form in TIMES:
            if _times(known[:1], form).null_count() == 0:
                return _times(self.cells, form)
        return pl.Series([None] * len(self.cells), dtype=pl.Datetime("ms"))

    def guess(self) -> Kind:
        """The kind that most of its cells are of."""
        known = self.cells.len() - self.cells.null_count()
        if not known:
            return "text"
        numbers = self.numbers()
        if numbers.len() - numbers.null_count() >= MOSTLY * known:
            return "number"
        times = self.times()
        if times.len() - times.null_count() == known:
            return "time"
        different = self.cells.n_unique() - (self.cells.null_count() > 0)
        return "category" if different <= min(FEW, max(2, known // 2)) else "text"

    def values(self, kind: Kind) -> tuple[NDArray[Any], tuple[str, ...]]:
        """The values as those of a `Column` of that kind, and its categories. Raises ValueError,
        with the mend, where there are too many, or where hardly a cell is of that kind."""
        match kind:
            case "number":
                return self._number(), ()
            case "time":
                return self._time(), ()
            case "category":
                return self._category()
            case "text":
                return np.array(self.cells.fill_null("").to_list(), object), ()

    def _number(self) -> NDArray[np.float64]:
        found = self.numbers()
        self._check(found, "numbers")
        return found.fill_null(np.nan).to_numpy().astype(np.float64)

    def _time(self) -> NDArray[np.datetime64]:
        found = self.times()
        self._check(found, "dates such as 2026-03-31")
        return found.to_numpy().astype("M8[s]")

    def _check(self, found: Any, what: str) -> None:
        known = self.cells.is_not_null()
        if int((found.is_not_null() & known).sum()) * 2 < int(known.sum()):
            bad = self.cells.filter(known & found.is_null())[0]
            raise ValueError(
                f"most cells of {self.name!r} are no {what}, such as {bad[:40]!r}; choose another "
                "kind"
            )

    def _category(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        import polars as pl

        different = self.cells.drop_nulls().unique().to_list()
        if len(different) > MOST_CATEGORIES:
            raise ValueError(
                f"{self.name!r} has {len(different):,} different values, and a category at most "
                f"{MOST_CATEGORIES:,}; choose 'text'"
            )
        names = tuple(sorted(different, key=_natural))
        if not names:
            return np.full(len(self.cells), -1, np.int32), ()
        codes = self.cells.replace_strict(
            names, range(len(names)), default=-1, return_dtype=pl.Int32
        )
        return codes.fill_null(-1).to_numpy().astype(np.int32), names


def cleaned(cells: Sequence[Any] | Any, name: str = "") -> Any:
    """A polars.Series of str without blanks around; null where nothing is known."""
    import polars as pl

    found = pl.Series(name, cells, dtype=pl.String).str.strip_chars()
    return found.set(found.str.to_lowercase().is_in(list(MISSING)), None)


def _times(cells: Any, form: str) -> Any:
    import polars as pl

    if form == MONTH:  # of which the first day is meant
        cells, form = cells + "-01", "%Y-%m-%d"
    return cells.str.to_datetime(form, time_unit="ms", strict=False).cast(pl.Datetime("ms"))


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers by their value, then the others by their letters."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
