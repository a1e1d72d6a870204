"""An event loop in a thread of its own, for code that has none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from anyio.from_thread import start_blocking_portal

from .errors import Unreachable

T = TypeVar("T")


class Loop:
    """Runs coroutine functions from outside, until `close()`."""

    def __init__(self) -> None:
        self._thread = start_blocking_portal()
        self._portal = self._thread.__enter__()

    def start(self, function: Callable[..., Awaitable[T]], *args: Any) -> Future[T]:
        """Begin it. Raises Unreachable where the loop is closed."""
        try:
            return self._portal.start_task_soon(function, *args)
        except RuntimeError:
            raise Unreachable("this playground is closed; make another") from None

    def run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """What it answers. Interrupted here, it is cancelled there."""
        future = self.start(function, *args)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread, when what runs in it has ended."""
        self._thread.__exit__(None, None, None)
