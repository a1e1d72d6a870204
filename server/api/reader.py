"""What one reader has seen of a session: over the live socket, or as events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.curve import COLUMNS, Rows
from server.engine.snapshot import Snapshot
from server.engine.views import View

#: versions of session, data, curve and frame, and rows of the curve
Place = tuple[int, int, int, int, int]
NOTHING: Place = (-1, -1, -1, -1, 0)


class Reader:
    """Turns the newest snapshot into messages of what is new in it."""

    def __init__(self, place: Place = NOTHING) -> None:
        self.place = place
        self._moment: Any = None
        self._names: dict[str, str] = {}

    def show(self, views: Mapping[str, View]) -> None:
        """Send these views, by their keys, with every frame."""
        self._names = {key: view.name() for key, view in views.items()}

    def messages(self, s: Snapshot) -> list[dict[str, Any]]:
        """What this reader has not seen of the snapshot, in order."""
        session, data, curve, frame, row = self.place
        messages: list[dict[str, Any]] = []
        if s.version != session:
            messages.append({"kind": "session", "session": s.session})
        if s.data_version != data:
            messages.append({"kind": "data"} | s.data)
        if s.curve_version != curve:
            row = s.rows
            rows = _rows(s.curve[:row])
            messages.append({"kind": "history", "columns": list(COLUMNS), "rows": rows})
        if s.frame_version != frame or s.frame != self._moment:
            rows = _rows(s.curve[row : s.rows])
            row = s.rows
            names = self._names
            views = {names[key]: value for key, value in s.views.items() if key in names}
            messages.append({"kind": "frame", **s.frame, "rows": rows, "views": views})
        self.place = (s.version, s.data_version, s.curve_version, s.frame_version, row)
        self._moment = s.frame
        return messages


def _rows(rows: Rows) -> NDArray[np.float32]:
    return rows.astype(np.float32)
