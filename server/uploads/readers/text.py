"""Text, to be gone on with letter by letter."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from server.uploads.notes import Note, Progress, Unreadable

from .encoding import opened
from .said import Said

TEXT = "text.txt"
SHORTEST, MOST_LETTERS = 2000, 120
#: stands for letters that are too rare
RARE = "□"


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Read such a file. Raises Unreadable."""
    with opened(path, said.encoding) as file:
        content = file.read().replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if "\0" in content:
        raise Unreadable("this is no text: it holds bytes that are no letters; save it as text")
    progress(0.5, f"{len(content):,} letters")
    if len(content) < SHORTEST:
        raise Unreadable(
            f"there are {len(content):,} letters; a text to learn from has {SHORTEST:,} at least"
        )
    counts = Counter(content)
    notes: list[Note] = []
    if len(counts) > MOST_LETTERS:
        known = {letter for letter, _ in counts.most_common(MOST_LETTERS - 1)}
        content = "".join(letter if letter in known else RARE for letter in content)
        notes.append(
            Note(f"of {len(counts):,} different letters the {MOST_LETTERS - 1} commonest are told "
                 f"apart; {RARE} stands for the others")
        )  # fmt: skip
    (folder / TEXT).write_text(content, "utf-8", newline="")
    different = len(set(content))
    return {
        "about": f"{len(content):,} letters, {different:,} different",
        "notes": [note.told() for note in notes],
    }
