"""Waiting for a run, in threads of its own: commands never queue behind those who wait."""

from __future__ import annotations

import anyio

from server.engine.session import Session

_LIMIT = anyio.CapacityLimiter(1000)


async def over(session: Session, seconds: float) -> bool:
    """Whether no limited run is under way, after so long at most."""
    return await anyio.to_thread.run_sync(session.done.wait, seconds, limiter=_LIMIT)


async def until_over(session: Session) -> None:
    """Wait until no limited run is under way."""
    while not await over(session, 1.0):
        continue
