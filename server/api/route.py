"""What all routes have in common: a GET has an ETag, a POST may have an Idempotency-Key, and
no body is larger than it may be."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute

from . import once

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
MEGABYTE = 2**20


class Route(APIRoute):
    """A route of the API."""

    #: bytes, and what to do about more
    max_body: ClassVar[int] = 8 * MEGABYTE
    too_large: ClassVar[str] = "send less at once"

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def counted(request: Request) -> Response:
            return await handle(Request(request.scope, self._counted(request.receive)))

        async def with_tag(request: Request) -> Response:
            self._check_query(request)
            return conditional(request, await handle(request))

        async def but_once(request: Request) -> Response:
            limited = Request(request.scope, self._counted(request.receive))
            return await _once(limited, handle)

        handlers = {"POST": but_once, "GET": with_tag}
        return next((handlers[one] for one in self.methods or () if one in handlers), counted)

    def _check_query(self, request: Request) -> None:
        """A route that has parameters refuses those that it has not."""
        known = [field.alias for field in self.dependant.query_params]
        for name in request.query_params if known else ():
            if name not in known:
                what = f"there is no parameter {name[:40]!r} here"
                raise HTTPException(422, f"{what}; it is one of: {', '.join(known)}")

    def _counted(self, receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        seen = 0

        async def take() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_body:
                raise HTTPException(413, f"at most {self.max_body} bytes; {self.too_large}")
            return message

        return take


async def _once(request: Request, handle: Handler) -> Response:
    key = request.headers.get(once.HEADER)
    if key is None:
        return await handle(request)
    name = once.named(request, key)
    memory: once.Once = request.app.state.once
    known = memory.begin(name, once.fingerprint(request, await request.body()))
    if known is not None:
        return _again(known)
    try:
        response = await handle(request)
    except BaseException:  # a cancelled call, too, may be made again
        memory.end(name, None)
        raise
    memory.end(name, response)
    return response


def _again(known: Response) -> Response:
    headers = dict(known.headers) | {"Idempotency-Replayed": "true"}
    return Response(known.body, known.status_code, headers)


# -- ETags ---------------------------------------------------------------------------------


def tag_of(content: bytes) -> str:
    """A strong ETag."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def tagged(content: Any, status: int = 200) -> JSONResponse:
    """JSON with its ETag."""
    response = JSONResponse(content, status)
    response.headers["ETag"] = tag_of(bytes(response.body))
    return response


def conditional(request: Request, response: Response) -> Response:
    """The answer with an ETag, or 304 for who has it."""
    if response.status_code != 200 or isinstance(response, StreamingResponse):
        return response
    response.headers.setdefault("ETag", tag_of(bytes(response.body)))
    response.headers.setdefault("Cache-Control", "no-cache")
    headers = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
    if has(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return response


def has(given: str | None, *tags: str) -> bool:
    """Whether a list of ETags, as If-None-Match has it, names one of these."""
    names = {one.strip().removeprefix("W/") for one in (given or "").split(",")}
    return "*" in names or any(tag.removeprefix("W/") in names for tag in tags)
