"""What the client answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: {"train": {"loss": …, "accuracy" or "r2": …}, "validation": the same or None, "test": …}
Metrics = dict[str, dict[str, float] | None]


@dataclass(frozen=True)
class TrainResult:
    """Where training stands.

    step, epoch: how far in all, since the initial weights.
    status: "paused" when it went through, "diverged", or "stopped" by early stopping.
    digest: SHA-256 of the weights, in hexadecimal.
    seconds: how long this call has taken, on the clock of whoever called.
    """

    step: int
    epoch: float
    status: str
    metrics: Metrics
    digest: str
    seconds: float


class Prediction(NamedTuple):
    """outputs: float64 (N, outputs). classes: int64 (N,), None for regression."""

    outputs: NDArray[np.float64]
    classes: NDArray[np.int64] | None


@dataclass(frozen=True)
class LayerWeights:
    """One layer, hidden ones first, then the output.

    params: float32 arrays by name; w (inputs, units), b (units,), and what normalization adds.
    """

    title: str
    params: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Points:
    """inputs: float32 (N, dimensions). labels: float32 (N,), a class index or a value.
    split: uint8 (N,), 0 train, 1 validation, 2 test."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.float32]
    split: NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A moment of a session, as its watchers see it (docs/protocol.md, "The live socket").

    metrics: None until the session was first looked at.
    views: what was asked for, by kind, as soon as it is compiled; arrays are NumPy's.
    """

    step: int
    epoch: float
    playing: bool
    status: str
    message: str | None
    steps_per_second: float
    metrics: Metrics | None = None
    views: dict[str, Any] = field(default_factory=dict[str, Any])
