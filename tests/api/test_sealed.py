"""The test part is told of when it is asked, which is written down; sealed, only then."""

from __future__ import annotations

import httpx
import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from tests.conftest import CACHE

from .test_events import events

SESSIONS = "/api/v1/sessions"
SEALED = {"data": {"dataset": "xor", "split": {"validation": 20, "sealed": True}}}


@pytest.fixture
def begin(client):
    def begin(experiment):
        made = client.post(SESSIONS, json={"experiment": experiment})
        assert made.status_code == 201, made.text
        session = made.json()
        return f"{SESSIONS}/{session['id']}", {"Authorization": f"Bearer {session['secret']}"}

    return begin


def test_every_time_is_written_down(client, begin) -> None:
    path, secret = begin({"data": {"dataset": "xor"}})
    assert client.get(path).json()["evaluations"] == []
    first = client.post(f"{path}/evaluate", json={"part": "test"}).json()
    client.post(f"{path}/evaluate", json={"part": "train"})  # is no secret
    client.post(f"{path}/train", json={"steps": 30}, headers=secret)
    second = client.post(f"{path}/evaluate", json={"part": "test"}).json()
    assert client.get(path).json()["evaluations"] == [first, second]
    assert (first["step"], second["step"]) == (0, 30)
    assert second["digest"] == client.get(f"{path}/weights").json()["digest"] != first["digest"]
    metrics = client.post(f"{path}/train", json={"steps": 1}, headers=secret).json()["metrics"]
    assert metrics["test"] is not None  # open

    # other examples are another test part: nobody has asked that one
    other = {"experiment": {"data": {"seed": 5}}}
    assert client.patch(path, json=other, headers=secret).json()["evaluations"] == []
    back = {"experiment": {"data": {"seed": 0}}}
    found = client.patch(path, json=back, headers=secret).json()["evaluations"]
    assert found == [first, second]


def test_a_sealed_part_is_told_by_nothing_else(client, begin) -> None:
    path, secret = begin(SEALED)
    trained = client.post(f"{path}/train", json={"epochs": 3}, headers=secret).json()
    assert trained["metrics"]["test"] is None
    assert trained["metrics"]["validation"]["loss"] > 0
    curve = client.get(f"{path}/metrics").json()
    tested = [curve["columns"].index(f"test_{what}") for what in ("loss", "score")]
    assert curve["rows"] and all(row[i] is None for row in curve["rows"] for i in tested)

    # what it says when it is asked is what it would have said all the time
    asked = client.post(f"{path}/evaluate", json={"part": "test"}).json()
    opened = {"experiment": {"data": {"split": {"sealed": False}}}}
    session = client.patch(path, json=opened, headers=secret).json()
    assert session["step"] == asked["step"] and session["evaluations"] == [asked]
    row = client.get(f"{path}/metrics").json()["rows"][-1]
    again = client.post(f"{path}/evaluate", json={"part": "test"}).json()
    assert (again["loss"], again["accuracy"]) == (asked["loss"], asked["accuracy"])
    assert row[0] == asked["step"]


def test_nobody_is_shown_its_examples(server_url: str) -> None:
    with httpx.Client(base_url=server_url, timeout=60) as http:
        session = http.post(SESSIONS, json={"experiment": SEALED}).json()
        path = f"{SESSIONS}/{session['id']}"
        # the confusion matrix is, left alone, that of the test part
        with events(http, path, "?data=true&view=surface&view=confusion") as stream:
            seen = {}
            for kind, told, _ in stream:
                seen[kind] = told
                if "data" in seen and seen.get("frame", {}).get("views"):
                    break
        assert list(seen["frame"]["views"]) == ["surface"]
        assert seen["frame"]["metrics"]["test"] is None
        assert set(seen["data"]["split"]) == {0, 1}
        assert len(seen["data"]["inputs"]) == sum(session["counts"].values()) - 150
        http.delete(path, headers={"Authorization": f"Bearer {session['secret']}"})


def test_it_wants_something_else_to_choose_by(client) -> None:
    alone = {"data": {"dataset": "xor", "split": {"sealed": True}}}
    answer = client.post(SESSIONS, json={"experiment": alone})
    (error,) = answer.json()["errors"]
    assert answer.status_code == 422 and error["path"] == "/experiment/data/split/sealed"
    assert "validation part" in error["message"]


def test_it_is_known_after_a_restart(tmp_path) -> None:
    database = f"sqlite:///{tmp_path}/layerlab.db"
    settings = Settings(data_dir=CACHE, database_url=database, rate_limit=0)
    with TestClient(create_app(settings)) as client:
        made = client.post(SESSIONS, json={"experiment": SEALED}).json()
        path = f"{SESSIONS}/{made['id']}"
        asked = client.post(f"{path}/evaluate", json={"part": "test"}).json()
    with TestClient(create_app(settings)) as client:
        assert client.get(path).json()["evaluations"] == [asked]
