"""Downloads: every export target of a session (docs/protocol.md)."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Response

from server.export import TARGETS, Unsupported, export, targets

from . import answers
from .errors import problem
from .route import Route, tag_of, tagged
from .sessions import Readable

router = APIRouter(route_class=Route)


@router.get(
    "/api/v1/exports",
    summary="Export targets",
    tags=["exports"],
    response_model=None,
    responses={200: {"model": list[answers.Target]}},
)
def exports() -> Response:
    """What a session can be exported to."""
    return tagged(targets())


_FILES = {entry.hints["media_type"]: {} for entry in TARGETS.values()}


@router.get(
    "/api/v1/sessions/{session_id}/exports/{target}",
    summary="Export a session",
    tags=["exports"],
    response_class=Response,
    responses={200: {"description": "The file.", "content": _FILES}},
)
def download(session: Readable, target: str) -> Response:
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
    headers = {
        "ETag": f"W/{tag_of(file.content)}",  # weak, since it may be compressed on its way
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    return Response(file.content, media_type=file.media_type, headers=headers)
