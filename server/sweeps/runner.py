"""Training sweeps: a thread of its own feeds an engine with few of their runs at a time.

The engine is shared with people. So a sweep's sessions are few, fewer still while somebody
watches a training of their own; none is begun where the house is nearly full; and no two of
their programs wait for the compiler at once. What is finished is taken out of the engine, with
its results and its log kept here; what is cancelled, with the state that it goes on from.
`keeping.py` keeps all that in the store.
"""

from __future__ import annotations

import secrets
import threading
import time
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from server.engine.commands import Pause, Play, Refused
from server.engine.history import Record
from server.engine.scheduler import Engine, Full, hash_secret
from server.engine.session import Session

from . import surface
from .plan import plan
from .spec import Sweep
from .study import Result, Run, State, Status, Study

log = structlog.get_logger()

#: runs of all sweeps that train at once: where nobody watches a training, and where somebody does
ALONE, SHARED = 16, 4
#: sweeps in memory, and seconds until one that has ended and that nobody reads leaves it
MAX_STUDIES, KEPT_SECONDS = 32, 3600.0
#: seconds between two rounds, and between two pictures of a run that trains
TICK, LOOK = 0.05, 0.5
#: seconds after somebody asked for them in which pictures of running trainings are made
SEEN = 5.0
#: rows of a run's curve that are kept
ROWS = 120
#: seconds between two states that are kept of a run that trains; bytes of one at most, and bytes
#: of all runs in a second
KEEP, STATE_BYTES, RATE = 5.0, 2_000_000, 4_000_000


class TooMany(Exception):
    """No room for another sweep."""


@dataclass(eq=False)
class Live:
    """A run with its session in the engine. held: paused to make room for people."""

    study: Study
    run: Run
    session: Session
    held: bool = False
    looked: float = 0.0
    kept: float = field(default_factory=time.monotonic)

    def outcome(self) -> Status | None:
        """How the run has ended, if it has."""
        if self.session.status in ("stopped", "diverged"):
            return self.session.status
        return "done" if self.session.step >= self.run.planned.steps else None


@dataclass(frozen=True)
class News:
    """What is to be kept of a sweep: copies of its runs of which there is something new."""

    study: Study
    state: State
    crashes: int
    runs: tuple[Run, ...]


class Sweeps:
    """The sweeps there are, and the thread that trains them.

    room: no run is begun while the engine has so many sessions. kept: whether somebody takes the
    `news` and keeps them; then no sweep leaves memory before.
    """

    def __init__(self, engine: Engine, room: int = 192, kept: bool = False) -> None:
        self._engine = engine
        self._room = max(1, room)
        self._kept = kept
        self._studies: dict[str, Study] = {}
        self._live: list[Live] = []
        self._ours: set[str] = set()  # the sessions of runs
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="sweeps", daemon=True)
        self._thread.start()

    def begin(self, sweep: Sweep) -> tuple[Study, str]:
        """Train a sweep; with it, the secret that controls it. Raises Refused where it makes no
        runs, TooMany."""
        secret = secrets.token_urlsafe(24)
        study = Study(secrets.token_urlsafe(9), hash_secret(secret), sweep, plan(sweep))
        return self.add(study), secret

    def add(self, study: Study) -> Study:
        """Have a sweep, and train what is to be trained of it; the one there is, where one of
        this id is there. Raises TooMany."""
        with self._changed:
            if study.id not in self._studies:
                self._make_room()
                self._studies[study.id] = study
                self._changed.notify_all()
            return self._studies[study.id]

    @property
    def ids(self) -> list[str]:
        """Of the sweeps in memory."""
        return list(self._studies)

    def get(self, study_id: str) -> Study | None:
        """The sweep of this id, touched."""
        study = self._studies.get(study_id)
        if study is not None:
            study.touched = time.monotonic()
        return study

    def allowed(self, study: Study, secret: str | None) -> bool:
        """Whether this secret controls the sweep."""
        return secret is not None and secrets.compare_digest(hash_secret(secret), study.secret_hash)

    def holds(self, session_id: str) -> bool:
        """Whether a session is a run's: nobody has to keep it."""
        return session_id in self._ours

    def cancel(self, study: Study) -> None:
        """Stop its trainings; what is finished is kept, and where the others are."""
        with self._changed:
            if study.state != "running":
                return
            study.state = "cancelled"
            study.note()
            mine = [live for live in self._live if live.study is study]
            self._live = [live for live in self._live if live.study is not study]
        for live in mine:
            self._leave_off(live)

    def resume(self, study: Study) -> None:
        """Train what a cancelled sweep has not finished, each from where it was."""
        with self._changed:
            if study.state == "cancelled":
                study.state = "done" if all(run.over for run in study.runs) else "running"
                study.note()
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
        """End every training and the thread; what runs is left as it is, to go on later."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout=30)
        with self._changed:
            for study in self._running():
                study.crashes = 0
                study.note()
            live, self._live = self._live, []
        for one in live:
            self._leave_off(one)

    def news(self) -> list[News]:
        """What is not kept yet; from now on it counts as kept, until `keep_again` says
        otherwise."""
        with self._changed:
            found: list[News] = []
            for study in [s for s in self._studies.values() if s.stale]:
                runs = tuple(copy(study.runs[i]) for i in sorted(study.stale_runs))
                found.append(News(study, study.state, study.crashes, runs))
                study.stale, study.stale_runs = False, set()
            return found

    def keep_again(self, news: News) -> None:
        """It could not be kept."""
        with self._changed:
            news.study.note()
            news.study.stale_runs |= {run.planned.index for run in news.runs}

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
                    study.note()
                    self._changed.notify_all()

    def _follow(self, live: Live) -> None:
        """See what has become of a run."""
        session = live.session
        if session.closed:  # it had to make room, while it was held
            with self._changed:
                if live not in self._live:
                    return
                self._live.remove(live)
            self._leave_off(live)
        elif session.done.is_set() and not live.held:
            self._end(live, *self._result(live))
        else:
            self._look(live)
            self._keep(live)

    def _look(self, live: Live) -> None:
        """Note where a run is, and draw it if somebody shows it."""
        session, now = live.session, time.monotonic()
        shown = now < live.study.seen + SEEN and now >= live.looked + LOOK and session.step
        drawn = surface.outputs(session) if shown and not session.cold() else None
        with self._changed:
            if live not in self._live:
                return
            live.run.step = session.step
            if drawn is not None:
                live.looked = now
                live.study.draw(live.run, drawn, session.span)

    def _keep(self, live: Live) -> None:
        """Note now and then from where a run could go on, if the server ended."""
        bytes_ = live.session.state.nbytes
        now, pause = time.monotonic(), KEEP + ALONE * bytes_ / RATE
        if not self._kept or now < live.kept + pause or live.session.cold():
            return
        with live.session.lock:
            record = None if live.outcome() else _record(live.session)
        with self._changed:
            live.kept = now
            if live in self._live and record is not None:
                live.run.left_off = record
                live.study.note(live.run)

    def _result(self, live: Live) -> tuple[Status, str | None, Result, surface.Outputs | None]:
        """What has come of a run: how it ended, what there is to say, and what is kept."""
        session, part = live.session, live.study.plan.part
        with session.lock:
            metrics, curve, kept = session.metrics(), session.curve(), session.log()
            drawn, message = surface.outputs(session), session.message
            ended = live.outcome() or "failed"
        loss = (metrics[part] or {}).get("loss") if ended in ("done", "stopped") else None
        return ended, message, Result(loss, metrics, _thinned(curve), kept, session.span), drawn

    def _end(
        self,
        live: Live,
        status: Status,
        message: str | None,
        result: Result | None = None,
        drawn: surface.Outputs | None = None,
    ) -> None:
        """A run is over, unless it was cancelled meanwhile."""
        with self._changed:
            if live in self._live:
                self._live.remove(live)
                _settle(live, status, message, result, drawn)
        self._give_up(live.session)

    def _leave_off(self, live: Live) -> None:
        """Take a run, which is no more among the live, out of the engine, to be gone on with."""
        over = record = None
        try:
            with live.session.lock:
                over = self._result(live) if live.outcome() else None
                record = None if over else _record(live.session)
        except Exception:
            log.exception("a run of a sweep begins again", sweep=live.study.id)
        with self._changed:
            if over:
                _settle(live, *over)
            else:
                live.run.leave_off(record)
                live.study.note(live.run)
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
            session = self._session(run)
        except Full:
            return False
        except Exception:
            log.exception("a run of a sweep could not begin", sweep=study.id)
            self._failed_to_begin(study, run)
            return True
        live = Live(study, run, session)
        self._ours.add(session.id)
        with self._changed:
            if study.state != "running":  # cancelled meanwhile
                self._give_up(session)
                return False
            run.status = "training"
            self._live.append(live)
        try:
            session.act(Play(steps=run.planned.steps - session.step))
        except Refused as refused:
            self._end(live, "failed", str(refused))
        return True

    def _failed_to_begin(self, study: Study, run: Run) -> None:
        with self._changed:
            if run.left_off is None:
                run.status = "failed"
                run.message = "The server could not begin this run; its log says why."
            run.left_off = None  # the next time from its beginning
            study.note(run)

    def _session(self, run: Run) -> Session:
        """A session of the run, where it was left off if there is such a place. Raises Full."""
        place = run.left_off
        if place is not None:
            session = self._recalled(place)
            if session.done.is_set() and session.step == place.log.step:
                return session
            self._give_up(session)  # doing its log again is beginning again
        return self._engine.create(run.planned.experiment)

    def _recalled(self, place: Record) -> Session:
        name, nobody = secrets.token_urlsafe(9), hash_secret(secrets.token_urlsafe(24))
        self._ours.add(name)  # first: nobody is to take it for a person's
        try:
            return self._engine.recall(name, nobody, place)
        except BaseException:
            self._ours.discard(name)
            raise

    # -- room ----------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Let go of what is old; where there are too many, of the one longest unread that has
        ended (the lock is held). Raises TooMany."""
        kept = [s for s in self._studies.values() if not (self._kept and s.stale)]
        ended = sorted((s for s in kept if s.state != "running"), key=lambda s: s.touched)
        old = time.monotonic() - KEPT_SECONDS
        for study in [s for s in ended if s.touched < old]:
            del self._studies[study.id]
            ended.remove(study)
        if len(self._studies) >= MAX_STUDIES:
            if not ended:
                raise TooMany
            del self._studies[ended[0].id]


def _settle(
    live: Live,
    status: Status,
    message: str | None,
    result: Result | None,
    drawn: surface.Outputs | None,
) -> None:
    """Note how a run has ended (the lock of the sweeps is held)."""
    study, run = live.study, live.run
    run.status, run.message, run.result, run.left_off = status, message, result, None
    if result is not None:
        run.step = result.log.step
        if drawn is not None:
            study.draw(run, drawn, result.span)
    study.crashes = 0
    study.note(run)


def _record(session: Session) -> Record | None:
    """What a run is gone on from; None where it is at its beginning, or too large."""
    if not session.step or session.state.nbytes > STATE_BYTES:
        return None
    return replace(session.record(), playing=False, speed=None)


def _thinned(curve: dict[str, Any]) -> dict[str, Any]:
    """At most about ROWS rows, evenly, the last among them."""
    rows = curve["rows"]
    every = -(-len(rows) // ROWS)
    kept = rows if every <= 1 else [*rows[:-1:every], rows[-1]]
    return {"columns": curve["columns"], "rows": kept}
