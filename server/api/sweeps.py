"""Sweeps: many runs of one experiment with some settings varied (docs/protocol.md)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials

from server.engine.history import Log
from server.sweeps import Keeping, Run, Study, Sweep, Sweeps, TooMany

from .exact import Exact
from .route import Route
from .sessions import Engines, bearer

router = APIRouter(prefix="/api/v1/sweeps", tags=["sweeps"], route_class=Route)

FULL = "too many sweeps are under way; try again when one has ended"
EXAMPLES: Any = {
    "grid": {
        "summary": "Learning rate and activation, three seeds each",
        "value": {
            "experiment": {"data": {"dataset": "xor"}},
            "axes": [
                {
                    "path": "/training/learning_rate",
                    "range": {"low": 0.003, "high": 0.3, "scale": "log", "count": 3},
                },
                {"path": "/network/layers/0/activation", "values": ["tanh", "relu"]},
            ],
            "seeds": 3,
            "epochs": 20,
        },
    },
    "ensemble": {"summary": "Five seeds of the default", "value": {"seeds": 5, "epochs": 20}},
}


def sweeps_of(request: Request) -> Sweeps:
    return request.app.state.sweeps


def keeping_of(request: Request) -> Keeping:
    return request.app.state.keeping


Room = Annotated[Sweeps, Depends(sweeps_of)]
Kept = Annotated[Keeping, Depends(keeping_of)]


async def study_of(sweep_id: str, keeping: Kept) -> Study:
    """The sweep that the path names, brought back if need be, or 404."""
    try:
        study = await keeping.find(sweep_id)
    except TooMany:
        raise HTTPException(503, FULL) from None
    if study is None:
        raise HTTPException(404, "there is no such sweep, or it was forgotten; begin it again")
    return study


Readable = Annotated[Study, Depends(study_of)]


def controlled(
    study: Readable,
    sweeps: Room,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Study:
    """The sweep, if the caller holds its secret, or 401."""
    if given is None or not sweeps.allowed(study, given.credentials):
        raise HTTPException(401, "send Authorization: Bearer <secret> as POST /sweeps gave it")
    return study


Controlled = Annotated[Study, Depends(controlled)]


def run_of(study: Readable, run: int) -> Run:
    """The run of this number, or 404."""
    if not 0 <= run < len(study.runs):
        raise HTTPException(404, f"the sweep has the runs 0 to {len(study.runs) - 1}")
    return study.runs[run]


OneRun = Annotated[Run, Depends(run_of)]


@router.post("", summary="Begin a sweep", status_code=201)
def create(
    sweeps: Room, response: Response, body: Annotated[Sweep, Exact, Body(openapi_examples=EXAMPLES)]
) -> dict[str, Any]:
    """Begin a sweep. The answer holds the secret that controls it. It outlives its server: once
    that is there again, the sweep goes on where it was."""
    try:
        study, secret = sweeps.begin(body)
    except TooMany:
        raise HTTPException(503, FULL) from None
    response.headers["Location"] = f"/api/v1/sweeps/{study.id}"
    return study.summary() | {"secret": secret}


@router.get("/{sweep_id}", summary="A sweep")
def read(study: Readable) -> dict[str, Any]:
    """Progress and results so far."""
    return study.summary()


@router.get("/{sweep_id}/surfaces", summary="Surfaces of a sweep")
def surfaces(study: Readable, since: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
    """The surfaces that are newer than a version, 0 for all: of runs that train, as they are
    about twice a second while somebody asks."""
    return study.surfaces(since)


@router.get("/{sweep_id}/runs/{run}", summary="A run of a sweep")
def read_run(study: Readable, run: OneRun) -> dict[str, Any]:
    """A run with its experiment, curve, surface and log, as far as there are any."""
    return study.detail(run)


@router.get("/{sweep_id}/settings/{setting}", summary="A setting of a sweep")
def read_setting(study: Readable, setting: int) -> dict[str, Any]:
    """The seeds of a setting together: their mean loss, mean surface and its spread."""
    if not 0 <= setting < len(study.plan.settings):
        raise HTTPException(404, f"the sweep has the settings 0 to {len(study.plan.settings) - 1}")
    return study.ensemble(setting)


@router.post("/{sweep_id}/runs/{run}/open", summary="Open a run as a session", status_code=201)
def open_run(run: OneRun, engine: Engines, response: Response) -> dict[str, Any]:
    """A session of the run, replayed to where it has come: as POST /api/v1/sessions answers."""
    result = run.result
    began, step = run.planned.experiment, run.step
    log = result.log if result else Log.model_validate({"experiment": began, "step": step})
    session = engine.create(log.experiment)
    session.replay(log)
    response.headers["Location"] = f"/api/v1/sessions/{session.id}"
    return session.snapshot.session | {"secret": session.secret}


@router.post("/{sweep_id}/cancel", summary="Cancel a sweep")
def cancel(study: Controlled, sweeps: Room) -> dict[str, Any]:
    """Stop training; what is finished is kept."""
    sweeps.cancel(study)
    return study.summary()


@router.post("/{sweep_id}/resume", summary="Resume a sweep")
def resume(study: Controlled, sweeps: Room) -> dict[str, Any]:
    """Train the runs that a cancelled sweep has not finished, from where they were."""
    sweeps.resume(study)
    return study.summary()


@router.delete("/{sweep_id}", summary="Forget a sweep", status_code=204)
async def delete(study: Controlled, keeping: Kept) -> Response:
    """Forget the sweep; what trains of it ends."""
    await keeping.forget(study)
    return Response(status_code=204)
