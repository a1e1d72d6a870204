"""The public API, call by call: REST here, the live socket in `live.py`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import anyio
import httpx
import numpy as np
from pydantic import BaseModel

from .errors import KINDS, LayerlabError, NotOffered, Problem, Refused, Unreachable

#: seconds: a compile comes before the answer to some calls
TIMEOUT = httpx.Timeout(300, connect=10)
#: seconds that a call waits in all, where the server has had too many
PATIENCE = 60.0


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

    async def call(
        self, method: str, path: str, body: Any = None, *, secret: str | None = None, **params: Any
    ) -> Any:
        """The answer's JSON; None for an empty one. Raises Refused, Unreachable.

        secret: of something else than the session, for this call.
        """
        answer = await self.send(method, path, body, secret=secret, **params)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise Unreachable(f"{self.server} answers, but is no Layerlab server") from None

    async def send(
        self, method: str, path: str, body: Any = None, *, secret: str | None = None, **params: Any
    ) -> httpx.Response:
        """The whole answer. Raises Refused, Unreachable."""
        request = self._http.build_request(
            method, path, json=None if body is None else plain(body), params=params or None
        )
        if secret is not None:
            request.headers["Authorization"] = f"Bearer {secret}"
        async with self._answer(request) as answer:
            await self._read(answer)
            return answer

    async def bring(self, path: str, content: bytes, **params: Any) -> Any:
        """The answer's JSON to a file that is sent. Raises Refused, Unreachable."""
        headers = {"Content-Type": "application/octet-stream"}
        request = self._http.build_request(
            "POST", path, content=content, headers=headers, params=params or None
        )
        async with self._answer(request) as answer:
            await self._read(answer)
            return answer.json()

    async def lines(self, path: str, body: Any) -> AsyncGenerator[dict[str, Any]]:
        """A streamed answer, one JSON object a line. Raises Refused, Unreachable."""
        request = self._http.build_request("POST", path, json=plain(body))
        async with self._answer(request) as answer:
            try:
                async for line in answer.aiter_lines():
                    yield json.loads(line)
            except httpx.TransportError as error:
                raise self._lost(error) from error

    @asynccontextmanager
    async def _answer(self, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
        """What the server answers, not read yet. One that has had too many calls is called again
        when it says, for PATIENCE seconds in all: it has done nothing so far."""
        left = PATIENCE
        while True:
            try:
                answer = await self._http.send(request, stream=True)
            except httpx.TransportError as error:
                raise self._lost(error) from error
            async with aclosing(answer):
                if not answer.is_error:
                    yield answer
                    return
                await self._read(answer)
            wait = retry_after(answer)
            if wait is None or wait > left:
                raise refusal(answer)
            left -= wait
            await anyio.sleep(wait)

    async def _read(self, answer: httpx.Response) -> None:
        try:
            await answer.aread()
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


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds until a call that was one too many may be made again; None for another answer."""
    if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    said = answer.headers.get("Retry-After", "1")
    try:
        return max(0.1, float(said))
    except ValueError:
        pass
    try:
        return max(0.1, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return 1.0


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
