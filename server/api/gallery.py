"""Ready experiments (docs/protocol.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from server.gallery import gallery

from .answers import Answer
from .route import Route, tagged

router = APIRouter(route_class=Route)


class GalleryEntry(Answer):
    name: str
    title: str
    help: str
    group: str
    experiment: dict[str, Any] = Field(
        description="To begin a session with; what it leaves out is as its dataset suggests."
    )


@router.get(
    "/api/v1/gallery",
    summary="Gallery",
    tags=["experiment"],
    response_model=None,
    responses={200: {"model": list[GalleryEntry]}},
)
def entries() -> Response:
    """Ready experiments, in the order in which they are shown."""
    return tagged([asdict(entry) for entry in gallery()])
