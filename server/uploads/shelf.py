"""Where what was read of people's files lies: a folder for each, by the digest of its content."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIGEST = re.compile(r"[0-9a-f]{64}")
#: of a server's data folder, and what a file's facts are in
FOLDER, FACTS = "uploads", "facts.json"
#: seconds after which what is half read is left
LEFT = 3600


@dataclass
class _Place:
    root: Path | None = None


_place = _Place()


def configure(root: Path) -> None:
    """Say where the shelf is. What was left half read when a server ended is cleared away."""
    _place.root = root
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    old = time.time() - LEFT
    for left in root.glob("reading-*"):
        if left.stat().st_mtime < old:  # else another server is at it
            shutil.rmtree(left, ignore_errors=True)


def root() -> Path:
    """Raises RuntimeError where nobody has said where it is."""
    if _place.root is None:
        raise RuntimeError("nobody has said where uploads lie; start the server")
    return _place.root


def folder(digest: str) -> Path | None:
    """The folder of what was read; None where it is not here."""
    if _place.root is None or not DIGEST.fullmatch(digest):
        return None
    found = _place.root / digest
    return found if (found / FACTS).is_file() else None


def facts(digest: str) -> dict[str, Any]:
    """What is said of it: its `name`, its `format`, and what its reader adds. Raises KeyError."""
    found = folder(digest)
    if found is None:
        raise KeyError(digest)
    with contextlib.suppress(OSError):
        os.utime(found)  # so that what is used is not forgotten
    return json.loads((found / FACTS).read_text())


def workplace() -> Path:
    """A new folder to read into."""
    return Path(tempfile.mkdtemp(prefix="reading-", dir=root()))


def keep(read: Path, digest: str) -> None:
    """Put what was read on the shelf, unless it is there."""
    try:
        read.rename(root() / digest)
    except OSError:  # somebody was first
        if folder(digest) is None:
            raise
        shutil.rmtree(read, ignore_errors=True)


def forget(days: float, size: int) -> None:
    """Clear away what nobody used for so many days, and the longest unused beyond `size` bytes."""
    kept = sorted(
        ((found.stat().st_mtime, _size(found), found) for found in root().iterdir()
         if DIGEST.fullmatch(found.name)),
        reverse=True,
    )  # fmt: skip
    taken, oldest = 0, time.time() - days * 86_400
    for used, bytes_, found in kept:
        taken += bytes_
        if used < oldest or taken > size:
            shutil.rmtree(found, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
