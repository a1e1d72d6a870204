"""Functions as one native kernel of XLA's CPU backend, and what one session hands to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .arrays import ones, zeros
from .packing import Words

_lax: Any = jax.lax
_jax: Any = jax

Vector = Any
"""A packed state or data: (words,) uint32, of NumPy or JAX."""

#: words of a desk before the live numbers: done, seed, steps
HEAD = 3


class Desk:
    """What a session hands to a kernel, as one vector of words: whether that is done, its
    seed, the steps to take, its live numbers, its state.

    live: how many live numbers there are.
    """

    def __init__(self, live: int) -> None:
        self._state = HEAD + live

    def write(self, state: Vector, live: Any, seed: np.uint32, steps: np.int32) -> Words:
        """The vector, not done yet."""
        head = np.array([0, seed, steps], np.uint32)
        return np.concatenate([head, live.view(np.uint32), np.asarray(state)])

    def state(self, desks: Any) -> Any:
        """The state in a desk (words,), or in each of several (n, words)."""
        return desks[..., self._state :]

    def read(self, desk: jax.Array) -> tuple[Any, ...]:
        """State, live numbers, seed and steps of a traced desk."""
        bits = _lax.bitcast_convert_type
        live = bits(desk[HEAD : self._state], jnp.float32)
        return desk[self._state :], live, desk[1], bits(desk[2], jnp.int32)

    def done(self, desk: jax.Array, state: jax.Array) -> jax.Array:
        """The traced desk, done, with another state."""
        return jnp.concatenate([ones(1, jnp.uint32), desk[1 : self._state], state])


def in_one_kernel(step: Callable[..., jax.Array], first: jax.Array, *rest: jax.Array) -> jax.Array:
    """`step(first, *rest)`, like `first` but for its first word, 0 before and 1 after, inside
    a loop that goes round once: what stands in a small loop, reading and writing of vectors
    too, becomes one native kernel instead of some forty calls. How often it goes round must
    not be known to the compiler. The rest is touched on the way, or what depends on it alone
    would be moved out of the loop, into calls that XLA hands from thread to thread."""

    def undone(carry: tuple[jax.Array, ...]) -> jax.Array:
        return _corner(carry[0]) == 0

    def once(carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        first, *rest = carry
        return step(first, *rest), *[_add_to_corner(a, _corner(first)) for a in rest]

    return jax.lax.while_loop(undone, once, (first, *rest))[0]


def one_after_the_other(
    function: Callable[..., jax.Array], count: jax.Array, lanes: int, *args: jax.Array
) -> jax.Array:
    """(lanes, words): `function` of the first `count` rows of the arguments, in turn; what
    stands for the others is of no meaning."""

    def row(index: Any) -> jax.Array:
        return function(*[a[index] for a in args])

    def one(index: Any, found: jax.Array) -> jax.Array:
        return _lax.dynamic_update_index_in_dim(found, row(index), index, 0)

    words = _jax.eval_shape(row, 0)
    return _lax.fori_loop(0, count, one, zeros((lanes, *words.shape), words.dtype))


def _corner(array: jax.Array) -> jax.Array:
    return array[(0,) * array.ndim]


def _add_to_corner(array: Any, number: jax.Array) -> jax.Array:
    return array.at[(0,) * array.ndim].add(number.astype(array.dtype))
