"""A tree of arrays as one vector of 32-bit words: a call then takes and gives few arrays,
each of which has its price in Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from .arrays import Tree, flatten, leaves_of, tree_map, unflatten

Words = NDArray[np.uint32]

_lax: Any = jax.lax
_jnp: Any = jnp


@dataclass(frozen=True)
class Leaf:
    """One array of the tree: where its words begin and end, and what they are."""

    start: int
    end: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def of(self, words: Words) -> NDArray[Any]:
        """The array in a vector's words."""
        part = words[self.start : self.end]
        part = part.view(self.dtype) if self.wide else part.astype(self.dtype)
        return part.reshape(self.shape)

    @property
    def wide(self) -> bool:
        """Whether an element is a word; smaller ones take one, too."""
        return self.dtype.itemsize == 4


class Packing:
    """How a tree of arrays (float32, integers of up to 32 bits, bool) lies in a vector."""

    def __init__(self, example: Tree) -> None:
        leaves, self._tree = flatten(example)
        self._leaves: list[Leaf] = []
        self.words = 0
        for leaf in leaves:
            end = self.words + math.prod(leaf.shape)
            self._leaves.append(Leaf(self.words, end, tuple(leaf.shape), np.dtype(leaf.dtype)))
            self.words = end
        #: the tree, with a Leaf for each array
        self.places: Tree = unflatten(self._tree, self._leaves)
        #: text that differs where vectors mean different things
        self.layout = f"{self._tree} {[(leaf.shape, leaf.dtype.str) for leaf in self._leaves]}"

    # -- inside a program ----------------------------------------------------------------

    def pack(self, tree: Tree) -> jax.Array:
        """The vector (words,) uint32 of a traced tree."""
        leaves = leaves_of(tree)
        return _jnp.concatenate(
            [_bits(a).reshape(-1) for a in leaves] or [_jnp.zeros(0, _jnp.uint32)]
        )

    def unpack(self, vector: jax.Array) -> Tree:
        """The traced tree of a vector."""
        leaves: list[Any] = []
        for leaf in self._leaves:
            words: Any = _lax.slice(vector, (leaf.start,), (leaf.end,))
            if leaf.wide:
                words = _lax.bitcast_convert_type(words, leaf.dtype)
            leaves.append(words.astype(leaf.dtype).reshape(leaf.shape))
        return unflatten(self._tree, leaves)

    # -- outside -------------------------------------------------------------------------

    def write(self, tree: Tree) -> Words:
        """The vector of a tree of NumPy arrays (or what becomes one)."""
        vector = np.empty(self.words, np.uint32)
        for leaf, array in zip(self._leaves, leaves_of(tree), strict=True):
            flat = np.ascontiguousarray(array, leaf.dtype).reshape(-1)
            vector[leaf.start : leaf.end] = flat.view(np.uint32) if leaf.wide else flat
        return vector

    def read(self, vector: Any) -> Tree:
        """The tree of a vector, as NumPy arrays; those of 32 bits are views of it."""
        words = np.asarray(vector)
        return unflatten(self._tree, [leaf.of(words) for leaf in self._leaves])

    def read_part(self, vector: Any, name: str) -> Tree:
        """What the tree of a vector, a dict, holds under a name."""
        words, place = np.asarray(vector), self.places[name]
        return place.of(words) if isinstance(place, Leaf) else tree_map(_reader(words), place)


def _reader(words: Words) -> Callable[[Leaf], NDArray[Any]]:
    return lambda leaf: leaf.of(words)


def _bits(array: Any) -> Any:
    if array.dtype.itemsize == 4:
        return _lax.bitcast_convert_type(array, _jnp.uint32)
    return array.astype(_jnp.uint32)
