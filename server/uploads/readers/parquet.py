"""Tables as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.uploads.notes import Progress, Unreadable, plain

from .said import Said
from .sheet import MOST_CELLS, MOST_COLUMNS, Gathering, write

SLICE = 50_000


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Read such a file. Raises Unreadable."""
    import polars as pl

    try:
        table = pl.scan_parquet(path)
        types = table.collect_schema()
        rows = int(table.select(pl.len()).collect().item())
    except pl.exceptions.PolarsError as error:
        raise _broken(error) from None
    _check(types, rows)
    gathered = Gathering(list(types), 2)
    for start in range(0, rows, SLICE):
        try:
            part = table.slice(start, SLICE).collect()
        except pl.exceptions.PolarsError as error:
            raise _broken(error) from None
        columns = [_texts(part[name], types[name]) for name in types]
        for row in zip(*columns, strict=True):
            gathered.add(row)
        progress(min(start + SLICE, rows) / rows, f"row {start + part.height:,}")
    return write(gathered, folder)


def _check(types: Any, rows: int) -> None:
    import polars as pl

    if not 2 <= len(types) <= MOST_COLUMNS:
        raise Unreadable(
            f"there are {len(types):,} columns; a table has from 2 to {MOST_COLUMNS:,}"
        )
    if rows * len(types) > MOST_CELLS:
        raise Unreadable(
            f"there are more than {MOST_CELLS:,} cells; send {MOST_CELLS // len(types):,} rows at "
            "most, or fewer columns"
        )
    plain_types = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)
    for name, type_ in types.items():
        if not (type_.is_numeric() or isinstance(type_, plain_types)):
            raise Unreadable(
                f"holds {str(type_)[:40]}; save it as numbers, text or dates", None, plain(name)
            )


def _texts(cells: Any, type_: Any) -> list[str | None]:
    import polars as pl

    if isinstance(type_, pl.Datetime):
        return cells.dt.to_string("%Y-%m-%d %H:%M:%S").to_list()
    return cells.cast(pl.String).to_list()


def _broken(error: Exception) -> Unreadable:
    return Unreadable(f"this is no whole Parquet file ({plain(str(error), 80)}); save it again")
