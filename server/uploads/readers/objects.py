"""Tables as JSON: an object a line, or a list of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from server.uploads.notes import Progress, Unreadable, shown

from .encoding import opened, share
from .said import Said
from .sheet import MOST_COLUMNS, Gathering, write

#: lines whose names make the columns; a name that comes later only is refused
LOOKED = 10_000


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Read such a file. Raises Unreadable."""
    size = max(path.stat().st_size, 1)
    with opened(path, said.encoding) as file:
        names = _names(_objects(file))
    gathered = Gathering(names, 1)
    with opened(path, said.encoding) as file:
        for number, found in _objects(file):
            unknown = next((name for name in found if name not in names), None)
            if unknown is not None:
                raise Unreadable(
                    f"has {shown(unknown)}, which none of the first {LOOKED:,} rows has; name it "
                    "in the first, as null", number,
                )  # fmt: skip
            gathered.add([_cell(found.get(name), number, name) for name in names])
            if gathered.rows % 5000 == 0:
                progress(share(file, size), f"row {number:,}")
    return write(gathered, folder)


def _objects(file: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects, and in which line, or place of the list, each stands."""
    start = file.read(1)
    while start and start.isspace():
        start = file.read(1)
    if start == "[":
        yield from enumerate(_list(start + file.read()), start=1)
        return
    for number, line in enumerate(chain([start + file.readline()], file), start=1):
        if line.strip():
            yield number, _object(line, number)


def _list(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        row = getattr(error, "lineno", None)
        raise Unreadable("this is no JSON; mend it there", row) from None
    for number, one in enumerate(found, start=1):
        if not isinstance(one, dict):
            raise Unreadable("is no object with a name for every value", number)
    return found


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise Unreadable(
            'is no JSON object; write {"name": value, …} in one line', number
        ) from None
    if not isinstance(found, dict):
        raise Unreadable('is no object; write {"name": value, …}', number)
    return found


def _names(objects: Iterator[tuple[int, dict[str, Any]]]) -> list[str]:
    """The names in the order in which they come."""
    names: dict[str, None] = {}
    for number, found in objects:
        names |= dict.fromkeys(found)
        if len(names) > MOST_COLUMNS:
            raise Unreadable(
                f"has more names than {MOST_COLUMNS:,}, which is what a table may have; leave "
                "some out", number,
            )  # fmt: skip
        if number >= LOOKED:
            break
    if len(names) < 2:
        raise Unreadable("there are fewer than two names; a table has two columns at least", 1)
    return list(names)


def _cell(value: Any, number: int, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise Unreadable(
        "holds a list or an object; give each of its values a name of its own", number, name
    )
