"""Normalization: by itself, and as other layers use it."""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.registry import LAYERS

from .base import Context, Layer, Params, Shape

#: what normalization adds to a variance, as in PyTorch
EPSILON = 1e-5
#: share of the old value in a running average of batch normalization (PyTorch's 1 - momentum)
KEEP = 0.9


def first_scale(units: int) -> Params:
    """What is learned after normalizing: scale and offset (units,)."""
    return {"scale": np.ones(units, np.float32), "offset": np.zeros(units, np.float32)}


def first_averages(units: int) -> Params:
    """The running averages of batch normalization: mean and var (units,)."""
    return {"mean": np.zeros(units, np.float32), "var": np.ones(units, np.float32)}


def layer_normalized(z: jax.Array) -> jax.Array:
    """Each example (and position) over its last axis, to mean 0 and variance 1."""
    return _normalize(z, z.mean(-1, keepdims=True), z.var(-1, keepdims=True))


def batch_normalized(
    z: jax.Array, stats: Params, context: Context, batch_last: bool = False
) -> tuple[jax.Array, Params]:
    """Each unit, over the batch and all positions: (normalized z, running averages after).

    z: (B, ..., units), or (units, ..., B) where the batch is last. Padded examples do not
    count.
    """
    mean, var, stats = _batch_moments(z, stats, context, batch_last)
    mean, var = (along_units(a, z.ndim, batch_last) for a in (mean, var))
    return _normalize(z, mean, var), stats


def along_units(values: jax.Array, rank: int, batch_last: bool) -> jax.Array:
    """(units,) in the form that broadcasts over an array of this rank."""
    return values.reshape(-1, *[1] * (rank - 1)) if batch_last else values


def _normalize(z: jax.Array, mean: jax.Array, var: jax.Array) -> jax.Array:
    return (z - mean) * jax.lax.rsqrt(var + EPSILON)


def _batch_moments(
    z: jax.Array, stats: Params, context: Context, batch_last: bool
) -> tuple[jax.Array, jax.Array, Params]:
    """Mean and variance (units,) to normalize by, and the running averages after.

    A batch of fewer than two values has no variance (PyTorch refuses it): it is normalized
    by the running averages and leaves them as they are. They take the unbiased variance.
    """
    if not context.training:
        return stats["mean"], stats["var"], stats
    batch, axes = (-1, range(1, z.ndim)) if batch_last else (0, range(z.ndim - 1))
    mask = jnp.ones(z.shape[batch]) if context.mask is None else context.mask
    weight = mask if batch_last else mask.reshape(-1, *[1] * (z.ndim - 1))
    positions = math.prod(z.shape[axis] for axis in axes) // z.shape[batch]
    count = mask.sum() * positions if positions > 1 else mask.sum()
    mean = (z * weight).sum(tuple(axes)) / jnp.maximum(count, 1.0)
    away = jnp.square(z - along_units(mean, z.ndim, batch_last))
    total = (away * weight).sum(tuple(axes))
    enough = count > 1
    fresh = {
        "mean": KEEP * stats["mean"] + (1 - KEEP) * mean,
        "var": KEEP * stats["var"] + (1 - KEEP) * total / jnp.maximum(count - 1.0, 1.0),
    }
    kept = {name: jnp.where(enough, fresh[name], stats[name]) for name in fresh}
    var = jnp.where(enough, total / jnp.maximum(count, 1.0), stats["var"])
    return jnp.where(enough, mean, stats["mean"]), var, jax.lax.stop_gradient(kept)


class _Normalization(Layer):
    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def multiplications(self, input_shape: Shape) -> int:
        return 2 * math.prod(input_shape)


@LAYERS.register
class BatchNormalization(_Normalization):
    """Each unit, channel or feature over the batch and all positions, then scale and offset.

    params: scale, offset (units,). stats: mean, var (units,).
    """

    title = "Batch normalization"
    help = "Each unit is centred and scaled over the batch; then a scale and an offset are learned."
    formula = r"\gamma\,\frac{x - \mu_B}{\sqrt{\sigma_B^2 + 10^{-5}}} + \beta"
    source = "Ioffe and Szegedy, 2015"

    kind: Literal["batch_normalization"] = "batch_normalization"

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return first_scale(input_shape[-1]), first_averages(input_shape[-1])

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        x, stats = batch_normalized(x, stats, context)
        return x * params["scale"] + params["offset"], stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{BN}}_{{{index}}}\left({inputs}\right)"


@LAYERS.register
class LayerNormalization(_Normalization):
    """Each example (and position) over its units, channels or features, then scale and offset.

    params: scale, offset (units,).
    """

    title = "Layer normalization"
    help = "Each example is centred and scaled over its features; a scale and offset are learned."
    formula = r"\gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + 10^{-5}}} + \beta"
    source = "Ba, Kiros and Hinton, 2016"

    kind: Literal["layer_normalization"] = "layer_normalization"

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return first_scale(input_shape[-1]), {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return layer_normalized(x) * params["scale"] + params["offset"], stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{LN}}_{{{index}}}\left({inputs}\right)"
