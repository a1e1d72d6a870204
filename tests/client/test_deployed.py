"""A deployed model asked by the client, and by the command that deploys one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from layerlab import BadInput, DeployedModel, NotAllowed, NotFound, Playground
from tests.conftest import ROOT


def test_it_answers_as_the_session_did_when_that_has_ended(server_url: str) -> None:
    points = np.array([[0.5, -1], [4, 4]])
    with Playground(server_url, {"data": {"dataset": "xor"}}) as lab:
        expected = lab.predict(points)
        assert lab.evaluate("test")["step"] == 0
        model = lab.deploy("Two corners")
        assert model.facts["evaluation"]["digest"] == lab.digest
    with DeployedModel(f"{model.link}#key={model.key}") as again:
        told = again.predict(points)
        assert np.array_equal(told.outputs, expected.outputs)
        assert expected.classes is not None and told.classes == expected.classes.tolist()
        assert again.facts["title"] == "Two corners"
        with pytest.raises(BadInput, match="row 0"):
            again.predict([[1, 2, 3]])
    with pytest.raises(NotAllowed, match="key"):
        DeployedModel(model.link, key="another").predict(points)
    model.delete()
    with pytest.raises(NotFound):
        _ = model.facts


def test_the_command_deploys(server_url: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"data": {"dataset": "iris"}}))
    command = [sys.executable, "-m", "server.cli", "deploy", str(spec), "--server", server_url]
    done = subprocess.run(
        [*command, "--epochs", "1", "--test", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    model = DeployedModel(told["link"], key=told["key"])
    assert model.facts["evaluation"]["asked"] == 1
    row = {column["name"]: column["usual"] for column in model.facts["columns"]}
    (name,) = model.predict(rows=[row]).names or ()
    assert name in model.facts["class_names"]
    model.delete()
