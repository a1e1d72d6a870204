"""Keeping what changes, round after round, through times when the store fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from .database import StoreError

log = structlog.get_logger()

#: seconds between two rounds of keeping, and of forgetting what is old
EVERY, CLEANING = 1.0, 3600.0
DAY = 86_400


class Rounds:
    """Calls `keep` about once a second, and `forget_old` once an hour, until it is stopped.

    what: the plural of what is kept, for the log. forget_old: given the moment before which
    everything is old (seconds since 1970), how many it has forgotten. days: until it is old.
    """

    def __init__(
        self,
        what: str,
        keep: Callable[[], Awaitable[None]],
        forget_old: Callable[[float], Awaitable[int]],
        days: float,
    ) -> None:
        self._what = what
        self._keep, self._forget_old, self._days = keep, forget_old, days
        self._stopping = asyncio.Event()
        self._cleaned = -CLEANING
        self._failing = False

    async def run(self) -> None:
        """Keep what changes, until `stop`."""
        while not self._stopping.is_set():
            begun = time.monotonic()
            await self._try_round()
            rest = max(EVERY / 2, begun + EVERY - time.monotonic())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), rest)

    async def stop(self, keep: Callable[[], Awaitable[None]]) -> None:
        """No more rounds but a last one, by `keep`."""
        self._stopping.set()
        try:
            await keep()
        except StoreError as error:
            log.error(f"{self._what} could not be kept", reason=str(error))

    async def _try_round(self) -> None:
        try:
            await self._keep()
            if time.monotonic() > self._cleaned + CLEANING:
                self._cleaned = time.monotonic()
                await self._clean()
            self._failing = False
        except StoreError as error:
            if not self._failing:
                log.error(f"{self._what} cannot be kept just now", reason=str(error))
            self._failing = True
        except Exception:
            log.exception(f"keeping {self._what} failed")

    async def _clean(self) -> None:
        gone = await self._forget_old(time.time() - self._days * DAY)
        if gone:
            log.info(f"forgot old {self._what}", count=gone)
