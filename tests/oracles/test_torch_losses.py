"""Losses against PyTorch in float64: values, and gradients through the output activation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional as F

import server.layers
import server.training  # noqa: F401 - registers
from server.experiment.registry import ACTIVATIONS, LOSSES

OUTPUTS = {
    "linear": lambda z: z,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: torch.softmax(z, -1),
}

#: name -> (torch loss of logits, outputs, targets; settings; output activations; low; units)
TORCH = [
    ("squared_error", lambda z, o, t: 0.5 * F.mse_loss(o, t), {}, ["tanh", "linear"], -1, (1, 4)),
    ("squared_error", lambda z, o, t: F.mse_loss(o, t), {"half": False}, ["softmax"], 0, (3,)),
    ("absolute_error", lambda z, o, t: F.l1_loss(o, t), {}, ["tanh", "linear"], -1, (1, 4)),
    ("huber", lambda z, o, t: F.huber_loss(o, t), {}, ["tanh", "linear"], -1, (1, 4)),
    ("huber", lambda z, o, t: F.huber_loss(o, t, delta=0.3), {"delta": 0.3}, ["linear"], -1, (2,)),
    (
        "binary_crossentropy",
        lambda z, o, t: F.binary_cross_entropy_with_logits(z, t),
        {}, ["sigmoid"], 0, (1, 4),
    ),
    ("categorical_crossentropy", lambda z, o, t: F.cross_entropy(z, t), {}, ["softmax"], 0, (2, 5)),
    (
        "categorical_crossentropy",
        lambda z, o, t: F.cross_entropy(z, t, label_smoothing=0.2),
        {"label_smoothing": 0.2}, ["softmax"], 0, (3,),
    ),
    (
        "hinge",
        lambda z, o, t: F.relu(1 - t * o).mean(),
        {}, ["linear", "tanh"], -1, (1, 4),
    ),
]  # fmt: skip
CASES = [
    pytest.param(
        name, oracle, fields, activation, low, units, id=f"{name}-{i}-{activation}-{units}"
    )
    for i, (name, oracle, fields, activations, low, widths) in enumerate(TORCH)
    for activation in activations
    for units in widths
]


def test_every_required_loss_has_an_oracle():
    assert {name for name, *_ in TORCH} == {
        "squared_error", "absolute_error", "huber", "binary_crossentropy",
        "categorical_crossentropy", "hinge",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "oracle", "fields", "activation", "low", "units"), CASES)
def test_value_and_gradient(name, oracle, fields, activation, low, units):
    """Six ordinary examples, one with logits of ±100, one whose logits are its targets."""
    rng = np.random.default_rng(units)
    logits = rng.normal(0, 2, (8, units)).astype(np.float32)
    logits[-1] = 100 * (-1) ** np.arange(units)
    hit = np.eye(units)[rng.integers(0, units, 8)] if units > 1 else rng.integers(0, 2, (8, 1))
    targets = np.where(hit, 1, low).astype(np.float32)
    logits[0] = targets[0]

    z = torch.tensor(logits.astype(np.float64), requires_grad=True)
    expected = oracle(z, OUTPUTS[activation](z), torch.tensor(targets.astype(np.float64)))
    expected.backward()

    loss = LOSSES[name](**fields)

    def mean(z):
        return loss.per_example(z, ACTIVATIONS[activation].function(z), targets).mean()

    value, slopes = jax.value_and_grad(mean)(jnp.asarray(logits))
    np.testing.assert_allclose(value, expected.item(), rtol=1e-5)
    assert z.grad is not None
    np.testing.assert_allclose(slopes, z.grad, rtol=1e-5, atol=1e-7)
