"""Whole training runs against PyTorch: the same first weights, data and settings.

Full batches, so that the order of the examples plays no part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from server.engine import commands as c
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment

PROGRAMS = Programs()
STEPS = 6

OPTIMIZERS: dict[str, Callable] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr, alpha=0.9),
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
}

LOSSES: dict[str, tuple[str, str, Callable]] = {
    "squared_error": ("circle", "tanh", lambda z, o, t: 0.5 * ((o - t) ** 2).mean()),
    "absolute_error": ("reg_plane", "linear", lambda z, o, t: (o - t).abs().mean()),
    "huber": ("reg_gauss", "linear", lambda z, o, t: torch.nn.functional.huber_loss(o, t)),
    "binary_crossentropy": (
        "xor",
        "sigmoid",
        torch.nn.functional.binary_cross_entropy_with_logits,
    ),
    "hinge": ("gauss", "linear", lambda z, o, t: torch.relu(1 - o * t).mean()),
    "categorical_crossentropy": (
        "pinwheel",
        "softmax",
        lambda z, o, t: torch.nn.functional.cross_entropy(z, t.argmax(1)),
    ),
}

OUTPUTS = {
    "tanh": torch.tanh,
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: torch.softmax(z, -1),
}


def loss_of(name: str, z, o, t):
    function = LOSSES[name][2]
    return function(z, t) if name == "binary_crossentropy" else function(z, o, t)


def module(session: Session) -> torch.nn.Sequential:
    """The hidden layers and the output's linear part, with the session's weights."""
    parts: list[torch.nn.Module] = []
    layers = [*session.experiment.network.layers, None]
    for layer, params in zip(layers, session.parameters()[0], strict=True):
        linear = torch.nn.Linear(*params["w"].shape)
        linear.weight.data = torch.tensor(np.array(params["w"]).T.copy())
        linear.bias.data = torch.tensor(np.array(params["b"]))
        parts.append(linear)
        if layer is None:
            continue
        if layer.normalization == "batch":
            parts.append(torch.nn.BatchNorm1d(layer.units))
        if layer.normalization == "layer":
            parts.append(torch.nn.LayerNorm(layer.units))
        parts.append(torch.nn.Tanh())
    return torch.nn.Sequential(*parts)


def compare(experiment: dict, optimizer: Callable, rate: float, clip: float | None = None) -> None:
    live = Session(Experiment.model_validate(experiment), PROGRAMS)
    training = live.experiment.training
    network = module(live)
    count = live.arrays.count
    x = torch.tensor(live.arrays.tree["inputs"][:count])
    t = torch.tensor(live.arrays.tree["targets"][:count])
    rule = optimizer(network.parameters(), lr=rate)
    weights = [m.weight for m in network if isinstance(m, torch.nn.Linear)]
    for step in range(STEPS):
        live.act(c.Advance(steps=1))
        while not live.done.is_set():
            live.turn()
        rule.zero_grad()
        z = network(x)
        o = OUTPUTS[live.experiment.output_activation](z)
        penalty = sum(
            training.l1 * w.abs().sum() + training.l2 * 0.5 * (w**2).sum() for w in weights
        )
        (loss_of(training.loss.kind, z, o, t) + penalty).backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        rule.step()
        for ours, theirs in zip(live.parameters()[0], weights, strict=True):
            np.testing.assert_allclose(
                ours["w"], theirs.detach().T, rtol=1e-5, atol=2e-6, err_msg=f"step {step}"
            )
    network.eval()
    with torch.no_grad():
        z = network(x)
        expected = loss_of(training.loss.kind, z, OUTPUTS[live.experiment.output_activation](z), t)
    assert live.metrics()["train"]["loss"] == pytest.approx(float(expected), rel=1e-4)


def experiment(loss: str, **training) -> dict:
    dataset, _, _ = LOSSES[loss]
    return {
        "data": {"dataset": dataset},
        "network": {"layers": [{"kind": "dense", "units": 5}, {"kind": "dense", "units": 3}]},
        "training": {"loss": loss, "batch_size": 5000, "learning_rate": 0.01, **training},
        "seed": 11,
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str) -> None:
    compare(experiment("squared_error", optimizer=name), OPTIMIZERS[name], 0.01)


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    compare(experiment(name, optimizer="momentum"), OPTIMIZERS["momentum"], 0.01)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalization(normalization: str) -> None:
    value = experiment("squared_error")
    for layer in value["network"]["layers"]:
        layer["normalization"] = normalization
    compare(value, torch.optim.SGD, 0.01)


def test_penalties_and_clipping() -> None:
    value = experiment("squared_error", l1=0.003, l2=0.01, clip_norm=0.05)
    compare(value, torch.optim.SGD, 0.01, clip=0.05)


def test_weight_decay_is_decoupled() -> None:
    def rule(parameters, lr):
        matrices, vectors = [], []
        for p in parameters:
            (matrices if p.ndim > 1 else vectors).append(p)
        groups = [
            {"params": matrices, "weight_decay": 0.1},
            {"params": vectors, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr)

    compare(experiment("squared_error", optimizer="adam", weight_decay=0.1), rule, 0.01)
