"""The data of an experiment as the arrays that programs take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.datasets.features import transform
from server.datasets.split import Loaded
from server.experiment import Experiment
from server.experiment.shapes import TOGETHER
from server.training.targets import encode, target_low

from .model import Model

#: examples of each part that the scores of a network of many multiplications look at: as many
#: as cost about so many, and a multiple of those that are looked at together, but not more
SCORE_COST, MOST = 400_000_000, 960


@dataclass(frozen=True)
class Arrays:
    """The data as a program takes them. Rows are ordered train, validation, test, padding.

    tree: of points, inputs (capacity, F), targets (capacity, K), labels and part (capacity,),
        `part` being 3 for padding; of other examples, of which there may be many, the pool
        (M, ...) that they are taken from and their rows (N,) in it, labels (N, ...), part (N,),
        and `sample`, which of the N the scores look at (S,), N for none. `count`: the number of
        training rows.
    train: the capacity reserved for them. ragged: whether the last batch of an epoch is a
    partial one. scored: examples of every part that scores look at.
    """

    tree: dict[str, Any]
    count: int
    train: int
    ragged: bool
    scored: dict[str, int]

    @classmethod
    def of(cls, experiment: Experiment, loaded: Loaded) -> Arrays:
        count = loaded.counts["train"]
        train = _capacity(count)
        points = experiment.data.dataset.form == "points"
        tree = _points(experiment, loaded, train) if points else _examples(experiment, loaded)
        return cls(
            tree={**tree, "count": np.int32(count)},
            count=count,
            train=train,
            ragged=count % min(experiment.training.batch_size, train) != 0,
            scored=loaded.counts if points else _scored(experiment, loaded),
        )

    @property
    def form(self) -> str:
        """Text that differs where programs have to."""
        rows = {name: np.shape(array) for name, array in self.tree.items()}
        return f"{rows} {self.train} {self.ragged}"


def _points(experiment: Experiment, loaded: Loaded, train: int) -> dict[str, Any]:
    units = Model.of(experiment).shapes[-1][-1]
    low = target_low(experiment.training.loss, experiment.output_activation)
    order = np.argsort(loaded.part, kind="stable")
    part = loaded.part[order]
    capacity = max(train, _capacity(len(part)))
    inputs = transform(experiment.data.features, loaded.inputs[order])
    targets = encode(loaded.labels[order], experiment.task, units, low)
    return {
        "inputs": _pad(np.asarray(inputs, np.float32), capacity),
        "targets": _pad(np.asarray(targets, np.float32), capacity),
        "labels": _pad(loaded.labels[order].astype(np.int32), capacity),
        "part": _pad(part.astype(np.uint8), capacity, 3),
    }


def _examples(experiment: Experiment, loaded: Loaded) -> dict[str, Any]:
    """Big arrays as they are, for all who train on them: rows are ordered already."""
    sample = first_rows(loaded, _sample_size(experiment)).astype(np.int32)
    most = 3 * _sample_size(experiment)
    return {
        "pool": loaded.pool,
        "rows": loaded.rows.astype(np.int32),
        "labels": loaded.labels,
        "part": loaded.part,
        "sample": _pad(sample, most, len(loaded.part)),
    }


def as_sent(inputs: Any) -> Any:
    """Inputs in a type that the wire has: u1, f4, or of tokens i2."""
    return inputs.astype(np.int16) if inputs.dtype == np.int32 else inputs


def first_rows(loaded: Loaded, most: int) -> NDArray[np.int64]:
    """The first examples of every part, at most so many of each."""
    counts = loaded.counts
    places: list[NDArray[np.int64]] = [
        np.arange(begin, begin + min(counts[part], most)) for part, begin in loaded.begins.items()
    ]
    return np.concatenate(places)


def _scored(experiment: Experiment, loaded: Loaded) -> dict[str, int]:
    most = _sample_size(experiment)
    return {name: min(count, most) for name, count in loaded.counts.items()}


def _sample_size(experiment: Experiment) -> int:
    model = Model.of(experiment)
    cost = max(sum(model.multiplications), 1)
    return max(1, min(MOST, SCORE_COST // cost) // TOGETHER) * TOGETHER


def _capacity(rows: int) -> int:
    """The power of two, at least 64, that holds so many rows."""
    return max(64, 1 << max(0, rows - 1).bit_length())


def _pad(array: NDArray[Any], rows: int, value: float = 0) -> NDArray[Any]:
    widths = [(0, rows - len(array))] + [(0, 0)] * (array.ndim - 1)
    return np.pad(array, widths, constant_values=value)
