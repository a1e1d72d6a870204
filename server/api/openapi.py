"""/openapi.json: what FastAPI finds in the routes, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from . import once
from .answers import Problem
from .door import OPEN
from .errors import MEDIA_TYPE, TITLES

Json = dict[str, Any]

KEY, SECRET = "apiKey", "secret"
ETAG = {"description": "Of this answer, for If-None-Match.", "schema": {"type": "string"}}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETags that the caller has; 304 where the answer is one of them.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A UUID, say: made again with it, the call is answered as it was. Kept a day, "
    "in memory; 422 where it came with another body, 409 while the first call is under way.",
    "schema": {"type": "string", "pattern": f"^{once.KEY.pattern}$"},
}
LOCATION = {"description": "Where it is.", "schema": {"type": "string"}}
NULL = {"type": "null"}
#: calls whose body names a session
NAMED = ("/api/v1/deployments",)
#: either, and not null
ONE_OF_BOTH = [
    {"required": [name], "properties": {name: {"type": "integer"}}} for name in ("steps", "epochs")
]


def install(app: FastAPI, keys: bool, limited: bool) -> None:
    """Let the application say all of it. keys, limited: whether it wants API keys, and limits
    how often one may call."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, keys, limited)
        return app.openapi_schema

    app.openapi = openapi


def _document(app: FastAPI, keys: bool, limited: bool) -> Json:
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    components = found["components"]
    schemas = components["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= _problem()
    for name in ("Train", "Advance"):
        schemas[name]["oneOf"] = ONE_OF_BOTH
    # null stands for the features that the dataset has
    features = schemas["Data"]["properties"]["features"]
    features["anyOf"] = [{"type": features.pop("type"), "items": features.pop("items")}, NULL]
    if keys:
        components.setdefault("securitySchemes", {})[KEY] = {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
        }
    for path, method, operation in _operations(found):
        for add in (_tags, _keys, _errors):
            add(path, method, operation)
        if keys and not path.startswith(OPEN):
            _secure(operation)
            _answer(operation, 401)
        if limited and not path.startswith(OPEN):
            _answer(operation, 429)
    return found


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _problem() -> Json:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}


def _answer(operation: Json, status: int) -> None:
    operation["responses"][str(status)] = {
        "description": TITLES[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _secure(operation: Json) -> None:
    known = operation.get("security", [{}])
    operation["security"] = [one | {KEY: []} for one in known]


def _tags(path: str, method: str, operation: Json) -> None:
    """ETags: every GET has one but for streams."""
    answer = operation["responses"].get("200", {})
    if method != "get" or "text/event-stream" in answer.get("content", {}):
        return
    answer["headers"] = {"ETag": ETAG}
    operation["responses"]["304"] = {"description": "The caller has that very one."}
    operation.setdefault("parameters", []).append(IF_NONE_MATCH)


def _keys(path: str, method: str, operation: Json) -> None:
    """Idempotency keys, and where what was made is."""
    if method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        _answer(operation, 409)
    for status in ("201", "202"):
        if status in operation["responses"]:
            operation["responses"][status]["headers"] = {"Location": LOCATION}


def _errors(path: str, method: str, operation: Json) -> None:
    """What may go wrong, by what the call is."""
    found: dict[int, bool] = {
        400: True,
        401: SECRET in {name for one in operation.get("security", []) for name in one},
        403: path == "/api/v1/sessions" and method == "get",
        404: "{" in path or path in NAMED,
        410: "{session_id}" in path or path in NAMED,
        412: method == "patch",
        413: "requestBody" in operation,
        422: method == "post" or "422" in operation["responses"] or path.endswith("{target}"),
        503: "{" in path or method == "post",
    }
    operation["responses"].pop("422", None)
    for status, holds in found.items():
        if holds:
            _answer(operation, status)
    # of what is no HTTP the application never hears
    operation["responses"]["400"]["content"]["text/plain"] = {"schema": {"type": "string"}}
