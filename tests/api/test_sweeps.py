"""The routes of sweeps, through the application itself."""

from __future__ import annotations

import threading

import pytest

SWEEPS = "/api/v1/sweeps"
RATES = {"path": "/training/learning_rate", "values": [0.01, 0.1]}
#: too long to end in a test
LONG = {"steps": 10_000_000, "seeds": 2}


@pytest.fixture
def begin(client):
    """Begins a sweep; at the end it is forgotten."""
    begun = []

    def begin(**fields):
        answer = client.post(SWEEPS, json=fields)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        body["auth"] = {"Authorization": f"Bearer {body['secret']}"}
        assert answer.headers["Location"] == path(body)
        begun.append(body)
        return body

    yield begin
    for body in begun:
        client.delete(path(body), headers=body["auth"])


def path(sweep, rest: str = "") -> str:
    return f"{SWEEPS}/{sweep['id']}{rest}"


def until(client, sweep, condition):
    """The sweep's summary, once it is so."""
    for _ in range(5000):
        body = client.get(path(sweep)).json()
        if condition(body):
            return body
        threading.Event().wait(0.02)
    return pytest.fail("it did not come about")


def ended(body) -> bool:
    return body["state"] != "running"


def test_a_sweep_is_begun_read_and_forgotten(client, begin) -> None:
    sweep = begin(axes=[RATES], seeds=2, epochs=4)
    assert sweep["axes"] == [{"path": RATES["path"], "title": "Learning rate"}]
    assert sweep["part"] == "test" and sweep["progress"]["runs"] == 4
    body = until(client, sweep, ended)
    assert "secret" not in body
    assert body["state"] == "done" and body["progress"]["fraction"] == 1
    assert [run["step"] for run in body["runs"]] == [100] * 4
    losses = [run["loss"] for run in body["runs"]]
    assert body["best"] == losses.index(min(losses))
    assert set(body["importance"]) == {"axes", "seed", "rest"}
    first = client.get(path(sweep))
    again = client.get(path(sweep), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert client.delete(path(sweep), headers=sweep["auth"]).status_code == 204
    assert client.get(path(sweep)).status_code == 404


def test_a_run_has_curve_surface_and_log_and_opens_as_a_session(client, begin) -> None:
    sweep = begin(axes=[RATES], epochs=4)
    body = until(client, sweep, ended)
    run = client.get(path(sweep, "/runs/1")).json()
    assert run["experiment"]["training"]["learning_rate"] == 0.1
    assert run["curve"]["rows"][-1][0] == 100
    assert len(run["surface"]["maps"]) == 1
    answer = client.post(path(sweep, "/runs/1/open"))
    assert answer.status_code == 201, answer.text
    session = answer.json()
    where = f"/api/v1/sessions/{session['id']}"
    for _ in range(500):
        now = client.get(where).json()
        if now["status"] == "paused":
            break
        threading.Event().wait(0.02)
    assert now["step"] == 100 and now["reproduced"] is True
    assert client.get(f"{where}/weights").json()["digest"] == body["runs"][1]["digest"]
    auth = {"Authorization": f"Bearer {session['secret']}"}
    assert client.delete(where, headers=auth).status_code == 204


def test_the_seeds_of_a_setting_make_an_ensemble(client, begin) -> None:
    sweep = begin(axes=[RATES], seeds=3, epochs=2)
    until(client, sweep, ended)
    found = client.get(path(sweep, "/settings/1")).json()
    assert found["values"] == [0.1] and found["runs"] == [3, 4, 5] and found["members"] == 3
    assert found["mean"]["range"] == [-1, 1] and found["spread"]["range"][0] == 0
    surfaces = client.get(path(sweep, "/surfaces")).json()
    assert len(surfaces["surfaces"]) == 6
    newer = client.get(path(sweep, "/surfaces"), params={"since": surfaces["version"]})
    assert newer.json()["surfaces"] == {}


def test_cancel_and_resume_need_the_secret(client, begin) -> None:
    sweep = begin(**LONG)
    for call in ("/cancel", "/resume"):
        assert client.post(path(sweep, call)).status_code == 401
    assert client.delete(path(sweep)).status_code == 401
    until(client, sweep, lambda body: body["progress"]["training"] == 2)
    cancelled = client.post(path(sweep, "/cancel"), headers=sweep["auth"]).json()
    assert cancelled["state"] == "cancelled" and cancelled["progress"]["training"] == 0
    resumed = client.post(path(sweep, "/resume"), headers=sweep["auth"]).json()
    assert resumed["state"] == "running"


def test_no_run_of_a_sweep_is_kept_as_a_session(application, client, begin) -> None:
    sweep = begin(**LONG)
    until(client, sweep, lambda body: body["progress"]["training"] == 2)
    sessions = list(application.state.engine.sessions)
    ours = [one for one in sessions if application.state.sweeps.holds(one)]
    client.portal.call(application.state.keeper.keep, True)
    assert len(ours) == 2
    for one in ours:
        assert client.portal.call(application.state.store.run, one) is None


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"steps": 10, "axes": [{"path": "/speed", "values": [1]}]}, "/axes/0/path", "training"),
        ({"steps": 10, "axes": [{"path": "/training/l1"}]}, "/axes/0/values", "range"),
        ({}, "/epochs", "either"),
        ({"steps": 10, "seeds": 300}, "/seeds", "256"),
        (
            {"steps": 10, "experiment": {"training": {"batch_size": 0}}},
            "/experiment/training/batch_size",
            "greater",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_path_and_mend(client, fields, where, words) -> None:
    answer = client.post(SWEEPS, json=fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    first = answer.json()["errors"][0]
    assert first["path"] == where and words in first["message"], first


def test_what_is_not_there_is_said_to_be_missing(client, begin) -> None:
    sweep = begin(steps=10)
    assert client.get(f"{SWEEPS}/nobody").status_code == 404
    for missing in ("/runs/1", "/runs/-1", "/settings/1"):
        assert client.get(path(sweep, missing)).status_code == 404
