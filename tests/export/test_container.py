"""The predict container's application, started as its Dockerfile starts it, natively."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """The application of a folder, on a free port."""
    line = (folder / "Dockerfile").read_text().splitlines()[-1]
    server, app, *options = re.findall(r'"([^"]+)"', line)
    assert line.startswith("CMD [") and server == "uvicorn", shlex.join(options)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "uvicorn", app, "--fd", str(listener.fileno())]
        with subprocess.Popen(command, cwd=folder, pass_fds=[listener.fileno()]) as process:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            try:
                # the socket listens already: the answer waits until the application is there
                assert httpx.get(f"{url}/healthz", timeout=60).json() == {"status": "ok"}
                yield url
            finally:
                process.terminate()


@pytest.mark.parametrize("dataset", ["pinwheel", "function"])
def test_it_answers_as_the_session_does(dataset, begin, tmp_path):
    run = begin({"data": {"dataset": {"kind": dataset, "samples": 60}}})
    run.train(20)
    dimensions = run.said["dimensions"]
    points = np.random.default_rng(0).uniform(-6, 6, (30, dimensions)).astype(np.float32)
    outputs, classes = run.predict(points)
    with started(run.unpack("container", tmp_path)) as url:
        answer = httpx.post(f"{url}/predict", json={"inputs": points.tolist()}).json()
        np.testing.assert_allclose(answer["outputs"], outputs, rtol=1e-5, atol=1e-5)
        assert answer["classes"] == classes
        for wrong in ([], [[0.0] * (dimensions + 1)], [["x"] * dimensions]):
            assert httpx.post(f"{url}/predict", json={"inputs": wrong}).status_code == 422
        paths = httpx.get(f"{url}/openapi.json").json()["paths"]
        assert paths.keys() == {"/predict", "/healthz"}


def test_it_takes_pictures(begin, tmp_path):
    """An example of the data lies beside it, as a request."""
    run = begin({"data": {"dataset": {"kind": "digits", "samples": 60}}})
    folder = run.unpack("container", tmp_path)
    request = json.loads((folder / "request.json").read_text())
    outputs, classes = run.predict(np.array(request["inputs"]))
    with started(folder) as url:
        answer = httpx.post(f"{url}/predict", json=request).json()
        np.testing.assert_allclose(answer["outputs"], outputs, rtol=1e-5, atol=1e-5)
        assert answer["classes"] == classes
        for wrong in (256, -1, 0.5):
            picture = [[[wrong]] * 8] * 8
            refused = httpx.post(f"{url}/predict", json={"inputs": [picture]})
            assert refused.status_code == 422
        assert httpx.post(f"{url}/predict", json={"inputs": [[[[0]] * 8] * 7]}).status_code == 422
