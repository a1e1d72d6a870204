"""The REST routes of docs/protocol.md."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Self

import numpy as np
from fastapi import APIRouter, Body, Depends, Header, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, model_validator

from server import __version__
from server.datasets.base import Dataset
from server.datasets.preview import preview
from server.engine import commands as c
from server.engine.history import Log, check
from server.engine.scheduler import Engine
from server.engine.session import Session
from server.experiment import Experiment
from server.experiment.registry import DATASETS, Spec
from server.keeper import Keeper
from server.training.targets import predicted_classes, target_low

from .tf_playground import translate
from .waits import over, until_over

router = APIRouter()
MAX_POINTS = 10_000


def engine_of(request: Request) -> Engine:
    return request.app.state.engine


def keeper_of(request: Request) -> Keeper:
    return request.app.state.keeper


async def session_of(session_id: str, keeper: Annotated[Keeper, Depends(keeper_of)]) -> Session:
    """The session that the path names, brought back if need be, or 404."""
    session = await keeper.find(session_id)
    if session is None:
        raise HTTPException(404, "there is no such session; create one with POST /api/v1/sessions")
    return session


def controlled(
    session: Annotated[Session, Depends(session_of)],
    engine: Annotated[Engine, Depends(engine_of)],
    authorization: Annotated[str | None, Header()] = None,
) -> Session:
    """The session, if the caller holds its secret, or 401."""
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not engine.allowed(session, secret):
        raise HTTPException(401, "send Authorization: Bearer <secret> as POST /sessions gave it")
    return session


Engines = Annotated[Engine, Depends(engine_of)]
Keepers = Annotated[Keeper, Depends(keeper_of)]
Readable = Annotated[Session, Depends(session_of)]
Controlled = Annotated[Session, Depends(controlled)]


class NewSession(Spec):
    """What to train (every field of an experiment has a default), or a run to do again."""

    experiment: Experiment = Field(default_factory=lambda: Experiment.model_validate({}))
    log: Log | None = Field(
        None, description="The log of a run, which is replayed to its end; experiment is not used."
    )


class SessionPatch(Spec):
    """What to change of a session."""

    experiment: dict[str, Any] | None = Field(None, description="A JSON merge patch.")
    playing: bool | None = None
    speed: float | None = Field(None, gt=0, le=1e6, description="Epochs per second; null: all.")


class Train(Spec):
    """How long to train: steps or epochs."""

    steps: int | None = Field(None, ge=1, le=c.MAX_STEPS)
    epochs: int | None = Field(None, ge=1, le=1_000_000)
    stream: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("steps: give either steps or epochs")
        return self


class Points(Spec):
    """Places to ask the network about: rows of one or two coordinates."""

    inputs: list[list[float]] = Field(min_length=1, max_length=MAX_POINTS)


@router.get("/healthz", tags=["server"])
def health(engine: Engines) -> dict[str, Any]:
    """Whether the server lives."""
    return {"status": "ok", "version": __version__, "sessions": len(engine.sessions)}


@router.get("/api/v1/schema", tags=["experiment"])
def schema() -> dict[str, Any]:
    """JSON Schema of an experiment, with what a form needs (docs/protocol.md)."""
    return Experiment.model_json_schema()


@router.get("/api/v1/datasets", tags=["experiment"])
def datasets() -> list[dict[str, Any]]:
    """Every dataset with a few of its points, for pictures."""
    return [
        {
            "kind": name,
            "title": cls.title,
            "help": cls.help,
            "problem": cls.problem,
            "dimensions": cls.dimensions,
            "preview": _preview(cls),
        }
        for name, cls in DATASETS.items()
    ]


def _preview(cls: type[Dataset]) -> dict[str, Any]:
    rows = preview(cls)
    return {"inputs": [row[:-1] for row in rows], "labels": [row[-1] for row in rows]}


@router.get("/api/v1/tf-playground", tags=["experiment"])
def tf_playground(request: Request) -> dict[str, Any]:
    """A TensorFlow Playground address (its part after #), as an experiment and a view."""
    experiment, view = translate(request.url.query)
    checked = Experiment.model_validate(experiment)
    return {"experiment": checked.model_dump(mode="json"), "view": view}


@router.post("/api/v1/sessions", status_code=201, tags=["sessions"])
def create(
    engine: Engines,
    body: Annotated[NewSession, Body(default_factory=lambda: NewSession.model_validate({}))],
) -> dict[str, Any]:
    """Begin a session. The answer holds the secret that controls it."""
    if body.log is not None:
        check(body.log)
    session = engine.create(body.experiment)
    if body.log is not None:
        session.replay(body.log)
    return session.snapshot.session | {"secret": session.secret}


@router.get("/api/v1/sessions/{session_id}", tags=["sessions"])
def read(session: Readable) -> dict[str, Any]:
    """The session as it is now."""
    return session.snapshot.session


@router.patch("/api/v1/sessions/{session_id}", tags=["sessions"])
def patch(session: Controlled, body: SessionPatch) -> dict[str, Any]:
    """Change the experiment, play or pause, set the pace."""
    if body.experiment is not None:
        session.act(c.Patch(experiment=body.experiment))
    if "speed" in body.model_fields_set:
        session.act(c.Speed(epochs_per_second=body.speed))
    if body.playing is not None:
        session.act(c.Play(steps=None) if body.playing else c.Pause())
    return session.snapshot.session


@router.get("/api/v1/sessions/{session_id}/log", tags=["sessions"])
def log(session: Readable) -> Log:
    """The run so far: what it began as and all that was done to it, with the digest of its
    weights. Posted as the `log` of a new session, it is replayed to the same weights."""
    return session.log()


@router.delete("/api/v1/sessions/{session_id}", status_code=204, tags=["sessions"])
async def delete(session: Controlled, engine: Engines, keeper: Keepers) -> Response:
    """End the session, for good."""
    await asyncio.to_thread(engine.delete, session)
    await keeper.forget(session.id)
    return Response(status_code=204)


@router.post("/api/v1/sessions/{session_id}/commands", tags=["sessions"])
async def command(session: Controlled, body: c.Command) -> dict[str, Any]:
    """Carry out a command; `advance` is answered when it is done."""
    await asyncio.to_thread(session.act, body)
    if isinstance(body, c.Advance):
        await until_over(session)
    return session.snapshot.session


@router.post("/api/v1/sessions/{session_id}/train", tags=["training"])
async def train(session: Controlled, body: Train) -> Any:
    """Train and answer with step, metrics and a digest of the weights."""
    order = c.Advance(steps=body.steps, epochs=body.epochs)
    await asyncio.to_thread(session.act, order)
    if body.stream:
        # As it is, so that no compression holds a line back.
        headers = {"Content-Encoding": "identity"}
        progress = _progress(session)
        return StreamingResponse(progress, media_type="application/x-ndjson", headers=headers)
    await until_over(session)
    return await asyncio.to_thread(_result, session)


@router.get("/api/v1/sessions/{session_id}/metrics", tags=["training"])
def metrics(session: Readable) -> dict[str, Any]:
    """The curves so far."""
    return session.curve()


@router.post("/api/v1/sessions/{session_id}/predict", tags=["training"])
def predict(session: Readable, body: Points) -> dict[str, Any]:
    """Outputs, and for classification the class, of every point."""
    dataset = session.experiment.data.dataset
    for i, row in enumerate(body.inputs):
        if len(row) != dataset.dimensions:
            detail = f"row {i} has {len(row)} numbers; this problem has {dataset.dimensions} inputs"
            raise HTTPException(422, detail)
    outputs = session.predict(np.array(body.inputs, np.float32))
    classes = None
    if dataset.problem == "classification":
        low = target_low(session.experiment.training.loss, session.experiment.output_activation)
        classes = [int(k) for k in np.asarray(predicted_classes(outputs, dataset, low))]
    return {"outputs": outputs.tolist(), "classes": classes}


@router.get("/api/v1/sessions/{session_id}/weights", tags=["training"])
def weights(session: Readable) -> dict[str, Any]:
    """Every weight and bias, with a digest."""
    return session.weights()


@router.get("/api/v1/sessions/{session_id}/equation", tags=["training"])
def equation(session: Readable) -> dict[str, Any]:
    """The network's formula in LaTeX."""
    return {"latex": session.equation()}


def _result(session: Session) -> dict[str, Any]:
    with session.lock:
        return {
            "step": session.step,
            "epoch": session.epoch,
            "status": session.status,
            "metrics": session.metrics(),
            "digest": session.digest(),
        }


async def _progress(session: Session) -> AsyncIterator[str]:
    """A JSON line a quarter of a second, the last with the result."""
    while not await over(session, 0.25):
        yield json.dumps(await asyncio.to_thread(_result, session) | {"done": False}) + "\n"
    yield json.dumps(await asyncio.to_thread(_result, session) | {"done": True}) + "\n"
