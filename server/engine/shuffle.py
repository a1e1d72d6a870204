"""The order of an epoch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .arrays import arange, asarray

#: of mixing; from five on, neighbours and halves of the order pass for independent
ROUNDS = 6


def shuffled(key: jax.Array, capacity: int, count: jax.Array) -> jax.Array:
    """A random order of the first `count` rows, then the padding: (capacity,) int32.

    capacity: a power of two.

    A keyed bijection of the places of a power of two (multiply, add and shift, as in linear
    congruential generators with permuted output), walked along until it stays below `count`.
    Unlike a sort or Fisher and Yates' swaps, every row is computed beside the others.
    """
    half = capacity.bit_length() // 2
    words = jax.random.bits(key, (ROUNDS, 2)) | asarray(np.array([1, 0], np.uint32))

    def mixed(x: jax.Array) -> jax.Array:
        for i in range(ROUNDS):
            x = (x * words[i, 0] + words[i, 1]) & (capacity - 1)
            x = x ^ (x >> half)
        return x

    def inside(x: jax.Array) -> jax.Array:
        return (place >= count) | (x < count)

    # All the mixing stands in the loop, so that it is compiled once and fast.
    def outside(carry: tuple[jax.Array, jax.Array]) -> jax.Array:
        x, first = carry
        return first | ~jnp.all(inside(x))

    def walk(carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        x, first = carry
        return jnp.where(inside(x) & ~first, x, mixed(x)), jnp.bool_(False)

    place = arange(capacity, dtype=jnp.uint32)
    order, _ = jax.lax.while_loop(outside, walk, (place, jnp.bool_(True)))
    return jnp.where(place < count, order, place).astype(jnp.int32)
