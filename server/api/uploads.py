"""Files that people bring (docs/protocol.md)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, ValidationError

from server.datasets.proposals import profiled, proposals
from server.engine.commands import Refused
from server.experiment.registry import DATASETS, Spec
from server.uploads.desk import LARGEST, Busy, Desk, Upload
from server.uploads.readers import Said
from server.uploads.readers.said import Encoding, Format, Header
from server.uploads.samples import SAMPLES

from . import examples
from .answers import Answer, Spread, Values
from .errors import describe, problem
from .exact import Exact
from .route import Route, tagged

BYTES = "application/octet-stream"


class FileRoute(Route):
    """A route that takes a file."""

    max_body: ClassVar[int] = LARGEST
    too_large: ClassVar[str] = "send a smaller file, or fewer of its rows"


router = APIRouter(route_class=Route, tags=["data"])
files = APIRouter(route_class=FileRoute, tags=["data"])


def desk_of(request: Request) -> Desk:
    return request.app.state.desk


Desks = Annotated[Desk, Depends(desk_of)]


class NoteAnswer(Answer):
    row: int | None = Field(description="As a spreadsheet counts: the header is row 1.")
    column: str | None
    message: str


class UploadAnswer(Answer):
    id: str
    name: str
    size: int = Field(description="Bytes.")
    status: Literal["reading", "done", "failed"]
    progress: float = Field(ge=0, le=1, description="Of the reading.")
    doing: str | None
    datasets: list[dict[str, Any]] = Field(
        description="What it can be learned from as, the likeliest first: each a `data.dataset`."
    )
    about: str | None = Field(description="What is in it, in a few words.")
    notes: list[NoteAnswer]
    error: NoteAnswer | None


class ColumnAnswer(Answer):
    name: str
    kind: Literal["number", "category", "text", "time"]
    unit: str
    missing: int
    numbers: Spread | None = Field(description="Of times, days since 1970.")
    counts: Values | None
    guessed: str | None
    kinds: list[str] = Field(description="Those that `types` may say it is.")


class ProfileAnswer(Answer):
    rows: int
    answer: str | None
    columns: list[ColumnAnswer]
    left_out: int
    examples: list[list[float | str | None]]
    notes: list[NoteAnswer]


class OfDataset(Spec):
    """A dataset of an experiment."""

    dataset: dict[str, Any]


@files.post(
    "/api/v1/uploads",
    summary="Bring a file",
    status_code=202,
    response_model=None,
    responses={202: {"model": UploadAnswer}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def bring(
    request: Request,
    desk: Desks,
    name: Annotated[str, Query(max_length=1000, description="Of the file.")] = "",
    encoding: Encoding = "guess",
    header: Header = "guess",
    format: Format = "guess",
) -> Response:
    """Send a file's bytes. They are written to disk as they come and read by a process of its own,
    with limits on time and memory; GET the answer's Location to see how far it is."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != BYTES:
        raise HTTPException(422, f"send the file's bytes, with Content-Type: {BYTES}")
    said = Said(name=name, encoding=encoding, header=header, format=format)
    try:
        upload = await desk.take(_chunks(request), said)
    except Busy:
        raise HTTPException(503, "too many files are being read; try again in a minute") from None
    response = JSONResponse(_told(upload), 202)
    response.headers["Location"] = f"/api/v1/uploads/{upload.id}"
    return response


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


@router.get(
    "/api/v1/uploads/{upload_id}",
    summary="An upload",
    response_model=None,
    responses={200: {"model": UploadAnswer}},
)
def read(upload_id: str, desk: Desks) -> Response:
    """How far reading is, what the file can be learned from as, or what is wrong with it."""
    return tagged(_told(_found(desk, upload_id)))


@router.delete("/api/v1/uploads/{upload_id}", summary="Stop an upload", status_code=204)
async def cancel(upload_id: str, desk: Desks) -> None:
    """Stop reading. What was read already stays."""
    if not await desk.cancel(upload_id):
        raise _missing()


@router.get(
    "/api/v1/uploads/samples/{kind}",
    summary="A sample file",
    response_class=Response,
    responses={200: {"content": {BYTES: {}}}},
)
def sample(kind: str) -> Response:
    """A small file as the dataset of that kind reads it."""
    becomes = getattr(DATASETS.get(kind), "becomes", None)
    if becomes is None:
        kinds = ", ".join(name for name, cls in DATASETS.items() if hasattr(cls, "becomes"))
        raise HTTPException(404, f"there is no such sample; kind is one of: {kinds}")
    name, make = SAMPLES[becomes]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(make(), media_type=BYTES, headers=headers)


@router.post(
    "/api/v1/profile",
    summary="What is in a table",
    response_model=None,
    responses={200: {"model": ProfileAnswer}},
)
def profile(
    body: Annotated[OfDataset, Exact, Body(openapi_examples=examples.PROFILE)],
) -> Response:
    """What is in all columns of a table, the answer's among them, and what is odd. Nothing is
    kept."""
    try:
        return JSONResponse(profiled(body.dataset))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        return problem(422, describe(found, "/dataset"))
    except ValueError as error:
        path, colon, message = str(error).partition(": ")
        named = bool(colon) and " " not in path
        raise Refused(
            f"/dataset/{path.replace('.', '/')}" if named else "/dataset",
            message if named else str(error),
        ) from None


def _found(desk: Desk, upload_id: str) -> Upload:
    upload = desk.find(upload_id)
    if upload is None:
        raise _missing()
    return upload


def _missing() -> HTTPException:
    return HTTPException(404, "there is no such upload; send the file with POST /api/v1/uploads")


def _told(upload: Upload) -> dict[str, Any]:
    done = upload.status == "done"
    return {
        "id": upload.id,
        "name": upload.name,
        "size": upload.size,
        "status": upload.status,
        "progress": upload.progress,
        "doing": upload.doing,
        "datasets": proposals(upload.digest, upload.facts) if done else [],
        "about": upload.facts.get("about"),
        "notes": upload.facts.get("notes", []),
        "error": upload.error.told() if upload.error else None,
    }
