"""Deployed models: raw rows go in, and no session is needed any more."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sklearn.preprocessing import StandardScaler

from server.app import create_app
from server.datasets.split import TRAIN, load
from server.deployments import Deployments, TooMuch
from server.experiment import Experiment
from server.settings import Settings
from server.store import DeploymentTable
from tests.conftest import CACHE

DEPLOYMENTS = "/api/v1/deployments"
SESSIONS = "/api/v1/sessions"
IRIS = {"data": {"dataset": "iris"}, "network": {"layers": [{"kind": "dense", "units": 3}]}}
#: names of the columns, as they stand in the table
FLOWERS = [
    {"sepal length": 5.1, "sepal width": 3.5, "petal length": 1.4, "petal width": 0.2},
    {"sepal length": 6.3, "sepal width": 2.9, "petal length": 5.6, "petal width": 1.8},
    {"sepal length": 5.8, "sepal width": 2.6, "petal length": 4.0, "petal width": 1.2},
]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def begun(client, experiment, epochs: int = 0):
    """A session, trained for so long."""
    session = client.post(SESSIONS, json={"experiment": experiment}).json()
    if epochs:
        order = {"epochs": epochs}
        path = f"{SESSIONS}/{session['id']}/train"
        answer = client.post(path, json=order, headers=bearer(session["secret"]))
        assert answer.status_code == 200, answer.text
    return session


def deployed(client, session, **fields):
    body = {"session": session["id"], **fields}
    answer = client.post(DEPLOYMENTS, json=body, headers=bearer(session["secret"]))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Location"] == f"{DEPLOYMENTS}/{made['id']}"
    return made


def ask(client, model, **body):
    path = f"{DEPLOYMENTS}/{model['id']}/predict"
    return client.post(path, json=body, headers=bearer(model["key"]))


@pytest.fixture(scope="module")
def iris(client):
    """A trained session of irises and its deployed model."""
    session = begun(client, IRIS, epochs=5)
    return session, deployed(client, session, title="Irises")


def test_raw_rows_are_answered_as_scikit_learn_and_numpy_answer_them(client, iris) -> None:
    session, model = iris
    told = client.get(f"{DEPLOYMENTS}/{model['id']}").json()
    names = [column["name"] for column in told["columns"]]
    rows = [dict(zip(names, flower.values(), strict=True)) for flower in FLOWERS]
    answer = ask(client, model, rows=rows).json()

    path = f"{SESSIONS}/{session['id']}"
    same = client.post(f"{path}/predict", json={"rows": rows}).json()
    assert (answer["outputs"], answer["classes"]) == (same["outputs"], same["classes"])

    prepared = load(Experiment.model_validate(IRIS).data).prepared
    assert prepared is not None
    collected = np.stack(prepared.frames[0].columns, axis=1)
    scaler = StandardScaler().fit(collected[prepared.parts[0] == TRAIN])
    hidden, output = (one["params"] for one in client.get(f"{path}/weights").json()["layers"])
    given = scaler.transform(np.array([list(row.values()) for row in rows]))
    activation = session["graph"]["layers"][0]["activation"]
    z = given @ np.array(hidden["w"]) + hidden["b"]
    h = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[activation](z)
    logits = h @ np.array(output["w"]) + output["b"]
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.allclose(answer["outputs"], expected, atol=1e-5)
    assert answer["names"] == [told["class_names"][i] for i in expected.argmax(1)]
    assert [list(one.values()) for one in answer["probabilities"]] == answer["outputs"]
    assert list(answer["probabilities"][0]) == told["class_names"]


def test_everybody_is_told_what_goes_in_and_nobody_the_key(client, iris) -> None:
    session, model = iris
    answer = client.get(f"{DEPLOYMENTS}/{model['id']}")
    told = answer.json()
    assert model["key"] not in answer.text and session["id"] not in answer.text
    assert (told["title"], told["form"], told["dataset"]["kind"]) == ("Irises", "table", "iris")
    assert told["class_names"] == ["setosa", "versicolor", "virginica"]
    assert all(c["kind"] == "number" and c["used"] and not c["gaps"] for c in told["columns"])
    assert told["evaluation"] is None and told["digest"] == model["digest"]
    again = client.get(answer.url.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    (one,) = client.get(f"{SESSIONS}/{session['id']}/deployments").json()
    assert one["id"] == model["id"] and "key" not in one


def test_a_call_is_counted(client, iris) -> None:
    _, model = iris
    path = f"{DEPLOYMENTS}/{model['id']}"
    before = client.get(path).json()["calls"]
    row = {c["name"]: c["usual"] for c in client.get(path).json()["columns"]}
    assert ask(client, model, rows=[row]).status_code == 200
    after = client.get(path).json()
    assert after["calls"] == before + 1 and after["called"] >= after["created"]


def test_without_the_key_nothing_is_answered_or_deleted(client, iris) -> None:
    session, model = iris
    path = f"{DEPLOYMENTS}/{model['id']}"
    for headers in ({}, bearer("wrong"), bearer(session["secret"])):
        answer = client.post(f"{path}/predict", json={"rows": [{}]}, headers=headers)
        assert answer.status_code == 401 and "key" in answer.json()["errors"][0]["message"]
    assert client.delete(path, headers=bearer("wrong")).status_code == 401
    body = {"session": session["id"]}
    assert client.post(DEPLOYMENTS, json=body, headers=bearer("wrong")).status_code == 401
    assert client.post(DEPLOYMENTS, json=body).status_code == 401
    none = {"session": "none"}
    assert client.post(DEPLOYMENTS, json=none, headers=bearer("any")).status_code == 404


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "row 0: 'sepal length"),
        ({"colour": "red"}, "there is no column 'colour'"),
        ({"petal width": "wide"}, "row 0"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(client, iris, row, said) -> None:
    answer = ask(client, iris[1], rows=[row])
    assert answer.status_code == 422 and said in answer.json()["errors"][0]["message"]


def test_it_answers_when_the_session_is_gone_and_until_it_is_deleted(client) -> None:
    session = begun(client, {"data": {"dataset": "xor"}})
    points = {"inputs": [[1, 1], [-1, 2], [3, -4]]}
    path = f"{SESSIONS}/{session['id']}"
    expected = client.post(f"{path}/predict", json=points).json()
    model, other = deployed(client, session), deployed(client, session)
    assert client.delete(path, headers=bearer(session["secret"])).status_code == 204
    answer = ask(client, model, **points).json()
    assert (answer["outputs"], answer["classes"]) == (expected["outputs"], expected["classes"])
    assert answer["names"] == [["0", "1"][i] for i in expected["classes"]]
    assert answer["probabilities"] is None  # tanh gives none
    # by the key, and by the secret of the session it was made of
    for one, secret in ((model, model["key"]), (other, session["secret"])):
        mine = f"{DEPLOYMENTS}/{one['id']}"
        assert client.delete(mine, headers=bearer(secret)).status_code == 204
        assert client.get(mine).status_code == 404
        assert ask(client, one, **points).status_code == 404


def test_a_table_whose_file_is_gone_is_told(application, client, iris) -> None:
    _, model = iris
    kept = client.portal.call(DeploymentTable(application.state.store).find, model["id"])
    data = kept.experiment["data"] | {"dataset": {"kind": "own_table", "file": "0" * 64}}
    other = replace(kept, id="gone", experiment=kept.experiment | {"data": data})
    client.portal.call(DeploymentTable(application.state.store).keep, other, b"")
    assert client.get(f"{DEPLOYMENTS}/gone").json()["title"] == "Irises"
    answer = ask(client, model | {"id": "gone"}, rows=[{}])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert re.search("file.*deploy it anew", error["message"]), error


def test_later_training_does_not_reach_it_and_it_survives_its_server(tmp_path) -> None:
    settings = Settings(
        data_dir=CACHE, database_url=f"sqlite:///{tmp_path}/layerlab.db", rate_limit=0
    )
    row = {"pclass": "3rd", "sex": "female", "age": 22, "fare": 7.25}
    with TestClient(create_app(settings)) as client:
        session = begun(client, {"data": {"dataset": "titanic"}})
        model = deployed(client, session)
        dropped = [c["name"] for c in model["columns"] if not c["used"]]
        assert "name" in dropped
        row = {c["name"]: c["usual"] for c in model["columns"] if c["used"]} | {
            name: row[name] for name in row if name in {c["name"] for c in model["columns"]}
        }
        answer = ask(client, model, rows=[row])
        assert answer.status_code == 200, answer.text
        secret = bearer(session["secret"])
        client.patch(
            f"{SESSIONS}/{session['id']}", json={"experiment": {"seed": 9}}, headers=secret
        )
        assert ask(client, model, rows=[row]).json() == answer.json()
    with TestClient(create_app(settings)) as client:
        assert ask(client, model, rows=[row]).json() == answer.json()
        assert client.get(f"{DEPLOYMENTS}/{model['id']}").json()["digest"] == model["digest"]


def test_what_nobody_calls_makes_room_and_else_there_is_none(application, client, iris) -> None:
    table = DeploymentTable(application.state.store)
    idle = replace(client.portal.call(table.find, iris[1]["id"]), id="idle")
    client.portal.call(table.keep, idle, b"")
    size = client.portal.call(table.size)
    session = begun(client, {"data": {"dataset": "xor"}})
    room = Deployments(application.state.engine.programs, application.state.store, size, days=30)
    live = client.portal.call(application.state.keeper.find, session["id"])
    with pytest.raises(TooMuch, match="delete one"):
        client.portal.call(room.deploy, live, "", "no room")
    assert client.portal.call(table.find, "idle") is not None  # it is young
    assert client.portal.call(table.forget_idle, idle.created - 1) == 0
    assert client.portal.call(table.forget_idle, time.time()) >= 1
    assert client.portal.call(table.find, "idle") is None
