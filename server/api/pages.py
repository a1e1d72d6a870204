"""The playground, and the page that documents the API."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from .errors import PAGE

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=PAGE)
def index(request: Request) -> HTMLResponse:
    """The playground."""
    return request.app.state.templates.TemplateResponse(request, "index.html")


@router.api_route("/docs", methods=PAGE)
def docs(request: Request) -> HTMLResponse:
    """The API, call by call, to be read and tried."""
    return request.app.state.templates.TemplateResponse(request, "docs.html")
