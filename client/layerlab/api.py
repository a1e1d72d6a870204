"""The public API, call by call: REST here, the live socket in `live.py`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx
import numpy as np
from pydantic import BaseModel

from .errors import KINDS, LayerlabError, NotOffered, Problem, Refused, Unreachable

#: seconds: a compile comes before the answer to some calls
TIMEOUT = httpx.Timeout(300, connect=10)


def plain(value: Any) -> Any:
    """Typed objects, tuples and NumPy's numbers and arrays as JSON's values."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


class Api:
    """One server's REST, with the secret of one session once there is one."""

    def __init__(self, server: str, *, key: str | None = None, local: bool = False) -> None:
        self.server = server
        #: what lets one in at a server that wants it
        self.keys = {"X-API-Key": key} if key else {}
        self.local = local
        # a proxy of the environment's knows no server of this very machine
        self._http = httpx.AsyncClient(
            base_url=server, headers=self.keys, timeout=TIMEOUT, trust_env=not local
        )

    def authorize(self, secret: str) -> None:
        self._http.headers["Authorization"] = f"Bearer {secret}"

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The answer's JSON; None for an empty one. Raises Refused, Unreachable."""
        answer = await self.send(method, path, body, **params)
        return answer.json() if answer.content else None

    async def send(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """The whole answer. Raises Refused, Unreachable."""
        try:
            answer = await self._http.request(
                method, path, json=None if body is None else plain(body), params=params or None
            )
        except httpx.TransportError as error:
            raise self._lost(error) from error
        if answer.is_error:
            raise refusal(answer)
        return answer

    async def lines(self, path: str, body: Any) -> AsyncGenerator[dict[str, Any]]:
        """A streamed answer, one JSON object a line. Raises Refused, Unreachable."""
        try:
            async with self._http.stream("POST", path, json=plain(body)) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise refusal(answer)
                async for line in answer.aiter_lines():
                    yield json.loads(line)
        except httpx.TransportError as error:
            raise self._lost(error) from error

    async def offers(self, path: str) -> bool:
        """Whether the server's OpenAPI names this path."""
        return path in (await self.call("GET", "/openapi.json"))["paths"]

    async def need(self, path: str, what: str) -> None:
        """Raise NotOffered where the server's OpenAPI doesn't name the path."""
        if not await self.offers(path):
            version = (await self.call("GET", "/healthz")).get("version", "?")
            raise NotOffered(f"the server (Layerlab {version}) has no {what}; use a newer one")

    def _lost(self, error: Exception) -> LayerlabError:
        why = str(error) or type(error).__name__
        return Unreachable(f"no answer from {self.server} ({why}); is the server running?")


def refusal(answer: httpx.Response) -> Refused:
    """An answer's problem+json as the exception it stands for."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    title = str(body.get("title") or f"the server answered {answer.status_code}")
    problems = [
        Problem(str(error.get("path", "")), str(error.get("message", "")))
        for error in body.get("errors") or ()
    ]
    return KINDS.get(answer.status_code, Refused)(answer.status_code, title, problems)
