"""What was read of people's own files; without one, of a sample of ours."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.datasets.packs import frozen, once
from server.uploads import shelf
from server.uploads.cells import Cells, Kind
from server.uploads.readers import Said, read
from server.uploads.readers.pictures import LABELS, PICTURES
from server.uploads.readers.recordings import FEATURES, LENGTHS
from server.uploads.readers.recordings import LABELS as SPOKEN
from server.uploads.readers.sheet import TABLE
from server.uploads.readers.text import TEXT
from server.uploads.samples import SAMPLES

from .table import Column, Table
from .text import spelled

#: files whose content is held in memory
HELD = 8
#: numbers of a table that sessions are given
MOST_NUMBERS = 5_000_000

T = TypeVar("T")
Types = tuple[tuple[str, Kind], ...]


def held(load: Callable[..., T]) -> Callable[..., T]:
    """The function, called once for all threads, for the last few files."""
    lock, cached = threading.Lock(), lru_cache(HELD)(load)

    def call(*args: Any) -> T:
        with lock:
            return cached(*args)

    return call


def facts(file: str | None, becomes: str) -> dict[str, Any]:
    """What its reader said of a file. Raises ValueError, with the path and the mend, where it is
    not here, or is of another sort."""
    return _opened(file, becomes)[1]


@held
def table(file: str | None, types: Types, samples: int) -> Table:
    """The table of a file: `samples` of its rows at most, in their order. types: what columns
    are, where it is not what they are guessed to be. Raises ValueError, with path and mend."""
    folder, known = _opened(file, "table")
    guessed: dict[str, Kind] = {c["name"]: c["guessed"] for c in known["columns"]}
    for i, (name, _) in enumerate(types):
        if name not in guessed:
            raise ValueError(f"types.{i}.column: there is no column {name!r:.80}; leave it out")
    columns = _columns(folder, known, guessed | dict(types))
    found = Table(tuple(columns), known["answer"] or "")
    if found.rows <= samples:
        return found
    rng = np.random.Generator(np.random.Philox(key=np.array([found.rows, samples], np.uint64)))
    return _some(found, np.sort(rng.permutation(found.rows)[:samples]))


@held
def pictures(file: str | None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Pictures (N, side, side, channels) and their classes (N,). Raises ValueError."""
    folder, _ = _opened(file, "pictures")
    return frozen(_array(folder / PICTURES)), frozen(_array(folder / LABELS).astype(np.float32))


@held
def recordings(
    file: str | None,
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Coefficients (N, T, 13), how many of the T steps each recording has, and its class. Raises
    ValueError."""
    folder, _ = _opened(file, "recordings")
    features, lengths, labels = (_array(folder / name) for name in (FEATURES, LENGTHS, SPOKEN))
    return frozen(features), frozen(lengths), frozen(labels.astype(np.float32))


@held
def letters(file: str | None) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """The different characters of a text, and it as their indices. Raises ValueError."""
    folder, _ = _opened(file, "text")
    found, text = spelled((folder / TEXT).read_text("utf-8"))
    return found, frozen(text)


@held
def classes(file: str | None, becomes: str) -> tuple[str, ...]:
    """What the classes are called. Raises ValueError."""
    return tuple(facts(file, becomes)["classes"])


def _columns(folder: Path, known: dict[str, Any], kinds: dict[str, Kind]) -> list[Column]:
    import polars as pl

    frame = pl.read_parquet(folder / TABLE)
    found: list[Column] = []
    for i, (name, kind) in enumerate(kinds.items()):
        cells = Cells(name, frame[str(i)], known["comma"])
        try:
            values, categories = cells.values(kind)
        except ValueError as error:
            raise ValueError(f"types: {error}") from None
        found.append(Column(name, kind, frozen(values), categories))
    return found


def _some(whole: Table, rows: NDArray[np.intp]) -> Table:
    columns = [
        Column(c.name, c.kind, frozen(c.values[rows]), c.categories, c.unit, c.help)
        for c in whole.columns
    ]
    return Table(tuple(columns), whole.target)


def _array(path: Path) -> NDArray[Any]:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _opened(file: str | None, becomes: str) -> tuple[Path, dict[str, Any]]:
    """The folder of a file, and its facts."""
    if file is None:
        folder = _sample(becomes)
        return folder, json.loads((folder / shelf.FACTS).read_text())
    folder = shelf.folder(file)
    if folder is None:
        raise ValueError(
            f"file: this server has no file {file[:8]}…; bring it again, and use what it becomes"
        )
    found = shelf.facts(file)
    if found["becomes"] != becomes:
        raise ValueError(f"file: this file is no {becomes}; choose another dataset for it")
    return folder, found


@once
def _sample(becomes: str) -> Path:
    """A folder with a sample of ours, read by the same reader."""
    name, make = SAMPLES[becomes]
    place = tempfile.TemporaryDirectory(prefix="layerlab-")
    _samples.append(place)
    path, folder = Path(place.name) / name, Path(place.name) / "read"
    folder.mkdir()
    path.write_bytes(make())
    found = read(path, Said(name), folder, lambda share, doing: None)
    (folder / shelf.FACTS).write_text(json.dumps(found | {"name": name}))
    return folder


#: cleared away when the process ends
_samples: list[tempfile.TemporaryDirectory[str]] = []
