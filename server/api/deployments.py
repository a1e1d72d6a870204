"""Deployed models: made of a session, asked by who holds the key (docs/protocol.md)."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response, Security
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from server.deployments import Deployments, TooMuch, filled, opens, probabilities
from server.engine.run import Run
from server.experiment.registry import Spec
from server.store import ID, Deployment

from . import answers, examples
from .errors import PAGE
from .exact import Exact
from .rest import Examples, finite, predicted
from .route import Route, tagged
from .sessions import Engines, Keepers, Readable, bearer, session_of

router = APIRouter(route_class=Route, tags=["deployments"])

NO_SECRET = "send Authorization: Bearer <secret>, that of the session"
GONE = "there is no such deployed model, or it was deleted"
Given = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


class NewDeployment(Spec):
    """What to freeze."""

    session: str = Field(max_length=64, description="The id of a session.")
    title: str = Field("", max_length=200, description="Left out, that of its data.")


def deployments_of(request: Request) -> Deployments:
    return request.app.state.deployments


Room = Annotated[Deployments, Depends(deployments_of)]


async def deployment_of(deployment_id: str, room: Room) -> Deployment:
    """The deployed model that the path names, or 404."""
    found = await room.find(deployment_id) if ID.fullmatch(deployment_id) else None
    if found is None:
        raise HTTPException(404, GONE)
    return found


Known = Annotated[Deployment, Depends(deployment_of)]


def asked(deployment: Known, given: Given) -> Deployment:
    """The deployed model, if the caller holds its key, or 401."""
    if given is None or not opens(given.credentials, deployment.key_hash):
        raise HTTPException(401, "send Authorization: Bearer <key> as POST /deployments gave it")
    return deployment


def owned(deployment: Known, given: Given) -> Deployment:
    """The deployed model, if the caller holds its key or its session's secret, or 401."""
    hashes = deployment.key_hash, deployment.secret_hash
    if given is None or not opens(given.credentials, *hashes):
        raise HTTPException(401, "send Authorization: Bearer <key>, or the secret of its session")
    return deployment


def card(deployment: Deployment) -> dict[str, Any]:
    """What everybody is told."""
    return {
        "id": deployment.id,
        "path": f"/d/{deployment.id}",
        "title": deployment.title,
        "created": deployment.created,
        "step": deployment.step,
        "digest": deployment.digest,
        "calls": deployment.calls,
        "called": deployment.called or None,
        **deployment.facts,
    }


@router.post(
    "/api/v1/deployments",
    summary="Deploy a model",
    status_code=201,
    response_model=None,
    responses={201: {"model": answers.NewDeployment}},
)
async def deploy(
    engine: Engines,
    keeper: Keepers,
    room: Room,
    given: Given,
    body: Annotated[NewDeployment, Exact, Body(openapi_examples=examples.DEPLOY)],
) -> Response:
    """Freeze a session as it is now: experiment, preparation, weights. It answers for good, and
    without the session. The answer holds the key, of which a hash alone is kept. Takes the
    secret of the session."""
    if given is None:
        raise HTTPException(401, NO_SECRET)
    session = await session_of(body.session, keeper)
    if not engine.allowed(session, given.credentials):
        raise HTTPException(401, NO_SECRET)
    try:
        made, key = await room.deploy(session, engine.secret_hash(session), body.title)
    except TooMuch as error:
        raise HTTPException(503, str(error)) from None
    response = JSONResponse(card(made) | {"key": key}, 201)
    response.headers["Location"] = f"/api/v1/deployments/{made.id}"
    return response


@router.get(
    "/api/v1/sessions/{session_id}/deployments",
    summary="Deployed models of a session",
    response_model=None,
    responses={200: {"model": list[answers.Deployment]}},
)
async def of_session(session: Readable, room: Room) -> Response:
    """What was deployed of a session, the newest first."""
    return tagged([card(one) for one in await room.of_session(session.id)])


@router.get(
    "/api/v1/deployments/{deployment_id}",
    summary="A deployed model",
    response_model=None,
    responses={200: {"model": answers.Deployment}},
)
async def read(deployment: Known) -> Response:
    """What everybody is told of it: what goes in, where its data are from, how it was tested."""
    return tagged(card(deployment))


@router.post(
    "/api/v1/deployments/{deployment_id}/predict",
    summary="Ask a deployed model",
    response_model=None,
    responses={200: {"model": answers.DeployedPrediction}},
)
async def predict(
    deployment: Annotated[Deployment, Depends(asked)],
    room: Room,
    body: Annotated[Examples, Exact, Body(openapi_examples=examples.PREDICT)],
) -> Response:
    """Outputs for every example, as it was collected: it is prepared as the training data were.
    Takes the key. Columns that are dropped anyhow need not be sent."""
    try:
        run = await room.ready(deployment)
    except LookupError:
        raise HTTPException(404, GONE) from None
    return await run_in_threadpool(_answered, run, body)


def _answered(run: Run, body: Examples) -> Response:
    if body.rows is not None:
        body = body.model_copy(update={"rows": filled(run, body.rows)})
    outputs, classes = predicted(run, body)
    names = run.experiment.data.dataset.class_names
    told = {
        "outputs": finite(outputs.tolist()),
        "classes": None if classes is None else classes.tolist(),
        "names": None if classes is None else np.array(names)[classes].tolist(),
        "probabilities": probabilities(outputs, run.experiment),
    }
    return JSONResponse(told)


@router.delete(
    "/api/v1/deployments/{deployment_id}", summary="Delete a deployed model", status_code=204
)
async def delete(deployment: Annotated[Deployment, Depends(owned)], room: Room) -> None:
    """Delete it, for good. Takes the key, or the secret of the session that it was made of."""
    await room.forget(deployment.id)


@router.api_route("/d/{deployment_id}", methods=PAGE, include_in_schema=False)
async def page(deployment_id: str, request: Request, room: Room) -> HTMLResponse:
    """A page to try it."""
    templates = request.app.state.templates
    try:
        found = card(await deployment_of(deployment_id, room))
    except HTTPException as error:
        context = {"error": f"{str(error.detail).capitalize()}."}
        return templates.TemplateResponse(request, "deployed.html", context, status_code=404)
    return templates.TemplateResponse(request, "deployed.html", {"model": found})
