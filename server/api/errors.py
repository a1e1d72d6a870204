"""Errors are values: problem+json with the path to the field and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from server.engine.commands import Refused
from server.engine.scheduler import Full
from server.store import StoreError, Unreadable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
FULL = "too many sessions are live; try again in a minute"
FAILED = "this should not have happened; the server's log says more"
OUT_OF_REACH = "what is kept cannot be reached just now; try again in a minute"

#: of a page, or of a file: who previews a link may want its headers only
PAGE = ["GET", "HEAD"]
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

TITLES = {
    400: "Bad request",
    401: "The secret is missing or wrong",
    403: "Not from this origin",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    412: "It has changed",
    413: "Too large",
    422: "The input does not fit",
    429: "Too many calls",
    500: "The server failed",
    503: "The server is full",
}


def problem(
    status: int,
    errors: Sequence[dict[str, str]],
    title: str = "",
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An application/problem+json answer."""
    body = {
        "type": "about:blank",
        "title": title or TITLES.get(status, "Error"),
        "status": status,
        "errors": list(errors),
    }
    said = dict(headers or {})
    if status == 401:
        said["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, said, media_type=MEDIA_TYPE)


def describe(errors: Iterable[Any], prefix: str = "") -> list[dict[str, str]]:
    """pydantic's errors as {path, message}; a union's inner tags are left out of the path."""
    return [
        {"path": prefix + _path(error["loc"], error), "message": _message(error)}
        for error in errors
    ]


def of_exception(error: Exception, prefix: str = "") -> list[dict[str, str]]:
    """A refused command's or a failed validation's errors."""
    if isinstance(error, ValidationError):
        return describe(error.errors(include_url=False, include_context=True), prefix)
    if isinstance(error, Refused):
        return [{"path": error.path, "message": str(error)}]
    return [{"path": prefix, "message": str(error)}]


def _path(loc: Sequence[Any], error: Any) -> str:
    keys = [str(k) for k in loc if k != "body"]
    message = str(error.get("msg", ""))
    # "network.output.activation: …" names a field below the place where it was raised.
    named, colon, _ = message.removeprefix("Value error, ").partition(":")
    if error.get("type") == "value_error" and colon and " " not in named:
        keys += named.split(".")
    return "/" + "/".join(keys) if keys else ""


def _message(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    if error.get("type") == "value_error":
        named, colon, rest = text.partition(":")
        text = rest.strip() if colon and " " not in named else text
    if error.get("type") == "extra_forbidden":
        return "there is no such field; remove it or mend its name"
    given = error.get("input")
    shown = f" (given: {str(given)[:60]})" if isinstance(given, str | int | float) else ""
    return text + shown


def _methods(request: Request) -> list[str]:
    """Those that some route of the request's path takes."""
    return [method for method in METHODS if _takes(request, method)]


def _takes(request: Request, method: str) -> bool:
    # what is mounted has made the path its own
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    scope = {**request.scope, "method": method, "root_path": root}
    found = [route for route in request.app.routes if route.matches(scope)[0] is Match.FULL]
    return any(not isinstance(route, Mount) or method in PAGE for route in found)


def install(app: FastAPI) -> None:
    """Answer every error of the application as problem+json."""

    @app.exception_handler(RequestValidationError)
    async def invalid_request(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, describe(error.errors()))

    @app.exception_handler(ValidationError)
    async def invalid_value(_: Request, error: ValidationError) -> JSONResponse:
        return problem(422, of_exception(error, "/experiment"))

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return problem(422, of_exception(error))

    @app.exception_handler(StoreError)
    async def store_failed(_: Request, error: StoreError) -> JSONResponse:
        log.error("store failed", reason=str(error))
        errors = [{"path": "", "message": OUT_OF_REACH}]
        return problem(503, errors, "The store is out of reach")

    @app.exception_handler(Full)
    async def full(_: Request, __: Full) -> JSONResponse:
        return problem(503, [{"path": "", "message": FULL}])

    @app.exception_handler(Unreadable)
    async def unreadable(_: Request, error: Unreadable) -> JSONResponse:
        return problem(410, [{"path": "", "message": str(error)}])

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        errors = [{"path": "", "message": str(error.detail)}]
        headers = error.headers
        if error.status_code == 405:  # what raised it knows its own methods only
            headers = {"Allow": ", ".join(_methods(request))}
        return problem(error.status_code, errors, headers=headers)

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> JSONResponse:
        return problem(500, [{"path": "", "message": FAILED}])
