"""The live socket: what a session sends to whoever watches it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .api import Api
from .errors import BadInput, Busy, LayerlabError, NotAllowed, NotFound, Problem, Unreachable

BAD_MESSAGE, WRONG_SECRET, NO_SESSION, FULL = 4400, 4401, 4404, 1013
REFUSALS = {
    BAD_MESSAGE: (BadInput, 422),
    WRONG_SECRET: (NotAllowed, 401),
    NO_SESSION: (NotFound, 404),
    FULL: (Busy, 503),
}


async def messages(
    api: Api,
    session: str,
    *,
    views: Sequence[str | dict[str, Any]] = (),
    fps: float,
) -> AsyncGenerator[dict[str, Any]]:
    """Every message of a session, arrays as NumPy's, until the session ends.

    Raises NotFound where there is none, BadInput for a view that is none, Unreachable.
    """
    url = f"ws{api.server.removeprefix('http')}/api/v1/sessions/{quote(session, safe='')}/live"
    asked = [{"kind": view} if isinstance(view, str) else view for view in views]
    hello = {"kind": "hello", "secret": None, "fps": fps, "views": asked}
    begun = False
    try:
        async with connect(
            url, additional_headers=api.keys, max_size=None, proxy=None if api.local else True
        ) as socket:
            await socket.send(json.dumps(hello))
            async for message in socket:
                begun = True
                yield decode(message if isinstance(message, bytes) else message.encode())
        code, reason = socket.close_code, socket.close_reason
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else None
        reason = error.rcvd.reason if error.rcvd else "the connection broke"
    except (OSError, InvalidHandshake) as error:
        raise Unreachable(f"no live socket at {api.server} ({error})") from error
    if code == NO_SESSION and begun:
        return
    raise _closed(code, reason or "the server closed the connection")


def decode(message: bytes) -> dict[str, Any]:
    """One MessagePack message; `{dtype, shape, data}` becomes an array."""
    return _revive(msgspec.msgpack.decode(message))


def _revive(value: Any) -> Any:
    if isinstance(value, list):
        return [_revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"dtype", "shape", "data"}:
        flat = np.frombuffer(value["data"], np.dtype(value["dtype"]).newbyteorder("<"))
        return flat.reshape(value["shape"])
    return {key: _revive(item) for key, item in value.items()}


def _closed(code: int | None, reason: str) -> LayerlabError:
    if code not in REFUSALS:
        return Unreachable(f"the live socket was closed: {reason}")
    kind, status = REFUSALS[code]
    return kind(status, reason, [Problem("", reason)])
