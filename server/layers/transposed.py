"""The transposed convolution: every input position paints a kernel."""

from __future__ import annotations

from itertools import product
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.network import Activation, Initializer
from server.experiment.registry import INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .convolution import finished
from .normalization import first_averages, first_scale
from .settings import (
    MAX_FILTERS,
    activated_latex,
    activation_setting,
    bias_setting,
    channel_normalization_setting,
    dropout_setting,
    initializer_setting,
    picture,
)
from .windows import Padding, batch_last, padding_setting


@LAYERS.register
class Conv2DTranspose(Layer):
    """The gradient of a convolution as a layer: (height, width, channels) -> larger, filters.

    With padding "same" the output is stride times as large, as in Keras; with "valid" it has
    (length - 1) * stride + kernel_size positions, or length * stride if that is more.

    params: w (kernel_size, kernel_size, channels, filters), b (filters,); with normalization
    also scale and offset (filters,). stats: then mean and var (filters,).
    """

    title = "Transposed convolution 2D"
    help = "Every position paints a kernel of its strength into a larger picture."
    formula = r"h_{sy+i,\,sx+j,\,k} = \varphi\Bigl(b_k + \sum_c x_{yxc}\,w_{ijck}\Bigr)"
    source = "Zeiler and others, 2010"
    regularized = ("w",)

    kind: Literal["conv2d_transpose"] = "conv2d_transpose"
    filters: int = setting(
        8, title="Filters", ge=1, le=MAX_FILTERS, choices=[1, 4, 8, 16, 32, 64],
        help="How many kernels there are, each with an output channel of its own.",
    )  # fmt: skip
    kernel_size: int = setting(
        3, title="Kernel size", ge=1, le=11, choices=[2, 3, 4, 5],
        help="Positions a kernel paints along each axis.",
    )  # fmt: skip
    stride: int = setting(
        2, title="Stride", ge=1, le=8, choices=[1, 2, 3, 4],
        help="How far apart neighbours paint; the output is so many times larger.",
    )  # fmt: skip
    padding: Padding = padding_setting()
    activation: Activation = activation_setting("relu")
    initializer: Initializer = initializer_setting()
    bias: float = bias_setting()
    normalization: Literal["none", "batch"] = channel_normalization_setting()
    dropout: float | None = dropout_setting(
        "Share of the outputs silenced at random in every training step; left empty, none."
    )

    def _length(self, length: int) -> int:
        over = max(self.kernel_size - self.stride, 0) if self.padding == "valid" else 0
        return length * self.stride + over

    def output_shape(self, input_shape: Shape) -> Shape:
        height, width, _ = picture(self.name(), input_shape)
        return self._length(height), self._length(width), self.filters

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        w = INITIALIZERS[self.initializer].function(rng, shape)
        params = {"w": w, "b": np.full(self.filters, self.bias, np.float32)}
        if self.normalization == "none":
            return params, {}
        return params | first_scale(self.filters), first_averages(self.filters)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return finished(self, params, stats, self._painted(params["w"], x), context)

    def _painted(self, w: jax.Array, x: jax.Array) -> jax.Array:
        """(B, H, W, C) -> (filters, rows, columns, B)."""
        batch, height, width, channels = x.shape
        size, filters = self.kernel_size, self.filters
        as_rows = w.transpose(0, 1, 3, 2).reshape(-1, channels)
        z = as_rows @ batch_last(x).reshape(channels, -1)
        z = z.reshape(size, size, filters, height, width, batch)
        painted = [
            jnp.asarray(jax.lax.pad(z[i, j], jnp.float32(0), self._edges(height, width, i, j)))
            for i, j in product(range(size), range(size))
        ]
        return sum(painted[1:], painted[0])

    def _edges(self, height: int, width: int, i: int, j: int) -> list[tuple[int, int, int]]:
        """What to pad the strengths of kernel position (i, j) with, to lie in the output."""
        return [(0, 0, 0), self._edge(height, i), self._edge(width, j), (0, 0, 0)]

    def _edge(self, length: int, offset: int) -> tuple[int, int, int]:
        """(before, after, between); where negative, that much falls outside."""
        cut = max(self.kernel_size - self.stride, 0) // 2 if self.padding == "same" else 0
        spread = (length - 1) * self.stride + 1
        before = offset - cut
        return before, self._length(length) - spread - before, self.stride - 1

    def multiplications(self, input_shape: Shape) -> int:
        height, width, channels = input_shape
        return height * width * channels * self.kernel_size**2 * self.filters

    def workspace(self, input_shape: Shape) -> int:
        height, width, _ = self.output_shape(input_shape)
        return height * width * self.kernel_size**2 * input_shape[-1]

    def latex(self, inputs: str, index: int) -> str:
        z = rf"{inputs} *^\top K_{{{index}}} + b_{{{index}}}"
        if self.normalization == "batch":
            z = rf"\operatorname{{BN}}_{{{index}}}\left({z}\right)"
        return activated_latex(self.activation, z)
