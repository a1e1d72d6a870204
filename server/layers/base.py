"""What a layer is: a kind with shapes, parameters and a forward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np

from server.experiment.registry import Kind

Params = dict[str, Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Context:
    """What the forward pass may know besides its input.

    training: whether dropout is on and batch statistics are used.
    key: a JAX random key of this layer and step (None where nothing is random).
    mask: float32 (B,), 1 for a real example and 0 for padding (None: all real).
    linear: (x (B, I), w (I, O)) -> (B, O), the matrix product in the form that is
        fastest for the program's shape; layers call it instead of `@`.
    """

    training: bool
    key: jax.Array | None
    mask: jax.Array | None
    linear: Callable[[jax.Array, jax.Array], jax.Array]


class Layer(Kind):
    """Base of every layer.

    Live fields hold traced values inside a program: use them in arithmetic, never in `if`.
    `params` are trained, `stats` (running averages) are not. Weights that regularization
    applies to are named in `regularized`.
    """

    regularized: ClassVar[tuple[str, ...]] = ()

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of an example's output, without the batch; units, channels or features last.

        Images are (height, width, channels), sequences (time, features), tokens (time,) of
        integers. Raises ValueError, with the mend, where the input is of another form.
        """
        raise NotImplementedError

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        """Initial (params, stats) as float32 NumPy arrays."""
        raise NotImplementedError

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        """(B, *input_shape) -> ((B, *output_shape), new stats)."""
        raise NotImplementedError

    def multiplications(self, input_shape: Shape) -> int:
        """How many an example costs on its way forward; what grows slower is left out."""
        return 0

    def workspace(self, input_shape: Shape) -> int:
        """How many numbers an example takes on its way forward, beside the output."""
        return 0

    def penalty(self, params: Params, x: jax.Array) -> jax.Array | None:
        """What every example adds to its loss beside the answer's error, (B,), of the layer's
        input (B, *input_shape); None where there is no such thing."""
        return None

    def inspect(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> dict[str, jax.Array]:
        """What there is to see inside, by name, (B, ...) each: gates, attention, scores."""
        return {}

    def latex(self, inputs: str, index: int) -> str:
        """The layer's formula, reading from the symbol `inputs`."""
        raise NotImplementedError


class Merge(Layer):
    """A layer of two inputs: that of the layer before, and that of one further back."""

    back: int

    def merged_shape(self, shape: Shape, other: Shape) -> Shape:
        """Raises ValueError, with the mend, where the two do not fit."""
        raise NotImplementedError

    def merge(self, x: jax.Array, other: jax.Array) -> jax.Array:
        """(B, *shape), (B, *other) -> (B, *merged_shape)."""
        raise NotImplementedError

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.merged_shape(input_shape, input_shape)

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return {}, {}
