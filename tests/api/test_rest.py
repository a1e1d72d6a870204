"""The REST routes, through the application itself."""

from __future__ import annotations

import json
import math

import pytest

CREATED = 201


@pytest.fixture
def session(client):
    answer = client.post("/api/v1/sessions", json={"experiment": {}})
    assert answer.status_code == CREATED, answer.text
    body = answer.json()
    body["auth"] = {"Authorization": f"Bearer {body['secret']}"}
    return body


def path(session, rest: str = "") -> str:
    return f"/api/v1/sessions/{session['id']}{rest}"


def test_health_says_version_and_sessions(client, session) -> None:
    body = client.get("/healthz").json()
    assert body["status"] == "ok" and body["sessions"] >= 1


def test_an_empty_body_is_the_default_playground(client, session) -> None:
    bare = client.post("/api/v1/sessions").json()
    assert bare["experiment"] == session["experiment"]
    assert bare["digest"] == session["digest"]
    experiment = bare["experiment"]
    assert [layer["units"] for layer in experiment["network"]["layers"]] == [4, 2]
    assert experiment["data"]["dataset"]["kind"] == "circle"
    assert experiment["training"]["learning_rate"] == 0.03
    assert experiment["training"]["batch_size"] == 10
    assert bare["counts"] == {"train": 250, "validation": 0, "test": 250}


def test_reading_needs_the_id_and_control_the_secret(client, session) -> None:
    read = client.get(path(session))
    assert read.status_code == 200 and "secret" not in read.json()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
        refused = client.patch(path(session), json={"playing": True}, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.delete(path(session), headers=headers).status_code == 401
    assert client.get("/api/v1/sessions/nobody").status_code == 404


def test_training_answers_with_step_metrics_and_digest(client, session) -> None:
    first = client.post(path(session, "/train"), json={"epochs": 4}, headers=session["auth"])
    assert first.status_code == 200, first.text
    body = first.json()
    assert body["step"] == 100 and body["epoch"] == 4
    assert 0 <= body["metrics"]["test"]["accuracy"] <= 1
    weights = client.get(path(session, "/weights")).json()
    assert weights["digest"] == body["digest"] and weights["step"] == 100
    assert [layer["title"] for layer in weights["layers"]] == ["Dense", "Dense", "Output"]
    again = client.post("/api/v1/sessions", json={}).json()
    auth = {"Authorization": f"Bearer {again['secret']}"}
    for steps in (1, 9, 90):
        last = client.post(path(again, "/train"), json={"steps": steps}, headers=auth).json()
    assert last["digest"] == body["digest"]


def test_training_can_stream(client, session) -> None:
    order = {"steps": 200_000, "stream": True}
    with client.stream(
        "POST", path(session, "/train"), json=order, headers=session["auth"]
    ) as answer:
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines[-1]["done"] and lines[-1]["step"] == 200_000
    assert all(a["step"] <= b["step"] for a, b in zip(lines, lines[1:], strict=False))


def test_the_curve_grows_with_training(client, session) -> None:
    client.post(path(session, "/train"), json={"epochs": 30}, headers=session["auth"])
    curve = client.get(path(session, "/metrics")).json()
    assert curve["columns"][:3] == ["step", "epoch", "train_loss"]
    assert curve["rows"][-1][0] == 750
    assert all(len(row) == len(curve["columns"]) for row in curve["rows"])
    assert curve["rows"][-1][curve["columns"].index("validation_loss")] is None


def test_predict(client, session) -> None:
    client.post(path(session, "/train"), json={"epochs": 200}, headers=session["auth"])
    body = client.post(path(session, "/predict"), json={"inputs": [[0, 0], [5, 5], [-5, 4]]}).json()
    assert body["classes"] == [1, 0, 0]
    assert all(-1 <= row[0] <= 1 for row in body["outputs"])
    wrong = client.post(path(session, "/predict"), json={"inputs": [[1]]})
    assert wrong.status_code == 422 and "has 2" in wrong.text


def test_equation(client, session) -> None:
    lines = client.get(path(session, "/equation")).json()["latex"]
    assert len(lines) == 3 and r"\tanh" in lines[0]


def test_a_live_change_keeps_step_and_weights(client, session) -> None:
    client.post(path(session, "/train"), json={"epochs": 2}, headers=session["auth"])
    digest = client.get(path(session, "/weights")).json()["digest"]
    for patch in (
        {"training": {"learning_rate": 0.1, "l2": 0.01, "weight_decay": 0.001}},
        {"data": {"seed": 5}},
    ):
        body = client.patch(path(session), json={"experiment": patch}, headers=session["auth"])
        assert body.status_code == 200, body.text
        assert body.json()["step"] == 50
        assert client.get(path(session, "/weights")).json()["digest"] == digest


@pytest.mark.parametrize(
    "patch",
    [
        {"network": {"layers": ["dense"]}},
        {"training": {"optimizer": "adam"}},
        {"training": {"batch_size": 20}},
        {"data": {"dataset": {"kind": "spiral"}}},
        {"data": {"dataset": {"noise": 10}}},
        {"data": {"features": ["x", "y", "sin_x"]}},
        {"data": {"split": {"train": 70}}},
    ],
)
def test_a_structural_change_starts_again_paused(client, session, patch) -> None:
    client.patch(path(session), json={"playing": True}, headers=session["auth"])
    client.post(path(session, "/train"), json={"epochs": 2}, headers=session["auth"])
    answer = client.patch(path(session), json={"experiment": patch}, headers=session["auth"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["step"] == 0 and not answer.json()["playing"]


def test_what_hangs_on_a_dataset_follows_it(client, session) -> None:
    def change(patch):
        answer = client.patch(path(session), json={"experiment": patch}, headers=session["auth"])
        assert answer.status_code == 200, answer.text
        return answer.json()["experiment"]

    change({"training": {"loss": "binary_crossentropy"}})
    curve = change({"data": {"dataset": "function"}})
    assert curve["data"]["features"] == ["x"]
    assert curve["training"]["loss"]["kind"] == "squared_error"
    plane = change({"data": {"dataset": "circle"}})
    assert plane["data"]["features"] == ["x", "y"]


BAD = [
    ({"training": {"batch_size": 0}}, "/experiment/training/batch_size", "greater"),
    ({"training": {"optimizer": {"kind": "adem"}}}, "/experiment/training/optimizer", "adam"),
    ({"network": {"layers": ["dense"] * 17}}, "/experiment/network/layers", "16"),
    (
        {"network": {"layers": [{"kind": "dense", "units": 257}]}},
        "/experiment/network/layers/0/units",
        "256",
    ),
    (
        {"network": {"layers": [{"kind": "dense", "activation": "rleu"}]}},
        "/experiment/network/layers/0/activation",
        "relu",
    ),
    ({"data": {"features": []}}, "/experiment/data/features", "at least one"),
    ({"data": {"split": {"train": 90, "validation": 50}}}, "/experiment/data/split", "41"),
    ({"colour": "red"}, "/experiment/colour", "no such field"),
    (
        {
            "training": {"loss": "categorical_crossentropy"},
            "network": {"output": {"activation": "tanh"}},
        },
        "/experiment/network/output/activation",
        "softmax",
    ),
    (
        {"data": {"dataset": "reg_plane"}, "training": {"loss": "hinge"}},
        "/experiment/training/loss",
        "squared_error",
    ),
]


@pytest.mark.parametrize(("experiment", "where", "words"), BAD)
def test_bad_input_names_the_field_and_the_mend(client, experiment, where, words) -> None:
    answer = client.post("/api/v1/sessions", json={"experiment": experiment})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    first = answer.json()["errors"][0]
    assert first["path"] == where and words in first["message"], first


def test_a_refused_patch_changes_nothing(client, session) -> None:
    client.post(path(session, "/train"), json={"epochs": 2}, headers=session["auth"])
    before = client.get(path(session)).json()
    bad = {"experiment": {"training": {"learning_rate": -1}}}
    assert client.patch(path(session), json=bad, headers=session["auth"]).status_code == 422
    assert client.get(path(session)).json() == before


def test_divergence_keeps_the_last_good_weights(client, session) -> None:
    wild = {
        "data": {"dataset": "reg_plane"},
        "training": {"learning_rate": 100},
        "network": {"layers": [{"kind": "dense", "activation": "linear"}]},
    }
    client.patch(path(session), json={"experiment": wild}, headers=session["auth"])
    body = client.post(
        path(session, "/train"), json={"steps": 5000}, headers=session["auth"]
    ).json()
    assert body["status"] == "diverged" and body["step"] < 5000
    assert "learning rate" in client.get(path(session)).json()["message"]
    weights = client.get(path(session, "/weights")).json()["layers"]
    assert all(abs(w) < 1e38 for layer in weights for row in layer["params"]["w"] for w in row)
    parts = client.post("/api/v1/sessions", json={"experiment": wild}).json()
    auth = {"Authorization": f"Bearer {parts['secret']}"}
    for _ in range(5000):
        last = client.post(path(parts, "/train"), json={"steps": 1}, headers=auth).json()
        if last["status"] == "diverged":
            break
    assert (last["step"], last["digest"]) == (body["step"], body["digest"])


def test_editing_a_weight(client, session) -> None:
    edit = {"kind": "edit", "layer": 1, "param": "w", "index": [3, 1], "value": 0.75}
    assert client.post(path(session, "/commands"), json=edit, headers=session["auth"]).is_success
    layers = client.get(path(session, "/weights")).json()["layers"]
    assert layers[1]["params"]["w"][3][1] == 0.75
    wrongs = (({"layer": 9}, "/layer"), ({"index": [4, 0]}, "/index"), ({"param": "q"}, "/param"))
    for wrong, where in wrongs:
        answer = client.post(path(session, "/commands"), json=edit | wrong, headers=session["auth"])
        assert answer.status_code == 422 and answer.json()["errors"][0]["path"] == where


def test_every_dataset_has_a_picture(client) -> None:
    listed = client.get("/api/v1/datasets").json()
    schema = client.get("/api/v1/schema").json()
    kinds = {d["kind"] for d in listed}
    assert {
        "circle",
        "xor",
        "gauss",
        "spiral",
        "reg_plane",
        "reg_gauss",
        "function",
        "drawn",
    } <= kinds
    assert "properties" in schema
    for dataset in listed:
        rows = dataset["preview"]["inputs"]
        assert all(len(row) == math.prod(dataset["input_shape"]) for row in rows)
        assert len(rows) == len(dataset["preview"]["labels"])


def test_deleting_ends_it(client, session) -> None:
    assert client.delete(path(session), headers=session["auth"]).status_code == 204
    assert client.get(path(session)).status_code == 404


def digits(client) -> dict:
    experiment = {
        "data": {"dataset": {"kind": "digits", "samples": 300}},
        "network": {"layers": ["flatten", {"kind": "dense", "units": 16, "activation": "relu"}]},
    }
    body = client.post("/api/v1/sessions", json={"experiment": experiment}).json()
    return body | {"auth": {"Authorization": f"Bearer {body['secret']}"}}


def test_pictures_are_predicted_and_evaluated(client) -> None:
    session = digits(client)
    assert (session["form"], session["input_shape"]) == ("image", [8, 8, 1])
    train = client.post(path(session, "/train"), json={"epochs": 30}, headers=session["auth"])
    picture = [[[255 if 3 <= x <= 4 else 0] for x in range(8)] for _ in range(8)]
    body = client.post(path(session, "/predict"), json={"inputs": [picture]}).json()
    assert math.isclose(sum(body["outputs"][0]), 1, abs_tol=1e-5)
    assert body["classes"] == [max(range(10), key=body["outputs"][0].__getitem__)]
    told = client.post(path(session, "/evaluate"), json={"part": "test"}).json()
    assert told["count"] == session["counts"]["test"] and told["step"] > 0
    # so few test pictures are all scored on the screen, too
    shown = train.json()["metrics"]["test"]
    assert math.isclose(told["accuracy"], shown["accuracy"], abs_tol=1e-6)
    assert math.isclose(told["loss"], shown["loss"], rel_tol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([[[1, 2], [3, 4]]], "2×2 numbers; an example of this problem has 8×8×1"),
        ([[[1, 2], [3]]], "is not 8×8×1 numbers"),
        ([[[[256]] * 8] * 8], "between 0 and 255"),
    ],
)
def test_what_is_no_picture_is_refused(client, inputs: list, says: str) -> None:
    answer = client.post(path(digits(client), "/predict"), json={"inputs": inputs})
    assert answer.status_code == 422 and says in answer.json()["errors"][0]["message"]
