"""From the data of an experiment to the examples a program learns from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from server.experiment.spec import Data, Split

from .base import Dataset, Points
from .packs import frozen

TRAIN, VALIDATION, TEST = 0, 1, 2

# Streams of the data seed, above the numbers that other uses of a seed count from 0.
_POINTS, _ORDER = 2**32, 2**32 + 1

#: by dataset and seed, what somebody still holds
_drawn: WeakValueDictionary[tuple[Dataset, int], Points] = WeakValueDictionary()


@dataclass(frozen=True)
class Loaded:
    """Shuffled examples. Training comes first, then validation, then test.

    pool: (M, *input_shape), read-only: what the examples are taken from. Sessions whose data
        are drawn alike share it, and all sessions share that of a dataset read from a file.
    rows: (N,), which of the pool each example is.
    labels: float32 (N, *label_shape). part: u1 (N,). label_range: what colours of labels span.
    """

    pool: NDArray[Any]
    rows: NDArray[np.int32]
    labels: NDArray[np.float32]
    part: NDArray[np.uint8]
    label_range: tuple[float, float]
    #: kept so that others who draw alike find it
    points: Points = field(repr=False)

    @property
    def inputs(self) -> NDArray[Any]:
        """(N, *input_shape): the examples themselves, gathered anew at every call."""
        return self.pool[self.rows]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Examples per part."""
        train, validation, test = np.bincount(self.part, minlength=3)
        return {"train": int(train), "validation": int(validation), "test": int(test)}

    @cached_property
    def begins(self) -> dict[str, int]:
        """The first example of every part."""
        train, validation, _ = self.counts.values()
        return {"train": 0, "validation": train, "test": train + validation}


def load(data: Data) -> Loaded:
    """Draw the examples, shuffle them once, split them. Equal data, equal arrays.

    A dataset's own test part stays the test part, shuffled by itself; the others are then divided
    as the split says of training to validation. N may be 0 where points are drawn by hand. Raises
    RuntimeError as `Dataset.generate` does.
    """
    points = _draw(data.dataset, data.seed)
    count = len(points.labels)
    own = count - points.test
    rng = _stream(data.seed, _ORDER)
    order = np.concatenate([shuffle(own, rng), own + shuffle(points.test, rng)])
    labels = points.labels[order]
    return Loaded(
        points.inputs,
        order.astype(np.int32) if points.rows is None else points.rows[order],
        labels,
        parts(count, data.split, points.test),
        data.dataset.label_range(labels),
        points,
    )


def _draw(dataset: Dataset, seed: int) -> Points:
    key = (dataset, seed)
    points = _drawn.get(key)
    if points is None:
        points = dataset.generate(_stream(seed, _POINTS))
        frozen(points.inputs)
        frozen(points.labels)
        _drawn[key] = points
    return points


def shuffle(count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A uniformly random order of `count` points.

    It sorts one random key per point, so that the order among the points there were
    stays when a point is added at the end.
    """
    return np.argsort(rng.random(count), kind="stable")


def parts(count: int, split: Split, test: int = 0) -> NDArray[np.uint8]:
    """The part of every shuffled example, u1 (count,): 0 train, 1 validation, 2 test.

    test: how many of the last are the dataset's own test part.
    """
    return np.repeat(np.array([TRAIN, VALIDATION, TEST], np.uint8), sizes(count, split, test))


def sizes(count: int, split: Split, test: int = 0) -> tuple[int, int, int]:
    """Examples per part. Borders are rounded down, but one example at least is for training.

    Where the last `test` are the test part, the split is one of the others, by what it says of
    training to validation.
    """
    own, whole = count - test, split.train + split.validation if test else 100
    train = max(own * split.train // whole, min(own, 1))
    held_from = max(own * (split.train + split.validation) // whole, train)
    return train, held_from - train, count - held_from


def _stream(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
