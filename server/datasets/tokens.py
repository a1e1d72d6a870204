"""Tokens: to copy, to compute with, to spell."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import Dataset, Points
from .packs import once, unpacked

#: a label where nothing is asked
NOT_ASKED = -1


def transformer(
    tokens: int, blocks: int, *, causal: bool, every_step: bool, units: int = 64
) -> dict[str, Any]:
    """Embeddings of tokens and positions, blocks of 4 heads, and a last layer norm."""
    block = {"kind": "transformer_block", "heads": 4, "hidden_units": 4 * units, "causal": causal}
    layers: list[dict[str, Any]] = [
        {"kind": "embedding", "tokens": tokens, "units": units},
        {"kind": "position_embedding"},
        *[block] * blocks,
        {"kind": "layer_normalization"},
    ]
    if not every_step:
        layers.append({"kind": "last_step"})
    return {
        "network": {
            "layers": layers,
            "output": {"initializer": "glorot_uniform", "bias": 0},
        },
        "training": {
            "loss": "categorical_crossentropy",
            "optimizer": "adam",
            "learning_rate": 0.001,
            "batch_size": 64,
            "clip_norm": 1,
        },
    }


class TokenDataset(Dataset):
    """Sequences of tokens, each an index of `vocabulary`."""

    form = "tokens"
    dimensions = 0

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        """Six of them."""
        points = cls().generate(rng)
        some = rng.choice(len(points.labels), 6, replace=False)
        return Points(points.inputs[some], points.labels[some])


@DATASETS.register
class CopyTask(TokenDataset):
    """Inputs (2 length + delay + 1,): letters, `delay` blanks, a signal, then blanks. Labels of
    the same shape: under the last `length` blanks the letters again, elsewhere -1."""

    kind: Literal["copy_task"] = "copy_task"
    title = "Copy task"
    help = "Letters to be remembered over a pause, and written again once a signal comes."
    source = "Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Graves et al., 2014"

    symbols: int = setting(
        8, title="Letters", ge=2, le=26, choices=[2, 4, 8, 16, 26],
        help="How many different letters there are.",
    )  # fmt: skip
    length: int = setting(
        5, title="Length", ge=1, le=20, choices=[1, 3, 5, 8, 10, 15, 20],
        help="How many letters are to be remembered.",
    )  # fmt: skip
    delay: int = setting(
        5, title="Delay", ge=0, le=50, choices=[0, 5, 10, 20, 50],
        help="How many steps pass before the signal.",
    )  # fmt: skip
    samples: int = setting(
        5000, title="Samples", ge=20, le=20_000, scale="log",
        choices=[500, 1000, 2000, 5000, 10_000, 20_000],
        help="How many sequences are drawn, before the split.",
    )  # fmt: skip

    @property
    def classes(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.symbols

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (2 * self.length + self.delay + 1,)

    @property
    def label_shape(self) -> tuple[int, ...]:
        return self.input_shape

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(ascii_lowercase[: self.symbols])

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*self.class_names, "·", ">")

    def generate(self, rng: np.random.Generator) -> Points:
        letters = rng.integers(0, self.symbols, (self.samples, self.length))
        inputs = np.full((self.samples, *self.input_shape), self.symbols, np.int32)
        inputs[:, : self.length] = letters
        inputs[:, self.length + self.delay] = self.symbols + 1
        labels = np.full(inputs.shape, NOT_ASKED, np.float32)
        labels[:, -self.length :] = letters
        return Points(inputs, labels)

    def suggestion(self) -> dict[str, Any]:
        found = transformer(len(self.vocabulary), 2, causal=True, every_step=True)
        long = self.input_shape[0] > 60  # a step must not take long
        training = {**found["training"], "batch_size": 32 if long else 64}
        return {**found, "training": training}


@DATASETS.register
class ModularAddition(TokenDataset):
    """Inputs (3,): a, b and the sign =. Every pair once; the split decides which are seen."""

    kind: Literal["modular_addition"] = "modular_addition"
    title = "Modular addition"
    help = "The sum of two numbers as a clock would show it; all pairs, of which some are learned."
    formula = r"c = (a + b) \bmod p"
    source = "Power et al., Grokking: Generalization Beyond Overfitting, 2022"

    modulus: int = setting(
        59, title="Modulus", ge=5, le=113, choices=[7, 13, 23, 37, 59, 97, 113], formula="p",
        help="How many numbers there are before it begins again at zero.",
    )  # fmt: skip

    @property
    def classes(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.modulus

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (3,)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*self.class_names, "=")

    def generate(self, rng: np.random.Generator) -> Points:
        a, b = np.divmod(np.arange(self.modulus**2), self.modulus)
        inputs = np.stack([a, b, np.full_like(a, self.modulus)], axis=1)
        return Points(inputs.astype(np.int32), ((a + b) % self.modulus).astype(np.float32))

    def suggestion(self) -> dict[str, Any]:
        found = transformer(self.modulus + 1, 1, causal=False, every_step=False)
        training = {**found["training"], "batch_size": 256, "weight_decay": 1}
        return {**found, "training": training}


LETTERS = tuple(ascii_lowercase)
START, END = len(LETTERS), len(LETTERS) + 1


class LanguageDataset(TokenDataset):
    """Texts, token by token; at every step, which one comes next."""

    continues = True

    @property
    def classes(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.vocabulary)

    @property
    def label_shape(self) -> tuple[int, ...]:
        return self.input_shape

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.vocabulary

    def suggestion(self) -> dict[str, Any]:
        return transformer(len(self.vocabulary), 2, causal=True, every_step=True)


@DATASETS.register
class Names(LanguageDataset):
    """Inputs (length + 1,): a start sign, a name's letters, then end signs. Labels of the same
    shape: the letter that follows, an end sign after the last one, then -1."""

    kind: Literal["names"] = "names"
    begin, end = START, END
    title = "Names"
    help = "Names of people, letter by letter; at every step, which letter comes next."
    source = "U.S. Census Bureau, Frequently Occurring Names, 1990 (PyPI names)"
    licence = "public domain"

    which: Literal["first", "last"] = setting(
        "first", title="Which", help="Which part of people's names.",
        options={
            "first": ("First names", "About 5,000 of women and men."),
            "last": ("Surnames", "The 10,000 commonest."),
        },
    )  # fmt: skip
    length: int = setting(
        11, title="Longest", ge=3, le=16, choices=[5, 8, 11, 13],
        help="Names of more letters are left out.",
    )  # fmt: skip
    samples: int = setting(
        10_000, title="Samples", ge=20, le=10_000, scale="log",
        choices=[200, 500, 1000, 2000, 5000, 10_000],
        help="How many of the names are taken, before the split; all, where there are fewer.",
    )  # fmt: skip

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length + 1,)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*LETTERS, "^", "$")

    def generate(self, rng: np.random.Generator) -> Points:
        names = [name for name in _names(self.which) if len(name) <= self.length]
        chosen = np.sort(rng.permutation(len(names))[: self.samples])
        text = _spelled([names[i] for i in chosen], self.length)
        labels = text[:, 1:].astype(np.float32)
        labels[text[:, :-1] == END] = NOT_ASKED
        return Points(np.ascontiguousarray(text[:, :-1]), labels)


@once
def _names(which: str) -> tuple[str, ...]:
    return tuple(unpacked(f"{which}-names.gz").decode().split("\n"))


def _spelled(names: list[str], length: int) -> NDArray[np.int32]:
    """(N, length + 2): a start sign, the letters, and at least one end sign."""
    text = np.full((len(names), length + 2), END, np.int32)
    text[:, 0] = START
    for row, name in zip(text, names, strict=True):
        row[1 : 1 + len(name)] = [ord(letter) - ord("a") for letter in name]
    return text
