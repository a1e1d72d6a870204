"""The REST routes of docs/protocol.md."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import AsyncIterator
from functools import cache
from typing import Annotated, Any, Literal, Self

import numpy as np
from fastapi import APIRouter, Body, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from numpy.typing import NDArray
from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from server import __version__
from server.datasets.base import Dataset
from server.datasets.preview import preview
from server.datasets.profile import stages, tested
from server.datasets.split import first_stages
from server.engine import commands as c
from server.engine.adversarial import drawn_on_host
from server.engine.commands import Refused
from server.engine.describe import raw_shape
from server.engine.history import Log, check
from server.engine.run import Run, loadable
from server.engine.session import Session
from server.experiment import Data, Experiment, Generator
from server.experiment.registry import DATASETS, Spec
from server.training.targets import predicted_classes, target_low

from . import answers, examples, once
from .exact import Exact
from .jobs import Job, Known, accepted, begin, patience, result
from .route import Route, has, tagged
from .sessions import Controlled, Engines, Keepers, Readable
from .tf_playground import translate
from .waits import over

router = APIRouter(route_class=Route)
MAX_POINTS = 10_000
#: coordinates that a network may be asked about; float32 overflows far beyond them
FAR = 1e6
#: numbers of one call
MAX_NUMBERS = 4_000_000
#: pictures that a preparation is shown by
MAX_SHOWN = 12

#: with a name, which keeps its discriminator its own
Command = TypeAliasType("Command", c.Command)

Prefer = Annotated[
    str | None,
    Header(max_length=200, description="`respond-async`, `wait=10`: RFC 7240."),
]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=2000,
        description="The ETag of the session, or the digest of its experiment in quotes: "
        "412 where it is another by now.",
    ),
]


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
    """How long to train: steps or epochs; and whether to wait for it."""

    steps: int | None = Field(None, ge=1, le=c.MAX_STEPS)
    epochs: int | None = Field(None, ge=1, le=1_000_000)
    stream: bool = Field(False, description="Answer with a JSON line per progress.")
    wait: bool = Field(True, description="false: answer at once, with a job.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("steps: give either steps or epochs")
        return self


class Examples(Spec):
    """Examples to ask the network about: points as rows of one or two coordinates, others nested
    as the session's `raw_shape` says, pictures with values from 0 to 255."""

    inputs: list[Annotated[list[answers.Numbers], Field(min_length=1)]] | None = Field(
        None, min_length=1, max_length=MAX_POINTS
    )
    rows: list[dict[str, float | str | None]] | None = Field(
        None, min_length=1, max_length=MAX_POINTS,
        description="Of a table, instead: rows as they were collected, by the columns' names.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.inputs is None) == (self.rows is None):
            raise ValueError("send either inputs or rows")
        return self


class OfData(Spec):
    """The data of an experiment."""

    data: Data


class Noise(Spec):
    """What a generator is to make examples of: given numbers, or some drawn by a seed."""

    count: int = Field(16, ge=1, le=MAX_POINTS, description="How many examples, of drawn noise.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Another one draws other noise.")
    noise: list[list[float]] | None = Field(
        None, min_length=1, max_length=MAX_POINTS, description="(N, latent), instead of drawn."
    )


class Part(Spec):
    """A part of the data."""

    part: Literal["train", "validation", "test"] = "test"


def _says(model: Any) -> Any:
    """What a route answers, where it writes the JSON itself."""
    return {"response_model": None, "responses": {200: {"model": model}}}


# -- the server ----------------------------------------------------------------------------


@router.get("/healthz", tags=["server"], **_says(answers.Health))
def health(engine: Engines) -> Response:
    """Whether the server lives."""
    return tagged({"status": "ok", "version": __version__, "sessions": len(engine.sessions)})


@router.get(
    "/api/v1/schema",
    summary="Schema of an experiment",
    tags=["experiment"],
    **_says(dict[str, Any]),
)
def schema() -> Response:
    """JSON Schema of an experiment, with what a form needs (docs/protocol.md)."""
    return tagged(Experiment.model_json_schema())


@router.get(
    "/api/v1/datasets", summary="Datasets", tags=["experiment"], **_says(list[answers.DatasetCard])
)
def datasets() -> Response:
    """Every dataset with a few of its points, for pictures."""
    return tagged(_cards())


@router.post(
    "/api/v1/preparation",
    summary="Prepare a table, or pictures",
    tags=["experiment"],
    **_says(answers.Preparation | answers.PicturePreparation),
)
def preparation(
    body: Annotated[OfData, Exact, Body(openapi_examples=examples.PREPARATION)],
) -> Response:
    """What a table is like as it came in and after every step of its preparation, as its training
    rows tell; of pictures the first for training. Nothing is kept."""
    dataset, prepared = body.data.dataset, loadable(body.data).prepared
    if dataset.form == "image":
        return JSONResponse(_prepared_pictures(body.data))
    if prepared is None:
        raise Refused("/data/dataset", "these are neither a table nor pictures; choose such data")
    told = {
        "answer": dataset.asked.name,
        "problem": dataset.problem,
        "classes": list(dataset.class_names),
        "stages": stages(prepared),
        "tested": tested(
            prepared, dataset.class_names, "validation" if body.data.split.sealed else "test"
        ),
    }
    return JSONResponse(told)


def _prepared_pictures(data: Data) -> dict[str, Any]:
    pictures, labels = first_stages(data, MAX_SHOWN)
    told = [
        {"shape": list(stage.shape[1:]), "pictures": base64.b64encode(stage.tobytes()).decode()}
        for stage in pictures
    ]
    classes = list(data.dataset.class_names)
    return {"classes": classes, "labels": labels.tolist(), "stages": told}


@cache
def _cards() -> list[dict[str, Any]]:
    return [
        {
            "kind": name,
            "title": cls.title,
            "help": cls.help,
            "problem": cls.usual_problem(),
            "form": cls.form,
            "input_shape": list(cls().input_shape),
            "dimensions": cls.dimensions,
            "source": cls.source,
            "licence": cls.licence,
            "preview": _preview(cls),
        }
        for name, cls in DATASETS.items()
    ]


def _preview(cls: type[Dataset]) -> dict[str, Any]:
    rows = preview(cls)
    return {"inputs": [row[:-1] for row in rows], "labels": [row[-1] for row in rows]}


@router.get(
    "/api/v1/tf-playground",
    summary="TensorFlow Playground address",
    tags=["experiment"],
    **_says(answers.Translation),
)
def tf_playground(request: Request) -> Response:
    """A TensorFlow Playground address (its part after #), as an experiment and a view."""
    experiment, view = translate(request.url.query)
    checked = Experiment.model_validate(experiment)
    return tagged({"experiment": checked.model_dump(mode="json"), "view": view})


# -- sessions ------------------------------------------------------------------------------


@router.get("/api/v1/sessions", summary="Sessions", tags=["sessions"], **_says(answers.Sessions))
def listed(
    request: Request,
    engine: Engines,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of a page.")] = None,
) -> Response:
    """The sessions in memory, in the order of their ids, for who holds an API key: an id is all
    that reading takes, so a server without keys lists none."""
    if not request.scope["key"]:
        raise HTTPException(403, "sessions are listed to holders of an API key of the server only")
    found = sorted(key for key in list(engine.sessions) if cursor is None or key > cursor)
    page = [engine.sessions.get(key) for key in found[:limit]]
    following = found[limit - 1] if len(found) > limit else None
    items = [_brief(session) for session in page if session is not None]
    response = tagged({"items": items, "next": following})
    if following is not None:
        _link(response, request, cursor=following)
    return response


def _brief(session: Session) -> dict[str, Any]:
    document = session.snapshot.session
    return {name: document[name] for name in answers.Brief.model_fields}


def _link(response: Response, request: Request, **query: Any) -> None:
    """Say where the next page is."""
    url = request.url.include_query_params(**query)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


@router.post(
    "/api/v1/sessions",
    summary="Create a session",
    status_code=201,
    tags=["sessions"],
    response_model=None,
    responses={201: {"model": answers.NewSession}},
)
def create(
    engine: Engines,
    body: Annotated[
        NewSession,
        Exact,
        Body(
            default_factory=lambda: NewSession.model_validate({}),
            openapi_examples=examples.CREATE,
        ),
    ],
) -> Response:
    """Begin a session. The answer holds the secret that controls it."""
    if body.log is not None:
        check(body.log)
    session = engine.create(body.experiment)
    if body.log is not None:
        session.replay(body.log)
    response = JSONResponse(session.snapshot.session | {"secret": session.secret}, 201)
    response.headers["Location"] = f"/api/v1/sessions/{session.id}"
    return response


@router.get(
    "/api/v1/sessions/{session_id}",
    summary="A session",
    tags=["sessions"],
    **_says(answers.Session),
)
def read(session: Readable) -> Response:
    """The session as it is now."""
    return tagged(session.snapshot.session)


@router.patch(
    "/api/v1/sessions/{session_id}",
    summary="Change a session",
    tags=["sessions"],
    **_says(answers.Session),
)
def patch(
    session: Controlled,
    body: Annotated[SessionPatch, Exact, Body(openapi_examples=examples.PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Change the experiment, play or pause, set the pace."""
    with session.lock:  # what was compared is what is changed
        _expect(session, if_match)
        if body.experiment is not None:
            session.act(c.Patch(experiment=body.experiment))
        if "speed" in body.model_fields_set:
            session.act(c.Speed(epochs_per_second=body.speed))
        if body.playing is not None:
            session.act(c.Play(steps=None) if body.playing else c.Pause())
        return tagged(session.snapshot.session)


def _expect(session: Session, if_match: str | None) -> None:
    """Raises HTTPException 412 where the session is none of those that the caller knows."""
    if if_match is None:
        return
    now = tagged(session.snapshot.session).headers["ETag"]
    if not has(if_match, now, f'"{session.experiment.digest()}"'):
        raise HTTPException(412, "the session has changed; read it again", {"ETag": now})


@router.get(
    "/api/v1/sessions/{session_id}/log", summary="Log of a session", tags=["sessions"], **_says(Log)
)
def log(session: Readable) -> Response:
    """The run so far: what it began as and all that was done to it, with the digest of its
    weights. Posted as the `log` of a new session, it is replayed to the same weights."""
    return tagged(session.log().model_dump(mode="json"))


@router.delete(
    "/api/v1/sessions/{session_id}", summary="End a session", status_code=204, tags=["sessions"]
)
async def delete(session: Controlled, engine: Engines, keeper: Keepers) -> None:
    """End the session, for good."""
    await asyncio.to_thread(engine.delete, session)  # which may wait for its turn to end
    await keeper.forget(session.id)


@router.post(
    "/api/v1/sessions/{session_id}/commands",
    summary="Give a command",
    tags=["sessions"],
    response_model=None,
    responses={200: {"model": answers.Session}, 202: {"model": answers.Job}},
)
async def command(
    request: Request,
    session: Controlled,
    jobs: Known,
    body: Annotated[Command, Exact, Body(openapi_examples=examples.COMMANDS)],
    prefer: Prefer = None,
) -> Response:
    """Carry out a command; `advance` is answered when it is done, or with a job as `train` is."""
    if isinstance(body, c.Advance):
        job = await _begun(session, body)
        if await job.wait(_seconds(request, prefer)) is None:
            return accepted(job, jobs)
    else:
        await asyncio.to_thread(session.act, body)
    return tagged(session.snapshot.session)


# -- training ------------------------------------------------------------------------------


@router.post(
    "/api/v1/sessions/{session_id}/train",
    summary="Train",
    tags=["training"],
    response_model=None,
    responses={
        200: {
            "model": answers.Trained,
            "description": "The result; with `stream` such a line per progress, and in each "
            "whether it is `done`.",
            "content": {"application/x-ndjson": {}},
        },
        202: {"model": answers.Job},
    },
)
async def train(
    request: Request,
    session: Controlled,
    jobs: Known,
    body: Annotated[Train, Exact, Body(openapi_examples=examples.TRAIN)],
    prefer: Prefer = None,
) -> Response:
    """Train and answer with step, metrics and a digest of the weights. Where the caller does not
    wait (`wait`, `Prefer`), or it takes longer than a call may last, with 202 and a job."""
    if body.stream and once.HEADER in request.headers:
        raise HTTPException(422, "a stream cannot be given again; leave the Idempotency-Key out")
    job = await _begun(session, c.Advance(steps=body.steps, epochs=body.epochs))
    if body.stream:
        # As it is, so that no compression holds a line back.
        headers = {"Content-Encoding": "identity"}
        progress = _progress(session, request.app.state.settings.stream_seconds)
        return StreamingResponse(progress, media_type="application/x-ndjson", headers=headers)
    found = await job.wait(_seconds(request, prefer) if body.wait else 0.0)
    return accepted(job, jobs) if found is None else tagged(found)


async def _begun(session: Session, order: c.Advance) -> Job:
    first, last = await asyncio.to_thread(begin, session, order)
    return Job(session, first, last)


def _seconds(request: Request, prefer: str | None) -> float:
    """How long a call waits for training."""
    most = request.app.state.settings.wait_seconds
    wished = patience(prefer)
    return most if wished is None else min(most, wished)


async def _progress(session: Session, seconds: float) -> AsyncIterator[str]:
    """A JSON line a quarter of a second, the last with the result, where it comes in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    done = False
    while not done:
        done = await over(session, 0.25)
        yield json.dumps(await asyncio.to_thread(result, session) | {"done": done}) + "\n"
        if loop.time() > end:
            return


@router.get(
    "/api/v1/sessions/{session_id}/metrics",
    summary="Curves",
    tags=["training"],
    **_says(answers.Curves),
)
def metrics(
    request: Request,
    session: Readable,
    after: Annotated[int, Query(ge=-1, le=2**53, description="Rows of later steps only.")] = -1,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> Response:
    """The curves so far."""
    curve = session.curve()
    rows = [row for row in curve["rows"] if row[0] > after]
    response = tagged(curve | {"rows": rows[:limit]})
    if len(rows) > limit:
        _link(response, request, after=int(rows[limit - 1][0]))
    return response


@router.post(
    "/api/v1/sessions/{session_id}/predict",
    summary="Predict",
    tags=["training"],
    **_says(answers.Prediction),
)
def predict(
    session: Readable, body: Annotated[Examples, Exact, Body(openapi_examples=examples.PREDICT)]
) -> Response:
    """Outputs, and for classification the class, of every example."""
    outputs, classes = predicted(session, body)
    found = None if classes is None else classes.tolist()
    return JSONResponse({"outputs": finite(outputs.tolist()), "classes": found})


def predicted(run: Run, body: Examples) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
    """The outputs (N, ..., K) and, for classification, the classes (N, ...). Raises Refused and
    HTTPException."""
    with run.lock:  # what was checked is what is asked
        experiment = run.experiment
        if body.rows is not None:
            outputs = run.predict_rows(body.rows)
        else:
            outputs = run.predict(_examples(body.inputs or [], run))
    if not experiment.task.classes:
        return outputs, None
    low = target_low(experiment.training.loss, experiment.output_activation)
    return outputs, np.asarray(predicted_classes(outputs, experiment.task, low))


def _examples(inputs: list[list[answers.Numbers]], run: Run) -> NDArray[Any]:
    """The examples (N, *raw_shape) as the run's data are. Raises HTTPException."""
    dataset, shape = run.experiment.data.dataset, raw_shape(run.experiment)
    if len(inputs) * math.prod(shape) > MAX_NUMBERS:
        raise HTTPException(422, f"these are too many numbers; send {MAX_NUMBERS:,} at most")
    rows = [_example(row, i, shape) for i, row in enumerate(inputs)]
    examples = np.array(rows)
    low, high = _limits(dataset)
    if not ((examples >= low) & (examples <= high)).all():
        raise HTTPException(422, f"the inputs of {dataset.kind!r} lie between {low:g} and {high:g}")
    return examples.astype(run.loaded.pool.dtype)


def _example(row: list[answers.Numbers], index: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    wanted = "×".join(map(str, shape))
    try:
        numbers = np.array(row, np.float64)
    except (ValueError, TypeError, OverflowError):
        detail = f"row {index} is not {wanted} numbers, as an example of this problem is"
        raise HTTPException(422, detail) from None
    if numbers.shape != shape:
        given = "×".join(map(str, numbers.shape))
        detail = f"row {index} has {given} numbers; an example of this problem has {wanted}"
        raise HTTPException(422, detail)
    return numbers


def _limits(dataset: Dataset) -> tuple[float, float]:
    """Between which numbers an example's inputs lie."""
    if dataset.vocabulary:
        return 0, len(dataset.vocabulary) - 1
    return (0, 255) if dataset.form == "image" else (-FAR, FAR)


def finite(value: Any) -> Any:
    """Nested lists of numbers; JSON has no NaN and no infinity."""
    if isinstance(value, list):
        rows: list[Any] = value
        return [finite(row) for row in rows]
    return value if math.isfinite(value) else None


@router.post(
    "/api/v1/sessions/{session_id}/generate",
    summary="Generate",
    tags=["training"],
    **_says(answers.Generation),
)
def generate(
    session: Readable, body: Annotated[Noise, Exact, Body(openapi_examples=examples.GENERATE)]
) -> Response:
    """Examples that the session's generator makes."""
    generator = session.experiment.generator
    if generator is None:
        raise HTTPException(422, "the experiment has no generator; give it one")
    noise = _noise(body, generator)
    size = math.prod(session.experiment.data.example_shape)
    if len(noise) * size > MAX_NUMBERS:
        raise HTTPException(
            422, f"these would be too many; ask for {MAX_NUMBERS // size:,} at most"
        )
    made = session.generate(noise)
    return JSONResponse({"noise": noise.tolist(), "examples": finite(made.tolist())})


def _noise(body: Noise, generator: Generator) -> NDArray[np.float32]:
    """(N, latent). Raises HTTPException."""
    if body.noise is None:
        return drawn_on_host(generator, body.seed, body.count)
    if any(len(row) != generator.latent for row in body.noise):
        raise HTTPException(422, f"every row of noise is of {generator.latent} numbers")
    noise = np.array(body.noise, np.float64)
    if not (np.abs(noise) <= FAR).all():
        raise HTTPException(422, f"noise lies between {-FAR:g} and {FAR:g}")
    return noise.astype(np.float32)


@router.post(
    "/api/v1/sessions/{session_id}/evaluate",
    summary="Evaluate",
    tags=["training"],
    **_says(answers.Evaluation),
)
def evaluate(
    session: Readable, body: Annotated[Part, Exact, Body(openapi_examples=examples.EVALUATE)]
) -> Response:
    """Loss and score over all examples of a part. The scores elsewhere are, of pictures,
    sequences and tokens, those of a sample. That the test part was asked is written down in the
    session's `evaluations`: who chooses by it has no test part any more."""
    found = session.evaluate(body.part)
    numbers = {name: v for name, v in found.items() if isinstance(v, float)}
    return JSONResponse(found | {name: finite(value) for name, value in numbers.items()})


@router.get(
    "/api/v1/sessions/{session_id}/weights",
    summary="Weights",
    tags=["training"],
    **_says(answers.Weights),
)
def weights(session: Readable) -> Response:
    """Every weight and bias, with a digest."""
    return tagged(session.weights())


@router.get(
    "/api/v1/sessions/{session_id}/equation",
    summary="Equation",
    tags=["training"],
    **_says(answers.Equation),
)
def equation(session: Readable) -> Response:
    """The network's formula in LaTeX."""
    return tagged({"latex": session.equation()})
