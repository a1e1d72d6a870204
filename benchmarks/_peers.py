"""The others, beside us: processes that train the same network (see peers/peer.py)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import hatch_build
from benchmarks._common import ROOT
from server.datasets.split import load
from server.engine.data import Arrays
from server.engine.model import Model
from server.experiment import Experiment

FOLDER = ROOT / "benchmarks"
JAX, PEAK = ("plain_jax.py",), ("peak.py",)
PYTHON = (JAX, ("pytorch.py",))
JAVASCRIPT = (("convnetjs.mjs",), ("tfjs.mjs", "cpu"), ("tfjs.mjs", "wasm"))


class Peer:
    """A process that trains for a while when asked. `loss` is its loss after 20 epochs."""

    def __init__(self, script: str, problem: Path, *arguments: str) -> None:
        env = _environment()
        runner = ["node"] if script.endswith(".mjs") else [sys.executable, "-m"]
        target = str(FOLDER / "peers" / script)
        if script.endswith(".py"):
            target = f"benchmarks.peers.{script.removesuffix('.py')}"
        command = [*runner, target, str(problem), *arguments]
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        hello = self._read()
        self.name = f"{hello['name']} {hello['version']}"
        self.loss: float | None = hello["loss"]

    def rate(self, seconds: float) -> float:
        """Steps per second over about so many seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        answer = self._read()
        return answer["steps"] / answer["seconds"]

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # libraries greet, too
                return json.loads(line)
        self._log.seek(0)
        raise SystemExit(f"A peer ended before its time:\n{self._log.read()}")


def _environment() -> dict[str, str]:
    """Without our settings of XLA, with the Node.js of the wheel, one thread for BLAS."""
    env = hatch_build.node_env() | {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    env.pop("XLA_FLAGS", None)
    return env


@contextmanager
def peers(experiment: dict[str, Any], *kinds: tuple[str, ...]) -> Iterator[list[Peer]]:
    """Start peers on this experiment, one after another."""
    if any(script.endswith(".mjs") for script, *_ in kinds):
        hatch_build.install(FOLDER)
    with ExitStack() as stack:
        problem = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "problem.json"
        problem.write_text(json.dumps(_problem(experiment)))
        started: list[Peer] = []
        for script, *arguments in kinds:
            started.append(Peer(script, problem, *arguments))
            stack.callback(started[-1].close)
        yield started


def _problem(document: dict[str, Any]) -> dict[str, Any]:
    """What a peer is given: the rows and first weights that a session would have."""
    experiment = Experiment.model_validate(document)
    arrays = Arrays.of(experiment, load(experiment.data))
    params, _ = Model.of(experiment).init(experiment.seed)
    return {
        "inputs": arrays.tree["inputs"][: arrays.count].tolist(),
        "targets": arrays.tree["targets"][: arrays.count].tolist(),
        "weights": [{k: np.asarray(v).tolist() for k, v in layer.items()} for layer in params],
        "batch": experiment.training.batch_size,
        "learning_rate": experiment.training.learning_rate,
    }


def floor(document: dict[str, Any]) -> int:
    """Floating-point operations of one optimizer step, activations apart.

    A product of (B, I) by (I, O) takes 2·B·I·O; each layer needs three (forward, gradient of
    its weights, gradient of its inputs), the first only two; biases and the update 2 a number.
    """
    experiment = Experiment.model_validate(document)
    sizes, batch = [s[0] for s in Model.of(experiment).shapes], experiment.training.batch_size
    shapes = list(zip(sizes, sizes[1:], strict=False))
    products = sum(inputs * units for inputs, units in shapes)
    first = shapes[0][0] * shapes[0][1]
    numbers = products + sum(units for _, units in shapes)
    biases = 2 * batch * sum(units for _, units in shapes)
    return 2 * batch * (3 * products - first) + biases + 2 * numbers
