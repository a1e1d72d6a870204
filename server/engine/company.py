"""A turn of several sessions in one dispatch."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .divergence import Turn
from .session import Session
from .side import SideBySide


def turn_together(sessions: Sequence[Session], seconds: float) -> None:
    """What `Session.turn` does, for sessions whose program shares dispatches. Who is busy with
    a command meanwhile is left out."""
    held = [s for s in sessions if s.lock.acquire(blocking=False)]
    try:
        _train(held, seconds)
        for session in held:
            start = time.monotonic()
            session.look_if_due()
            session.used += time.monotonic() - start
    finally:
        for session in held:
            session.lock.release()


def _train(held: Sequence[Session], seconds: float) -> None:
    begun = [(s, *found) for s in held if (found := s.begin(seconds)) is not None]
    programs = {turn.program for _, turn, _ in begun}
    for program in programs:  # one, unless somebody's network has just been changed
        _dispatch([b for b in begun if b[1].program is program])


def _dispatch(begun: list[tuple[Session, Turn, int]]) -> None:
    start = time.monotonic()
    longest = max(steps for _, _, steps in begun)
    steps = [_steps(s, steps, longest) for s, _, steps in begun]
    side = SideBySide([turn for _, turn, _ in begun], steps)
    found = side.run()
    seconds = time.monotonic() - start
    for (session, turn, _), (state, report) in zip(begun, found, strict=True):
        session.end(turn, state, report, seconds, lanes=len(begun))
    side.look(
        {
            place: session.scene()
            for place, (session, *_) in enumerate(begun)
            if session.state is found[place][0] and session.will_look()
        }
    )
    seconds = time.monotonic() - start
    for session, *_ in begun:
        session.used += seconds / len(begun)


def _steps(session: Session, steps: int, longest: int) -> int:
    """A lane costs the same however far it goes, so it goes as far as the others, and to the
    end of an epoch: lanes that begin one together are faster."""
    if session.pace.limit is not None:
        return steps
    epoch = session.steps_per_epoch
    if longest > epoch:
        longest -= (session.batch + longest) % epoch
    return longest if session.room is None else min(longest, session.room)
