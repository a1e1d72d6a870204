"""`layerlab train` and `layerlab new`: results on stdout, all else on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT


def run(*arguments: object, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=said, capture_output=True, text=True)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "spec.json"
    file.write_text('{"data": {"dataset": "xor"}, "training": {"optimizer": "adam"}}')
    return file


def test_training_prints_one_result(server_url: str, spec: Path) -> None:
    done = run("train", spec, "--epochs", 20, "--json", "--server", server_url)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    result = json.loads(line)
    made = httpx.post(
        f"{server_url}/api/v1/sessions", json={"experiment": json.loads(spec.read_text())}
    ).json()
    answer = httpx.post(
        f"{server_url}/api/v1/sessions/{made['id']}/train",
        json={"epochs": 20},
        headers={"Authorization": f"Bearer {made['secret']}"},
        timeout=120,
    ).json()
    assert result.pop("seconds") > 0
    assert result == answer
    assert "20/20 epochs" in done.stderr


def test_a_server_of_its_own_gives_the_same(server_url: str, spec: Path) -> None:
    alone = run("train", spec, "--steps", 40)
    there = run(
        "train", "-", "--steps", 40, "--json", "--server", server_url, said=spec.read_text()
    )
    assert alone.returncode == there.returncode == 0, alone.stderr + there.stderr
    assert f"digest {json.loads(there.stdout)['digest']}" in alone.stdout
    assert "step 40, epoch 1.6, paused" in alone.stdout


def test_weights_are_those_that_export_takes(server_url: str, spec: Path) -> None:
    weights, out = spec.parent / "kept" / "weights.safetensors", spec.parent / "onnx"
    run("train", spec, "--steps", 7, "--server", server_url, "--weights", weights)
    done = run("export", spec, "--target", "onnx", "--weights", weights, "-o", out)
    assert done.returncode == 0, done.stderr
    assert (out / "model.onnx").stat().st_size
    done = run("train", spec, "--steps", 1, "--server", server_url, "--weights", spec / "w")
    assert done.returncode == 2 and f"Cannot write {spec / 'w'}" in done.stderr


def test_new_prints_the_default_experiment(server_url: str, tmp_path: Path) -> None:
    done = run("new")
    assert done.returncode == 0 and done.stderr == ""
    session = httpx.post(f"{server_url}/api/v1/sessions").json()
    assert json.loads(done.stdout) == session["experiment"]
    (tmp_path / "new.json").write_text(done.stdout)
    trained = run("train", tmp_path / "new.json", "--steps", 1, "--server", server_url)
    assert trained.returncode == 0, trained.stderr


def test_a_bad_spec_is_told_by_path_and_mend(server_url: str) -> None:
    wrong = '{"data": {"dataset": "circl"}, "training": {"learning_rate": -1, "rate": 2}}'
    done = run("train", "-", "--epochs", 1, "--server", server_url, said=wrong)
    assert done.returncode == 2 and done.stdout == ""
    dataset, rate, unknown = done.stderr.splitlines()
    assert dataset.startswith("/data/dataset: no such dataset 'circl'; kind is one of: circle,")
    assert rate.startswith("/training/learning_rate: Input should be greater than or equal to 0")
    assert unknown == "/training/rate: there is no such field; remove it or mend its name"


@pytest.mark.parametrize(
    ("arguments", "said", "code", "sentence"),
    [
        (["-", "--epochs", 1], "{", 2, "- is no JSON"),
        (["-", "--epochs", 1], "[]", 2, "must hold a JSON object"),
        (["nowhere.json", "--epochs", 1], "", 2, "nowhere.json: No such file"),
        (["-"], "{}", 2, "either --epochs or --steps"),
        (["-", "--epochs", 1, "--steps", 1], "{}", 2, "either --epochs or --steps"),
        (["-", "--epochs", 0], "{}", 2, "'--epochs'"),
        (["-", "--steps", 1, "--server", "http://127.0.0.1:9"], "{}", 1, "is the server running"),
        (["-", "--steps", 1, "--server", "ftp://x"], "{}", 1, "write http://host:port"),
    ],
)
def test_what_else_goes_wrong_is_one_sentence(
    arguments: list[object], said: str, code: int, sentence: str
) -> None:
    done = run("train", *arguments, said=said)
    assert done.returncode == code and done.stdout == ""
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_a_file_is_kept_for_experiments(tmp_path: Path) -> None:
    file, folder = tmp_path / "things.csv", tmp_path / "data"
    file.write_text("a,b\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(30)))
    command = [sys.executable, "-m", "server.cli", "upload", str(file)]
    environment = os.environ | {"LAYERLAB_DATA_DIR": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout.splitlines()[0])
    assert first["kind"] == "own_table" and (folder / "uploads" / first["file"]).is_dir()
    file.write_text("a,b\n1,2\n3\n")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "row 3" in done.stderr and not done.stdout
