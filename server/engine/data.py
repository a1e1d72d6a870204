"""The data of an experiment as the arrays that programs take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.datasets.features import transform
from server.datasets.split import Loaded
from server.experiment import Experiment
from server.training.targets import encode, target_low

from .model import Model


@dataclass(frozen=True)
class Arrays:
    """The data as a program takes them. Rows are ordered train, validation, test, padding.

    inputs (capacity, F), targets (capacity, K), labels and part (capacity,); `part` is 3 for
    padding. `count` is the number of training rows, `train` the capacity reserved for them;
    `ragged` says whether the last batch of an epoch is a partial one.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    labels: NDArray[np.int32]
    part: NDArray[np.uint8]
    count: int
    train: int
    ragged: bool

    @classmethod
    def of(cls, experiment: Experiment, loaded: Loaded) -> Arrays:
        model = Model.of(experiment)
        units = model.shapes()[-1][1]
        low = target_low(experiment.training.loss, experiment.output_activation)
        dataset = experiment.data.dataset
        order = np.argsort(loaded.part, kind="stable")
        part = loaded.part[order]
        count = int((part == 0).sum())
        train = _capacity(count)
        capacity = max(train, _capacity(len(part)))
        inputs = transform(experiment.data.features, loaded.inputs[order])
        targets = encode(loaded.labels[order], dataset, units, low)
        return cls(
            inputs=_pad(np.asarray(inputs, np.float32), capacity),
            targets=_pad(np.asarray(targets, np.float32), capacity),
            labels=_pad(loaded.labels[order].astype(np.int32), capacity),
            part=_pad(part.astype(np.uint8), capacity, 3),
            count=count,
            train=train,
            ragged=count % min(experiment.training.batch_size, train) != 0,
        )

    def tree(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "targets": self.targets,
            "labels": self.labels,
            "part": self.part,
            "count": np.int32(self.count),
        }


def _capacity(rows: int) -> int:
    """The power of two, at least 64, that holds so many rows."""
    return max(64, 1 << max(0, rows - 1).bit_length())


def _pad(array: NDArray[Any], rows: int, value: float = 0) -> NDArray[Any]:
    widths = [(0, rows - len(array))] + [(0, 0)] * (array.ndim - 1)
    return np.pad(array, widths, constant_values=value)
