"""What the client answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .extras import need

if TYPE_CHECKING:
    from pandas import DataFrame

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


#: columns of a sweep's tables, beside one for every setting that varies
RUN_COLUMNS = ("seed", "status", "step", "loss", "score", "digest")
SETTING_COLUMNS = ("loss", "deviation")


@dataclass(frozen=True)
class SweepResult:
    """Where a sweep stands.

    names: of the settings that vary, as they were given. summary: all that the server says
    (docs/protocol.md, "A sweep"). experiment: of the best run, as JSON; None until the sweep is
    over, or where no run has come to a proper end. seconds: how long this call has taken.
    """

    names: tuple[str, ...]
    summary: dict[str, Any]
    experiment: dict[str, Any] | None
    seconds: float

    @property
    def runs(self) -> DataFrame:
        """A row a run: the settings that vary, seed, status, step, and at its end the loss by which
        runs are compared, the score of the test part and the digest. ImportError without pandas."""
        return self._table("runs", "run", RUN_COLUMNS)

    @property
    def settings(self) -> DataFrame:
        """A row a setting: mean loss over its seeds, and its deviation. ImportError without
        pandas."""
        return self._table("settings", "setting", SETTING_COLUMNS)

    @property
    def best(self) -> dict[str, Any] | None:
        """The settings that vary as the best run has them, with its seed, loss and so on; None
        where no run has come to a proper end."""
        number = self.summary["best"]
        return None if number is None else self._row(self.summary["runs"][number], RUN_COLUMNS)

    @property
    def importance(self) -> dict[str, float] | None:
        """The share of the losses' variance that each setting explains, the seed, and the rest;
        None where nothing varies, or too little is known."""
        found = self.summary["importance"]
        if found is None:
            return None
        shares = dict(zip(self.names, found["axes"], strict=True))
        return shares | {"seed": found["seed"], "rest": found["rest"]}

    def _row(self, row: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
        varied = dict(zip(self.names, row["values"], strict=True))
        return varied | {name: row[name] for name in columns}

    def _table(self, rows: str, index: str, columns: tuple[str, ...]) -> DataFrame:
        pandas = need("pandas", rows)
        found = [self._row(row, columns) for row in self.summary[rows]]
        numbers = pandas.RangeIndex(len(found), name=index)
        return pandas.DataFrame(found, index=numbers, columns=[*self.names, *columns])
