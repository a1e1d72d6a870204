"""JAX functions at the types we use them at; in JAX's own, some of these are partly unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

#: a pytree: nested dicts, lists and tuples of arrays
Tree = Any

_jax: Any = jax
_jnp: Any = jnp

arange: Callable[..., jax.Array] = _jnp.arange
asarray: Callable[..., jax.Array] = _jnp.asarray
einsum: Callable[..., jax.Array] = _jnp.einsum
ones: Callable[..., jax.Array] = _jnp.ones
ones_like: Callable[..., jax.Array] = _jnp.ones_like
pad: Callable[..., jax.Array] = _jnp.pad
zeros: Callable[..., jax.Array] = _jnp.zeros
grad: Callable[[Callable[..., jax.Array]], Callable[..., Tree]] = _jax.grad
value_and_grad: Callable[..., Callable[..., Tree]] = _jax.value_and_grad


def item(a: jax.Array, i: jax.Array) -> jax.Array:
    """The scalar at place i of a vector, in the form of which XLA makes the least work."""
    return _jax.lax.dynamic_index_in_dim(a, i, keepdims=False)


def with_item(a: jax.Array, i: jax.Array, value: jax.Array) -> jax.Array:
    """The vector with this scalar at place i."""
    return _jax.lax.dynamic_update_index_in_dim(a, value, i, 0)


def on_device(tree: Tree) -> Tree:
    """The same tree with JAX arrays for its leaves."""
    return jax.tree.map(asarray, tree)


def compiled(function: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    """`function` compiled by XLA for arguments of these shapes and types."""
    return _jax.jit(function).lower(*args).compile()
