"""`layerlab sweep`, as a person runs it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from server.cli import app
from tests.conftest import CACHE

AXIS = {"path": "/training/learning_rate", "values": [0.001, 0.3]}


def run(tmp_path, monkeypatch, document, *options: str):
    monkeypatch.setenv("LAYERLAB_DATA_DIR", str(CACHE))
    file = tmp_path / "sweep.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return CliRunner().invoke(app, ["sweep", str(file), *options])


def test_it_prints_results_as_json_and_in_words(tmp_path, monkeypatch) -> None:
    sweep = {"axes": [AXIS], "seeds": 2, "epochs": 20}
    done = run(tmp_path, monkeypatch, sweep, "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary["state"] == "done" and len({r["digest"] for r in summary["runs"]}) == 4
    assert done.stderr.strip().endswith("100%, 4 of 4 runs")
    words = run(tmp_path, monkeypatch, sweep).stdout
    assert "Learning rate 0.3" in words.splitlines()[1] and "share of the loss's variance" in words


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"axes": [AXIS]}, "/epochs: give either epochs or steps"),
        ({"axes": [{"path": "/training/speed", "values": [1]}], "steps": 1}, "/axes/0/path"),
        ("no JSON", "Invalid JSON"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path, monkeypatch, document, words) -> None:
    refused = run(tmp_path, monkeypatch, document)
    assert refused.exit_code == 2 and words in refused.stderr, refused.output
