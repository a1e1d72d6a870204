"""What is exported answers as the session does, to 1e-5: every activation, normalization and
feature, with one output and several, classes and values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from server.experiment import Experiment

from .frameworks import FRAMEWORKS
from .run import Run, modules

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

POINTS = np.random.default_rng(1).uniform(-6, 6, (50, 2)).astype(np.float32)
POINTS[0] = 0


def stack(*activations: str, **more) -> list[dict]:
    """Hidden layers of these activations, every second one normalized."""
    norms = ("none", "layer")
    return [
        {"kind": "dense", "units": 3 + i % 3, "activation": activation}
        | {"normalization": norms[i % 2]}
        | more
        for i, activation in enumerate(activations)
    ]


def case(dataset: str, layers: list, output: str | None = None, **data) -> dict:
    return {
        "data": {"dataset": {"kind": dataset, "samples": 60}, **data},
        "network": {"layers": layers, "output": {"activation": output}},
        "training": {"optimizer": "adam", "learning_rate": 0.02},
    }


CASES = {
    "smooth": case(
        "circle", stack("tanh", "sigmoid", "softplus", "gelu", "silu", "mish"),
        features=["x", "y", "x_squared", "y_squared", "xy", "radius"],
    ),
    "cornered": case(
        "pinwheel", stack("relu", "leaky_relu", "hard_tanh", "elu", "selu", "linear"), "sigmoid",
        features=["sin_x", "sin_y", "cos_x", "cos_y", "gauss"],
    ),
    "odd": case("reg_gauss", stack("sine", "gaussian", "softsign", "softmax", dropout=0.2)),
    "one dimension": case("function", stack("sine", "tanh"), features=["x", "cos_x"]),
    "running averages": case("circle", stack("tanh", "relu", normalization="batch")),
    "softmax of two": case("xor", stack("elu"), "softmax"),
    "no hidden layer": case("gauss", [], "hard_tanh"),
}  # fmt: skip


@pytest.fixture(params=CASES)
def run(request, begin) -> Run:
    run = begin(CASES[request.param])
    if request.param == "running averages":
        run.train(20)
    return run


def test_every_program_and_model_answers_alike(run, tmp_path):
    points = POINTS[:, : run.said["dimensions"]]
    expected, classes = run.predict(points)

    def compare(outputs, found):
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
        assert found == classes

    for target, framework in FRAMEWORKS.items():
        with modules(run.unpack(target, tmp_path / target)) as (model, _):
            compare(*framework.predict(model, points))
    session = onnxruntime.InferenceSession(run.export("onnx"))
    outputs, *found = session.run(None, {"points": points})
    compare(outputs, found[0].tolist() if found else None)


def test_the_onnx_model_says_what_it_is_of(begin):
    run = begin({})
    model = onnx.load_from_string(run.export("onnx"))
    onnx.checker.check_model(model, full_check=True)
    (said,) = [entry.value for entry in model.metadata_props if entry.key == "experiment"]
    assert Experiment.model_validate_json(said) == run.experiment


BY_HAND = """
import runpy, sys
for sys.argv in (["model.py", "1.5", "-2"], ["train.py", "4"]):
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("target", FRAMEWORKS)
def test_a_program_runs_by_itself(target, begin, tmp_path):
    """As its README says, in a process of its own: an answer, and epochs that learn."""
    run = begin({"training": {"optimizer": "adam", "early_stopping": {"patience": 50}}})
    told = alone(run.unpack(target, tmp_path), BY_HAND)
    lines = dict(line.split(" ", 1) for line in told[:2])
    outputs, classes = run.predict(np.array([[1.5, -2]], np.float32))
    assert json.loads(lines["outputs"]) == pytest.approx(outputs[0].tolist(), abs=1e-5)
    assert [int(lines["class"])] == classes
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in told[2:]]
    assert len(losses) == 4 and losses[-1] < losses[0]


def alone(folder: Path, script: str, **variables: str) -> list[str]:
    """What a script says that runs in the folder of a program."""
    command = [sys.executable, "-c", script]
    env = os.environ | {"PYTHONPATH": str(folder)} | variables
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


ON_JAX = """
import json, keras
from model import load, predict
from train import prepared, read_points, train_step

assert keras.backend.backend() == "jax"
network = prepared(load())
for epoch in range(3):
    train_step(network, *read_points("train"), epoch)
points, _ = read_points("test")
print(json.dumps([points.tolist(), predict(network, points).tolist()]))
"""


def test_keras_code_runs_on_jax_too(begin, tmp_path):
    """A process has one backend. Three steps there are the session's three."""
    run = begin(
        {
            "network": {"layers": stack("tanh", "elu")},
            "training": {
                "optimizer": {"kind": "lbfgs", "memory": 2},
                "batch_size": 5000, "weight_decay": 0.1, "l2": 0.1,
            },
        }
    )  # fmt: skip
    folder = run.unpack("keras", tmp_path)
    run.train(3)
    told = alone(folder, ON_JAX, KERAS_BACKEND="jax")
    points, outputs = json.loads(told[-1])
    expected, _ = run.predict(np.array(points, np.float32))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
