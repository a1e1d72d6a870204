"""Training sweeps: a thread of its own feeds an engine with few of their runs at a time.

The engine is shared with people. So a sweep's sessions are few, fewer still while somebody
watches a training of their own; none is begun where the house is nearly full; and no two of
their programs wait for the compiler at once. What is finished is taken out of the engine, with
its results and its log kept here. All is in memory: sweeps end with the process.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import numpy as np
import structlog

from server.engine.commands import Pause, Play, Refused
from server.engine.history import Log
from server.engine.scheduler import Engine, Full
from server.engine.session import Session

from . import surface
from .importance import importance
from .plan import Plan, Planned, plan
from .spec import Random, Sweep

log = structlog.get_logger()

#: runs of all sweeps that train at once: where nobody watches a training, and where somebody does
ALONE, SHARED = 16, 4
#: sweeps kept, and seconds until one that has ended and that nobody reads is forgotten
MAX_STUDIES, KEPT_SECONDS = 32, 3600.0
#: seconds between two rounds, and between two pictures of a run that trains
TICK, LOOK = 0.05, 0.5
#: seconds after somebody asked for them in which pictures of running trainings are made
SEEN = 5.0
#: rows of a run's curve that are kept
ROWS = 120

Status = Literal["waiting", "training", "done", "stopped", "diverged", "failed"]
State = Literal["running", "cancelled", "done"]
#: of a run that has come to its end
OVER = ("done", "stopped", "diverged", "failed")


class TooMany(Exception):
    """No room for another sweep."""


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
    """One training of a sweep. version: rises with its surface."""

    planned: Planned
    status: Status = "waiting"
    step: int = 0
    message: str | None = None
    result: Result | None = None
    outputs: surface.Outputs | None = None
    span: tuple[float, float] = (-1.0, 1.0)
    version: int = 0

    def again(self) -> None:
        """As it was before it began."""
        self.status, self.step, self.message = "waiting", 0, None
        self.outputs, self.version = None, 0

    @property
    def over(self) -> bool:
        return self.status in OVER


@dataclass(eq=False)
class Live:
    """A run with its session in the engine. held: paused to make room for people."""

    study: Study
    run: Run
    session: Session
    held: bool = False
    looked: float = 0.0


@dataclass(eq=False)
class Study:
    """A sweep with its runs and what has come of them."""

    sweep: Sweep
    plan: Plan
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: State = "running"
    #: when it was last asked for, and when its surfaces were (monotonic seconds)
    touched: float = field(default_factory=time.monotonic)
    seen: float = float("-inf")

    def __post_init__(self) -> None:
        self.runs = [Run(planned) for planned in self.plan.runs]
        self._versions = count(1)

    def draw(self, run: Run, outputs: surface.Outputs, span: tuple[float, float]) -> None:
        """Another surface of a run."""
        run.outputs, run.span, run.version = outputs, span, next(self._versions)

    # -- reading -------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The sweep, its progress and every number of it, without curves and surfaces."""
        losses = self._losses()
        found = importance(self.plan.settings, losses, drawn=isinstance(self.sweep.mode, Random))
        problem = self.sweep.experiment.data.dataset.problem
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
    scores = metrics.get("test") or {}
    return scores.get("accuracy", scores.get("r2"))


class Sweeps:
    """The sweeps there are, and the thread that trains them.

    room: no run is begun while the engine has so many sessions.
    """

    def __init__(self, engine: Engine, room: int = 192) -> None:
        self._engine = engine
        self._room = max(1, room)
        self._studies: dict[str, Study] = {}
        self._live: list[Live] = []
        self._ours: set[str] = set()  # the sessions of runs
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="sweeps", daemon=True)
        self._thread.start()

    def begin(self, sweep: Sweep) -> Study:
        """Train a sweep. Raises Refused where it makes no runs, TooMany."""
        study = Study(sweep, plan(sweep))
        with self._changed:
            self._make_room()
            self._studies[study.id] = study
            self._changed.notify_all()
        return study

    def get(self, study_id: str) -> Study | None:
        """The sweep of this id, touched."""
        study = self._studies.get(study_id)
        if study is not None:
            study.touched = time.monotonic()
        return study

    def allowed(self, study: Study, secret: str | None) -> bool:
        """Whether this secret controls the sweep."""
        return secret is not None and secrets.compare_digest(secret.encode(), study.secret.encode())

    def holds(self, session_id: str) -> bool:
        """Whether a session is a run's: nobody has to keep it."""
        return session_id in self._ours

    def cancel(self, study: Study) -> None:
        """Stop its trainings; what is finished is kept."""
        with self._changed:
            if study.state != "running":
                return
            study.state = "cancelled"
            mine = [live for live in self._live if live.study is study]
            for live in mine:
                self._live.remove(live)
                live.run.again()
        for live in mine:
            self._give_up(live.session)

    def resume(self, study: Study) -> None:
        """Train what a cancelled sweep has not finished, each from its beginning."""
        with self._changed:
            if study.state == "cancelled":
                study.state = "done" if all(run.over for run in study.runs) else "running"
            self._changed.notify_all()

    def delete(self, study: Study) -> None:
        """Forget a sweep."""
        self.cancel(study)
        with self._changed:
            self._studies.pop(study.id, None)

    def wait(self, study: Study, seconds: float) -> bool:
        """Whether the sweep trains no more, after so long at most."""
        with self._changed:
            return self._changed.wait_for(lambda: study.state != "running", seconds)

    def stop(self) -> None:
        """End every training and the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout=30)
        for study in list(self._studies.values()):
            self.cancel(study)

    # -- the thread ----------------------------------------------------------------------

    def _work(self) -> None:
        while self._wait_for_work():
            try:
                self._round()
            except Exception:
                log.exception("a round of the sweeps failed")

    def _wait_for_work(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._running(), None)
            self._changed.wait_for(lambda: self._stopping, TICK)
            return not self._stopping

    def _running(self) -> list[Study]:
        return [study for study in self._studies.values() if study.state == "running"]

    def _round(self) -> None:
        for live in list(self._live):
            try:
                self._follow(live)
            except Exception:
                log.exception("a run of a sweep failed", session=live.session.id)
                self._end(live, "failed", "The server could not read this run; its log says why.")
        self._share()
        for study in self._running():
            with self._changed:
                if study.state == "running" and all(run.over for run in study.runs):
                    study.state = "done"
                    self._changed.notify_all()

    def _follow(self, live: Live) -> None:
        """See what has become of a run."""
        session, run = live.session, live.run
        if session.closed:  # it had to make room, while it was held
            with self._changed:
                if live in self._live:
                    self._live.remove(live)
                    run.again()
            self._give_up(session)
        elif session.done.is_set() and not live.held:
            self._collect(live)
        else:
            now = time.monotonic()
            shown = now < live.study.seen + SEEN and now >= live.looked + LOOK and session.step
            drawn = surface.outputs(session) if shown and not session.cold() else None
            with self._changed:
                if live not in self._live:
                    return
                run.step = session.step
                if drawn is not None:
                    live.looked = now
                    live.study.draw(run, drawn, session.span)

    def _collect(self, live: Live) -> None:
        session, part = live.session, live.study.plan.part
        with session.lock:
            metrics, curve, kept = session.metrics(), session.curve(), session.log()
            drawn, status, message = surface.outputs(session), session.status, session.message
        ended: Status = "failed"
        if status in ("stopped", "diverged"):
            ended = status
        elif kept.step >= live.run.planned.steps:
            ended = "done"
        loss = (metrics[part] or {}).get("loss") if ended in ("done", "stopped") else None
        result = Result(loss, metrics, _thinned(curve), kept, session.span)
        self._end(live, ended, message, result, drawn)

    def _end(
        self,
        live: Live,
        status: Status,
        message: str | None,
        result: Result | None = None,
        drawn: surface.Outputs | None = None,
    ) -> None:
        with self._changed:
            if live in self._live:
                self._live.remove(live)
                run = live.run
                run.status, run.message, run.result = status, message, result
                if result is not None:
                    run.step = result.log.step
                if result is not None and drawn is not None:
                    live.study.draw(run, drawn, result.span)
        self._give_up(live.session)

    def _give_up(self, session: Session) -> None:
        self._engine.delete(session)
        self._ours.discard(session.id)

    # -- who trains ----------------------------------------------------------------------

    def _share(self) -> None:
        """Let as many train as may: hold some back, let them go on, begin others."""
        allowed = SHARED if self._somebody_trains() else ALONE
        live = list(self._live)
        training = [x for x in live if not x.held]
        for x in training[allowed:]:
            x.held = True
            x.session.act(Pause())
        free = allowed - len(training)
        for x in [x for x in live if x.held][: max(0, free)]:
            if x.session.step < x.run.planned.steps and x.session.status == "paused":
                x.session.act(Play(steps=x.run.planned.steps - x.session.step))
            x.held = False
            free -= 1
        while free > 0 and self._begin_one():
            free -= 1

    def _somebody_trains(self) -> bool:
        sessions = list(self._engine.sessions.values())
        return any(s.playing and s.watchers and s.id not in self._ours for s in sessions)

    def _begin_one(self) -> bool:
        """Begin a run that waits, if there is one and it may begin now."""
        if len(self._engine.sessions) >= self._room or any(x.session.cold() for x in self._live):
            return False
        with self._changed:
            waiting = [
                (sum(x.study is study for x in self._live), study, run)
                for study in self._running()
                for run in study.runs
                if run.status == "waiting"
            ]
            if not waiting:
                return False
            _, study, run = min(waiting, key=lambda found: found[0])
        return self._begin(study, run)

    def _begin(self, study: Study, run: Run) -> bool:
        try:
            session = self._engine.create(run.planned.experiment)
        except Full:
            return False
        live = Live(study, run, session)
        self._ours.add(session.id)
        with self._changed:
            if study.state != "running":  # cancelled meanwhile
                self._give_up(session)
                return False
            run.status = "training"
            self._live.append(live)
        try:
            session.act(Play(steps=run.planned.steps))
        except Refused as refused:
            self._end(live, "failed", str(refused))
        return True

    # -- room ----------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Forget what is old; where there are too many, the one longest unread that has ended
        (the lock is held). Raises TooMany."""
        ended = sorted(
            (s for s in self._studies.values() if s.state != "running"), key=lambda s: s.touched
        )
        old = time.monotonic() - KEPT_SECONDS
        for study in [s for s in ended if s.touched < old]:
            del self._studies[study.id]
            ended.remove(study)
        if len(self._studies) >= MAX_STUDIES:
            if not ended:
                raise TooMany
            del self._studies[ended[0].id]


def _thinned(curve: dict[str, Any]) -> dict[str, Any]:
    """At most about ROWS rows, evenly, the last among them."""
    rows = curve["rows"]
    every = -(-len(rows) // ROWS)
    kept = rows if every <= 1 else [*rows[:-1:every], rows[-1]]
    return {"columns": curve["columns"], "rows": kept}
