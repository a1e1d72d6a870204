"""Who may come in, and how often: API keys and rate limits, before any route is asked."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import problem
from .keys import COOKIE, Keys
from .limits import Buckets, network

#: these are for everybody, as often as they like
OPEN = ("/healthz", "/openapi.json", "/docs", "/static/")
API = "/api/"
WRONG_KEY = 4401
MONTH = 30 * 86_400
#: bytes of a form with a key
MAX_FORM = 4096
#: of the page that asks for a key: it sends a form, and does nothing else
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'"
NO_KEY = "send X-API-Key: <key>; who runs this server gives keys"


class Door:
    """ASGI middleware. It sets `scope["caller"]`, by which is kept what is kept by caller, and
    `scope["key"]`, whether the caller holds an API key.

    A call with a key is counted for the key, any other for its address; what passes through a
    live socket is not counted. Where the server wants keys, a browser is asked for one by a
    page and remembers it in a cookie that no script can read, so the playground's own calls
    bear it.
    """

    def __init__(self, app: ASGIApp, keys: Keys, buckets: Buckets) -> None:
        self._app, self._keys, self._buckets = app, keys, buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(OPEN):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        key = self._keys.caller(connection.headers, connection.cookies)
        host = connection.client.host if connection.client else "unknown"
        scope["caller"], scope["key"] = key or network(host), key is not None
        enter = self._socket if scope["type"] == "websocket" else self._call
        await enter(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._keys or scope["key"]:
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})  # else a page is not told why
        await send({"type": "websocket.close", "code": WRONG_KEY, "reason": NO_KEY})

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._buckets.limit:
            verdict = self._buckets.take(scope["caller"])
            send = _with(self._buckets.headers(verdict), send)
            if not verdict.allowed:
                message = f"{self._buckets.limit} calls a minute are the limit; wait as long as "
                refusal = problem(429, [{"path": "", "message": message + "Retry-After says"}])
                await refusal(scope, receive, send)
                return
        if not self._keys or scope["key"]:
            await self._app(scope, receive, send)
        elif scope["path"].startswith(API):
            errors = [{"path": "", "message": NO_KEY}]
            await problem(401, errors, "An API key is needed")(scope, receive, send)
        else:
            response = await self._asked(Request(scope, receive))
            await response(scope, receive, send)

    async def _asked(self, request: Request) -> Response:
        """The page that asks for a key, or what follows its form."""
        given = await _given(request) if request.method == "POST" else None
        if given is None or self._keys.known(given) is None:
            templates = request.app.state.templates
            context = {"wrong": given is not None}
            headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
            return templates.TemplateResponse(
                request, "key.html", context, status_code=401, headers=headers
            )
        # the same address again, where a browser keeps what stands after its #
        response = RedirectResponse(str(request.url), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, given, MONTH, httponly=True, samesite="lax", secure=secure)
        return response


def _with(headers: dict[str, str], send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sent


async def _given(request: Request) -> str | None:
    """The key that the form holds, None for what is no such form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return None
    fields = parse_qs(body.decode("utf-8", "replace"))
    return fields.get("key", [""])[0].strip()
