"""Pictures and their preparation by REST."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from server.datasets.split import load
from server.experiment import Experiment


def data(*steps: Any) -> dict[str, Any]:
    return {"data": {"dataset": "digits", "preparation": list(steps)}}


def test_what_pictures_come_to_is_told(client: Any) -> None:
    said = data({"kind": "pad", "padding": 1, "value": 9})
    answer = client.post("/api/v1/preparation", json=said).json()
    before, after = answer["stages"]
    assert before["shape"] == [8, 8, 1] and after["shape"] == [10, 10, 1]
    raw = np.frombuffer(base64.b64decode(before["pictures"]), np.uint8).reshape(-1, 8, 8, 1)
    padded = np.frombuffer(base64.b64decode(after["pictures"]), np.uint8).reshape(-1, 10, 10, 1)
    np.testing.assert_array_equal(padded[:, 1:-1, 1:-1], raw)
    assert len(answer["labels"]) == len(raw) and (padded[:, 0] == 9).all()
    loaded = load(Experiment.model_validate(said).data)
    np.testing.assert_array_equal(loaded.inputs[: len(padded)], padded)


def test_pictures_are_asked_about_as_they_were_collected(client: Any) -> None:
    said = data({"kind": "resize", "height": 4, "width": 4})
    session = client.post("/api/v1/sessions", json={"experiment": said}).json()
    assert session["raw_shape"] == [8, 8, 1] and session["input_shape"] == [4, 4, 1]
    raw = load(Experiment.model_validate(data()).data).inputs[:3]
    path = f"/api/v1/sessions/{session['id']}/predict"
    answer = client.post(path, json={"inputs": raw.tolist()})
    assert answer.status_code == 200 and np.shape(answer.json()["outputs"]) == (3, 10)
    wrong = client.post(path, json={"inputs": raw[:, :4, :4].tolist()})
    assert wrong.status_code == 422
