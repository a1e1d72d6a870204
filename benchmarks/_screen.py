"""One screen: a client of the live socket, as the page is one."""

from __future__ import annotations

import itertools
import json
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

Message = dict[str, Any]


class Screen:
    """A view of a session. `await Screen.open(…)`, then read messages and send commands."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count()
        self.size = 0  # bytes of the newest message

    @classmethod
    async def open(
        cls, url: str, session: Message, views: list[Message], fps: float = 30
    ) -> Screen:
        """Connect and say hello with the session's secret."""
        address = f"{url.replace('http', 'ws', 1)}/api/v1/sessions/{session['id']}/live"
        socket = await connect(address, compression=None, max_size=None, open_timeout=60)
        hello = {"kind": "hello", "secret": session["secret"], "fps": fps, "views": views}
        await socket.send(json.dumps(hello))
        return cls(socket)

    async def read(self) -> Message:
        """The next message."""
        data = await self._socket.recv(decode=False)
        self.size = len(data)
        return msgspec.msgpack.decode(data)

    async def frame(self) -> Message:
        """The next frame; other messages are passed over."""
        while (message := await self.read())["kind"] != "frame":
            pass
        return message

    async def command(self, kind: str, **fields: Any) -> None:
        """Send a command; its reply comes among the messages."""
        command = {"kind": kind, **fields}
        order = {"kind": "command", "seq": next(self._numbers), "command": command}
        await self._socket.send(json.dumps(order))

    async def close(self) -> None:
        await self._socket.close()
