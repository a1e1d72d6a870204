"""Which reader reads a file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from server.uploads.notes import Progress, Unreadable

from . import delimited, objects, parquet, pictures, recordings, text
from .encoding import opened
from .said import Said

Reader = Callable[[Path, Said, Path, Progress], dict[str, Any]]


@dataclass(frozen=True)
class Format:
    """What files of a sort become. endings: of their names."""

    read: Reader
    becomes: str
    endings: Sequence[str]


FORMATS = {
    "delimited": Format(delimited.read, "table", (".csv", ".tsv", ".tab")),
    "objects": Format(objects.read, "table", (".jsonl", ".ndjson", ".json")),
    "parquet": Format(parquet.read, "table", (".parquet",)),
    "text": Format(text.read, "text", (".txt", ".md")),
    "pictures": Format(pictures.read, "pictures", (".zip",)),
    "recordings": Format(recordings.read, "recordings", (".zip",)),
}

#: how files begin that are known and not read, and what to do about them
OTHERS = {
    b"\x1f\x8b": "this is a gzip file; unpack it first",
    b"7z\xbc\xaf": "this is a 7z file; unpack it, and pack it as zip",
    b"Rar!": "this is a rar file; unpack it, and pack it as zip",
    b"%PDF": "this is a PDF; save what it holds as text or as CSV",
    b"\xd0\xcf\x11\xe0": "this is an old Office file; save its sheet as CSV",
    b"\x89PNG": "this is one picture; put pictures into a folder for each class, and send these",
    b"\xff\xd8\xff": "this is one picture; put pictures into a folder for each class, and send "
    "these",
    b"GIF8": "this is one picture; put pictures into a folder for each class, and send these",
    b"RIFF": "this is one recording or picture; put them into a folder for each class, and send "
    "these",
}


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Read a file into a folder: the facts about it, with `becomes`: table, text, pictures or
    recordings. Raises Unreadable."""
    if not path.stat().st_size:
        raise Unreadable("the file is empty; choose another")
    chosen = FORMATS[_format(path, said)]
    return chosen.read(path, said, folder, progress) | {"becomes": chosen.becomes}


def _format(path: Path, said: Said) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return _packed(path, said)
    other = next((words for begin, words in OTHERS.items() if start.startswith(begin)), None)
    if other is not None:
        raise Unreadable(other)
    utf16 = start.startswith((b"\xff\xfe", b"\xfe\xff")) or said.encoding == "utf-16"
    if b"\0" in start and not utf16:
        raise Unreadable("this is no text, no table and no zip; save it as one of them")
    if said.format == "text" or (said.format == "guess" and said.ending in FORMATS["text"].endings):
        return "text"
    return _written(path, said)


def _packed(path: Path, said: Said) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in islice(archive.namelist(), 40_001)]
    except zipfile.BadZipFile:
        raise Unreadable("this is no whole zip file; pack it again") from None
    if "xl/workbook.xml" in names:
        raise Unreadable("this is an Excel workbook; save its sheet as CSV, and send that")
    if "word/document.xml" in names:
        raise Unreadable("this is a Word document; save it as plain text, and send that")
    if said.format in ("pictures", "recordings"):
        return said.format
    sounds = sum(name.endswith(".wav") for name in names)
    images = sum(name.endswith(pictures.ENDINGS) for name in names)
    if not sounds and not images:
        raise Unreadable(
            "there are neither pictures nor WAV files in it; send a table or a text unpacked"
        )
    return "recordings" if sounds > images else "pictures"


def _written(path: Path, said: Said) -> str:
    """Of a file of letters."""
    with opened(path, said.encoding) as file:
        lines = list(islice(file, delimited.LOOKED))
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("[") and said.ending == ".json":
        return "objects"
    if first.startswith("{") and (said.ending in FORMATS["objects"].endings or _is_object(first)):
        return "objects"
    if said.format == "guess" and said.ending not in FORMATS["delimited"].endings:
        return "delimited" if delimited.separator_of(lines) and _looks_even(lines) else "text"
    return "delimited"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _looks_even(lines: Sequence[str]) -> bool:
    """Whether the lines have as many cells each, as those of prose have not."""
    return delimited.evenness(lines) > 0.9
