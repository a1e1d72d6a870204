"""Downloads: every export target of a session (docs/protocol.md)."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response

from server.export import TARGETS, Unsupported, export, targets

from .errors import problem
from .rest import Readable

router = APIRouter()


@router.get("/api/v1/exports", tags=["exports"])
def exports() -> list[dict[str, str]]:
    """What a session can be exported to."""
    return targets()


_FILES = {entry.hints["media_type"]: {} for entry in TARGETS.values()}


@router.get(
    "/api/v1/sessions/{session_id}/exports/{target}",
    tags=["exports"],
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": _FILES},
        304: {"description": "The caller has that very file."},
    },
)
def download(
    session: Readable,
    target: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The session at this moment as a file; 304 where the caller has that very one."""
    if target not in TARGETS:
        known = ", ".join(TARGETS)
        raise HTTPException(404, f"there is no such export target; it is one of: {known}")
    with session.lock:  # weights, experiment and curves of one moment
        experiment = session.experiment
        params, stats = session.parameters()
        history = session.curve() if target == "history" else None
    try:
        file = export(target, experiment, params, stats, history)
    except Unsupported as error:
        return problem(422, [{"path": error.path, "message": str(error)}])
    # weak, since it may be compressed on its way
    tag = f'W/"{hashlib.sha256(file.content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in {known.strip() for known in (if_none_match or "").split(",")}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return Response(file.content, media_type=file.media_type, headers=headers)
