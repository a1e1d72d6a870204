"""The engine: every live session, and who runs next.

Train workers give turns to the session that has used least. A session whose next turn would
have to compile something is taken by a compile worker first, so that nobody waits for a compiler.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

import structlog

from server.experiment import Experiment

from .commands import Play
from .pace import TURN
from .program import Programs
from .session import Session, Watcher
from .views import View

log = structlog.get_logger()

#: how long a worker sleeps at most when nothing is due
IDLE = 0.25
#: seconds in which everybody who trains should have had a turn
ROUND = 0.08
#: seconds of compute that a session which was idle may be behind the others
CREDIT = 0.05


class Full(Exception):
    """No room for another session."""


class Engine:
    """Owns the sessions and the worker threads.

    max_sessions: live sessions at most; the longest unwatched one makes room, if there is one.
    idle_seconds: an unwatched session is dropped after so long without being touched.
    """

    def __init__(
        self,
        max_sessions: int = 256,
        idle_seconds: float = 900,
        train_workers: int = 2,
        compile_workers: int = 1,
    ) -> None:
        self.programs = Programs()
        self.sessions: dict[str, Session] = {}
        self._max_sessions = max_sessions
        self._idle_seconds = idle_seconds
        self._ready = threading.Condition()
        self._busy: set[str] = set()
        self._workers = train_workers
        self._share = TURN  # seconds of a turn, less when many train
        self._level = 0.0  # what the session that ran last has used, in seconds
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, args=(cold,), name=name, daemon=True)
            for cold, count, name in (
                (False, train_workers, "train"),
                (True, compile_workers, "compile"),
            )
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def create(self, experiment: Experiment) -> Session:
        """A new session. Raises Full."""
        self._drop_idle()
        session = Session(experiment, self.programs, notify=self._notify)
        with self._ready:
            if len(self.sessions) >= self._max_sessions and not self._make_room():
                raise Full
            self.sessions[session.id] = session
        return session

    def warm(self, experiment: Experiment, views: dict[str, View]) -> None:
        """Compile what the first visitor's screen needs, before somebody waits for it."""
        session = Session(experiment, self.programs)
        session.watch(Watcher(wake=lambda: None, views=views))
        session.act(Play(steps=1))
        session.compile()

    def get(self, session_id: str) -> Session | None:
        """The session of this id, touched."""
        session = self.sessions.get(session_id)
        if session is not None:
            session.touched = time.monotonic()
        return session

    def delete(self, session: Session) -> None:
        with self._ready:
            self.sessions.pop(session.id, None)
        session.close()

    def allowed(self, session: Session, secret: str | None) -> bool:
        """Whether this secret controls the session."""
        return secret is not None and secrets.compare_digest(secret, session.secret)

    def stop(self) -> None:
        """End every session and the workers."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        for session in list(self.sessions.values()):
            session.close()
        for thread in self._threads:
            thread.join(timeout=10)

    # -- workers -------------------------------------------------------------------------

    def _notify(self) -> None:
        with self._ready:
            self._ready.notify_all()

    def _work(self, cold: bool) -> None:
        while True:
            session = self._claim(cold)
            if session is None:
                return
            try:
                session.compile() if cold else session.turn(self._share)
            except Exception:
                log.exception("turn failed", session=session.id)
                session.fail("The server could not train this network; its log says why.")
            finally:
                with self._ready:
                    self._busy.discard(session.id)
                    # Only a session that waits for the other kind of worker needs it told.
                    if self._needs(session, not cold):
                        self._ready.notify_all()

    def _claim(self, cold: bool) -> Session | None:
        """Wait for a session to run; None when the engine stops."""
        with self._ready:
            while not self._stopping:
                session, wait = self._choose(cold)
                if session is not None:
                    self._busy.add(session.id)
                    return session
                self._ready.wait(wait)
        return None

    def _choose(self, cold: bool) -> tuple[Session | None, float]:
        """The due session that has used least, or how long to wait for one."""
        now = time.monotonic()
        due: list[Session] = []
        wait, active = IDLE, 0
        for session in self.sessions.values():
            rest = session.due(now)
            if rest is None:
                continue
            active += 1
            if session.id in self._busy:
                continue
            if rest > 0:
                wait = min(wait, rest)
            else:
                due.append(session)
        # Whether a session is cold takes longer to say: ask as few as possible.
        due.sort(key=lambda session: session.used)
        best = next((session for session in due if session.cold() == cold), None)
        if best is not None and not cold:
            self._share = min(TURN, ROUND * self._workers / active)
            # Who was idle is owed no more than CREDIT for it.
            best.used = max(best.used, self._level - CREDIT)
            self._level = max(self._level, best.used)
        return best, wait

    def _needs(self, session: Session, cold: bool) -> bool:
        return session.due(time.monotonic()) is not None and session.cold() == cold

    # -- room ----------------------------------------------------------------------------

    def _drop_idle(self) -> None:
        old = time.monotonic() - self._idle_seconds
        self._drop(lambda s: s.touched < old)

    def _make_room(self) -> bool:
        """Drop the longest untouched of the unwatched sessions (the lock is held)."""
        unwatched = [s for s in self.sessions.values() if not s.watchers and s.left is None]
        if not unwatched:
            return False
        self.delete(min(unwatched, key=lambda s: s.touched))
        return True

    def _drop(self, condition: Callable[[Session], bool]) -> None:
        for session in list(self.sessions.values()):
            if not session.watchers and session.left is None and condition(session):
                self.delete(session)
