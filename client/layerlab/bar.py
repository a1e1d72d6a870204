"""A bar that shows how training gets on: in a terminal, or in a notebook's cell."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .results import SweepResult, TrainResult

T = TypeVar("T")


class Bar(Generic[T]):
    """Counts up on stderr, with a few words beside.

    unit: of what is counted, "epochs" or "runs". read: of what the bar is called with, how many
    there are, how many there will be, and the words.
    """

    def __init__(self, unit: str, read: Callable[[T], tuple[float, float, str]]) -> None:
        self._read = read
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[scores]}"),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("Training", total=None, unit=unit, scores="")

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

    def __call__(self, so_far: T) -> None:
        done, total, words = self._read(so_far)
        self._progress.update(self._task, completed=int(done), total=total, scores=words)


def of_training(total: int, unit: str, session: dict[str, Any]) -> Bar[TrainResult]:
    """A bar of what is added to a session's epochs or steps."""
    name = {"epochs": "epoch", "steps": "step"}[unit]
    begun = session[name]
    return Bar(unit, lambda so_far: (getattr(so_far, name) - begun, total, scores(so_far)))


def of_sweep() -> Bar[SweepResult]:
    """A bar of the runs that are over."""

    def read(so_far: SweepResult) -> tuple[float, float, str]:
        progress = so_far.summary["progress"]
        return progress["finished"], progress["runs"], best(so_far)

    return Bar("runs", read)


def best(sweep: SweepResult) -> str:
    """The best run's loss in a few words."""
    found = sweep.best
    return f"best loss {found['loss']:.4g}" if found else ""


def scores(result: TrainResult) -> str:
    """The test part's scores, or the training part's where there are none, in a few words."""
    for part in ("test", "train"):
        values = result.metrics.get(part)
        if values:
            said = " ".join(f"{name} {value:.4g}" for name, value in values.items())
            return f"{part} {said}"
    return ""
