"""The live socket: one a screen. Commands in, frames out (docs/protocol.md).

A reader takes the newest snapshot when it is ready for one, so a slow one gets fewer
frames, never old ones, and slows nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import anyio
import msgspec
import numpy as np
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field, ValidationError
from starlette.websockets import WebSocketState

from server.engine import commands as c
from server.engine.scheduler import Engine, Full
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import MAX_VIEWS, VIEWS, View
from server.experiment.registry import Spec
from server.keeper import Keeper
from server.store import StoreError, Unreadable

from .errors import FULL, OUT_OF_REACH, of_exception
from .reader import Reader
from .waits import until_over

router = APIRouter()
log = structlog.get_logger()

BAD_MESSAGE, WRONG_SECRET, NO_SESSION, NO_HELLO, NO_ROOM = 4400, 4401, 4404, 4408, 1013
HELLO_SECONDS = 10
MAX_MESSAGE = 256 * 1024
#: bytes of a reason
REASON = 123


class Hello(Spec):
    """The first message: who one is and what one shows."""

    kind: Literal["hello"]
    secret: str | None = None
    fps: float = Field(30, ge=0.1, le=120)
    views: list[Any] = Field(default_factory=list, max_length=MAX_VIEWS)


class Views(Spec):
    """Another set of views."""

    kind: Literal["views"]
    fps: float = Field(30, ge=0.1, le=120)
    views: list[Any] = Field(max_length=MAX_VIEWS)


class Ordered(Spec):
    """A command with a number that its reply carries."""

    kind: Literal["command"]
    seq: int = Field(ge=0, le=2**53)
    command: c.Command


def pack(message: Any) -> bytes:
    """MessagePack, arrays as {dtype, shape, data}."""
    return _encoder.encode(message)


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        code = {"u1": "u1", "f4": "f4", "u4": "u4", "i2": "i2"}[value.dtype.str[1:]]
        array = np.ascontiguousarray(value)
        return {"dtype": code, "shape": list(value.shape), "data": array.tobytes()}
    raise NotImplementedError(type(value))


_encoder = msgspec.msgpack.Encoder(enc_hook=_array)


@dataclass
class Live:
    """One open socket on one session."""

    socket: WebSocket
    session: Session
    engine: Engine
    fps_limit: float
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    control: bool = False
    reader: Reader = field(default_factory=Reader)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.woken.set)

        self.watcher = Watcher(wake=wake)

    async def run(self) -> None:
        """Serve until the socket or the session ends."""
        hello = await self._hello()
        if hello is None:
            return
        self._show(hello.views, hello.fps)
        await asyncio.to_thread(self.session.watch, self.watcher)
        self.woken.set()
        try:
            async with anyio.create_task_group() as self.tasks:
                self.tasks.start_soon(self._until_gone, self._send)
                self.tasks.start_soon(self._until_gone, self._receive)
        finally:
            self.session.unwatch(self.watcher)

    async def _until_gone(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; when it or the connection ends, so do the others."""
        try:
            await work()
        except (WebSocketDisconnect, RuntimeError) as error:
            # Starlette says RuntimeError to who sends, or waits to receive, after a close.
            if isinstance(error, RuntimeError) and self._connected:
                raise
        self.tasks.cancel_scope.cancel()

    @property
    def _connected(self) -> bool:
        states = self.socket.client_state, self.socket.application_state
        return all(state is WebSocketState.CONNECTED for state in states)

    # -- in ------------------------------------------------------------------------------

    async def _hello(self) -> Hello | None:
        try:
            text = await asyncio.wait_for(self.socket.receive_text(), HELLO_SECONDS)
            hello = Hello.model_validate_json(text)
            self._parse_views(hello.views)
        except TimeoutError:
            await self.socket.close(NO_HELLO, "say hello within 10 s")
            return None
        except ValueError as error:
            await self._refuse(error)
            return None
        if hello.secret is not None and not self.engine.allowed(self.session, hello.secret):
            await self.socket.close(WRONG_SECRET, "this secret is not the session's")
            return None
        self.control = hello.secret is not None
        return hello

    async def _receive(self) -> None:
        while True:
            text = await self.socket.receive_text()
            try:
                await self._take(text)
            except ValueError as error:
                await self._refuse(error)
                return

    async def _take(self, text: str) -> None:
        if len(text) > MAX_MESSAGE:
            raise ValueError(f"a message may have {MAX_MESSAGE} characters")
        try:
            message = json.loads(text)
        except RecursionError:
            raise ValueError("a message may not be nested so deeply") from None
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "views":
            views = Views.model_validate(message)
            self._show(views.views, views.fps)
            await asyncio.to_thread(self.session.watch, self.watcher)
        elif kind == "command":
            await self._order(message)
        else:
            raise ValueError("kind must be 'views' or 'command'")

    async def _order(self, message: dict[str, Any]) -> None:
        """A refused command is answered, not punished: only its frame must be readable."""
        seq = message.get("seq")
        if not isinstance(seq, int):
            raise ValueError("seq must be a number")
        try:
            order = Ordered.model_validate(message)
        except ValidationError as error:
            await self._reply(seq, of_exception(error))
            return
        if not self.control:
            await self._reply(seq, [{"path": "", "message": "say hello with the secret first"}])
            return
        if isinstance(order.command, c.Advance):
            # In a task of its own, so that what is under way can be paused.
            self.tasks.start_soon(self._act, order)
        else:
            await self._act(order)

    async def _act(self, order: Ordered) -> None:
        try:
            await asyncio.to_thread(self.session.act, order.command)
        except (c.Refused, ValidationError) as error:
            await self._reply(order.seq, of_exception(error, "/experiment"))
            return
        if isinstance(order.command, c.Advance):
            await until_over(self.session)
        await self._reply(order.seq, [])

    async def _reply(self, seq: int, errors: list[dict[str, str]]) -> None:
        message = {"kind": "reply", "seq": seq, "ok": not errors, "errors": errors}
        with suppress(WebSocketDisconnect, RuntimeError):  # who asked may be gone
            await self.socket.send_bytes(pack(message))

    async def _refuse(self, error: Exception) -> None:
        first = of_exception(error)[0]
        reason = f"{first['path']} {first['message']}".strip()
        await self.socket.close(BAD_MESSAGE, _short(reason))

    def _parse_views(self, views: list[Any]) -> dict[str, View]:
        parsed = [VIEWS.validate(view) for view in views]
        return {view.key: view for view in parsed}

    def _show(self, views: list[Any], fps: float) -> None:
        shown = self._parse_views(views)
        self.reader.show(shown)
        self.watcher.views = shown
        self.watcher.fps = min(fps, self.fps_limit)

    # -- out -----------------------------------------------------------------------------

    async def _send(self) -> None:
        while True:
            await self.woken.wait()
            self.woken.clear()
            snapshot = self.session.snapshot
            if snapshot.version == -1:
                await self.socket.close(NO_SESSION, "the session has ended")
                return
            for message in self.reader.messages(snapshot):
                await self.socket.send_bytes(pack(message))


def _short(reason: str) -> str:
    """As much of it as a close frame holds: 123 bytes."""
    return reason.encode(errors="replace")[:REASON].decode(errors="ignore")


@router.websocket("/api/v1/sessions/{session_id}/live")
async def live(socket: WebSocket, session_id: str) -> None:
    """Frames of a session, and commands to it."""
    engine: Engine = socket.app.state.engine
    settings = socket.app.state.settings
    await socket.accept()
    origin = socket.headers.get("origin")
    if not allowed_origin(origin, socket.headers.get("host"), settings.allowed_origins):
        await socket.close(WRONG_SECRET, "pages of this origin may not connect")
        return
    session = await _found(socket, session_id)
    if session is None:
        return
    try:
        await Live(socket, session, engine, settings.fps_limit).run()
    except WebSocketDisconnect:
        return


async def _found(socket: WebSocket, session_id: str) -> Session | None:
    """The session, brought back if need be; None where the socket had to be closed."""
    keeper: Keeper = socket.app.state.keeper
    try:
        session = await keeper.find(session_id)
    except Unreadable as error:
        await socket.close(NO_SESSION, str(error))
    except Full:
        await socket.close(NO_ROOM, FULL)
    except StoreError as error:
        log.error("store failed", reason=str(error))
        await socket.close(NO_ROOM, OUT_OF_REACH)
    else:
        if session is None:
            await socket.close(NO_SESSION, "there is no such session")
        return session
    return None


def allowed_origin(origin: str | None, host: str | None, others: tuple[str, ...]) -> bool:
    """Browsers send where a page is from; it must be this server or one of `others`."""
    return origin is None or urlsplit(origin).netloc == host or origin in others
