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
        raise NotImplementedError

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        """Initial (params, stats) as float32 NumPy arrays."""
        raise NotImplementedError

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        """(B, *input_shape) -> ((B, *output_shape), new stats)."""
        raise NotImplementedError

    def latex(self, inputs: str, index: int) -> str:
        """The layer's formula, reading from the symbol `inputs`."""
        raise NotImplementedError
