"""From the data of an experiment to the points a program learns from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from server.experiment.spec import Data, Split

TRAIN, VALIDATION, TEST = 0, 1, 2

# Streams of the data seed, above the numbers that other uses of a seed count from 0.
_POINTS, _ORDER = 2**32, 2**32 + 1


@dataclass(frozen=True)
class Loaded:
    """Shuffled points: inputs float32 (N, dimensions), labels float32 (N,), part u1 (N,).

    Training points come first, then validation, then test.
    label_range: what colours of labels span.
    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.float32]
    part: NDArray[np.uint8]
    label_range: tuple[float, float]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Points per part."""
        train, validation, test = np.bincount(self.part, minlength=3)
        return {"train": int(train), "validation": int(validation), "test": int(test)}


def load(data: Data) -> Loaded:
    """Draw the points, shuffle them once, split them. Equal data, equal arrays.

    N may be 0 where points are drawn by hand.
    """
    points = data.dataset.generate(_stream(data.seed, _POINTS))
    order = shuffle(len(points.labels), _stream(data.seed, _ORDER))
    labels = points.labels[order]
    return Loaded(
        points.inputs[order],
        labels,
        parts(len(order), data.split),
        data.dataset.label_range(labels),
    )


def shuffle(count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A uniformly random order of `count` points.

    It sorts one random key per point, so that the order among the points there were
    stays when a point is added at the end.
    """
    return np.argsort(rng.random(count), kind="stable")


def parts(count: int, split: Split) -> NDArray[np.uint8]:
    """The part of every shuffled point, u1 (count,): 0 train, 1 validation, 2 test."""
    train, validation, test = sizes(count, split)
    return np.repeat(np.array([TRAIN, VALIDATION, TEST], np.uint8), [train, validation, test])


def sizes(count: int, split: Split) -> tuple[int, int, int]:
    """Points per part. Both borders are rounded down, but one point at least is for training."""
    train = max(count * split.train // 100, min(count, 1))
    held_from = max(count * (split.train + split.validation) // 100, train)
    return train, held_from - train, count - held_from


def _stream(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
