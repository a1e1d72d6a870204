"""The dense layer: shapes, padding, dropout, running averages, its formula."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import server.layers  # noqa: F401 - registers
from server.experiment.live import live_values, static_form, with_live
from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS
from server.layers.base import Context
from server.layers.dense import Dense

NORMALIZATIONS = ["none", "batch", "layer"]
KEY = jax.random.key(5)


def context(*, training: bool = True, mask: Any = None, key: Any = KEY) -> Context:
    return Context(training, key, mask, jnp.matmul)


def build(seed: int = 0, inputs: int = 3, **fields: Any) -> tuple[Dense, Any, Any]:
    layer = Dense(**fields)
    params, stats = layer.init(np.random.default_rng(seed), (inputs,))
    return layer, params, stats


def rows(count: int, seed: int = 1, inputs: int = 3) -> Any:
    return np.random.default_rng(seed).normal(size=(count, inputs)).astype(np.float32)


def test_registered():
    assert LAYERS["dense"] is Dense
    assert LAYERS.validate("dense") == Dense()


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_shapes(normalization):
    layer, params, stats = build(units=4, normalization=normalization, bias=0.3)
    expected = {"w": (3, 4), "b": (4,)}
    if normalization != "none":
        expected |= {"scale": (4,), "offset": (4,)}
    assert {name: value.shape for name, value in params.items()} == expected
    assert set(stats) == ({"mean", "var"} if normalization == "batch" else set())
    assert all(value.dtype == np.float32 for value in (params | stats).values())
    np.testing.assert_array_equal(params["b"], np.full(4, 0.3, np.float32))
    assert set(layer.regularized) <= set(params)
    out, fresh = layer.apply(params, stats, rows(5), context())
    assert out.shape == (5, *layer.output_shape((3,)))
    assert jax.tree.structure(fresh) == jax.tree.structure(stats)


@pytest.mark.parametrize("initializer", list(INITIALIZERS))
def test_uses_its_initializer(initializer):
    _, params, _ = build(seed=9, units=4, initializer=initializer)
    expected = INITIALIZERS[initializer].function(np.random.default_rng(9), (3, 4))
    np.testing.assert_array_equal(params["w"], expected)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_gradient_is_finite_and_repeats(activation, normalization):
    layer, params, stats = build(units=4, activation=activation, normalization=normalization)
    weights = rows(6, seed=2, inputs=4)

    def total(params):
        return (layer.apply(params, stats, rows(6) * 50, context())[0] * weights).sum()

    first, again = jax.grad(total)(params), jax.grad(total)(params)
    assert all(np.isfinite(g).all() for g in first.values())
    jax.tree.map(np.testing.assert_array_equal, first, again)


def test_logits_then_activation_is_apply():
    """The output layer is built of these two."""
    layer, params, stats = build(units=3, activation="softmax")
    z, _ = layer.logits(params, stats, rows(5), context(key=None))
    np.testing.assert_allclose(z, rows(5) @ params["w"] + params["b"], rtol=1e-5, atol=1e-6)
    out, _ = layer.apply(params, stats, rows(5), context(key=None))
    np.testing.assert_array_equal(layer.activate(z), out)


@lru_cache
def gradient_program(normalization: str, dropout: float | None) -> Any:
    """Compiled: the gradient of a weighted sum of the real rows' outputs; outputs; stats."""
    layer, _, _ = build(units=4, normalization=normalization, dropout=dropout)

    def total(params, stats, x, mask, cotangent):
        out, fresh = layer.apply(params, stats, x, context(mask=mask))
        return (out * cotangent * mask[:, None]).sum(), (out, fresh)

    return jax.jit(jax.grad(total, has_aux=True))


@settings(max_examples=40)
@given(
    real=st.sampled_from([1, 5]),
    normalization=st.sampled_from(NORMALIZATIONS),
    dropout=st.sampled_from([None, 0.4]),
    seed=st.integers(0, 2**16),
)
def test_padding_changes_nothing(real, normalization, dropout, seed):
    """Outputs of the real rows, statistics and gradients are as without the padding, whatever
    stands in it."""
    program = gradient_program(normalization, dropout)
    _, params, stats = build(seed, units=4, normalization=normalization)
    x = np.concatenate([rows(real, seed), 100 * rows(8 - real, seed + 1)])
    mask, cotangent = (np.arange(8) < real).astype(np.float32), rows(8, seed + 2, inputs=4)
    padded, (out, fresh) = program(params, stats, x, mask, cotangent)
    plain, (short, after) = program(params, stats, x[:real], mask[:real], cotangent[:real])

    def close(a: Any, b: Any) -> None:
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)

    jax.tree.map(close, (padded, out[:real], fresh), (plain, short, after))


def test_no_mask_is_a_mask_of_ones():
    layer, params, stats = build(units=4, normalization="batch")
    bare = layer.apply(params, stats, rows(6), context())
    full = layer.apply(params, stats, rows(6), context(mask=np.ones(6, np.float32)))
    jax.tree.map(np.testing.assert_array_equal, bare, full)


@pytest.mark.parametrize("count", [0, 1])
def test_a_batch_without_variance_uses_and_keeps_the_running_averages(count):
    layer, params, _ = build(units=4, normalization="batch")
    stats = {"mean": np.full(4, 0.5, np.float32), "var": np.full(4, 2, np.float32)}
    mask = (np.arange(3) < count).astype(np.float32)
    out, fresh = layer.apply(params, stats, rows(3), context(mask=mask))
    evaluated, _ = layer.apply(params, stats, rows(3), context(training=False))
    np.testing.assert_allclose(out, evaluated, rtol=1e-6)
    jax.tree.map(np.testing.assert_array_equal, fresh, stats)


def test_evaluation_leaves_the_running_averages():
    layer, params, stats = build(units=4, normalization="batch")
    _, fresh = layer.apply(params, stats, rows(6), context(training=False))
    jax.tree.map(np.testing.assert_array_equal, fresh, stats)


def test_dropout_keeps_its_share_and_the_mean():
    rate, count = 0.3, 20_000
    layer, params, stats = build(units=4, activation="linear", dropout=rate)
    x: Any = np.ones((count, 3), np.float32)
    out, _ = layer.apply(params, stats, x, context())
    full, _ = layer.apply(params, stats, x, context(training=False))
    out, full = np.asarray(out), np.asarray(full)
    kept = out != 0
    np.testing.assert_allclose(out[kept], (full / (1 - rate))[kept], rtol=1e-5)
    error = 5 * np.sqrt(rate * (1 - rate) / kept.size)
    assert kept.mean() == pytest.approx(1 - rate, abs=error)


def test_dropout_follows_its_key():
    layer, params, stats = build(units=8, dropout=0.5)
    one, same, other = (
        layer.apply(params, stats, rows(9), context(key=jax.random.key(k)))[0] for k in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_dropout_moves_live_and_zero_is_none():
    layer, params, stats = build(units=8, dropout=0.5)

    @jax.jit
    def run(live):
        return with_live(layer, live).apply(params, stats, rows(9), context())[0]

    assert live_values(layer) == {"/dropout": 0.5}
    half = layer.apply(params, stats, rows(9), context())[0]
    np.testing.assert_allclose(run({"/dropout": 0.5}), half, rtol=1e-5)
    without, _ = build(units=8)[0].apply(params, stats, rows(9), context())
    np.testing.assert_allclose(run({"/dropout": 0.0}), without, rtol=1e-5)


def test_without_dropout_no_random_numbers_are_made():
    def program(**fields: Any) -> str:
        layer, params, stats = build(**fields)
        return str(jax.make_jaxpr(lambda x: layer.apply(params, stats, x, context()))(rows(4)))

    assert "random_bits" not in program()
    assert "random_bits" in program(dropout=0.1)
    assert static_form(Dense()) != static_form(Dense(dropout=0.1))


def test_dropout_without_a_key_is_refused():
    layer, params, stats = build(dropout=0.5)
    with pytest.raises(ValueError, match=r"context\.key"):
        layer.apply(params, stats, rows(4), context(key=None))


@pytest.mark.parametrize(
    ("field", "value"),
    [("units", 0), ("units", 257), ("dropout", 0.91), ("dropout", -0.1), ("activation", "tan"),
     ("initializer", "ones"), ("normalization", "group"), ("bias", 11), ("width", 3)],
)  # fmt: skip
def test_bad_settings_are_refused_by_name(field, value):
    with pytest.raises(ValidationError) as caught:
        Dense.model_validate({field: value})
    assert [error["loc"][0] for error in caught.value.errors()] == [field]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, r"\tanh\left(h_{1} W_{2} + b_{2}\right)"),
        ({"activation": "linear"}, r"h_{1} W_{2} + b_{2}"),
        (
            {"activation": "leaky_relu"},
            r"\operatorname{leaky\,relu}\left(h_{1} W_{2} + b_{2}\right)",
        ),
        (
            {"activation": "relu", "normalization": "batch"},
            r"\operatorname{relu}\left("
            r"\operatorname{BN}_{2}\left(h_{1} W_{2} + b_{2}\right)\right)",
        ),
    ],
)
def test_latex(fields, expected):
    assert Dense(**fields).latex("h_{1}", 2) == expected
