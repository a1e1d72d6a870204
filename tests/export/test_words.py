"""What is registered later: refused with a sentence, or written in its own words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
import onnxruntime
import pytest
from pydantic import create_model

import server.datasets
import server.layers
import server.training  # noqa: F401 - registers
from server.experiment import Experiment
from server.experiment.registry import (
    ACTIVATIONS,
    FEATURES,
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Entry,
)
from server.export import Unsupported, files
from server.export.base import Run

CODE = ("keras", "jax", "pytorch")


def exported(target: str, experiment: dict[str, Any]) -> dict[str, bytes]:
    """The files of a target for the first weights of an experiment."""
    value = Experiment.model_validate(experiment)
    rng = np.random.default_rng(0)
    trees = [place.layer.init(rng, place.input_shape) for place in Run(value, [], []).places]
    return files(target, value, [params for params, _ in trees], [stats for _, stats in trees])


def arctan(written: dict[str, Any]) -> Entry:
    return Entry("arctan", jnp.arctan, "Arctangent", "Help.", "z", {"negative": True}, written)


WITH_ARCTAN = {"network": {"layers": ["dense", {"kind": "dense", "activation": "arctan"}]}}


@pytest.mark.parametrize("target", [*CODE, "onnx", "container"])
def test_an_activation_without_words_is_refused_with_its_place(target, monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "arctan", arctan({}))
    with pytest.raises(Unsupported, match=r"no words for the activation 'arctan'.*tanh") as told:
        exported(target, WITH_ARCTAN)
    assert told.value.path == "/experiment/network/layers/1/activation"
    assert exported("safetensors", WITH_ARCTAN)


def test_an_activation_brings_its_words_along(monkeypatch):
    words = {
        "keras": "ops.arctan(z)",
        "jax": "jnp.arctan(z)",
        "pytorch": "torch.arctan(z)",
        "onnx": lambda g, z: g("Atan", z),
    }
    monkeypatch.setitem(ACTIVATIONS, "arctan", arctan(words))
    for target in CODE:
        assert f"h = {words[target]}\n" in exported(target, WITH_ARCTAN)["model.py"].decode()
    model = exported("onnx", WITH_ARCTAN)["model.onnx"]
    onnxruntime.InferenceSession(model).run(None, {"points": np.zeros((1, 2), np.float32)})


LATER = {
    "/experiment/training/loss": (LOSSES, "huber", {"training": {"loss": "later"}}),
    "/experiment/training/optimizer": (OPTIMIZERS, "adam", {"training": {"optimizer": "later"}}),
    "/experiment/training/schedule": (SCHEDULES, "step", {"training": {"schedule": "later"}}),
    "/experiment/network/layers/0": (LAYERS, "dense", {"network": {"layers": ["later"]}}),
}


@pytest.mark.parametrize("path", LATER)
@pytest.mark.parametrize("target", [*CODE, "onnx"])
def test_a_kind_without_words_is_refused_where_it_matters(target, path, monkeypatch):
    registry, like, experiment = LATER[path]
    kind = create_model("Later", __base__=registry[like], kind=(Literal["later"], "later"))
    monkeypatch.setitem(registry, "later", kind)
    if target == "onnx" and "training" in experiment:
        assert exported(target, experiment)  # a model alone knows nothing of training
        return
    with pytest.raises(Unsupported, match=f"{registry.noun} 'later'.*{like}") as told:
        exported(target, experiment)
    assert told.value.path == path


@pytest.mark.parametrize("target", [*CODE, "onnx"])
def test_a_feature_without_words_is_refused(target, monkeypatch):
    entry = Entry("tan_x", lambda points: np.tan(points[:, 0]), "tan", "Help.", "t", {"uses": "x"})
    monkeypatch.setitem(FEATURES, "tan_x", entry)
    with pytest.raises(Unsupported, match="feature 'tan_x'") as told:
        exported(target, {"data": {"features": ["x", "tan_x"]}})
    assert told.value.path == "/experiment/data/features/1"


@pytest.mark.parametrize("target", [*CODE, "onnx"])
def test_whatever_is_registered_is_written_or_refused(target):
    """Nothing fails in another way, be it registered by a file we do not know."""
    choices = [
        *({"network": {"layers": [{"kind": "dense", "activation": name}]}} for name in ACTIVATIONS),
        *({"training": {"optimizer": name}} for name in OPTIMIZERS),
        *({"training": {"schedule": name}} for name in SCHEDULES),
        *({"data": {"features": [name]}} for name in FEATURES),
    ]
    for experiment in choices:
        with suppress(Unsupported):
            check(exported(target, experiment))


def check(contents: dict[str, bytes]) -> None:
    for name in contents:
        if name.endswith(".py"):
            compile(contents[name], name, "exec")
