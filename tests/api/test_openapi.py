"""What /openapi.json says holds: every example of it, and whatever Schemathesis thinks of."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema_rs import validator_for

from server.api import once
from server.app import create_app
from server.settings import Settings
from tests.conftest import CACHE, serving

KEY = "a-key-for-the-tests"
API = "/api/v1"
#: a call that trains is answered with a job, and a stream ends, in the time of a test
OPTIONS = {
    "LAYERLAB_API_KEYS": KEY,
    "LAYERLAB_WAIT_SECONDS": 0.2,
    "LAYERLAB_STREAM_SECONDS": 0.2,
    "LAYERLAB_RATE_LIMIT": 1_000_000,
    "LAYERLAB_FPS_LIMIT": 30,
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("openapi")
    database = f"sqlite:///{folder / 'layerlab.db'}"
    with serving(folder / "log", LAYERLAB_DATABASE_URL=database, **OPTIONS) as url:
        yield url


@pytest.fixture(scope="module")
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers={"X-API-Key": KEY}, timeout=60) as client:
        yield client


application = create_app(Settings(data_dir=CACHE, api_keys=(KEY,)))  # the same, to be read
DOCUMENT = application.openapi()


BYTES = {"Content-Type": "application/octet-stream"}
FILE = b"a,b\n1,x\n2,y\n"


class Things:
    """What the paths of a call may name, made for it and ended after it."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.headers: dict[str, str] = {"X-API-Key": KEY}
        self.ended = ""  # the path of what has to be
        self.owner: dict[str, str] = {}  # who may end it, where that is somebody else
        self.body: dict[str, Any] = {}  # what the example of a body cannot know

    def __enter__(self) -> Things:
        return self

    def name(self, path: str) -> dict[str, Any]:
        """Values for the parameters of a path."""
        names: dict[str, Any] = {}
        if "{session_id}" in path:
            needs = {"experiment": {"generator": {}}} if path.endswith("generate") else None
            made = self.http.post(f"{API}/sessions", json=needs).json()
            self.ended = f"{API}/sessions/{made['id']}"
            self.headers["Authorization"] = f"Bearer {made['secret']}"
            names["session_id"] = made["id"]
        if "{sweep_id}" in path:
            made = self.http.post(f"{API}/sweeps", json={"seeds": 1, "epochs": 1}).json()
            self.ended = f"{API}/sweeps/{made['id']}"
            self.headers["Authorization"] = f"Bearer {made['secret']}"
            names |= {"sweep_id": made["id"], "run": 0, "setting": 0}
            names = {name: value for name, value in names.items() if f"{{{name}}}" in path}
        if "deployments" in path:
            names |= self._deployed(path)
        if "{job_id}" in path:
            order = {"steps": 10_000_000, "wait": False}
            job = self.http.post(f"{self.ended}/train", json=order, headers=self.headers)
            names["job_id"] = job.json()["id"]
        if "{upload_id}" in path:
            made = self.http.post(f"{API}/uploads", content=FILE, headers=BYTES)
            names["upload_id"] = made.json()["id"]
        if "{kind}" in path:
            names["kind"] = "own_table"
        if "{target}" in path:
            names["target"] = "keras"
        if "{share_id}" in path:
            names["share_id"] = self.http.post(f"{API}/shares", json={"experiment": {}}).json()[
                "id"
            ]
        return names

    def _deployed(self, path: str) -> dict[str, Any]:
        """A deployed model by its id, with its key; or a session to be deployed."""
        if not self.ended:
            made = self.http.post(f"{API}/sessions", json={}).json()
            self.ended = f"{API}/sessions/{made['id']}"
            self.headers["Authorization"] = f"Bearer {made['secret']}"
        self.body = {"session": self.ended.rpartition("/")[2]}
        if "{deployment_id}" not in path:
            return {}
        made = self.http.post(f"{API}/deployments", json=self.body, headers=self.headers).json()
        self.owner, self.headers = (
            self.headers,
            self.headers | {"Authorization": f"Bearer {made['key']}"},
        )
        return {"deployment_id": made["id"]}

    def __exit__(self, *_: object) -> None:
        if self.ended:
            self.http.delete(self.ended, headers=self.owner or self.headers)


#: things, and what the parameters of a path are with them
Named = tuple[Things, dict[str, Any]]


# -- examples ----------------------------------------------------------------------------


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def bodies(operation: dict[str, Any]) -> dict[str, Any]:
    """The examples of an operation's body by their names; one of none where it has no body."""
    content = operation.get("requestBody", {}).get("content", {})
    if BYTES["Content-Type"] in content:
        return {"a file": FILE}
    examples = content.get("application/json", {}).get("examples", {"": {"value": None}})
    return {name: example["value"] for name, example in examples.items()}


EXAMPLES = [
    pytest.param(path, method, body, id=f"{method} {path} {name}".strip())
    for path, method, operation in operations()
    for name, body in bodies(operation).items()
]


@pytest.mark.parametrize(("path", "method", "body"), EXAMPLES)
def test_every_example_runs(http, path, method, body) -> None:
    with Things(http) as things:
        address = path.format(**things.name(path))
        if isinstance(body, bytes):
            headers = things.headers | BYTES
            answer = http.request(method, address, content=body, headers=headers)
        else:
            known = body and body | {name: v for name, v in things.body.items() if name in body}
            answer = http.request(method, address, json=known, headers=things.headers)
    assert answer.is_success, answer.text
    known = DOCUMENT["paths"][path][method]["responses"][str(answer.status_code)]
    media_type = answer.headers.get("content-type", "").split(";")[0]
    if answer.content and media_type == "application/json":
        schema = known["content"][media_type]["schema"]
        checked = {**schema, "components": DOCUMENT["components"]}
        validator_for(checked).validate(answer.json())


def test_every_body_has_examples_and_every_error_is_a_problem() -> None:
    for path, method, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            assert content.get("examples"), f"{method} {path} has no examples"
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert "application/problem+json" in answer["content"], (method, path, status)


def test_every_operation_has_a_name_of_its_own_in_words() -> None:
    names = [operation["summary"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    assert "TensorFlow Playground address" in names and not [n for n in names if "_" in n]


# -- Schemathesis ------------------------------------------------------------------------

#: what a schema cannot say: rules between fields, and what a network or a session is just now
RULED = {
    "POST /api/v1/sessions": ["422"],
    "PATCH /api/v1/sessions/{session_id}": ["412", "422"],
    "POST /api/v1/sessions/{session_id}/commands": ["422"],
    "POST /api/v1/deployments/{deployment_id}/predict": ["422"],
    "POST /api/v1/preparation": ["422"],
    "POST /api/v1/profile": ["422"],
    "POST /api/v1/sessions/{session_id}/generate": ["422"],
    "POST /api/v1/sessions/{session_id}/predict": ["422"],
    "POST /api/v1/sessions/{session_id}/train": ["422"],
    "POST /api/v1/shares": ["422"],
    "POST /api/v1/sweeps": ["422"],
}
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409"]
#: with an experiment in the body there are thousands of cases to cover; these are drawn from
LARGE = {
    "POST /api/v1/preparation",
    "POST /api/v1/sessions",
    "POST /api/v1/shares",
    "POST /api/v1/sweeps",
}
CONFIG = {
    "operations": [
        {
            "include-name": name,
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED + more}},
            "phases": {"coverage": {"enabled": name not in LARGE}},
        }
        for name, more in RULED.items()
    ]
}
fuzzed = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config.from_dict(CONFIG))


def no_numbers(given: dict[str, Any]) -> dict[str, Any]:
    """What Schemathesis gave in place of the number of a run or a setting: it stays wrong."""
    return {
        name: value
        for name, value in given.items()
        if name in ("run", "setting") and not isinstance(value, int)
    }


@pytest.fixture(scope="module")
def connection() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="module")
def things_of(http) -> Iterator[Callable[[Any], AbstractContextManager[Named]]]:
    """What a case may name, and the names: for calls that only read, made once for each path."""
    with ExitStack() as stack:

        @cache
        def lasting(path: str) -> Named:
            things = stack.enter_context(Things(http))
            return things, things.name(path)

        @contextmanager
        def of(case: Any) -> Iterator[Named]:
            # a job trains for as long as it lives
            if case.method.upper() == "GET" and "{job_id}" not in case.path:
                yield lasting(case.path)
                return
            with Things(http) as things:
                yield things, things.name(case.path)

        yield of


@fuzzed.parametrize()
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_call_is_answered_otherwise_than_documented(
    case, address, things_of, connection
) -> None:
    with things_of(case) as (things, names):
        if once.KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
            case.headers["Idempotency-Key"] = str(uuid.uuid4())  # a valid one is a new one
        given = case.path_parameters or {}
        case.path_parameters = given | names | no_numbers(given)
        case.headers["X-API-Key"] = KEY  # also here, so that it is not taken for left out
        case.call_and_validate(base_url=address, headers=things.headers, session=connection)
