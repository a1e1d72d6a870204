"""Text files: how their letters are written."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.uploads.notes import Unreadable

MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The file as text, lines as they end. Raises Unreadable, with the row, where it is written
    otherwise."""
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        guessed = next((name for mark, name in MARKS.items() if start.startswith(mark)), "utf-8")
        name = guessed if encoding == "guess" else encoding
        codec = "utf-8-sig" if name == "utf-8" else name
        file = io.TextIOWrapper(raw, codec, newline="")
        try:
            yield file
        except UnicodeDecodeError:
            raise _undecodable(path, codec) from None
        except UnicodeError:  # UTF-16 without its mark
            raise Unreadable(f"this is not {name}; save it as UTF-8") from None


def share(file: io.TextIOWrapper, size: int) -> float:
    """How much of so many bytes has been read."""
    below: Any = file.buffer
    return below.tell() / size


def _undecodable(path: Path, codec: str) -> Unreadable:
    """Which row it is, and which byte."""
    row, byte = 1, ""
    if codec == "utf-8-sig":
        with path.open("rb") as raw:
            for number, line in enumerate(raw, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    row, byte = number, f" (byte 0x{line[error.start]:02X})"
                    break
    return Unreadable(
        f"this is not written in {codec.removesuffix('-sig').upper()}{byte}; save the file as "
        "UTF-8, or read it as windows-1252", row,
    )  # fmt: skip
