"""What the commands are given may be wrong in any way: each says so in a sentence, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: files that tests are given
FILES = {
    "spec.json": b"{}",
    "sweep.json": b'{"steps": 5}',
    "bytes": bytes(range(128, 256)),
    "deep": b"[" * 100_000,
    "weights": b"none",
}


def layerlab(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "client")])}
    command = [sys.executable, "-m", "server.cli", *arguments]
    env |= {"LAYERLAB_DATA_DIR": str(folder / "data")} | variables
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ("train bytes --steps 2", {}, "bytes is no JSON"),
        ("train deep --steps 2", {}, "deep is no JSON"),
        ("sweep bytes", {}, "bytes: Invalid JSON"),
        ("sweep deep", {}, "deep: Invalid JSON"),
        ("sweep nowhere", {}, "nowhere: No such file"),
        ("sweep sweep.json", {"LAYERLAB_PORT": "many"}, "LAYERLAB_PORT: Input should be"),
        ("sweep sweep.json", {"LAYERLAB_DATA_DIR": "spec.json"}, "Cannot write in spec.json"),
        ("serve", {"LAYERLAB_DATA_DIR": "spec.json"}, "Cannot write in spec.json"),
        ("serve", {"LAYERLAB_PLATFORM": "gpu", "JAX_PLATFORMS": "cpu"}, "JAX finds no GPU"),
        ("export bytes --target onnx --weights weights", {}, "bytes: Invalid JSON"),
        ("export spec.json --target onnx --weights weights", {}, "weights"),
        ("restore bytes", {}, "bytes is no whole backup"),
    ],
)
def test_it_is_one_sentence(
    tmp_path: Path, arguments: str, variables: dict[str, str], sentence: str
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    done = layerlab(tmp_path, *arguments.split(), **variables)
    assert done.returncode == 2 and sentence in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not done.stdout
