"""What a session shows, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .curve import Rows
from .views import View

Status = Literal["paused", "playing", "seeking", "compiling", "diverged", "stopped"]


@dataclass(frozen=True)
class Snapshot:
    """What a reader may send at any moment. Versions rise when their part changed.

    version: of the session, -1 when it has ended. rows: how many of `curve` are meant.
    """

    version: int
    session: dict[str, Any]
    data_version: int
    data: dict[str, Any]
    curve_version: int
    curve: Rows
    rows: int
    frame_version: int
    frame: dict[str, Any]
    views: dict[str, Any]


@dataclass(eq=False)
class Watcher:
    """A subscriber: the views it shows, how often, and how to wake it."""

    wake: Callable[[], None]
    #: by their keys
    views: dict[str, View] = field(default_factory=dict[str, View])
    fps: float = 30.0
    #: when its next frame is due
    due: float = 0.0
    #: whether it has gone, and so watches nothing any more
    gone: bool = False

    def tell(self, now: float, frame: bool) -> None:
        """Wake it, unless this is only one frame of many and its turn has not come."""
        if frame and now < self.due:
            return
        # a frame that is a little late does not put off those after it
        self.due = max(self.due + 1 / self.fps, now)
        self.wake()
