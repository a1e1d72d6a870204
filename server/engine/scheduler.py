"""The engine: every live session, and the threads that run them.

Train workers give turns to the sessions that have used least (`due.py`), and never compile: a
session that waits for a compiler is seen to by a compile worker, so that nobody else waits.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

import structlog

from server.experiment import Experiment

from .commands import Play
from .company import turn_together
from .due import Due
from .history import Record
from .jobs import Job, Rank
from .pace import TURN
from .program import Program, Programs, together
from .session import Session, Watcher
from .traces import Traces
from .views import View

log = structlog.get_logger()

#: how long a worker sleeps at most when nothing is due
IDLE = 0.25
#: sessions of a program that train at once, from which on it is tried whether they should
#: share dispatches
COMPANY = 4

#: words of a state whose reading and writing takes a good part of a short turn
LARGE = 100_000

#: seconds for which a session must have been left as it is before what may come late is
#: compiled: who clicks again at once would have to wait for it
PATIENCE = 2.0

Key = tuple[Program, str]


class Full(Exception):
    """No room for another session."""


def hash_secret(secret: str) -> str:
    """A secret is long and random, so a plain hash hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Engine:
    """Owns the sessions and the worker threads.

    max_sessions: live sessions at most; the longest unwatched one makes room, if there is one.
    idle_seconds: an unwatched session is dropped after so long without being touched.
    traces: where traced functions are kept, so that they outlive the process.
    """

    def __init__(
        self,
        max_sessions: int = 256,
        idle_seconds: float = 900,
        train_workers: int = 2,
        compile_workers: int = 2,
        traces: Traces | None = None,
    ) -> None:
        self.programs = Programs(traces=traces)
        self.sessions: dict[str, Session] = {}
        self._hashes: WeakKeyDictionary[Session, str] = WeakKeyDictionary()  # of secrets
        self._max_sessions = max_sessions
        self._idle_seconds = idle_seconds
        lock = threading.RLock()
        self._ready = threading.Condition(lock)  # for train workers
        self._called = threading.Condition(lock)  # for compile workers
        self._due = Due(train_workers)
        self._cold: deque[Session] = deque()  # those that wait for a compiler
        self._patient: list[Session] = []  # those that can go on without one for now
        self._spare: list[Job] = []  # for when nobody waits
        self._compiling: set[Key] = set()
        self._stopping = False
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for work, count, name in (
                (self._train, train_workers, "train"),
                (self._compile, compile_workers, "compile"),
            )
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def create(self, experiment: Experiment) -> Session:
        """A new session. Raises Full."""
        session = Session(experiment, self.programs)
        return self._admit(session, hash_secret(session.secret))

    def recall(self, session_id: str, secret_hash: str, record: Record) -> Session:
        """The session that has left this record. Raises Full, or Refused where its log cannot
        have been."""
        session = Session(record.log.experiment, self.programs, session_id)
        session.recall(record)
        return self._admit(session, secret_hash)

    def _admit(self, session: Session, secret_hash: str) -> Session:
        self._drop_idle()
        self._hashes[session] = secret_hash
        session.notify = self._notify
        with self._ready:
            old = self._to_make_room()
            self.sessions[session.id] = session
            self._place(session)
        if old is not None:
            old.close()
        return session

    def warm(self, experiment: Experiment, views: dict[str, View]) -> None:
        """Compile what the first visitor's screen needs, when nobody waits for a compiler."""
        session = Session(experiment, self.programs)
        session.watch(Watcher(wake=lambda: None, views=views))
        session.act(Play(steps=1))
        with self._called:
            self._spare += session.to_compile()
            self._called.notify()

    def get(self, session_id: str) -> Session | None:
        """The session of this id, touched."""
        session = self.sessions.get(session_id)
        if session is not None:
            session.touched = time.monotonic()
        return session

    def delete(self, session: Session) -> None:
        with self._ready:
            self.sessions.pop(session.id, None)
            self._due.forget(session)
        session.close()

    def allowed(self, session: Session, secret: str | None) -> bool:
        """Whether this secret controls the session."""
        if secret is None:
            return False
        return secrets.compare_digest(hash_secret(secret), self.secret_hash(session))

    def secret_hash(self, session: Session) -> str:
        """What may be kept of the session's secret."""
        return self._hashes[session]

    def stop(self) -> None:
        """End every session and the workers."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
            self._called.notify_all()
        for session in list(self.sessions.values()):
            session.close()
        for thread in self._threads:
            thread.join(timeout=10)

    # -- places --------------------------------------------------------------------------

    def _notify(self, session: Session) -> None:
        """Something about a session has changed."""
        with self._ready:
            self._place(session)

    def _place(self, session: Session) -> None:
        """Let a session stand where it belongs, and call who may be needed for it."""
        self._due.place(session, time.monotonic())
        if self._due.waiting:
            self._ready.notify()
        waits = session.cold() and (session.held_up() or session not in self._patient)
        if waits and session not in self._cold:
            self._cold.append(session)
            self._called.notify()
        elif self._to_try(session):
            self._called.notify()

    # -- training ------------------------------------------------------------------------

    def _train(self) -> None:
        while sessions := self._claim():
            self.run(sessions)

    def _claim(self) -> list[Session]:
        """Wait for sessions to run; none when the engine stops."""
        with self._ready:
            while not self._stopping:
                sessions = self.choose()
                if sessions:
                    if self._due.waiting:
                        self._ready.notify()
                    return sessions
                wait = self._due.wait(time.monotonic())
                self._ready.wait(IDLE if wait is None else min(wait, IDLE))
        return []

    def choose(self) -> list[Session]:
        """Those who run next; they are to be given to `run`."""
        with self._ready:
            return self._due.take(time.monotonic())

    def run(self, sessions: list[Session]) -> None:
        """Give them their turn."""
        share = self._due.share
        try:
            if len(sessions) == 1:
                (session,) = sessions
                # A turn of a large state costs much before its first step: fewer and longer ones.
                large = session.program.packing.words > LARGE
                session.turn(TURN if large else share, compiled=True)
            else:
                turn_together(sessions, share * len(sessions))
        except Exception:
            log.exception("turn failed", sessions=[s.id for s in sessions])
            for session in sessions:
                session.fail("The server could not train this network; its log says why.")
        finally:
            with self._ready:
                self._due.release(sessions, time.monotonic())
                for session in sessions:
                    self._place(session)

    # -- compiling -----------------------------------------------------------------------

    def _compile(self) -> None:
        while (job := self._next_job()) is not None:
            self.work(job)

    def _next_job(self) -> Job | None:
        """Wait for something to compile; None when the engine stops."""
        while not self._stopping:
            job = self.job()
            if job is not None:
                return job
            with self._called:
                if not self._cold and not self._stopping:
                    self._called.wait(IDLE)
        return None

    def job(self) -> Job | None:
        """What to compile next, if there is something; it is to be given to `work`."""
        while (session := self._next_cold()) is not None:
            jobs = session.to_compile()
            with self._called:
                free = [j for j in jobs if (j.program, j.name) not in self._compiling]
                if not free or free[0].rank > jobs[0].rank:
                    continue  # others are at it, or at what must be there first
                if free[0].rank == Rank.LATE and not _is_left(session):
                    if session not in self._patient:
                        self._patient.append(session)
                    continue
                self._compiling.add((free[0].program, free[0].name))
                if len(free) > 1:
                    self._cold.appendleft(session)
                    self._called.notify()
                queue = list(self._cold)
            self._announce(session, queue)
            return free[0]
        with self._called:
            return self._spare.pop(0) if self._spare else self._trial()

    def work(self, job: Job) -> None:
        """Compile it; then those who waited for it can go on."""
        failed = False
        try:
            job.work()
        except Exception:
            failed = True
            log.exception("compilation failed", name=job.name)
        with self._ready:
            self._compiling.discard((job.program, job.name))
            waiting = [s for s in self.sessions.values() if s.program is job.program]
        for session in waiting:
            if failed:
                session.fail("The server could not compile this network; its log says why.")
            else:
                session.stale = True  # what was left out can be shown
                self._notify(session)

    def _next_cold(self) -> Session | None:
        """Who waits for a compiler, and then who may wait and has waited long enough."""
        with self._called:
            if self._cold:
                return self._cold.popleft()
            session = next(filter(_is_left, self._patient), None)
            if session is not None:
                self._patient.remove(session)
            return session

    def _announce(self, first: Session, queue: list[Session]) -> None:
        """Tell those who wait why."""
        first.announce(None)
        for place, session in enumerate((s for s in queue if s is not first), start=1):
            session.announce(f"Waiting for the compiler; {place} before this one.")

    def _to_try(self, session: Session) -> str | None:
        """What the session might share with others, and should find out about now (the lock is
        held)."""
        name, program = session.untried(), session.program
        if name is None or (program, together(name)) in self._compiling:
            return None
        company = sum(s.playing and s.program is program for s in self.sessions.values())
        return name if company >= COMPANY else None

    def _trial(self) -> Job | None:
        """Finding out whether sessions of some program should share something (the lock is
        held)."""
        for session in self.sessions.values():
            name = self._to_try(session)
            if name is not None:
                job = Job(session.program, together(name), partial(session.trial, name))
                self._compiling.add((job.program, job.name))
                return job
        return None

    # -- room ----------------------------------------------------------------------------

    def _drop_idle(self) -> None:
        old = time.monotonic() - self._idle_seconds
        self._drop(lambda s: s.touched < old)

    def _to_make_room(self) -> Session | None:
        """Where the house is full, the longest untouched of the unwatched sessions, taken out
        (the lock is held). Raises Full."""
        if len(self.sessions) < self._max_sessions:
            return None
        unwatched = [s for s in self.sessions.values() if not s.watchers and s.left is None]
        if not unwatched:
            raise Full
        old = min(unwatched, key=lambda s: s.touched)
        del self.sessions[old.id]
        self._due.forget(old)
        return old

    def _drop(self, condition: Callable[[Session], bool]) -> None:
        for session in list(self.sessions.values()):
            if not session.watchers and session.left is None and condition(session):
                self.delete(session)


def _is_left(session: Session) -> bool:
    """Whether it has been left as it is for some time."""
    return time.monotonic() - session.changed > PATIENCE
