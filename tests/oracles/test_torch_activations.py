"""Activations against PyTorch in float64: values and gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional as F

import server.layers  # noqa: F401 - registers
from server.experiment.registry import ACTIVATIONS

TORCH = {
    "linear": lambda z: z,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_tanh": F.hardtanh,
    "softsign": F.softsign,
    "sine": torch.sin,
    "gaussian": lambda z: torch.exp(-(z**2)),
    "softmax": lambda z: torch.softmax(z, -1),
}

#: the corners 0 and ±1, both far ends, and 300 numbers between
CORNERS = [0, -1, 1, 100, -100, 30, -30, 1e-6, -1e-6]
INPUTS = np.concatenate([CORNERS, np.random.default_rng(0).normal(0, 3, 300)])
INPUTS = INPUTS.astype(np.float32).reshape(-1, 3)
COTANGENT = np.random.default_rng(1).normal(size=INPUTS.shape).astype(np.float32)


@pytest.mark.parametrize("name", list(TORCH))
def test_value_and_gradient(name):
    z = torch.tensor(INPUTS.astype(np.float64), requires_grad=True)
    expected = TORCH[name](z)
    expected.backward(torch.tensor(COTANGENT.astype(np.float64)))
    out, back = jax.vjp(ACTIVATIONS[name].function, jnp.asarray(INPUTS))
    np.testing.assert_allclose(out, expected.detach(), rtol=1e-5, atol=1e-6)
    assert z.grad is not None
    np.testing.assert_allclose(back(COTANGENT)[0], z.grad, rtol=1e-5, atol=1e-6)
