"""Server-sent events: the live socket's messages, for those who cannot speak WebSocket."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, Field

from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import MAX_VIEWS, VIEWS

from .reader import NOTHING, Place, Reader
from .route import Route
from .sessions import Readable

router = APIRouter(route_class=Route)

#: seconds after which something is said all the same, so that nobody takes the line for dead
HEARTBEAT = 15.0
ID = re.compile(r"([0-9a-f]{16})((?:\.-?\d{1,15}){5})", re.ASCII)


def _known(name: str) -> str:
    if name not in VIEWS:
        raise ValueError(f"there is no such view; it is one of: {', '.join(VIEWS)}")
    return name


Shown = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(VIEWS)})]

EVENT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("event", "data", "id")},
    "required": ["event", "data"],
}

_nonces: WeakKeyDictionary[Session, str] = WeakKeyDictionary()


class EventStream(StreamingResponse):
    """text/event-stream, for the documentation too."""

    media_type = "text/event-stream"


@router.get(
    "/api/v1/sessions/{session_id}/events",
    summary="Events of a session",
    tags=["sessions"],
    response_class=EventStream,
    responses={
        200: {
            "description": "Events `session`, `data`, `history` and `frame`, their data JSON as of "
            "the live socket with arrays as lists; `ended` where the session has. A comment "
            "where there was nothing for 15 seconds.",
            "content": {"text/event-stream": {"schema": EVENT}},
        }
    },
)
async def events(
    request: Request,
    session: Readable,
    view: Annotated[
        list[Shown],
        Query(max_length=MAX_VIEWS, description="What every frame shows; none by default."),
    ] = [],  # noqa: B006 - FastAPI copies it
    fps: Annotated[float, Query(ge=0.1, le=120, description="Frames a second, at most.")] = 10,
    data: Annotated[bool, Query(description="Whether the points are wanted.")] = False,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=100, description="The id of the last event; only what is new since follows."
        ),
    ] = None,
) -> EventStream:
    """The session as it changes. A reader that falls behind gets fewer events, never old ones."""
    settings = request.app.state.settings
    shown = [VIEWS.validate(one) for one in view]
    reader = Reader(_place(session, last_event_id))
    views = {one.key: one for one in shown}
    reader.show(views)
    left_out = frozenset() if data else frozenset({"data"})
    stream = _events(
        session, views, min(fps, settings.fps_limit), reader, left_out, settings.stream_seconds
    )
    return EventStream(stream, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _events(
    session: Session,
    views: dict[str, Any],
    fps: float,
    reader: Reader,
    left_out: frozenset[str],
    seconds: float,
) -> AsyncIterator[bytes]:
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(woken.set)

    watcher = Watcher(wake=wake, views=views, fps=fps)
    end = loop.time() + seconds
    try:
        await asyncio.to_thread(session.watch, watcher)
        woken.set()
        while (left := end - loop.time()) > 0:
            try:
                await asyncio.wait_for(woken.wait(), min(HEARTBEAT, left))
            except TimeoutError:
                yield b": nothing new\n\n"
                continue
            woken.clear()
            snapshot = session.snapshot
            if snapshot.version == -1:
                yield b"event: ended\ndata: {}\n\n"
                return
            messages = [m for m in reader.messages(snapshot) if m["kind"] not in left_out]
            if messages:
                # the id with the last one: who has that has the others
                yield b"".join(map(_event, messages))[:-1] + _id(session, reader.place)
    finally:
        session.unwatch(watcher)


def _event(message: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (message["kind"].encode(), _encoder.encode(message))


def _plain(array: Any) -> Any:
    """Lists of numbers; what is no number is null."""
    if isinstance(array, np.ndarray | np.generic):
        return array.tolist()
    raise NotImplementedError(type(array))


_encoder = msgspec.json.Encoder(enc_hook=_plain)


# -- places ------------------------------------------------------------------------------


def _nonce(session: Session) -> str:
    """Of this session in this process: versions of another are no versions of this one."""
    return _nonces.setdefault(session, secrets.token_hex(8))


def _id(session: Session, place: Place) -> bytes:
    return f"id: {_nonce(session)}{''.join(f'.{number}' for number in place)}\n\n".encode()


def _place(session: Session, event_id: str | None) -> Place:
    match = ID.fullmatch(event_id or "")
    if match is None or match[1] != _nonce(session):
        return NOTHING
    a, b, c, d, e = (int(number) for number in match[2].split(".")[1:])
    return a, b, c, d, e
