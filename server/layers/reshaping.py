"""Layers that change the form of what they get, and nothing in it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from server.experiment.registry import LAYERS, setting

from .base import Context, Layer, Params, Shape
from .settings import picture, sequence, shown


class _Reshaping(Layer):
    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return {}, {}


@LAYERS.register
class Flatten(_Reshaping):
    """Everything in one row: (height, width, channels) -> (height * width * channels,)."""

    title = "Flatten"
    help = "Lays all numbers of an example out in one row, for dense layers to follow."
    formula = r"h = \operatorname{vec}(x)"

    kind: Literal["flatten"] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return x.reshape(x.shape[0], -1), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{vec}}\left({inputs}\right)"


@LAYERS.register
class Reshape(_Reshaping):
    """The same numbers in the same order, in another shape."""

    title = "Reshape"
    help = "The same numbers in another shape, such as a row of 64 as a picture of 8 by 8."
    formula = r"h = \operatorname{reshape}(x)"

    kind: Literal["reshape"] = "reshape"
    target_shape: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = setting(
        (2, 1), title="Target shape", min_length=1, max_length=3,
        help="Height, width and channels, or time and features, or one number for a row.",
    )  # fmt: skip

    def output_shape(self, input_shape: Shape) -> Shape:
        if math.prod(input_shape) != math.prod(self.target_shape):
            raise ValueError(
                f"reshape: {shown(input_shape)} has {math.prod(input_shape)} numbers and "
                f"{shown(self.target_shape)} has {math.prod(self.target_shape)}; "
                "choose a target_shape with as many"
            )
        return self.target_shape

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return x.reshape(x.shape[0], *self.target_shape), stats

    def latex(self, inputs: str, index: int) -> str:
        form = r" \times ".join(map(str, self.target_shape))
        return rf"\operatorname{{reshape}}_{{{form}}}\left({inputs}\right)"


@LAYERS.register
class UpSampling2D(_Reshaping):
    """Every position repeated: (height, width, channels) -> (size * height, size * width, ...)."""

    title = "Upsampling 2D"
    help = "Repeats every row and column, so that the picture becomes larger."
    formula = r"h_{yxc} = x_{\lfloor y/s\rfloor,\,\lfloor x/s\rfloor,\,c}"

    kind: Literal["upsampling2d"] = "upsampling2d"
    size: int = setting(
        2, title="Size", ge=1, le=8, choices=[2, 3, 4], help="How often each one is repeated."
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        height, width, channels = picture(self.name(), input_shape)
        return self.size * height, self.size * width, channels

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        batch, height, width, channels = x.shape
        spread = (batch, height, self.size, width, self.size, channels)
        out = jnp.broadcast_to(x[:, :, None, :, None], spread)
        return out.reshape(batch, *self.output_shape(x.shape[1:])), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{up}}_{{{self.size}}}\left({inputs}\right)"


@LAYERS.register
class LastStep(_Reshaping):
    """What stands at the last time: (time, features) -> (features,)."""

    title = "Last step"
    help = "Keeps what stands at the last time of a sequence, which has seen all before it."
    formula = r"h = x_T"

    kind: Literal["last_step"] = "last_step"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (sequence(self.name(), input_shape)[-1],)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return x[:, -1], stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\left({inputs}\right)_{{T}}"
