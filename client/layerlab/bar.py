"""A bar that shows how training gets on: in a terminal, or in a notebook's cell."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .results import TrainResult


class Bar:
    """Counts up to `total` of `unit` ("epochs", "steps") on stderr, with the scores beside.

    start: how far the run was before, in the same unit.
    """

    def __init__(self, total: int, unit: str, start: float) -> None:
        self._unit = unit
        self._start = start
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[scores]}"),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("Training", total=total, unit=unit, scores="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, so_far: TrainResult) -> None:
        done = so_far.epoch if self._unit == "epochs" else so_far.step
        self._progress.update(self._task, completed=int(done - self._start), scores=scores(so_far))


def scores(result: TrainResult) -> str:
    """The test part's scores, or the training part's where there are none, in a few words."""
    for part in ("test", "train"):
        values = result.metrics.get(part)
        if values:
            said = " ".join(f"{name} {value:.4g}" for name, value in values.items())
            return f"{part} {said}"
    return ""
