"""Links: saving them, reading them, their page and their picture."""

from __future__ import annotations

import base64
import json
import math
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from markdown_it import MarkdownIt
from starlette.concurrency import run_in_threadpool

from server import __version__
from server.datasets.base import DOMAIN
from server.engine.platform import platform_name
from server.engine.session import Session
from server.sharing import Moment, Share, document, draw, read
from server.sharing.document import MAX_OUTPUTS, MAX_WEIGHTS
from server.store import Store
from server.store.store import canonical

from . import answers, examples
from .errors import PAGE
from .exact import Exact
from .route import Route, has, tagged
from .sessions import Readable

MAX_BODY = 2**20
#: of a moment's surface, and rows of its curve
SIZE, LINE, ROWS = 50, 200, 500
FOREVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
ABOUT = "Build a neural network in the browser and watch it learn."


class Limited(Route):
    """A route whose requests may be as large as a link."""

    max_body = MAX_BODY
    too_large = "leave the moment out"


router = APIRouter(route_class=Limited)


def store_of(request: Request) -> Store:
    return request.app.state.store


async def stored_of(share_id: str, store: Annotated[Store, Depends(store_of)]) -> dict[str, Any]:
    """The document of the link that the path names, or 404."""
    known = await store.share(share_id) if share_id.isascii() and share_id.isalnum() else None
    if known is None:
        raise HTTPException(404, "there is no such link; perhaps its last letters are missing")
    return known


Stored = Annotated[dict[str, Any], Depends(stored_of)]


@router.post(
    "/api/v1/shares",
    summary="Save a link",
    status_code=201,
    tags=["links"],
    response_model=None,
    responses={
        201: {"model": answers.Saved},
        200: {"model": answers.Saved, "description": "The same was kept before."},
    },
)
async def save(
    body: Annotated[Share, Exact, Body(openapi_examples=examples.SHARE)],
    request: Request,
    store: Annotated[Store, Depends(store_of)],
) -> Response:
    """Keep an experiment under a short link, for good. 200 where the same was kept before."""
    saved = await store.save_share(document(body))
    found = {
        "id": saved.id,
        "path": f"/e/{saved.id}",
        "address": f"{request.base_url}e/{saved.id}",
    }
    response = JSONResponse(found, 201 if saved.created else 200)
    response.headers["Location"] = f"/api/v1/shares/{saved.id}"
    return response


@router.get(
    "/api/v1/shares/{share_id}",
    summary="A link",
    tags=["links"],
    response_model=None,
    responses={200: {"model": Share}},
)
def share(share_id: str, stored: Stored) -> Response:
    """What a link carries: as it was saved, so it may be of an older version."""
    return JSONResponse(stored, headers=caching(share_id, FOREVER))


@router.get(
    "/api/v1/sessions/{session_id}/moment",
    summary="Moment of a session",
    tags=["links"],
    response_model=None,
    responses={200: {"model": answers.Now}},
)
def moment(session: Readable) -> Response:
    """The session as a link may carry it: its experiment, and the moment it has come to."""
    with session.lock:
        experiment, now = session.experiment, moment_of(session)
    return tagged(
        {
            "experiment": experiment.model_dump(mode="json"),
            "moment": now.model_dump(mode="json", exclude_none=True),
        }
    )


@router.api_route("/e/{share_id}", methods=PAGE, include_in_schema=False)
async def page(
    share_id: str, request: Request, store: Annotated[Store, Depends(store_of)]
) -> HTMLResponse:
    """The playground with what the link carries."""
    try:
        stored = await stored_of(share_id, store)
        known = read(stored)
    except HTTPException as error:
        return _page(request, {"error": f"{error.detail.capitalize()}."}, 404)
    except ValueError:
        return _page(request, {"error": "This link was made by a newer Layerlab."}, 404)
    address = f"{request.base_url}e/{share_id}"
    preview = {
        "title": known.title or "An experiment in Layerlab",
        "description": plain(known.notes) or ABOUT,
        "address": address,
        "picture": f"{address}/picture.png",
    }
    return _page(request, {"id": share_id} | stored, 200, preview=preview)


def _page(request: Request, shared: dict[str, Any], status: int, **more: Any) -> HTMLResponse:
    context = {"shared": shared, "embed": "embed" in request.query_params} | more
    templates = request.app.state.templates
    return templates.TemplateResponse(request, "index.html", context, status_code=status)


@router.api_route("/e/{share_id}/picture.png", methods=PAGE, include_in_schema=False)
async def picture(share_id: str, stored: Stored, request: Request) -> Response:
    """The network and its surface, for previews of the link."""
    tag = f"{share_id}-{__version__}"
    if unchanged := cached(request, tag, A_DAY):
        return unchanged
    try:
        content = await run_in_threadpool(_draw, canonical(stored))
    except ValueError as error:
        raise HTTPException(404, "this link was made by a newer Layerlab") from error
    return Response(content, media_type="image/png", headers=caching(tag, A_DAY))


@lru_cache(maxsize=64)
def _draw(stored: str) -> bytes:
    return draw(read(json.loads(stored)))


# -- caching -----------------------------------------------------------------------------


def caching(tag: str, control: str) -> dict[str, str]:
    return {"ETag": f'"{tag}"', "Cache-Control": control}


def cached(request: Request, tag: str, control: str) -> Response | None:
    """304 for who has it."""
    headers = caching(tag, control)
    if has(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return None


# -- words -------------------------------------------------------------------------------


def plain(notes: str, length: int = 200) -> str:
    """The words of Markdown, in one line."""
    words = " ".join(
        child.content
        for token in MarkdownIt().parse(notes)
        for child in token.children or ()
        if child.type in ("text", "code_inline")
    )
    words = " ".join(words.split())
    return words if len(words) <= length else f"{words[: length - 1].rstrip()}…"


# -- moments -----------------------------------------------------------------------------


def moment_of(session: Session) -> Moment:
    """The session as it is now; the caller holds its lock."""
    weights, curve = session.weights(), session.curve()
    planar = session.experiment.data.dataset.form == "points"
    return Moment.model_validate(
        {
            "step": weights["step"],
            "digest": weights["digest"],
            "platform": platform_name(),
            "curve": {"columns": curve["columns"], "rows": _thinned(curve["rows"])},
            "surface": _surface(session),
            # they are for the picture of a network of points
            "weights": _weights(weights["layers"]) if planar else None,
        }
    )


def _thinned(rows: list[list[float | None]]) -> list[list[float | None]]:
    stride = max(1, math.ceil(len(rows) / ROWS))
    kept = rows[::-stride][::-1]  # the last row is always among them
    return [[None if value is None else _rounded(value, 6) for value in row] for row in kept]


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _weights(layers: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Every parameter to four digits; None for too many, or where one is no number or kernel."""
    arrays = [{k: np.asarray(a, np.float64) for k, a in one["params"].items()} for one in layers]
    flat = [a for layer in arrays for a in layer.values()]
    plain = all(a.ndim <= 2 and np.isfinite(a).all() for a in flat)
    if sum(a.size for a in flat) > MAX_WEIGHTS or not plain:
        return None
    round4 = np.vectorize(lambda value: _rounded(value, 4), otypes=[float])
    return [{name: round4(a).tolist() for name, a in layer.items()} for layer in arrays]


def _surface(session: Session) -> dict[str, Any] | None:
    """The outputs over the domain, see sharing.Surface; None where examples are no points."""
    if session.experiment.data.dataset.form != "points":
        return None
    low, high = session.snapshot.session["range"]
    axis = np.linspace(-DOMAIN, DOMAIN, SIZE, dtype=np.float32)
    if session.experiment.data.dataset.dimensions == 1:
        axis = np.linspace(-DOMAIN, DOMAIN, LINE, dtype=np.float32)
        lines = np.nan_to_num(session.predict(axis[:, None]).T.astype(np.float64))[:MAX_OUTPUTS]
        rounded = [[_rounded(value, 6) for value in line] for line in lines]
        return {"range": [low, high], "size": LINE, "lines": rounded}
    x, y = np.meshgrid(axis, axis[::-1])
    outputs = session.predict(np.stack([x.ravel(), y.ravel()], 1))
    share = np.clip(np.nan_to_num((outputs - low) / max(high - low, 1e-9)), 0, 1)
    bytes_ = np.round(share.T * 255).astype(np.uint8)[:MAX_OUTPUTS]
    maps = [base64.b64encode(one.tobytes()).decode() for one in bytes_]
    return {"range": [low, high], "size": SIZE, "maps": maps}
