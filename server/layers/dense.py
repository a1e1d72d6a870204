"""The dense (fully connected) layer."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS, setting
from server.experiment.spec import MAX_UNITS, Activation, Initializer

from .base import Context, Layer, Params, Shape

#: what normalization adds to a variance, as in PyTorch
EPSILON = 1e-5
#: share of the old value in a running average of batch normalization (PyTorch's 1 - momentum)
KEEP = 0.9


@LAYERS.register
class Dense(Layer):
    """dropout(activation(normalize(x W + b))).

    params: w (inputs, units), b (units,); with normalization also scale and offset (units,).
    stats: with batch normalization mean and var (units,).
    The output layer of a network is a Dense too, without normalization and dropout.
    """

    title = "Dense"
    help = "Every unit sees every input: a weighted sum, a bias and an activation."
    formula = r"h = \varphi(xW + b)"
    regularized = ("w",)

    kind: Literal["dense"] = "dense"
    units: int = setting(
        2, title="Units", ge=1, le=MAX_UNITS, choices=[1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 128],
        help="How many neurons the layer has.",
    )  # fmt: skip
    activation: Activation = setting(
        "tanh", title="Activation",
        help="The bend put on every weighted sum; without one, depth would add nothing.",
    )  # fmt: skip
    initializer: Initializer = setting(
        "uniform_half", title="Initializer", help="How the weights begin."
    )
    bias: float = setting(
        0.1, title="Initial bias", ge=-10, le=10, help="Every bias begins at this value."
    )
    normalization: Literal["none", "batch", "layer"] = setting(
        "none", title="Normalization",
        help="Weighted sums are centred and scaled; then a scale and an offset are learned.",
        options={
            "none": ("None", ""),
            "batch": ("Batch", "Each unit, over the examples of a batch."),
            "layer": ("Layer", "Each example, over the units of the layer."),
        },
        formula=r"\gamma\,\frac{z - \mu}{\sqrt{\sigma^2 + 10^{-5}}} + \beta",
    )  # fmt: skip
    dropout: float | None = setting(
        None, title="Dropout", ge=0, le=0.9, change="live",
        choices=[0.1, 0.2, 0.3, 0.5],
        help="Share of the units silenced at random in every training step; left empty, none.",
        formula=r"h_i \leftarrow \frac{m_i}{1-p}\,h_i,\ m_i \sim \text{Bernoulli}(1-p)",
    )  # fmt: skip

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.units,)

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        w = INITIALIZERS[self.initializer].function(rng, (input_shape[0], self.units))
        params = {"w": w, "b": np.full(self.units, self.bias, np.float32)}
        if self.normalization == "none":
            return params, {}
        zeros, ones = np.zeros(self.units, np.float32), np.ones(self.units, np.float32)
        params |= {"scale": ones, "offset": zeros}
        return params, {"mean": zeros, "var": ones} if self.normalization == "batch" else {}

    def logits(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        """(B, inputs) -> ((B, units) pre-activations, after normalization; new stats)."""
        z = context.linear(x, params["w"]) + params["b"]
        if self.normalization == "none":
            return z, stats
        if self.normalization == "layer":
            z = _normalize(z, z.mean(-1, keepdims=True), z.var(-1, keepdims=True))
        else:
            mean, var, stats = _batch_moments(z, stats, context)
            z = _normalize(z, mean, var)
        return z * params["scale"] + params["offset"], stats

    def activate(self, z: jax.Array) -> jax.Array:
        """(B, units) pre-activations -> (B, units) outputs."""
        return ACTIVATIONS[self.activation].function(z)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        z, stats = self.logits(params, stats, x, context)
        return self._drop(self.activate(z), context), stats

    def _drop(self, h: jax.Array, context: Context) -> jax.Array:
        """Inverted dropout: what is kept is scaled up, so that evaluation needs no change."""
        if self.dropout is None or not context.training:
            return h
        if context.key is None:
            raise ValueError("a layer with dropout needs context.key while training")
        keep = 1.0 - self.dropout
        kept = jax.random.bernoulli(context.key, keep, h.shape)
        return jnp.where(kept, h / keep, 0.0)

    def latex(self, inputs: str, index: int) -> str:
        """The right-hand side; the reader names it. W is (inputs, units), as in the weights."""
        z = rf"{inputs} W_{{{index}}} + b_{{{index}}}"
        if self.normalization != "none":
            name = {"batch": "BN", "layer": "LN"}[self.normalization]
            z = rf"\operatorname{{{name}}}_{{{index}}}\left({z}\right)"
        if self.activation == "linear":
            return z
        symbol = ACTIVATIONS[self.activation].hints.get("symbol")
        return rf"{symbol or _upright(self.activation)}\left({z}\right)"


def _upright(name: str) -> str:
    return r"\operatorname{" + name.replace("_", r"\,") + "}"


def _normalize(z: jax.Array, mean: jax.Array, var: jax.Array) -> jax.Array:
    return (z - mean) * jax.lax.rsqrt(var + EPSILON)


def _batch_moments(
    z: jax.Array, stats: Params, context: Context
) -> tuple[jax.Array, jax.Array, Params]:
    """Mean and variance (units,) to normalize (B, units) by, and the running averages after.

    A batch of fewer than two examples has no variance (PyTorch refuses it): it is normalized
    by the running averages and leaves them as they are. They take the unbiased variance.
    """
    if not context.training:
        return stats["mean"], stats["var"], stats
    mask = jnp.ones(z.shape[0]) if context.mask is None else context.mask
    count, weight = mask.sum(), mask[:, None]
    mean = (z * weight).sum(0) / jnp.maximum(count, 1.0)
    total = (jnp.square(z - mean) * weight).sum(0)
    enough = count > 1
    fresh = {
        "mean": KEEP * stats["mean"] + (1 - KEEP) * mean,
        "var": KEEP * stats["var"] + (1 - KEEP) * total / jnp.maximum(count - 1.0, 1.0),
    }
    kept = {name: jnp.where(enough, fresh[name], stats[name]) for name in fresh}
    var = jnp.where(enough, total / jnp.maximum(count, 1.0), stats["var"])
    return jnp.where(enough, mean, stats["mean"]), var, jax.lax.stop_gradient(kept)
