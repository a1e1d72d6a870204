"""The dense layer against a PyTorch module with the same weights, in float64: outputs,
gradients of weights and inputs, running averages, in training and in evaluation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn

import server.layers  # noqa: F401 - registers
from server.layers.base import Context
from server.layers.dense import Dense

from .test_torch_activations import TORCH as ACTIVATIONS

BATCH, INPUTS, UNITS = 8, 3, 5
RNG = np.random.default_rng(11)
X = RNG.normal(size=(BATCH, INPUTS)).astype(np.float32)
COTANGENT = RNG.normal(size=(BATCH, UNITS)).astype(np.float32)
NORMS = {
    "none": lambda: nn.Identity(),
    "batch": lambda: nn.BatchNorm1d(UNITS),
    "layer": lambda: nn.LayerNorm(UNITS),
}


def weights(normalization: str) -> tuple[Dense, dict[str, Any], dict[str, Any]]:
    """A layer whose every parameter and average is away from its first value."""
    rng = np.random.default_rng(3)
    layer = Dense.model_validate({"units": UNITS, "normalization": normalization})
    params, stats = layer.init(rng, (INPUTS,))
    shift = {n: rng.normal(0, 0.3, p.shape).astype(np.float32) for n, p in params.items()}
    params = {n: p + shift[n] for n, p in params.items()}
    stats = {n: s + rng.uniform(0, 1, s.shape).astype(np.float32) for n, s in stats.items()}
    return layer, params, stats


class Oracle(nn.Module):
    def __init__(self, params: Any, stats: Any, normalization: str, activation: str) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(INPUTS, UNITS), NORMS[normalization]()
        self.double()
        self.activation = ACTIVATIONS[activation]
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor(params["w"].T))
            self.linear.bias.copy_(torch.tensor(params["b"]))
            if "scale" in params:
                self.norm.weight.copy_(torch.tensor(params["scale"]))
                self.norm.bias.copy_(torch.tensor(params["offset"]))
            if stats:
                self.norm.running_mean.copy_(torch.tensor(stats["mean"]))
                self.norm.running_var.copy_(torch.tensor(stats["var"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activation(self.norm(self.linear(x)))

    def gradients(self) -> dict[str, Any]:
        of_weight = self.linear.weight.grad
        assert of_weight is not None
        found = {"w": of_weight.T, "b": self.linear.bias.grad}
        if not isinstance(self.norm, nn.Identity):
            found |= {"scale": self.norm.weight.grad, "offset": self.norm.bias.grad}
        return found


def close(actual: Any, expected: Any) -> None:
    """To 1e-5 of the largest number beside it: sums over a batch cancel."""
    expected = expected.detach().numpy()
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=2e-6 * scale)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(
    ("normalization", "training"),
    [("none", True), ("batch", True), ("batch", False), ("layer", True), ("layer", False)],
)
def test_outputs_gradients_and_averages(activation, normalization, training):
    layer, params, stats = weights(normalization)
    layer = layer.model_copy(update={"activation": activation})
    module = Oracle(params, stats, normalization, activation).train(training)
    x = torch.tensor(X.astype(np.float64), requires_grad=True)
    expected = module(x)
    expected.backward(torch.tensor(COTANGENT.astype(np.float64)))

    context = Context(training, None, None, jnp.matmul)
    out, back, fresh = jax.vjp(
        lambda params, x: layer.apply(params, stats, x, context), params, X, has_aux=True
    )
    of_params, of_x = back(COTANGENT)
    close(out, expected)
    close(of_x, x.grad)
    for name, gradient in module.gradients().items():
        close(of_params[name], gradient)
    if normalization == "batch":
        close(fresh["mean"], module.norm.running_mean)
        close(fresh["var"], module.norm.running_var)
