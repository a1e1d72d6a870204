"""What holds for calls of every kind: ETags, idempotency keys, jobs, API keys, rate limits."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.websockets import WebSocketDisconnect

from server.api.limits import WINDOW, Buckets, network
from server.app import create_app
from server.settings import Settings
from tests.conftest import CACHE

API = "/api/v1/sessions"
KEY = "a-key-of-this-server"
LONG = 100_000_000


@contextmanager
def serving(folder, **options):
    """An application with these settings."""
    database = f"sqlite:///{folder / 'layerlab.db'}"
    settings = Settings(data_dir=CACHE, database_url=database, **options)
    with TestClient(create_app(settings)) as client:
        yield client


def begin(client) -> tuple[str, dict[str, str]]:
    """A session's path, and the headers that control it."""
    made = client.post(API).json()
    return f"{API}/{made['id']}", {"Authorization": f"Bearer {made['secret']}"}


@pytest.fixture
def session(client):
    path, headers = begin(client)
    yield path, headers
    client.delete(path, headers=headers)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/", "GET, HEAD"),
        ("/static/app.js", "GET, HEAD"),
        ("/api/v1/schema", "GET"),
        ("/api/v1/sessions", "GET, POST"),
        ("/api/v1/sessions/none", "DELETE, GET, PATCH"),
    ],
)
def test_a_method_that_is_none_here_is_told_those_that_are(client, path, methods) -> None:
    answer = client.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


# -- ETags -------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["", "/log", "/weights", "/metrics", "/moment", "/jobs"])
def test_who_has_the_answer_is_told_so_until_it_is_another(client, session, rest) -> None:
    path, headers = session
    tag = client.get(path + rest).headers["etag"]
    for given_tags in (tag, f'"other", W/{tag}', "*"):
        again = client.get(path + rest, headers={"If-None-Match": given_tags})
        assert again.status_code == 304 and again.headers["etag"] == tag and not again.content
    assert client.get(path + rest, headers={"If-None-Match": '"other"'}).status_code == 200
    if rest != "/jobs":
        client.post(path + "/train", json={"steps": 3}, headers=headers)
        assert client.get(path + rest, headers={"If-None-Match": tag}).status_code == 200


def test_a_change_can_be_bound_to_what_was_read(client, session) -> None:
    path, headers = session
    read = client.get(path)
    one, other = ({"experiment": {"training": {"learning_rate": rate}}} for rate in (0.1, 0.2))
    known = headers | {"If-Match": read.headers["etag"]}
    first = client.patch(path, json=one, headers=known)
    assert first.status_code == 200
    late = client.patch(path, json=other, headers=known)
    assert late.status_code == 412 and late.headers["etag"] == first.headers["etag"]
    assert client.get(path).json()["experiment"]["training"]["learning_rate"] == 0.1
    # the digest of the experiment holds on while training goes on
    client.post(path + "/train", json={"steps": 3}, headers=headers)
    same = headers | {"If-Match": f'"{first.json()["digest"]}"'}
    assert client.patch(path, json=other, headers=same).status_code == 200


# -- idempotency keys --------------------------------------------------------------------


def test_a_call_made_again_is_answered_as_it_was(client, session) -> None:
    once = {"Idempotency-Key": str(uuid.uuid4())}
    first = client.post(API, json={}, headers=once)
    again = client.post(API, json={}, headers=once)
    assert again.status_code == 201 and again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    other = client.post(API, json={"experiment": {"seed": 1}}, headers=once)
    assert other.status_code == 422 and "another body" in other.text
    path, headers = session
    for _ in range(2):
        trained = client.post(path + "/train", json={"steps": 5}, headers=headers | once)
        assert trained.json()["step"] == 5


def test_a_refused_call_may_be_made_again_with_its_key(client) -> None:
    once = {"Idempotency-Key": str(uuid.uuid4())}
    assert client.post(API, json={"experiment": {"seed": -1}}, headers=once).status_code == 422
    assert client.post(API, json={}, headers=once).status_code == 201
    assert client.post(API, headers={"Idempotency-Key": "short"}).status_code == 422


# -- jobs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "prefer"),
    [({"wait": False}, {}), ({}, {"Prefer": "respond-async"}), ({}, {"Prefer": "wait=0"})],
)
def test_a_long_call_is_a_job(client, session, body, prefer) -> None:
    path, headers = session
    begun = client.post(path + "/train", json=body | {"steps": LONG}, headers=headers | prefer)
    assert begun.status_code == 202
    where = begun.headers["location"]
    job = client.get(where).json()
    assert job["status"] == "running" and job["last_step"] == LONG and job["result"] is None
    assert 0 <= job["progress"] < 1 and job["id"] in {one["id"] for one in job_list(client, path)}
    assert client.delete(where).status_code == 401
    assert client.delete(where, headers=headers).status_code == 204
    assert client.get(where).status_code == 404
    assert not client.get(path).json()["playing"]


def job_list(client, path):
    return client.get(path + "/jobs").json()


def test_a_job_that_is_done_has_the_result(client, session) -> None:
    path, headers = session
    order = {"steps": 50, "wait": False}
    where = client.post(path + "/train", json=order, headers=headers).headers["location"]
    wait = {"kind": "advance", "steps": 50}
    client.post(path + "/commands", json={"kind": "pause"}, headers=headers)
    client.post(path + "/commands", json=wait, headers=headers)
    job = client.get(where).json()
    assert job["status"] in ("done", "interrupted") and job["result"]["step"] == job["step"]


def test_a_call_that_lasts_too_long_becomes_a_job(tmp_path) -> None:
    with serving(tmp_path, wait_seconds=0.05) as client:
        path, headers = begin(client)
        for rest, order in (
            ("/train", {"steps": LONG}),
            ("/commands", {"kind": "advance", "steps": LONG}),
        ):
            answer = client.post(path + rest, json=order, headers=headers)
            assert answer.status_code == 202 and answer.json()["status"] == "running"
        client.delete(path, headers=headers)


# -- pages -------------------------------------------------------------------------------


def test_curves_come_in_pages(client, session) -> None:
    path, headers = session
    for _ in range(5):
        client.post(path + "/train", json={"steps": 10}, headers=headers)
        whole = client.get(path + "/metrics").json()["rows"]
    found, where = [], f"{path}/metrics?limit=2"
    while where:
        page = client.get(where)
        found += page.json()["rows"]
        where = page.links.get("next", {}).get("url")
    assert found == whole and len(whole) > 4


def test_a_mistyped_parameter_is_no_silence(client, session) -> None:
    answer = client.get(session[0] + "/metrics?limt=2")
    assert answer.status_code == 422 and "limit" in answer.json()["errors"][0]["message"]


# -- API keys ----------------------------------------------------------------------------


def test_a_server_may_want_keys(tmp_path) -> None:
    hashed = "sha256:" + hashlib.sha256(KEY.encode()).hexdigest()
    with serving(tmp_path, api_keys=(hashed, "another-key-of-it")) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/openapi.json").status_code == 200
        for wrong in ({}, {"X-API-Key": "guess"}, {"Authorization": "Bearer guess"}):
            refused = client.post(API, headers=wrong)
            assert refused.status_code == 401
            assert refused.headers["content-type"] == "application/problem+json"
        assert client.get(API, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
        client.headers["X-API-Key"] = KEY
        paths = {begin(client)[0] for _ in range(3)}
        found, where = set(), f"{API}?limit=2"
        while where:
            page = client.get(where)
            assert len(page.json()["items"]) <= 2
            found |= {f"{API}/{one['id']}" for one in page.json()["items"]}
            where = page.links.get("next", {}).get("url")
        assert found == paths
        path, headers = begin(client)
        assert client.patch(path, json={}).status_code == 401  # a key is no secret
        assert client.patch(path, json={}, headers=headers).status_code == 200


def test_without_keys_sessions_are_not_listed(client) -> None:
    assert client.get(API).status_code == 403


def test_the_page_asks_for_the_key_and_keeps_it(tmp_path) -> None:
    with serving(tmp_path, api_keys=(KEY,)) as client:
        asked = client.get("/")
        assert asked.status_code == 401 and 'name="key"' in asked.text
        path = f"{API}/nobody/live"
        with pytest.raises(WebSocketDisconnect) as end, client.websocket_connect(path) as socket:
            socket.receive_text()
        assert end.value.code == 4401
        assert "not one of" in client.post("/", data={"key": "wrong"}).text
        come = client.post("/?embed=1", data={"key": KEY}, follow_redirects=False)
        assert come.status_code == 303 and come.headers["location"].endswith("/?embed=1")
        assert "HttpOnly" in come.headers["set-cookie"]
        assert client.get("/").status_code == 200
        assert client.post(API).status_code == 201  # as the page's own calls


@pytest.mark.parametrize("key", ["short", "sha256:12", "Schlüssel-eines-Servers"])
def test_a_key_that_is_none_is_refused_at_the_start(key) -> None:
    with pytest.raises(ValueError, match="key 1"):
        Settings(api_keys=(key,))


# -- limits ------------------------------------------------------------------------------


def test_who_calls_too_often_is_told_when_to_come_again(tmp_path) -> None:
    with serving(tmp_path, rate_limit=3) as client:
        left = [client.get("/api/v1/exports") for _ in range(3)]
        assert [one.headers["ratelimit"].split(";")[1] for one in left] == ["r=2", "r=1", "r=0"]
        assert left[0].headers["ratelimit-policy"] == '"calls";q=3;w=60'
        much = client.get("/api/v1/exports")
        assert much.status_code == 429 and 1 <= int(much.headers["retry-after"]) <= 20
        assert much.headers["content-type"] == "application/problem+json"
        assert client.get("/healthz").status_code == 200


@given(
    limit=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_a_bucket_gives_no_more_than_it_holds_and_what_flows_in(limit, pauses) -> None:
    buckets, now, taken = Buckets(limit), 0.0, 0
    for pause in pauses:
        now += pause
        verdict = buckets.take("one", now)
        taken += verdict.allowed
        assert taken <= limit + now * limit / WINDOW + 1e-6
        assert verdict.allowed or buckets.take("one", now + verdict.wait + 1e-6).allowed is True
        if not verdict.allowed:
            now, taken = now + verdict.wait + 1e-6, taken + 1
    assert buckets.take("another", now).allowed


@pytest.mark.parametrize(
    ("host", "who"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_client_is_an_address_or_a_customers_network(host, who) -> None:
    assert network(host) == who
