"""Convolutions: the same small kernels at every place of a picture or a sequence."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import jax
import numpy as np
from pydantic import model_validator

from server.experiment.network import Activation, Initializer
from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .normalization import along_units, batch_normalized, first_averages, first_scale
from .settings import (
    MAX_FILTERS,
    activated_latex,
    activation_setting,
    bias_setting,
    channel_normalization_setting,
    dropout_setting,
    dropped,
    initializer_setting,
    picture,
    sequence,
)
from .windows import Padding, Window, batch_last, correlated, padding_setting, window


class _Convolution(Layer):
    """dropout(activation(normalize(x * K + b))), fields and all but the axes."""

    regularized = ("w",)

    filters: int = setting(
        8, title="Filters", ge=1, le=MAX_FILTERS, choices=[4, 8, 16, 32, 64],
        help="How many kernels there are, each with an output channel of its own.",
    )  # fmt: skip
    kernel_size: int = setting(
        3, title="Kernel size", ge=1, le=11, choices=[1, 3, 5, 7],
        help="Positions a kernel covers along each axis.",
    )  # fmt: skip
    stride: int = setting(
        1, title="Stride", ge=1, le=8, choices=[1, 2, 3, 4],
        help="How far the kernel moves from one output to the next.",
    )  # fmt: skip
    padding: Padding = padding_setting()
    dilation: int = setting(
        1, title="Dilation", ge=1, le=8, choices=[1, 2, 4],
        help="Distance of the positions a kernel looks at; above 1 there are gaps.",
    )  # fmt: skip
    groups: int = setting(
        1, title="Groups", ge=1, le=MAX_FILTERS, choices=[1, 2, 4, 8],
        help="Input channels are split into so many groups, and each kernel sees one of them.",
    )  # fmt: skip
    activation: Activation = activation_setting("relu")
    initializer: Initializer = initializer_setting()
    bias: float = bias_setting()
    normalization: Literal["none", "batch"] = channel_normalization_setting()
    dropout: float | None = dropout_setting(
        "Share of the outputs silenced at random in every training step; left empty, none."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.filters % self.groups:
            raise ValueError(
                f"groups: {self.filters} filters do not divide into {self.groups} groups; "
                "make filters a multiple of groups"
            )
        if self.stride > 1 and self.dilation > 1:
            raise ValueError("stride: with a dilation above 1 the stride must be 1; lower one")
        return self

    def _window(self, axis: str, length: int) -> Window:
        place = f"{self.name()}: the input's {axis}"
        return window(place, length, self.kernel_size, self.stride, self.dilation, self.padding)

    def _check_groups(self, channels: int) -> None:
        if channels % self.groups:
            raise ValueError(
                f"{self.name()}: {channels} input channels do not divide into {self.groups} "
                "groups; choose groups that do, such as 1"
            )

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        """Every group's kernels are drawn for the fans they have."""
        axes = len(input_shape) - 1
        inside, each = input_shape[-1] // self.groups, self.filters // self.groups
        draw = INITIALIZERS[self.initializer].function
        shape = (*[self.kernel_size] * axes, inside, each)
        w = np.concatenate([draw(rng, shape) for _ in range(self.groups)], -1)
        params = {"w": w, "b": np.full(self.filters, self.bias, np.float32)}
        if self.normalization == "none":
            return params, {}
        return params | first_scale(self.filters), first_averages(self.filters)

    def _convolved(
        self, params: Params, stats: Params, x: jax.Array, context: Context,
        rows: Window, columns: Window,
    ) -> tuple[jax.Array, Params]:  # fmt: skip
        """(B, H, W, C) -> ((B, rows, columns, filters), new stats)."""
        z = correlated(batch_last(x), params["w"], rows, columns, self.groups)
        return finished(self, params, stats, z, context)

    def multiplications(self, input_shape: Shape) -> int:
        *positions, filters = self.output_shape(input_shape)
        taps = self.kernel_size ** len(positions) * input_shape[-1] // self.groups
        return math.prod(positions) * taps * filters

    def workspace(self, input_shape: Shape) -> int:
        *positions, _ = self.output_shape(input_shape)
        return math.prod(positions) * self.kernel_size ** len(positions) * input_shape[-1]

    def latex(self, inputs: str, index: int) -> str:
        z = rf"{inputs} * K_{{{index}}} + b_{{{index}}}"
        if self.normalization == "batch":
            z = rf"\operatorname{{BN}}_{{{index}}}\left({z}\right)"
        return activated_latex(self.activation, z)


def finished(
    layer: Any, params: Params, stats: Params, z: jax.Array, context: Context
) -> tuple[jax.Array, Params]:
    """Bias, normalization, activation and dropout of a convolution, as the layer has them:
    (filters, rows, columns, B) -> ((B, rows, columns, filters), new stats)."""

    def along(name: str) -> jax.Array:
        return along_units(params[name], z.ndim, True)

    z = z + along("b")
    if layer.normalization == "batch":
        z, stats = batch_normalized(z, stats, context, batch_last=True)
        z = z * along("scale") + along("offset")
    activation = ACTIVATIONS[layer.activation]
    if activation.hints.get("joint", False):  # it is over the channels, as the last axis
        return dropped(activation.function(batch_last(z)), layer.dropout, context), stats
    return batch_last(dropped(activation.function(z), layer.dropout, context)), stats


@LAYERS.register
class Conv2D(_Convolution):
    """A convolution over pictures: (height, width, channels) -> (rows, columns, filters).

    params: w (kernel_size, kernel_size, channels / groups, filters), b (filters,); with
    normalization also scale and offset (filters,). stats: then mean and var (filters,).
    """

    title = "Convolution 2D"
    help = "Small kernels slide over the picture and answer where they find their pattern."
    formula = r"h_{yxk} = \varphi\Bigl(b_k + \sum_{i,j,c} x_{y+i,\,x+j,\,c}\,w_{ijck}\Bigr)"
    source = "LeCun and others, 1989"

    kind: Literal["conv2d"] = "conv2d"

    def _windows(self, input_shape: Shape) -> tuple[Window, Window]:
        height, width, _ = picture(self.name(), input_shape)
        return self._window("height", height), self._window("width", width)

    def output_shape(self, input_shape: Shape) -> Shape:
        rows, columns = self._windows(input_shape)
        self._check_groups(input_shape[-1])
        return rows.count, columns.count, self.filters

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return self._convolved(params, stats, x, context, *self._windows(x.shape[1:]))


@LAYERS.register
class Conv1D(_Convolution):
    """A convolution over sequences: (time, features) -> (steps, filters).

    params: w (kernel_size, features / groups, filters), b (filters,); with normalization also
    scale and offset (filters,). stats: then mean and var (filters,).
    """

    title = "Convolution 1D"
    help = "Small kernels slide along the sequence and answer where they find their pattern."
    formula = r"h_{tk} = \varphi\Bigl(b_k + \sum_{i,c} x_{t+i,\,c}\,w_{ick}\Bigr)"
    source = "Waibel and others, 1989"

    kind: Literal["conv1d"] = "conv1d"

    def output_shape(self, input_shape: Shape) -> Shape:
        length, features = sequence(self.name(), input_shape)
        self._check_groups(features)
        return self._window("length", length).count, self.filters

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        as_picture = params | {"w": params["w"][None]}
        one, along = window("", 1, 1), self._window("length", x.shape[1])
        out, stats = self._convolved(as_picture, stats, x[:, None], context, one, along)
        return out[:, 0], stats
