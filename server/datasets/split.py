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
from .preparation import Frame, Pipeline, prepared_pictures
from .preparation.pipeline import numbers
from .tables import TableDataset

TRAIN, VALIDATION, TEST = 0, 1, 2

# Streams of the data seed, above the numbers that other uses of a seed count from 0.
_POINTS, _ORDER = 2**32, 2**32 + 1

#: by dataset, seed and steps, what somebody still holds
_drawn: WeakValueDictionary[tuple[Dataset, int, tuple[Any, ...]], Points] = WeakValueDictionary()


@dataclass(frozen=True)
class Loaded:
    """Shuffled examples. Training comes first, then validation, then test.

    pool: (M, *shape), read-only: what the examples are taken from. Sessions whose data are drawn
        alike share it, and all sessions share that of a dataset read from a file. Of a table, and
        of pictures with a preparation, it is what the network is given of each.
    rows: (N,), which of the pool each example is.
    labels: float32 (N, *label_shape). part: u1 (N,). label_range: what colours of labels span.
    """

    pool: NDArray[Any]
    rows: NDArray[np.int32]
    labels: NDArray[np.float32]
    part: NDArray[np.uint8]
    label_range: tuple[float, float]
    #: kept so that others who draw alike find it
    points: Points | Prepared = field(repr=False)

    @property
    def prepared(self) -> Prepared | None:
        """What a table has come to; None of other datasets."""
        return self.points if isinstance(self.points, Prepared) else None

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
    RuntimeError as `Dataset.generate` does, and ValueError where a step of the preparation cannot
    be done with these examples.
    """
    if isinstance(data.dataset, TableDataset):
        return _of_table(data, data.dataset)
    points = _draw(data.dataset, data.seed, data.preparation)
    count = len(points.labels)
    order, part = divided(count, data.split, _stream(data.seed, _ORDER), points.test, points.labels)
    labels = points.labels[order]
    return Loaded(
        points.inputs,
        order.astype(np.int32) if points.rows is None else points.rows[order],
        labels,
        part,
        data.dataset.label_range(labels),
        points,
    )


def _of_table(data: Data, dataset: TableDataset) -> Loaded:
    found = _prepare(data, dataset)
    return Loaded(
        found.inputs,
        np.arange(len(found.labels), dtype=np.int32),
        found.labels,
        found.part,
        dataset.label_range(found.labels),
        found,
    )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table, divided and prepared.

    inputs: float32 (N, columns), read-only. labels: (N,), classes, or numbers by `scale`.
    part: u1 (N,). frames: the rows, divided and shuffled, as they come in, then after every step.
    parts: the part of every row of each frame. kept: (N,), which rows of the first frame are left
    after the last step. scale: mean and standard deviation of the training answers that are
    numbers; (0, 1) for classes.
    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.float32]
    part: NDArray[np.uint8]
    pipeline: Pipeline
    frames: list[Frame]
    parts: list[NDArray[np.uint8]]
    kept: NDArray[np.intp]
    scale: tuple[float, float]


#: by what they hang on, what somebody still holds
_prepared: WeakValueDictionary[Any, Prepared] = WeakValueDictionary()


def _prepare(data: Data, dataset: TableDataset) -> Prepared:
    key = (dataset, data.preparation, data.split, data.seed)
    found = _prepared.get(key)
    if found is None:
        found = _prepared[key] = _fit(data, dataset)
    return found


def _fit(data: Data, dataset: TableDataset) -> Prepared:
    frame, answers = dataset.rows()
    by = None if data.split.column is None else dataset.key(data.split.column)
    order, part = divided(len(answers), data.split, _stream(data.seed, _ORDER), 0, answers, by)
    pipeline, frames, rows = Pipeline.fit(data.preparation, frame.take(order), part)
    parts, kept = [part[left] for left in rows], rows[-1]
    answers, part = answers[order][kept], parts[-1]
    scale = (0.0, 1.0) if dataset.classes else _scale(answers[part == TRAIN])
    labels = ((answers - scale[0]) / scale[1]).astype(np.float32)
    inputs = frozen(numbers(frames[-1]))
    return Prepared(inputs, frozen(labels), part, pipeline, frames, parts, kept, scale)


def _scale(answers: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation; 0 and 1 where there are none."""
    if not len(answers):
        return 0.0, 1.0
    return float(answers.mean()), float(answers.std()) or 1.0


def _draw(dataset: Dataset, seed: int, steps: tuple[Any, ...]) -> Points:
    """The examples in the order in which they were drawn, after these steps."""
    key = (dataset, seed, steps)
    points = _drawn.get(key)
    if points is None:
        if steps:
            points = _prepared_points(_draw(dataset, seed, ()), steps)
        else:
            points = dataset.generate(_stream(seed, _POINTS))
        frozen(points.inputs)
        frozen(points.labels)
        _drawn[key] = points
    return points


def _prepared_points(raw: Points, steps: tuple[Any, ...]) -> Points:
    """Pictures after these steps; only those that are examples."""
    inputs = raw.inputs if raw.rows is None else raw.inputs[raw.rows]
    return Points(prepared_pictures(steps, inputs), raw.labels, raw.test)


def first_stages(data: Data, count: int) -> tuple[list[NDArray[Any]], NDArray[np.float32]]:
    """Of the first training pictures: as they were collected, then after every step, each
    (n, height, width, channels); and their labels (n,). Raises ValueError as `load` does."""
    loaded = load(data.model_copy(update={"preparation": ()}))
    few = slice(min(count, loaded.counts["train"]))
    stages = [loaded.pool[loaded.rows[few]]]
    for step in data.preparation:
        stages.append(prepared_pictures((step,), stages[-1]))
    return stages, loaded.labels[few]


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


def divided(
    count: int,
    split: Split,
    rng: np.random.Generator,
    test: int = 0,
    labels: NDArray[Any] | None = None,
    by: NDArray[Any] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """The order of the examples, training first, and the part of each, u1 (count,).

    test: how many of the last are the test part, whatever the split says. labels: (count,)
    classes, for a stratified split. by: (count,), what groups the examples or orders them.
    """
    own = count - test
    order = np.concatenate([shuffle(own, rng), own + shuffle(test, rng)])
    if split.method == "ordered":
        order = np.arange(count) if by is None else np.argsort(by, kind="stable")
    part = np.full(count, TEST, np.uint8)
    mine = order[:own]
    match split.method:
        case "stratified" if labels is not None:
            for label in np.unique(labels):
                alike = mine[labels[mine] == label]
                part[alike] = _divided(len(alike), split)
        case "grouped" if by is not None:
            part[mine] = _in_groups(by[mine], split)
        case _ if split.folds is not None:
            part[mine] = _divided(own, split)
        case _:
            part[order] = parts(count, split, test)
    order = order[np.argsort(part[order], kind="stable")]
    return order, part[order]


def _divided(count: int, split: Split) -> NDArray[np.uint8]:
    """The part of each of so many shuffled examples, (count,)."""
    if split.folds is None:
        return parts(count, split)
    part = np.full(count, TEST, np.uint8)
    rest = np.flatnonzero(np.arange(count) % split.folds != split.fold)
    part[rest] = TRAIN
    part[rest[len(rest) - len(rest) * split.validation // 100 :]] = VALIDATION
    return part


def _in_groups(by: NDArray[Any], split: Split) -> NDArray[np.uint8]:
    """The part of each of the shuffled examples, (count,), whole groups together: in the order in
    which the first of each comes, into the part that the middle of the group would be in."""
    _, first, group = np.unique(by, return_index=True, return_inverse=True)
    turn = np.argsort(np.argsort(first, kind="stable"), kind="stable")[group]
    if split.folds is not None:
        return _divided(len(first), split)[turn]
    counts = np.bincount(turn)
    middles = np.cumsum(counts) - (counts + 1) // 2
    return parts(len(by), split)[middles][turn]


def _stream(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
