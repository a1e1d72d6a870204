"""What every registered activation promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import server.layers  # noqa: F401 - registers
from server.experiment.registry import ACTIVATIONS

REQUIRED = {
    "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "sigmoid",
    "tanh", "hard_tanh", "softsign", "sine", "gaussian", "softmax",
}  # fmt: skip

#: rows of three units; the corners, both far ends, and what is between
INPUTS = np.array(
    [[0, 0, 0], [-1, 1, 0.5], [-100, 100, 0], [1e4, -1e4, 3], [-1e30, 1e30, 1], [20, -20, -3]],
    np.float32,
)


def test_required_activations_are_registered():
    assert set(ACTIVATIONS) >= REQUIRED


@pytest.fixture(params=list(ACTIVATIONS))
def entry(request: pytest.FixtureRequest):
    return ACTIVATIONS[request.param]


def test_keeps_shape_and_type(entry):
    out = entry.function(jnp.asarray(INPUTS))
    assert out.shape == INPUTS.shape
    assert out.dtype == jnp.float32


def test_value_and_gradient_are_finite_everywhere(entry):
    """Each output on its own: their sum would be constant for softmax."""
    for row in jnp.asarray(INPUTS):
        out, slopes = entry.function(row), jax.jacobian(entry.function)(row)
        assert np.isfinite(out).all(), row
        assert np.isfinite(slopes).all(), row


def test_gradient_is_the_slope(entry):
    """Central differences away from the corners, in float32."""
    z = jnp.asarray([[-1.7, 0.3, 0.8], [0.2, -0.6, 2.1]], jnp.float32)
    weights = jnp.asarray([0.7, -1.3, 0.4], jnp.float32)
    step = 1e-2

    @jax.jit
    def total(z):
        return (entry.function(z) * weights).sum()

    slopes = jax.grad(total)(z)
    for index in np.ndindex(z.shape):
        rise = total(z.at[index].add(step)) - total(z.at[index].add(-step))
        assert float(slopes[index]) == pytest.approx(float(rise) / (2 * step), abs=2e-3)


def test_is_the_same_each_time_and_compiled(entry):
    z = jnp.asarray(INPUTS[:4])
    np.testing.assert_array_equal(entry.function(z), entry.function(z))
    np.testing.assert_allclose(jax.jit(entry.function)(z), entry.function(z), rtol=1e-5, atol=1e-6)


def test_hints_tell_the_truth(entry):
    """`negative` and `minimum` against the function itself; `joint` outputs sum to 1."""
    line = jnp.linspace(-100, 100, 40_001, dtype=jnp.float32)
    z = jnp.stack([line, jnp.zeros_like(line)], 1)
    out = entry.function(z)
    least = float(out[:, 0].min())
    assert entry.hints["negative"] == (least < 0)
    if "minimum" in entry.hints:
        assert least == pytest.approx(entry.hints["minimum"], abs=0.005)
    alone = np.allclose(out[:, 0], entry.function(z[:, :1])[:, 0], atol=1e-6)
    assert entry.hints.get("joint", False) == (not alone)
    if not alone:
        np.testing.assert_allclose(out.sum(1), 1, atol=1e-6)
