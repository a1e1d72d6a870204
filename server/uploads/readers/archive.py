"""Zip files of many small ones, in a folder for each class, without trust in what they say."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from server.uploads.notes import Note, Unreadable, plain, shown

#: classes that are named one by one
TOLD = 12
FEWEST = 10
MOST_ENTRIES, MOST_FILES, MOST_CLASSES = 40_000, 10_000, 100
#: bytes of one file, and of all, unpacked
LARGEST, ALL = 30_000_000, 500_000_000


@dataclass(frozen=True)
class Member:
    """A file of an archive, and its class: the folder that it lies in."""

    info: zipfile.ZipInfo
    label: str

    @property
    def name(self) -> str:
        return shown(self.info.filename, 80)


@contextmanager
def unzipped(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises Unreadable for what is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MOST_ENTRIES:
                raise Unreadable(
                    f"there are more than {MOST_ENTRIES:,} files in it; send fewer of them"
                )
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Unreadable(
            f"this is no whole zip file ({plain(str(error), 60)}); pack it again"
        ) from None


def members(
    archive: zipfile.ZipFile, endings: Sequence[str], what: str
) -> tuple[list[Member], list[Note]]:
    """The files with these endings, and what there is to say. Raises Unreadable, with the mend,
    where they are too many or too large, or lie in fewer than two folders."""
    infos = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info)]
    found = [
        Member(info, plain(PurePosixPath(info.filename.replace("\\", "/")).parent.name))
        for info in infos
        if info.filename.lower().endswith(tuple(endings))
    ]
    _check(found, what)
    labels = sorted({member.label for member in found})
    loose = next((member for member in found if not member.label), None)
    if loose is not None:
        raise Unreadable(f"{loose.name} lies in no folder; put the {what} into one for each class")
    if not 2 <= len(labels) <= MOST_CLASSES:
        raise Unreadable(
            f"the {what} lie in {len(labels)} folder{'s' * (len(labels) != 1)}; a folder is a "
            f"class, and there are from 2 to {MOST_CLASSES} of them"
        )
    if len(found) < FEWEST:
        raise Unreadable(f"there are {len(found)} {what}; send {FEWEST} at least")
    others = len(infos) - len(found)
    notes = [Note(f"{others:,} files are none of {', '.join(endings)}: they are left out")]
    return found, notes if others else []


def labelled(found: Sequence[Member]) -> tuple[list[str], NDArray[np.int32]]:
    """The classes, in the order of their names, and that of each file, (N,)."""
    classes = sorted({member.label for member in found})
    return classes, np.array([classes.index(member.label) for member in found], np.int32)


def about(found: Sequence[Member], what: str) -> str:
    """How many there are, and of which classes."""
    counts = Counter(member.label for member in found)
    told = ", ".join(f"{label} ({count:,})" for label, count in sorted(counts.items())[:TOLD])
    more = ", …" if len(counts) > TOLD else ""
    return f"{len(found):,} {what} of {len(counts)} classes: {told}{more}"


def content(archive: zipfile.ZipFile, member: Member) -> bytes:
    """What a file holds. Raises Unreadable where it is larger than it says, or broken."""
    try:
        with archive.open(member.info) as file:
            found = file.read(member.info.file_size + 1)
    except (RuntimeError, zipfile.BadZipFile, zlib.error, EOFError):
        raise Unreadable(
            f"{member.name} cannot be unpacked; pack it again, without a password"
        ) from None
    if len(found) > member.info.file_size:
        raise Unreadable(f"{member.name} is larger than the archive says; pack it again")
    return found


def _hidden(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.replace("\\", "/").split("/")
    return any(part.startswith((".", "__MACOSX")) for part in parts) or parts[-1] == "Thumbs.db"


def _check(found: Sequence[Member], what: str) -> None:
    if not found:
        raise Unreadable(f"there are no {what} in it; put some into a folder for each class")
    if len(found) > MOST_FILES:
        raise Unreadable(f"there are {len(found):,} {what}; send {MOST_FILES:,} at most")
    large = next((member for member in found if member.info.file_size > LARGEST), None)
    if large is not None:
        raise Unreadable(
            f"{large.name} has {large.info.file_size:,} bytes; make it smaller than {LARGEST:,}"
        )
    size = sum(member.info.file_size for member in found)
    if size > ALL:
        raise Unreadable(
            f"unpacked it would be {size:,} bytes; at most {ALL:,} are read: make the {what} "
            "smaller, or send fewer"
        )
