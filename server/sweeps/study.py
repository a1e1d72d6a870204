"""What a sweep has come to: its runs, what is kept of each, and what they say together."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import numpy as np

from server.engine.history import Log, Record

from . import surface
from .importance import importance
from .plan import Plan, Planned
from .spec import Random, Sweep

Status = Literal["waiting", "training", "done", "stopped", "diverged", "failed"]
State = Literal["running", "cancelled", "done"]
#: of a run that has come to its end
OVER = ("done", "stopped", "diverged", "failed")


@dataclass(frozen=True)
class Result:
    """What is kept of a run that has ended.

    loss: of the part that the sweep compares by; None where it is no number, or the run has not
    come to a proper end.
    """

    loss: float | None
    metrics: dict[str, Any]
    curve: dict[str, Any]
    log: Log
    span: tuple[float, float]


@dataclass(eq=False)
class Run:
    """One training of a sweep.

    left_off: from where a run that waits goes on; None is its beginning. version: rises with
    its surface.
    """

    planned: Planned
    status: Status = "waiting"
    step: int = 0
    message: str | None = None
    result: Result | None = None
    left_off: Record | None = None
    outputs: surface.Outputs | None = None
    span: tuple[float, float] = (-1.0, 1.0)
    version: int = 0

    def leave_off(self, record: Record | None) -> None:
        """Wait, to go on from there; None is from the beginning."""
        self.status, self.message, self.left_off = "waiting", None, record
        self.step = record.log.step if record else 0
        if record is None:
            self.outputs, self.version = None, 0

    @property
    def over(self) -> bool:
        return self.status in OVER


@dataclass(eq=False)
class Study:
    """A sweep with its runs and what has come of them.

    secret_hash: what is kept of the secret that controls it. crashes: ends of the server that
    were none in order, since something last came of it.
    """

    id: str
    secret_hash: str
    sweep: Sweep
    plan: Plan
    state: State = "running"
    crashes: int = 0
    #: when it was last asked for, and when its surfaces were (monotonic seconds)
    touched: float = field(default_factory=time.monotonic)
    seen: float = float("-inf")

    def __post_init__(self) -> None:
        self.runs = [Run(planned) for planned in self.plan.runs]
        # they rise across restarts, too
        self._versions = count(time.time_ns() // 1_000_000)
        #: whether there is something that is not in the store yet, and the runs of which there is
        self.stale = True
        self.stale_runs: set[int] = set()

    def note(self, run: Run | None = None) -> None:
        """There is something new to keep: of a run, or of the sweep itself."""
        self.stale = True
        if run is not None:
            self.stale_runs.add(run.planned.index)

    def draw(self, run: Run, outputs: surface.Outputs, span: tuple[float, float]) -> None:
        """Another surface of a run."""
        run.outputs, run.span, run.version = outputs, span, next(self._versions)

    # -- reading -------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The sweep, its progress and every number of it, without curves and surfaces."""
        losses = self._losses()
        found = importance(self.plan.settings, losses, drawn=isinstance(self.sweep.mode, Random))
        problem = self.sweep.experiment.task.problem
        steps = sum(run.planned.steps for run in self.runs)
        taken = sum(run.planned.steps if run.over else run.step for run in self.runs)
        return {
            "id": self.id,
            "state": self.state,
            "sweep": self.sweep.model_dump(mode="json"),
            "axes": [
                {"path": axis.path, "title": title}
                for axis, title in zip(self.sweep.axes, self.plan.titles, strict=True)
            ],
            "part": self.plan.part,
            "score": "r2" if problem == "regression" else "accuracy",
            "progress": {
                "runs": len(self.runs),
                "finished": sum(run.over for run in self.runs),
                "training": sum(run.status == "training" for run in self.runs),
                "fraction": taken / steps,
            },
            "runs": [_row(run) for run in self.runs],
            "settings": [
                self._setting(j, values, losses[j]) for j, values in enumerate(self.plan.settings)
            ],
            "best": self._best(),
            "importance": found
            and {"axes": list(found.axes), "seed": found.seed, "rest": found.rest},
        }

    def surfaces(self, since: int) -> dict[str, Any]:
        """The surfaces that are newer than a version, by the numbers of their runs."""
        self.seen = time.monotonic()
        newer = {run.planned.index: run for run in self.runs if run.version > since}
        drawn = {i: (run.version, run.outputs, run.span) for i, run in newer.items()}
        return {
            "version": max((version for version, _, _ in drawn.values()), default=since),
            "surfaces": {
                str(i): surface.document(outputs, span)
                for i, (_, outputs, span) in drawn.items()
                if outputs is not None
            },
        }

    def detail(self, run: Run) -> dict[str, Any]:
        """A run with its experiment, its curve and its surface; null where there is none yet."""
        outputs, result = run.outputs, run.result
        return _row(run) | {
            "experiment": run.planned.experiment.model_dump(mode="json"),
            "metrics": result and result.metrics,
            "curve": result and result.curve,
            "surface": None if outputs is None else surface.document(outputs, run.span),
            "log": result and result.log.model_dump(mode="json"),
        }

    def ensemble(self, setting: int) -> dict[str, Any]:
        """Mean surface and its spread over the seeds of a setting, as far as they are over;
        null where none is."""
        of = [
            r for r in self.runs if r.planned.setting == setting and r.status in ("done", "stopped")
        ]
        members = [r.outputs for r in of if r.outputs is not None]
        found = surface.ensemble(members, of[0].span) if members else {"mean": None, "spread": None}
        values = self.plan.settings[setting]
        return self._setting(setting, values, self._losses()[setting]) | {
            "members": len(members),
            **found,
        }

    def _losses(self) -> list[list[float]]:
        """The final losses by setting. Of a run that diverged there is none."""
        losses: list[list[float]] = [[] for _ in self.plan.settings]
        for run in self.runs:
            if run.result and run.result.loss is not None:
                losses[run.planned.setting].append(run.result.loss)
        return losses

    def _setting(self, j: int, values: tuple[Any, ...], losses: list[float]) -> dict[str, Any]:
        return {
            "setting": j,
            "values": list(values),
            "runs": [run.planned.index for run in self.runs if run.planned.setting == j],
            "loss": float(np.mean(losses)) if losses else None,
            "deviation": float(np.std(losses)) if losses else None,
        }

    def _best(self) -> int | None:
        """The run of the lowest loss; of equal ones the first."""
        ranked = [
            (run.result.loss, run.planned.index)
            for run in self.runs
            if run.result and run.result.loss is not None
        ]
        return min(ranked)[1] if ranked else None


def _row(run: Run) -> dict[str, Any]:
    result = run.result
    return {
        "run": run.planned.index,
        "setting": run.planned.setting,
        "values": list(run.planned.values),
        "seed": run.planned.experiment.seed,
        "status": run.status,
        "message": run.message,
        "step": run.step,
        "steps": run.planned.steps,
        "loss": result and result.loss,
        "score": result and _score(result.metrics),
        "digest": result and result.log.digest,
    }


def _score(metrics: dict[str, Any]) -> float | None:
    """Accuracy or R² of the test part."""
    scores = metrics.get("test") or metrics.get("validation") or {}  # of a sealed part none
    return scores.get("accuracy", scores.get("r2"))
