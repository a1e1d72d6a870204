"""A discriminator and a generator: both answer everywhere as in the session, they go on to train
against each other by its steps, and programs make examples in the end."""

from __future__ import annotations

import csv
import importlib
import io
import runpy
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
import onnxruntime
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from server.export import TARGETS, export
from server.export.weights_file import unpack

from .frameworks import FRAMEWORKS, reader
from .run import Run, modules
from .test_training import DUELS, kind

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STEPS = 3
ADAM = kind("adam", epsilon=0.001)


def dense(units: int, **more: Any) -> dict[str, Any]:
    return kind("dense", units=units, **({"initializer": "glorot_uniform"} | more))


def conv(name: str, **more: Any) -> dict[str, Any]:
    return kind(name, filters=3, kernel_size=3, stride=2, padding="same", **more)


#: silent whatever the noise, and for ever: what comes after it makes always the same
SILENT = dense(4, initializer="zeros", bias=-1, activation="relu")


def duel(
    dataset: Any, layers: list[Any], makers: list[Any], loss: Any, *, features: Any = None, **more
) -> dict[str, Any]:
    """Few examples, all of them in one batch. more: of the training, but `made_by` of the
    generator."""
    once = {"updates": 1, "discriminator_updates": 1}
    made_by = once | {"learning_rate": 0.03, "optimizer": ADAM} | more.pop("made_by", {})
    data = {"dataset": dataset} | ({"features": features} if features else {})
    training = {"loss": loss, "optimizer": ADAM, "learning_rate": 0.02, "batch_size": 64}
    return {
        "data": data,
        "network": {"layers": layers, "output": {"initializer": "glorot_uniform"}},
        "training": training | more,
        "generator": {"latent": 3, "layers": makers} | made_by,
        "seed": 3,
    }


RING = kind("ring_of_gaussians", samples=60)
DIGITS = kind("digits", samples=60)
PAINTERS = [kind("reshape", target_shape=[4, 4, 2]), conv("conv2d_transpose", activation="tanh")]
#: only one real point, so that it does not matter which ones are drawn
ONE = kind("drawn", points=[[1.5, -2, 0]] * 12)

#: by their losses, networks of which nothing hangs on chance
CASES = {
    "non_saturating": duel(
        ONE, [dense(5), dense(4, normalization="layer")], [SILENT, dense(3)], "non_saturating",
        features=["x", "y", "radius"], clip_norm=0.3, optimizer="nesterov",
        made_by={"discriminator_updates": 3, "updates": 2, "noise": "uniform"},
    ),
    "minimax": duel(
        RING, [dense(5), dense(4)], [SILENT, dense(3), dense(4)], "minimax",
        l1=0.01, l2=0.02, weight_decay=0.1, schedule=kind("exponential", gamma=0.5),
        made_by={"updates": 3, "optimizer": kind("rmsprop", epsilon=0.01)},
    ),
    "least_squares": duel(
        DIGITS, [conv("conv2d", normalization="batch", activation="tanh"), "flatten"],
        [SILENT, dense(32), *PAINTERS], "least_squares",
        optimizer="sgd", made_by={"optimizer": "sgd"},
    ),
    # straight, so that its slope is the same wherever between real and made it is taken
    "wasserstein": duel(
        DIGITS, [conv("conv2d", activation="linear"), "flatten", dense(4, activation="linear")],
        [SILENT, dense(32), *PAINTERS], kind("wasserstein", gradient_penalty=3),
    ),
}  # fmt: skip

#: and others: chance in every form, and all that restrains
DRAWN = {
    "points": duel(
        RING, [dense(5, dropout=0.2, normalization="batch"), kind("sampling", units=3)],
        [kind("sampling", units=4), "batch_normalization", dense(6, dropout=0.1)],
        "wasserstein", features=["x", "y", "xy"], l1=0.01, l2=0.01, weight_decay=0.1, clip_norm=1,
        batch_size=15, schedule="one_cycle", optimizer="lion", made_by={"optimizer": "adagrad"},
    ),
    "images": duel(
        DIGITS, [conv("conv2d"), "max_pooling2d", "flatten"],
        [dense(32, normalization="batch"), *PAINTERS],
        "non_saturating", batch_size=8, made_by={"discriminator_updates": 2},
    ),
}  # fmt: skip


class Both:
    """How both networks of an exported program are spoken with, in every framework."""

    def __init__(self, target: str, model: ModuleType, train: ModuleType) -> None:
        self.target, self.model, self.train = target, model, train

    def array(self, array: np.ndarray) -> Any:
        kinds = {"pytorch": torch.tensor, "jax": jnp.array, "keras": np.array}
        return kinds[self.target](array)

    def generate(self, noise: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.generate(self.model.load()[1], self.array(noise)))

    def predict(self, given: np.ndarray) -> tuple[np.ndarray, list[int]]:
        outputs = self.model.predict(self.model.load()[0], self.array(given))
        return np.asarray(outputs), self.model.classify(outputs).tolist()

    def stepped(self, epochs: list[float]) -> tuple[Any, Any]:
        """Both networks after a step on the first real examples at each of these times."""
        model, train = self.model, self.train
        examples = reader(train)("train")
        real = model.features(examples) if hasattr(model, "features") else examples / 255
        size = train.BATCH_SIZE
        if self.target == "jax":
            state = train.begin()
            for epoch in epochs:
                state = train.train_step(state, real[:size], real, epoch)
            return state.discriminator, state.generator
        networks = model.load()
        optimizers = train.make_optimizers(*networks[: 2 * (self.target == "pytorch")])
        real = torch.as_tensor(np.asarray(real), dtype=torch.float32)
        for epoch in epochs:
            train.train_step(*networks, optimizers, real[:size], real, epoch)
        return networks

    def weights(self, networks: tuple[Any, Any]) -> list[list[np.ndarray]]:
        return [FRAMEWORKS[self.target].weights(network) for network in networks]


@contextmanager
def exported(run: Run, target: str, folder: Path) -> Iterator[Both]:
    with modules(run.unpack(target, folder)) as (model, train):
        yield Both(target, model, train)


def noise_for(run: Run, count: int) -> np.ndarray:
    generator = run.experiment.generator
    assert generator is not None
    latent = generator.latent
    return np.random.default_rng(0).normal(size=(count, latent)).astype(np.float32)


def given_to(run: Run, count: int) -> np.ndarray:
    rng, shape = np.random.default_rng(1), run.experiment.data.dataset.input_shape
    if run.experiment.data.dataset.form == "image":
        return rng.integers(0, 256, (count, *shape)).astype(np.uint8)
    return rng.uniform(-6, 6, (count, *shape)).astype(np.float32)


def generated(run: Run, noise: np.ndarray) -> np.ndarray:
    answer = run.call("POST", "/generate", {"noise": noise.tolist()})
    assert answer.status_code == 200, answer.text
    return np.array(answer.json()["examples"], np.float32)


def assert_close(found: Any, expected: Any, message: str = "") -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5, err_msg=message)


@pytest.mark.parametrize("name", DRAWN)
def test_both_networks_answer_alike_everywhere(name, begin, tmp_path):
    run = begin(DRAWN[name])
    run.train(3)
    noise, given = noise_for(run, 20), given_to(run, 20)
    made, (outputs, classes) = generated(run, noise), run.predict(given)
    for target in FRAMEWORKS:
        with exported(run, target, tmp_path / target) as both:
            assert_close(both.generate(noise), made, target)
            answers, found = both.predict(given)
            assert_close(answers, outputs, target)
            assert found == classes, target
    packed = zipfile.ZipFile(io.BytesIO(run.export("onnx")))
    judge, maker = (
        onnxruntime.InferenceSession(packed.read(f"layerlab-onnx/{network}.onnx"))
        for network in ("discriminator", "generator")
    )
    found, theirs = (np.asarray(a) for a in judge.run(["outputs", "classes"], {name: given}))
    assert_close(found, outputs)
    assert theirs.tolist() == classes
    (found,) = maker.run(["made"], {"noise": noise})
    assert_close(found, made)


@pytest.mark.parametrize("name", DRAWN)
def test_the_container_makes_examples(name, begin, tmp_path, monkeypatch):
    run = begin(DRAWN[name])
    monkeypatch.syspath_prepend(run.unpack("container", tmp_path))
    app = TestClient(importlib.import_module("app").app)
    del sys.modules["app"]
    noise, given = noise_for(run, 3), given_to(run, 3)
    answer = app.post("/generate", json={"noise": noise.tolist()}).json()
    assert_close(answer[name], generated(run, noise))
    outputs, classes = run.predict(given)
    answer = app.post("/predict", json={"inputs": given.tolist()}).json()
    assert_close(answer["outputs"], outputs)
    assert answer["classes"] == classes
    first, again = (app.post("/generate", json={"count": 4, "seed": 7}).json() for _ in range(2))
    assert first == again and len(first[name]) == 4
    assert_close(first[name], generated(run, np.array(first["noise"])))
    for wrong in ({"count": 0}, {"noise": [[1.0]]}, {"noise": []}, {"seed": -1}):
        assert app.post("/generate", json=wrong).status_code == 422


@pytest.mark.parametrize("loss", CASES)
def test_steps_are_those_of_the_session(loss, begin, tmp_path):
    run = begin(CASES[loss])
    folders = {target: run.unpack(target, tmp_path / target) for target in FRAMEWORKS}
    before = run.arrays()
    run.train(STEPS)
    after = run.arrays()
    for part in ("output.w", "generator.output.b"):
        assert np.abs(after[part] - before[part]).max() > 1e-4, f"{part} is not trained"
    for target, folder in folders.items():
        with modules(folder) as (model, train):
            both = Both(target, model, train)
            theirs = both.weights(both.stepped([0.0, 1.0, 2.0]))
            (folder / "weights.safetensors").write_bytes(run.export("safetensors"))
            ours = both.weights(model.load())
        for network, wanted in zip(theirs, ours, strict=True):
            for array, expected in zip(network, wanted, strict=True):
                np.testing.assert_allclose(
                    array, expected, rtol=1e-3, atol=2e-5, err_msg=f"{target} {expected.shape}"
                )


@pytest.mark.parametrize("target", FRAMEWORKS)
@pytest.mark.parametrize("turn", ["discriminator", "generator"])
def test_who_has_no_turn_stands_still(target, turn, begin, tmp_path):
    """Nor do running averages move where a network only helps to train the other."""
    case = DRAWN["points"]
    run = begin(case | {"generator": case["generator"] | {"turn": turn}})
    with exported(run, target, tmp_path) as both:
        before, after = both.weights(both.model.load()), both.weights(both.stepped([0.0, 1.0]))
    judge, maker = (
        all(np.array_equal(a, b) for a, b in zip(*pair, strict=True))
        for pair in zip(before, after, strict=True)
    )
    assert (judge, maker) == (turn == "generator", turn == "discriminator")


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("target", FRAMEWORKS)
def test_a_program_trains_and_makes_examples(target, name, begin, tmp_path, capsys, monkeypatch):
    """As its README says."""
    run = begin(DRAWN[name])
    with exported(run, target, tmp_path) as both:
        folder = both.model.WEIGHTS.parent
        both.train.main(2)
        *epochs, made = capsys.readouterr().out.splitlines()
        for script, number in (("generate.py", "9"), ("model.py", "1")):
            point = ["1", "-2"] if name == "points" and script == "model.py" else [number]
            monkeypatch.setattr(sys, "argv", [script, *point])
            runpy.run_path(str(folder / script), run_name="__main__")
    assert [line.split(":")[0] for line in epochs] == ["epoch 1", "epoch 2"]
    assert np.isfinite([float(v.split()[1]) for v in epochs[-1].split(": ")[1].split(", ")]).all()
    nine, answer, told = capsys.readouterr().out.splitlines()
    if name == "points":
        assert made == "200 points in made.csv" and nine == "9 points in made.csv"
        rows = list(csv.reader((folder / "made.csv").open()))
        assert rows[0] == ["x", "y"] and np.isfinite(np.array(rows[1:], float)).all()
        assert len(rows) == 10
    else:
        assert made == "16 images in made.png" and nine == "9 images in made.png"
        assert Image.open(folder / "made.png").size == (8 * 8, 2 * 8)
    assert answer.startswith("outputs [") and told in ("class 0", "class 1")


def test_made_pictures_lie_in_rows(begin, tmp_path):
    """Each as it is, the first at the top left."""
    run = begin(DRAWN["images"])
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (10, 8, 8, 1))
    with exported(run, "jax", tmp_path / "jax") as both:
        both.train.save(pictures / 255, tmp_path / "made.png")
    sheet = np.asarray(Image.open(tmp_path / "made.png"))
    assert sheet.shape == (16, 64)
    np.testing.assert_array_equal(sheet[:8, 8:16], pictures[1, ..., 0])
    np.testing.assert_array_equal(sheet[8:, 8:16], pictures[9, ..., 0])
    assert not sheet[8:, 16:].any()


@pytest.mark.parametrize("name", DRAWN)
def test_every_target_has_its_file(name, begin):
    """And a file of weights gives the very same ones."""
    run = begin(DRAWN[name])
    trees = unpack(run.experiment, run.export("safetensors"))
    for target in TARGETS:
        content = run.export(target)
        if target != "history":
            assert export(target, run.experiment, *trees).content == content
    said = run.call("GET", "/weights").json()["layers"]
    first = len(run.experiment.network.layers) + 1
    output = np.array(said[-1]["params"]["w"], np.float32)
    np.testing.assert_array_equal(run.arrays()["generator.output.w"], output)
    output = np.array(said[first - 1]["params"]["w"], np.float32)
    np.testing.assert_array_equal(run.arrays()["output.w"], output)


def test_every_loss_is_tried():
    assert set(CASES) == set(DUELS)
