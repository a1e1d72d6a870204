"""Who runs next. Knows no threads and no clock of its own: the engine tells the time."""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from itertools import count, islice

from .pace import TURN
from .program import LANES, Program
from .session import Session

#: seconds of training in which everybody who trains should have had a turn: at most, and where
#: frames come late, at least
ROUND, SHORT_ROUND = 0.05, 0.02
#: seconds that a frame may come late before pictures go before training
LATE = 0.05
#: seconds of compute that a session which was idle may be behind the others
CREDIT = 0.05


class Due:
    """The sessions that have something to do, the one that has used least first."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._numbers = count()
        self._places: dict[str, int] = {}  # the number of a session's one entry that counts
        self._now: list[tuple[float, int, Session]] = []  # by what they have used
        self._later: list[tuple[float, int, Session]] = []  # by when they are due
        self._busy: set[str] = set()
        self._watched: set[str] = set()
        self._round = ROUND
        self._level = 0.0  # what the session that ran last has used, in seconds
        #: those due now, by their programs
        self.peers: defaultdict[Program, dict[str, Session]] = defaultdict(dict)

    def place(self, session: Session, now: float) -> None:
        """Find a session's place anew; while it runs it has none."""
        if session.id in self._busy:
            return
        self.forget(session)
        rest = session.due(now)
        if rest is None:
            return
        number = self._places[session.id] = next(self._numbers)
        if session.watchers:
            self._watched.add(session.id)
        if rest > 0:
            heappush(self._later, (now + rest, number, session))
            return
        # Who was idle is owed no more than CREDIT for it.
        session.used = max(session.used, self._level - CREDIT)
        heappush(self._now, (session.used, number, session))
        self.peers[session.program][session.id] = session

    def forget(self, session: Session) -> None:
        """Take a session out, wherever it stands."""
        self._places.pop(session.id, None)
        self._watched.discard(session.id)
        for program in [p for p, due in self.peers.items() if session.id in due]:
            self._leave(program, session)

    def take(self, now: float) -> list[Session]:
        """Those to run now: the one that has used least, and with it those that gain by
        sharing its dispatch. None when nobody is due."""
        while self._later and self._later[0][0] <= now:
            _, number, session = heappop(self._later)
            if self._places.get(session.id) == number:
                self.place(session, now)
        while self._now:
            used, number, session = heappop(self._now)
            if self._places.get(session.id) != number:
                continue
            if session.due(now) != 0.0:  # nobody watches it any more
                self.place(session, now)
                continue
            self._level = max(self._level, used)
            return self._begin(session)
        return []

    def release(self, sessions: list[Session], now: float) -> None:
        """They have run."""
        for session in sessions:
            self._busy.discard(session.id)
            self.place(session, now)
        late = max(session.late for session in sessions) > LATE
        self._round = min(ROUND, max(SHORT_ROUND, self._round * (0.9 if late else 1.02)))

    @property
    def waiting(self) -> bool:
        """Whether somebody may be due now."""
        return bool(self._now)

    def wait(self, now: float) -> float | None:
        """Seconds until somebody will be due, if that is known."""
        return max(0.0, self._later[0][0] - now) if self._later else None

    @property
    def share(self) -> float:
        """Seconds of a turn, fewer where many train and somebody watches."""
        if not self._watched:
            return TURN
        active = len(self._places) + len(self._busy)
        return min(TURN, self._round * max(1, self._workers) / max(1, active))

    def _begin(self, session: Session) -> list[Session]:
        program = session.program
        together = [session]
        if program.shares:
            others = (s for s in self.peers[program].values() if s is not session)
            together += islice(others, LANES - 1)
        for one in together:
            self._busy.add(one.id)
            self._places.pop(one.id, None)
            self._leave(program, one)
        return together

    def _leave(self, program: Program, session: Session) -> None:
        self.peers[program].pop(session.id, None)
        if not self.peers[program]:
            del self.peers[program]
