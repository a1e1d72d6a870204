"""The sampling layer against PyTorch's distributions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

from server.layers.base import Context
from server.layers.variational import Sampling

LAYER = Sampling(units=3, divergence=0.7)
PARAMS, _ = LAYER.init(np.random.default_rng(1), (5,))
X = np.random.default_rng(2).normal(size=(6, 5)).astype(np.float32)


def moments(w: torch.Tensor) -> Normal:
    z = torch.tensor(X) @ w
    return Normal(z[:, :3], torch.exp(0.5 * z[:, 3:]))


def test_the_penalty_and_its_gradient() -> None:
    w = torch.tensor(PARAMS["w"], requires_grad=True)
    expected = 0.7 * kl_divergence(moments(w), Normal(0.0, 1.0)).sum(-1)
    expected.sum().backward()
    found = LAYER.penalty(PARAMS, jnp.asarray(X))
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-5, atol=1e-6)
    slope = jax.grad(lambda p: LAYER.penalty(p, jnp.asarray(X)).sum())(PARAMS)["w"]
    assert w.grad is not None
    np.testing.assert_allclose(slope, w.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_what_is_drawn_has_these_moments() -> None:
    def drawn(key: jax.Array) -> jax.Array:
        context = Context(True, key, None, jnp.matmul)
        return LAYER.apply(PARAMS, {}, jnp.asarray(X), context)[0]

    many = np.asarray(jax.vmap(drawn)(jax.random.split(jax.random.key(3), 20_000)))
    expected = moments(torch.tensor(PARAMS["w"]))
    np.testing.assert_allclose(many.mean(0), expected.mean.numpy(), atol=0.08)
    np.testing.assert_allclose(many.std(0), expected.stddev.numpy(), rtol=0.05)
    still = LAYER.apply(PARAMS, {}, jnp.asarray(X), Context(False, None, None, jnp.matmul))[0]
    np.testing.assert_allclose(still, expected.mean.numpy(), rtol=1e-4, atol=1e-6)
