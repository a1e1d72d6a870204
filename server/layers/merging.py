"""Layers of two inputs: that of the layer before, and that of one further back."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from server.experiment.network import MAX_LAYERS
from server.experiment.registry import LAYERS, setting

from .base import Merge, Shape
from .settings import shown


def _back_setting() -> int:
    return setting(
        2, title="Layers back", ge=1, le=MAX_LAYERS, choices=[1, 2, 3, 4, 5],
        help="The second input is the output of the layer that stands so many places before the "
        "one right before this.",
    )  # fmt: skip


def _earlier(index: int) -> str:
    """The symbol of a layer's output, or of the network's input."""
    return f"h_{{{index}}}" if index > 0 else "x"


@LAYERS.register
class Add(Merge):
    """The sum of both inputs, of equal shape: a skip connection."""

    title = "Add"
    help = "Adds the output of an earlier layer to what comes in: a skip connection."
    formula = r"h = x + x'"
    source = "He and others, 2016"

    kind: Literal["add"] = "add"
    back: int = _back_setting()

    def merged_shape(self, shape: Shape, other: Shape) -> Shape:
        if shape != other:
            raise ValueError(
                f"add: {shown(shape)} and, from further back, {shown(other)} are not of one "
                "shape; choose another 'back', make the layers between keep the shape "
                "(padding 'same', as many filters), or use 'concatenate'"
            )
        return shape

    def merge(self, x: jax.Array, other: jax.Array) -> jax.Array:
        return x + other

    def latex(self, inputs: str, index: int) -> str:
        return f"{inputs} + {_earlier(index - 1 - self.back)}"


@LAYERS.register
class Concatenate(Merge):
    """Both inputs side by side along the last axis; all other axes are equal."""

    title = "Concatenate"
    help = "Lays the output of an earlier layer beside what comes in, along the last axis."
    formula = r"h = [x, x']"
    source = "Huang and others, 2017"

    kind: Literal["concatenate"] = "concatenate"
    back: int = _back_setting()

    def merged_shape(self, shape: Shape, other: Shape) -> Shape:
        if shape[:-1] != other[:-1]:
            raise ValueError(
                f"concatenate: {shown(shape)} and, from further back, {shown(other)} differ "
                "before the last axis; choose another 'back', or make the layers between keep "
                "the size (padding 'same', stride 1)"
            )
        return (*shape[:-1], shape[-1] + other[-1])

    def merge(self, x: jax.Array, other: jax.Array) -> jax.Array:
        return jnp.concatenate([x, other], -1)

    def latex(self, inputs: str, index: int) -> str:
        return rf"\left[{inputs}, {_earlier(index - 1 - self.back)}\right]"
