"""Networks of pictures, sequences and tokens: what is exported answers as the session does, goes
on to train as it does, and runs by itself."""

from __future__ import annotations

import runpy
import sys
from typing import Any

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load

from server.datasets.split import load as load_data
from server.experiment import Experiment
from server.export import export, python_code
from server.export.weights_file import unpack
from tests.export.test_words import exported

from .frameworks import FRAMEWORKS, reader
from .run import Run, modules

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STEPS = 3


def case(dataset: dict[str, Any], layers: list[Any], loss: str, **more: Any) -> dict[str, Any]:
    """Few examples, all of them in one batch."""
    target = {"target": more.pop("target")} if "target" in more else {}
    return {
        "data": {"dataset": {"samples": 40} | dataset, "split": {"train": 60}} | target,
        "network": {"layers": layers, "output": {"initializer": "glorot_uniform"}},
        "training": {"loss": loss, "optimizer": {"kind": "adam", "epsilon": 0.001}}
        | {"learning_rate": 0.02, "batch_size": 64}
        | more,
        "seed": 3,
    }


def conv(filters: int, **more: Any) -> dict[str, Any]:
    return {"kind": "conv2d", "filters": filters, "padding": "same"} | more


def block(**more: Any) -> dict[str, Any]:
    return {"kind": "transformer_block", "heads": 2, "hidden_units": 12, "causal": True} | more


CASES = {
    # batch normalization, a residual block, a strided convolution and groups
    "pictures": case(
        {"kind": "digits"},
        [
            conv(6, normalization="batch", activation="tanh"),
            conv(6, groups=2, activation="tanh"),
            {"kind": "add", "back": 1},
            conv(4, kernel_size=4, stride=2, activation="gelu"),
            {"kind": "average_pooling2d"},
            "flatten",
            {"kind": "dense", "units": 6, "normalization": "layer"},
        ],
        # a bias before batch normalization has a gradient of 0, which Adam would make something of
        "categorical_crossentropy", optimizer="nesterov", clip_norm=1, l2=0.01,
    ),
    "an autoencoder": case(
        {"kind": "digits"},
        [
            conv(4, stride=2, activation="tanh"),
            {"kind": "conv2d_transpose", "filters": 3, "padding": "same", "activation": "tanh"},
        ],
        "squared_error", target="input",
    ),
    "rows of a table": {
        "data": {"dataset": "penguins", "split": {"train": 60}},
        "network": {
            "layers": [{"kind": "dense", "units": 5, "activation": "tanh"}],
            "output": {"initializer": "glorot_uniform"},
        },
        "training": {
            "loss": "categorical_crossentropy",
            "optimizer": {"kind": "adam", "epsilon": 0.001},
            "learning_rate": 0.02,
            "batch_size": 500,
        },
        "seed": 3,
    },
    "a value of a sequence": case(
        {"kind": "adding", "length": 6},
        [{"kind": "lstm", "units": 5, "return_sequences": True}, {"kind": "lstm", "units": 4}],
        "squared_error", clip_norm=1, l2=0.02,
    ),
    "a value at every step": case(
        {"kind": "sines", "length": 8},
        [
            {"kind": "conv1d", "filters": 4, "padding": "same", "activation": "tanh"},
            {"kind": "simple_rnn", "units": 4, "return_sequences": True},
            {"kind": "dense", "units": 3, "normalization": "batch"},
        ],
        "huber", weight_decay=0.1,
    ),
    "two classes at every step": case(
        {"kind": "parity", "length": 5},
        [{"kind": "simple_rnn", "units": 4, "return_sequences": True, "activation": "sigmoid"}],
        "binary_crossentropy",
    ),
    # at some of the steps nothing is asked
    "a sequence from a sequence": case(
        {"kind": "copy_task", "length": 2, "symbols": 3, "delay": 1},
        [
            {"kind": "embedding", "tokens": 6, "units": 4},
            {"kind": "gru", "units": 4, "bidirectional": True, "return_sequences": True},
        ],
        "categorical_crossentropy", l1=0.001,
    ),
    "a transformer": case(
        {"kind": "names", "length": 5},
        [
            {"kind": "embedding", "tokens": 30, "units": 8},
            "position_embedding",
            block(),
            block(norm="post", activation="relu"),
            "layer_normalization",
        ],
        "categorical_crossentropy", clip_norm=0.5, weight_decay=0.1,
    ),
}  # fmt: skip


def examples(run: Run) -> np.ndarray:
    """A few, of no part in particular."""
    data = Experiment.model_validate(run.said["experiment"]).data
    if data.dataset.form == "table":
        return load_data(data).inputs[:6]
    return data.dataset.generate(np.random.default_rng(5)).inputs[:6]


@pytest.mark.parametrize("name", CASES)
def test_it_answers_and_goes_on_to_train_as_the_session_does(name, begin, tmp_path):
    run = begin(CASES[name])
    folders = {target: run.unpack(target, tmp_path / target) for target in FRAMEWORKS}
    run.train(STEPS)
    given = examples(run)
    expected, classes = run.predict(given)

    def compare(target: str, outputs: Any, found: Any) -> None:
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5, err_msg=target)
        assert found == classes, target

    model = onnxruntime.InferenceSession(run.export("onnx"))
    outputs, *found = model.run(None, {model.get_inputs()[0].name: given})
    compare("onnx", outputs, found[0].tolist() if found else None)
    for target, framework in FRAMEWORKS.items():
        with modules(folders[target]) as (model, train):
            theirs = framework.weights(framework.stepped(model, train, [0.0, 1.0, 2.0]))
            (folders[target] / "weights.safetensors").write_bytes(run.export("safetensors"))
            ours = framework.weights(model.load())
            compare(target, *framework.predict(model, given))
        for array, wanted in zip(theirs, ours, strict=True):
            np.testing.assert_allclose(array, wanted, rtol=1e-4, atol=1e-5, err_msg=target)


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_weights_gives_the_same_exports(name, begin):
    """As `layerlab export` reads it; equal runs give equal bytes."""
    run = begin(CASES[name])
    experiment = Experiment.model_validate(run.said["experiment"])
    trees = unpack(experiment, run.export("safetensors"))
    for target in ("keras", "onnx", "container"):
        assert export(target, experiment, *trees).content == run.export(target)


@pytest.mark.parametrize("target", FRAMEWORKS)
def test_a_variational_autoencoder_goes_on_to_train(target, begin, tmp_path):
    """What it draws is each framework's own chance; what it costs to be unlike the normal is
    not: with that alone to lose, means and variances come closer to it."""
    layers = [
        "flatten",
        {"kind": "sampling", "units": 3, "divergence": 10},
        {"kind": "dense", "units": 64},
        {"kind": "reshape", "target_shape": [8, 8, 1]},
    ]
    run = begin(case({"kind": "digits"}, layers, "squared_error", target="input"))
    before = run.arrays()
    with modules(run.unpack(target, tmp_path)) as (model, train):
        after = FRAMEWORKS[target].stepped(model, train, [float(i) for i in range(15)])
        arrays = FRAMEWORKS[target].weights(after)
        images, _ = reader(train)("train")
    rows = np.asarray(images).reshape(len(images), -1) / 255
    (w,) = [a.T if a.shape[0] == 6 else a for a in arrays if sorted(a.shape) == [6, 64]]
    (b,) = [a for a in arrays if a.shape == (6,)]
    first = rows @ before["hidden_2.w"] + before["hidden_2.b"]
    assert np.square(rows @ w + b).mean() < 0.5 * np.square(first).mean()


@pytest.mark.parametrize("target", FRAMEWORKS)
def test_a_program_runs_by_itself(target, begin, tmp_path, capsys, monkeypatch):
    """As its README says: an answer for an example of its data, and epochs that learn."""
    run = begin(CASES["a sequence from a sequence"] | {"seed": 1})
    folder = run.unpack(target, tmp_path)
    monkeypatch.setattr(sys, "argv", ["model.py", "2"])
    with modules(folder) as (_, train):
        runpy.run_path(str(folder / "model.py"), run_name="__main__")
        train.main(4)
        inputs, labels = reader(train)("train")
    answer, said, *epochs = capsys.readouterr().out.splitlines()
    assert answer.startswith("outputs [[") and said.startswith("classes [")
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in epochs]
    assert len(losses) == 4 and losses[-1] < losses[0]
    assert tuple(inputs.shape) == tuple(labels.shape) == (run.said["counts"]["train"], 6)


def test_much_data_is_cut_and_the_readme_says_so(monkeypatch):
    monkeypatch.setattr(python_code, "MAX_DATA", 69 * 20)
    contents = exported("jax", CASES["pictures"])
    held = load(contents["data.safetensors"])
    assert held["images"].dtype == np.uint8 and held["images"].shape == (20, 8, 8, 1)
    assert np.bincount(held["part"]).tolist() == [12, 0, 8]
    assert "20 of 40" in contents["README.md"].decode()
