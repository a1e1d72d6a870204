"""A live picture of a session in a notebook: curves, surface, play and pause.

The kernel watches the session and hands on what it sees, so that the notebook's browser
need not reach the server.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from . import colors
from .errors import LayerlabError
from .extras import need

if TYPE_CHECKING:
    from anywidget import AnyWidget

    from .asynchronous import AsyncPlayground
else:
    AnyWidget = need("anywidget", "the widget").AnyWidget

#: frames a second, at most
FPS = 8
#: columns of a curve that are drawn
DRAWN = ("epoch", "train_loss", "test_loss")


class LiveWidget(AnyWidget):
    """Follows a session until either ends; `close()` ends it sooner.

    lab: whose session. spawn: starts a coroutine function in the background; what it
        answers can be cancelled.
    """

    _esm = Path(__file__).with_name("widget.js")

    link = traitlets.Unicode().tag(sync=True)
    #: whether it may act
    control = traitlets.Bool().tag(sync=True)
    #: step, epoch, playing, status, message, metrics
    moment = traitlets.Dict().tag(sync=True)
    #: dimensions, domain, range
    scene = traitlets.Dict().tag(sync=True)
    #: float32 (rows, 3), columns as in DRAWN
    curve = traitlets.Bytes().tag(sync=True)
    #: two dimensions: uint8 (size, size, 3), colours; one: float32 (outputs, size), values
    surface = traitlets.Bytes().tag(sync=True)
    #: float32 (N, 2): both inputs, or the input and the value
    places = traitlets.Bytes().tag(sync=True)
    #: uint8 (N, 3)
    paints = traitlets.Bytes().tag(sync=True)

    def __init__(self, lab: AsyncPlayground, spawn: Callable[..., Any]) -> None:
        super().__init__(link=lab.link, control=lab.secret is not None)
        self._lab = lab
        self._spawn = spawn
        self._session: dict[str, Any] = {}
        self._rows = np.zeros((0, len(DRAWN)), np.float32)
        self._drawn = list(range(len(DRAWN)))
        self.on_msg(self._act)
        self._following = spawn(self._follow)

    def stop(self) -> None:
        """Watch no longer; what was seen last stays."""
        self._following.cancel()

    def close(self) -> None:
        self.stop()
        super().close()

    async def _follow(self) -> None:
        lab = self._lab
        try:
            async for message in lab.messages("surface", fps=FPS):
                take = getattr(self, f"_take_{message['kind']}", None)
                if take:
                    with self.hold_sync():
                        take(message)
            said = "The session has ended."
        except LayerlabError as error:
            said = str(error)
        self.moment = self.moment | {"playing": False, "status": "ended", "message": said}

    def _act(self, _: Any, content: Any, __: Any) -> None:
        acts = {"play": self._lab.play, "pause": self._lab.pause, "reset": self._lab.reset}
        act = acts.get(content.get("act", "")) if isinstance(content, dict) else None
        if act and self.control:
            self._spawn(act)

    # -- what the session says -----------------------------------------------------------------

    def _take_session(self, message: dict[str, Any]) -> None:
        self._session = message["session"]
        self.scene = {key: self._session[key] for key in ("dimensions", "domain", "range")}

    def _take_data(self, message: dict[str, Any]) -> None:
        inputs, labels = message["inputs"], message["labels"]
        plane = self._session["dimensions"] == 2
        self.places = _bytes(inputs if plane else np.column_stack([inputs, labels]), np.float32)
        self.paints = _bytes(colors.of_labels(labels, self._session), np.uint8)

    def _take_history(self, message: dict[str, Any]) -> None:
        self._drawn = [message["columns"].index(name) for name in DRAWN]
        self._rows = message["rows"][:, self._drawn]
        self.curve = _bytes(self._rows, np.float32)

    def _take_frame(self, message: dict[str, Any]) -> None:
        if len(message["rows"]):
            self._rows = np.concatenate([self._rows, message["rows"][:, self._drawn]])
            self.curve = _bytes(self._rows, np.float32)
        seen = message.get("views", {}).get("surface")
        if seen is not None:
            flat = seen["values"].ndim == 2
            picture = seen["values"] if flat else colors.of_surface(seen)
            self.surface = _bytes(picture, np.float32 if flat else np.uint8)
        shown = ("step", "epoch", "playing", "status", "message", "metrics")
        self.moment = {key: message.get(key) for key in shown}


def _bytes(array: NDArray[Any], dtype: type[np.generic]) -> bytes:
    return np.ascontiguousarray(array, dtype).tobytes()
