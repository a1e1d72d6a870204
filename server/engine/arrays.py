"""JAX functions at the types we use them at; in JAX's own, some of these are partly unknown."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.shapes import TOGETHER

#: a pytree: nested dicts, lists and tuples of arrays
Tree = Any

_jax: Any = jax
_jnp: Any = jnp

arange: Callable[..., jax.Array] = _jnp.arange
device_put: Callable[[Any], Any] = _jax.device_put
asarray: Callable[..., jax.Array] = _jnp.asarray
einsum: Callable[..., jax.Array] = _jnp.einsum
ones: Callable[..., jax.Array] = _jnp.ones
pad: Callable[..., jax.Array] = _jnp.pad
zeros: Callable[..., jax.Array] = _jnp.zeros
eval_shape: Callable[..., Tree] = _jax.eval_shape
flatten: Callable[[Tree], tuple[list[Any], Any]] = _jax.tree.flatten
unflatten: Callable[[Any, Sequence[Any]], Tree] = _jax.tree.unflatten
leaves_of: Callable[[Tree], list[Any]] = _jax.tree.leaves
tree_map: Callable[..., Tree] = _jax.tree.map
fori_loop: Callable[..., Tree] = _jax.lax.fori_loop
grad: Callable[[Callable[..., jax.Array]], Callable[..., Tree]] = _jax.grad
cond: Callable[..., Tree] = _jax.lax.cond
map_each: Callable[..., Tree] = _jax.lax.map
map_in_batches: Callable[..., Tree] = partial(_jax.lax.map, batch_size=TOGETHER)
value_and_grad: Callable[..., Callable[..., Tree]] = _jax.value_and_grad


def as_jax_types(tree: Tree) -> Tree:
    """The same tree of NumPy arrays, with the types that they have on the device."""

    def cast(array: Any) -> Any:
        return np.asarray(array, _jax.dtypes.canonicalize_dtype(array.dtype))

    return tree_map(cast, tree)


def compiled(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, bool] | None = None
) -> Callable[..., Any]:
    """`function` compiled by XLA for arguments of these shapes and types. options: XLA's."""
    return _jax.jit(function).lower(*args).compile(compiler_options=options)


_shared: dict[int, tuple[Any, Any]] = {}


def shared(array: Any) -> Any:
    """A NumPy array on the device, once for as long as it lives, however often asked for."""
    place = id(array)
    known = _shared.get(place)
    if known is not None:
        return known[1]
    found = device_put(array)
    if np.ndim(array):

        def forget(_: Any) -> None:
            _shared.pop(place, None)

        _shared[place] = (weakref.ref(array, forget), found)
    return found
