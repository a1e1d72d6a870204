"""Sessions that a test trains and looks at in its own thread."""

from __future__ import annotations

from typing import Any

from server.engine import commands as c
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import VIEWS, View


def run(live: Session, steps: int) -> Session:
    """Train in the caller's thread."""
    live.act(c.Advance(steps=steps))
    while not live.done.is_set():
        live.turn()
    return live


def looked_at(live: Session, *views: Any) -> dict[str, Any]:
    """What these views show, by their kinds."""
    parsed: list[View] = [VIEWS.validate(view) for view in views]
    watcher = Watcher(lambda: None, {view.key: view for view in parsed})
    live.watch(watcher)
    live.turn()
    live.unwatch(watcher)
    found = live.snapshot.views
    return {view.kind: found[view.key] for view in parsed if view.key in found}
