"""The dense (fully connected) layer."""

from __future__ import annotations

import math
from typing import Literal

import jax
import numpy as np

from server.experiment.network import MAX_UNITS, Activation, Initializer
from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .normalization import batch_normalized, first_averages, first_scale, layer_normalized
from .settings import activated_latex, dropout_setting, dropped


@LAYERS.register
class Dense(Layer):
    """dropout(activation(normalize(x W + b))) on the last axis: (..., inputs) -> (..., units).

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
    dropout: float | None = dropout_setting(
        "Share of the units silenced at random in every training step; left empty, none."
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        w = INITIALIZERS[self.initializer].function(rng, (input_shape[-1], self.units))
        params = {"w": w, "b": np.full(self.units, self.bias, np.float32)}
        if self.normalization == "none":
            return params, {}
        stats = first_averages(self.units) if self.normalization == "batch" else {}
        return params | first_scale(self.units), stats

    def logits(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        """(B, ..., inputs) -> ((B, ..., units) pre-activations, after normalization; new stats)."""
        z = projected(x, params["w"], context) + params["b"]
        if self.normalization == "none":
            return z, stats
        if self.normalization == "layer":
            z = layer_normalized(z)
        else:
            z, stats = batch_normalized(z, stats, context)
        return z * params["scale"] + params["offset"], stats

    def activate(self, z: jax.Array) -> jax.Array:
        """(B, ..., units) pre-activations -> outputs."""
        return ACTIVATIONS[self.activation].function(z)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        z, stats = self.logits(params, stats, x, context)
        return dropped(self.activate(z), self.dropout, context), stats

    def multiplications(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * self.units

    def latex(self, inputs: str, index: int) -> str:
        """The right-hand side; the reader names it. W is (inputs, units), as in the weights."""
        z = rf"{inputs} W_{{{index}}} + b_{{{index}}}"
        if self.normalization != "none":
            name = {"batch": "BN", "layer": "LN"}[self.normalization]
            z = rf"\operatorname{{{name}}}_{{{index}}}\left({z}\right)"
        return activated_latex(self.activation, z)


def projected(x: jax.Array, w: jax.Array, context: Context) -> jax.Array:
    """(B, ..., I), (I, O) -> (B, ..., O)."""
    if x.ndim == 2:
        return context.linear(x, w)
    rows = context.linear(x.reshape(-1, x.shape[-1]), w)
    return rows.reshape(*x.shape[:-1], w.shape[-1])
