"""Windows that slide over positions: how many there are, and what stands in them.

Inside, pictures are (channels, height, width, batch): with the batch last, every loop of the
CPU runs over examples that lie side by side (docs/performance.md). Layers turn their inputs
to that form and their outputs back; between two of them XLA drops both turns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import setting

Padding = Literal["valid", "same"]


def padding_setting() -> Padding:
    return setting(
        "valid", title="Padding", help="What happens at the edges.",
        options={
            "valid": ("Valid", "Windows stay inside; the output is smaller."),
            "same": ("Same", "The edge is padded; with stride 1 the output is as large."),
        },
    )  # fmt: skip


@dataclass(frozen=True)
class Window:
    """Windows along one axis.

    extent: from a window's first to its last position. count: of the windows. before, after:
    positions added at the ends.
    """

    size: int
    stride: int
    dilation: int
    length: int
    count: int
    before: int
    after: int

    @property
    def extent(self) -> int:
        return (self.size - 1) * self.dilation + 1

    def slice_of(self, offset: int) -> slice:
        """Position `offset` of all windows, in the padded axis."""
        start = offset * self.dilation
        return slice(start, start + (self.count - 1) * self.stride + 1, self.stride)

    @property
    def tiles(self) -> bool:
        """Whether the windows lie side by side, without padding."""
        same = self.size == self.stride and self.dilation == 1
        return same and not self.before and not self.after


def window(
    place: str, length: int, size: int, stride: int = 1, dilation: int = 1,
    padding: Padding = "valid",
) -> Window:  # fmt: skip
    """The windows along an axis, padded as Keras and TensorFlow do it.

    place: layer and axis, for the message of the ValueError where no window fits.
    """
    extent = (size - 1) * dilation + 1
    if padding == "same":
        count = math.ceil(length / stride)
        added = max((count - 1) * stride + extent - length, 0)
        return Window(size, stride, dilation, length, count, added // 2, added - added // 2)
    if extent > length:
        raise ValueError(
            f"{place} is {length} and the window {extent}, which does not fit in: "
            "take a smaller one, set padding 'same', or put fewer layers that shrink before it"
        )
    return Window(size, stride, dilation, length, (length - extent) // stride + 1, 0, 0)


def batch_last(x: jax.Array) -> jax.Array:
    """(B, H, W, C) -> (C, H, W, B), and (C, H, W, B) -> (B, H, W, C)."""
    return x.transpose(3, 1, 2, 0)


def padded(x: jax.Array, rows: Window, columns: Window, value: float) -> jax.Array:
    """(C, H, W, B) with the windows' padding."""
    ends = [(0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)]
    return jnp.pad(x, ends, constant_values=value) if any(map(any, ends)) else x


def positions(x: jax.Array, rows: Window, columns: Window, value: float) -> Iterator[jax.Array]:
    """For every position of a window, row by row, what stands there in all of them:
    (C, H, W, B) -> (C, count of rows, count of columns, B) each. value: of the padding."""
    if rows.tiles and columns.tiles:
        high, wide = rows.count * rows.size, columns.count * columns.size
        tiles = x[:, :high, :wide].reshape(
            x.shape[0], rows.count, rows.size, columns.count, columns.size, x.shape[3]
        )
        for i, j in product(range(rows.size), range(columns.size)):
            yield tiles[:, :, i, :, j]
        return
    x = padded(x, rows, columns, value)
    for i, j in product(range(rows.size), range(columns.size)):
        yield x[:, rows.slice_of(i), columns.slice_of(j)]


def correlated(
    x: jax.Array, kernel: jax.Array, rows: Window, columns: Window, groups: int
) -> jax.Array:
    """The convolution of deep learning, which does not turn the kernel.

    (C, H, W, B), (kh, kw, C / groups, O) -> (O, rows, columns, B). All windows' contents times
    the kernels, as one product: several times faster on the CPU than XLA's own convolution,
    its gradient above all.
    """
    patches = jnp.concatenate(list(positions(x, rows, columns, 0.0)))
    size, outputs = rows.size * columns.size, kernel.shape[-1]
    across = rows.count * columns.count * x.shape[3]
    if groups == 1:
        z = kernel.reshape(-1, outputs).T @ patches.reshape(-1, across)
    else:
        inside, each = x.shape[0] // groups, outputs // groups
        z = jnp.einsum(
            "kgin,kigo->gon",
            patches.reshape(size, groups, inside, across),
            kernel.reshape(size, inside, groups, each),
        )
    return z.reshape(outputs, rows.count, columns.count, x.shape[3])
