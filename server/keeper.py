"""Live sessions survive the end of the process: what changes is kept once a second, and who
asks for a session that is not in memory gets it back as it was kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import anyio
import numpy as np
import structlog

from server.engine.commands import Play
from server.engine.curve import Rows
from server.engine.history import Log
from server.engine.scheduler import Engine, Full
from server.engine.session import Session
from server.store import ID, Checkpoint, Run, Store, Unreadable
from server.store.rounds import Rounds

from .records import Kept, pack_log, pack_state, readable, unpack

log = structlog.get_logger()

#: bytes of a state that is kept in every round; larger ones share `RATE` bytes a second
SMALL, RATE = 64_000, 4_000_000
#: bytes of states in a transaction, about; what a round keeps fits into one
PORTION = 32_000_000
#: rows of the curve that are kept of a session in full swing; of one at rest all are
ROWS = 150
#: threads that bring sessions back
RECALLS = 2

UNREADABLE = "what was kept of this session cannot be read; begin another session"

#: what a session's record depends on
Mark = tuple[object, ...]


@dataclass(frozen=True)
class Seen:
    """What is in the store of a session that is, or was a moment ago, in memory.

    whole: with every row of its curve.
    """

    session: Session
    mark: Mark
    log: Log
    playing: bool
    whole: bool
    when: float


@dataclass(frozen=True)
class Taken:
    """A moment of a session, about to be kept. new: whether more than its state is."""

    seen: Seen
    checkpoint: Checkpoint
    new: Run | None


class Keeper:
    """Keeps the sessions of an engine in a store.

    days, size: after how many days a session that nobody came back to is forgotten, and how
    many bytes all may take before the oldest are. passing: whether a session of this id is not
    to be kept.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        days: float,
        size: int,
        passing: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._engine = engine
        self._store = store
        self._size = size
        self._passing = passing
        self._seen: dict[str, Seen] = {}
        self._one = asyncio.Lock()  # a round, or forgetting
        self._rounds = Rounds("sessions", self.keep, self._forget_old, days)
        self._credit = 0.0  # bytes of large states that may be written by now
        self._credited = time.monotonic()
        self._broken: set[str] = set()  # those that could not be kept, which the log says
        self._recalls: dict[str, asyncio.Task[Session | None]] = {}
        self._recallers = anyio.CapacityLimiter(RECALLS)

    # -- keeping -------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep what changes, until `stop`."""
        await self._rounds.run()

    async def stop(self) -> None:
        """Keep everything once more, and no more after that."""
        await self._rounds.stop(partial(self.keep, everything=True))

    async def keep(self, everything: bool = False) -> None:
        """Keep the sessions that have changed. Raises StoreError.

        everything: large ones and whole curves, too, however much that is.
        """
        async with self._one:
            changed = self._changed(everything)
            chosen = changed if everything else self._affordable(changed)
            for some in _portions(chosen):
                await self._keep(some, everything)
            self._leave(later={s.id for s in changed} - {s.id for s in chosen})

    async def forget(self, session_id: str) -> None:
        """Nobody will come back to this session. Raises StoreError."""
        async with self._one:
            self._seen.pop(session_id, None)
            await self._store.forget_run(session_id)

    async def _forget_old(self, before: float) -> int:
        return await self._store.forget_old(before, self._size, list(self._engine.sessions))

    def _changed(self, everything: bool) -> list[Session]:
        """Those that are not in the store as they are now, the longest there first."""
        here = self._engine.sessions
        evicted = [s.session for key, s in self._seen.items() if key not in here]
        lasting = [s for s in (*here.values(), *evicted) if not self._passing(s.id)]
        changed = [s for s in lasting if self._is_new(s, everything)]
        return sorted(changed, key=lambda s: self._seen[s.id].when if s.id in self._seen else 0.0)

    def _is_new(self, session: Session, everything: bool) -> bool:
        if session.step < session.reach or session.status == "seeking":
            return False  # in the past: what is kept, the end of the run, loses less
        seen = self._seen.get(session.id)
        if seen is None:
            return bool(session.watchers) or _touched(session)
        return _mark(session) != seen.mark or (everything and not seen.whole)

    def _affordable(self, changed: list[Session]) -> list[Session]:
        """The small ones, and of the large ones what the rate allows."""
        now = time.monotonic()
        self._credit = min(RATE, self._credit + (now - self._credited) * RATE)
        self._credited = now
        chosen = [s for s in changed if s.state.nbytes <= SMALL]
        for session in (s for s in changed if s.state.nbytes > SMALL):
            if self._credit > 0:
                self._credit -= session.state.nbytes
                chosen.append(session)
        return chosen

    async def _keep(self, sessions: list[Session], whole: bool) -> None:
        taken = await asyncio.to_thread(lambda: list(self._take(sessions, whole)))
        new = [t.new for t in taken if t.new]
        try:
            await self._store.keep(new, [t.checkpoint for t in taken])
        except LookupError:  # some are not in the store any more: next time as if never seen
            self._seen = {}
            return
        self._seen |= {t.seen.session.id: t.seen for t in taken}

    def _take(self, sessions: Iterable[Session], whole: bool) -> Iterator[Taken]:
        for session in sessions:
            try:
                yield self._taken(session, whole)
            except Exception:  # the others are kept all the same
                if session.id not in self._broken:
                    log.exception("a session cannot be kept", session=session.id)
                self._broken.add(session.id)

    def _taken(self, session: Session, whole: bool) -> Taken:
        with session.lock:
            mark, record, left = _mark(session), session.record(), session.left
            experiment, playing = session.experiment, session.playing
        before = self._seen.get(session.id)
        whole = whole or session.closed or not playing
        seen = Seen(session, mark, record.log, playing, whole, time.monotonic())
        rows = record.rows if whole else thinned(record.rows)
        record = replace(record, rows=rows, playing=playing and left is None)
        checkpoint = Checkpoint(session.id, record.log.step, pack_state(Kept(record, left)))
        if before and before.playing == playing and _same(before.log, record.log):
            return Taken(seen, checkpoint, None)
        run = Run(
            id=session.id,
            secret_hash=self._engine.secret_hash(session),
            experiment=experiment.model_dump(mode="json"),
            log=pack_log(record.log),
            step=record.log.step,
            playing=playing,
        )
        return Taken(seen, checkpoint, run)

    def _leave(self, later: set[str]) -> None:
        """Let go of those that are in memory no more, but for those whose turn comes later."""
        here = {*self._engine.sessions, *later}
        self._seen = {key: seen for key, seen in self._seen.items() if key in here}
        self._broken &= here

    # -- bringing back -------------------------------------------------------------------

    async def find(self, session_id: str) -> Session | None:
        """The session of this id, from memory or from the store; None where neither has it.

        Raises Unreadable where what was kept is damaged, Full and StoreError.
        """
        session = self._engine.get(session_id)
        if session is not None or not ID.fullmatch(session_id):
            return session
        recall = self._recalls.get(session_id)
        if recall is None:
            recall = self._recalls[session_id] = asyncio.create_task(self._recall(session_id))
            recall.add_done_callback(lambda _: self._recalls.pop(session_id))
        return await asyncio.shield(recall)

    async def _recall(self, session_id: str) -> Session | None:
        if session_id in self._seen:  # it has just left, perhaps with something new
            await self.keep()
        run = await self._store.run(session_id)
        if run is None:
            return None
        found = await self._store.latest_checkpoint(session_id)
        state = found.weights if found else None
        limiter = self._recallers
        try:
            return await anyio.to_thread.run_sync(self._recalled, run, state, limiter=limiter)
        except Full:
            raise
        except Exception:  # whatever is wrong with it
            log.exception("a session cannot be brought back", session=session_id)
            raise Unreadable(UNREADABLE) from None

    def _recalled(self, run: Run, state: bytes | None) -> Session:
        kept = unpack(run.log, run.step, state)
        if not readable(kept):
            log.warning("a state cannot be read; its run is done again", session=run.id)
        session = self._engine.recall(run.id, run.secret_hash, kept.record)
        if kept.left and session.done.is_set():
            session.act(Play(steps=kept.left))
        return session


def thinned(rows: Rows) -> Rows:
    """At most about ROWS of them, evenly, the last among them."""
    every = -(-len(rows) // ROWS)
    return rows if every <= 1 else np.concatenate([rows[:-1:every], rows[-1:]])


def _mark(session: Session) -> Mark:
    return *session.mark, session.snapshot.version


def _touched(session: Session) -> bool:
    """Whether it is more than a session that was just created."""
    return any(session.mark) or session.snapshot.version > 1


def _same(one: Log, other: Log) -> bool:
    """Whether all but what changes with every step is the same."""
    return one.experiment is other.experiment and one.entries == other.entries


def _portions(sessions: list[Session]) -> Iterator[list[Session]]:
    """Parts whose states have about PORTION bytes at most."""
    part: list[Session] = []
    size = 0
    for session in sessions:
        if part and size + session.state.nbytes > PORTION:
            yield part
            part, size = [], 0
        part.append(session)
        size += session.state.nbytes
    if part:
        yield part
