"""Three steps of the exported training code against three of ours: full batches, the same
points and first weights, and then the same weights and running averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from server.experiment.registry import LOSSES
from server.export import keras, plain_jax, python_code, pytorch

from .frameworks import FRAMEWORKS
from .run import modules

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STEPS = 3
DUELS = [name for name in LOSSES if "generation" in LOSSES[name].problems]


def case(
    dataset: Any,
    loss: Any,
    optimizer: Any,
    schedule: Any = "constant",
    *,
    layer: Any = None,
    **more,
) -> dict[str, Any]:
    hidden = [{"kind": "dense", "units": 5}, {"kind": "dense", "units": 3} | (layer or {})]
    training = {"loss": loss, "optimizer": optimizer, "schedule": schedule, "batch_size": 5000}
    return {
        "data": {"dataset": {"kind": dataset, "samples": 60}},
        "network": {"layers": hidden},
        "training": training | {"learning_rate": 0.05} | more,
        "seed": 5,
    }


def kind(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, **fields}


BATCH, LAYER = {"normalization": "batch"}, {"normalization": "layer"}

CASES = {
    "sgd": case("circle", "squared_error", "sgd", layer=LAYER, l1=0.02, l2=0.03),
    "momentum": case(
        "reg_plane", "absolute_error", kind("momentum", momentum=0.8), kind("step", every=1)
    ),
    "nesterov": case(
        "reg_gauss", kind("huber", delta=0.2), "nesterov", kind("exponential", gamma=0.5),
        layer=BATCH,
    ),
    "rmsprop": case(
        "xor", "binary_crossentropy", kind("rmsprop", epsilon=0.01),
        kind("cosine", epochs=3, floor=0.1), weight_decay=0.3,
    ),
    "adagrad": case(
        "pinwheel", kind("categorical_crossentropy", label_smoothing=0.1),
        kind("adagrad", epsilon=0.01), kind("cosine_restarts", every=2),
    ),
    "adadelta": case("xor", "hinge", kind("adadelta", rho=0.8), kind("warmup", epochs=3)),
    "adam": case(
        "circle", kind("squared_error", half=False), kind("adam", epsilon=0.001),
        kind("warmup_cosine", warmup=1, epochs=2, floor=0.2), clip_norm=0.01,
    ),
    "adamw": case(
        "pinwheel", "squared_error", kind("adamw", weight_decay=0.5),
        kind("one_cycle", epochs=4, rise=0.4), weight_decay=0.2,
    ),
    "nadam": case("function", "squared_error", kind("nadam", momentum_decay=0.1), l1=0.01),
    "lion": case("pinwheel", "binary_crossentropy", "lion", l2=0.1),
    "lbfgs": case(
        "circle", "binary_crossentropy", kind("lbfgs", memory=2, reach=0.4),
        weight_decay=0.1, learning_rate=0.5,
    ),
    "tf_playground": case(
        "circle", "squared_error", "sgd", rules="tf_playground", l1=3, l2=0.1
    ),
}  # fmt: skip
#: every penalty and shrinkage at once
CASES["all that restrains"] = case(
    "pinwheel", "categorical_crossentropy", "adam", "exponential", layer=LAYER,
    l1=0.01, l2=0.02, weight_decay=0.1, clip_norm=0.5,
)  # fmt: skip
CASES["pinwheel of ±1"] = case("pinwheel", "squared_error", "sgd") | {"seed": 7}
#: a batch of one example, which batch normalization cannot take the variance of
CASES["one example"] = case("circle", "squared_error", "momentum", layer=BATCH) | {
    "data": {"dataset": {"kind": "drawn", "points": [[1, 2, 0], [-3, 4, 1]]}}
}
#: a bias before batch normalization has no effect
IDLE = {
    "nesterov": {"hidden_2.b"},
    "one example": {"hidden_2.mean", "hidden_2.var"},
}
CASES["pinwheel of ±1"]["network"]["output"] = {"activation": "tanh"}


@pytest.mark.parametrize("name", CASES)
def test_three_steps(name, begin, tmp_path):
    run = begin(CASES[name])
    before = run.arrays()
    folders = {target: run.unpack(target, tmp_path / target) for target in FRAMEWORKS}
    run.train(STEPS)
    after = run.arrays()
    for target, framework in FRAMEWORKS.items():
        with modules(folders[target]) as (model, train):
            theirs = framework.trained(model, train, [0.0, 1.0, 2.0])
        assert theirs.keys() == after.keys()
        for array, expected in after.items():
            if array not in IDLE.get(name, ()):
                assert np.abs(expected - before[array]).max() > 1e-6, f"{array} is not trained"
            np.testing.assert_allclose(
                theirs[array], expected, rtol=1e-4, atol=5e-6, err_msg=f"{target} {array}"
            )


@pytest.mark.parametrize("target", FRAMEWORKS)
def test_dropout_trains(target, begin, tmp_path):
    """Which units fall silent is each framework's own chance: here it goes on to learn."""
    run = begin(case("circle", "squared_error", "adam", layer={"dropout": 0.5}))
    before = run.arrays()
    with modules(run.unpack(target, tmp_path)) as (model, train):
        after = FRAMEWORKS[target].trained(model, train, [0.0, 1.0, 2.0])
    assert all(np.isfinite(array).all() for array in after.values())
    assert all((array != before[name]).any() for name, array in after.items())


def test_every_rule_that_has_words_is_tried():
    """Losses of two networks are tried in test_adversarial.py."""
    tried = {field: set() for field in ("optimizer", "loss", "schedule")}
    for experiment in CASES.values():
        for field, names in tried.items():
            value = experiment["training"][field]
            names.add(value if isinstance(value, str) else value["kind"])
    for words in (keras.WORDS, plain_jax.WORDS, pytorch.WORDS, python_code.SCHEDULE_WORDS):
        for field in tried:
            named = {name for name in words.tables.get(field, ()) if name not in DUELS}
            assert named <= tried[field], f"{words.title} {field}"
