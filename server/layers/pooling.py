"""Pooling: a window, or a whole picture, in one number per channel."""

from __future__ import annotations

from functools import reduce
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.registry import LAYERS, setting

from .base import Context, Layer, Params, Shape
from .settings import picture, sequence
from .windows import Padding, Window, batch_last, padding_setting, positions, window


def _first_largest(a: jax.Array, b: jax.Array) -> jax.Array:
    """The larger one; of equal ones a, to which the whole gradient goes, as in PyTorch."""
    return jnp.where((b > a) | (b != b), b, a)


def _largest(x: jax.Array, rows: Window, columns: Window) -> jax.Array:
    """(C, H, W, B) -> (C, rows, columns, B)."""
    largest = _largest_tile if rows.tiles and columns.tiles else _largest_anywhere
    return largest(x, rows, columns)


def _largest_anywhere(x: jax.Array, rows: Window, columns: Window) -> jax.Array:
    return reduce(_first_largest, positions(x, rows, columns, -jnp.inf))


def _kept(x: jax.Array, rows: Window, columns: Window) -> tuple[jax.Array, Any]:
    largest = _largest_anywhere(x, rows, columns)
    return largest, (x, largest)


def _backward(rows: Window, columns: Window, kept: Any, gradient: jax.Array) -> tuple[jax.Array]:
    """Each tile's gradient at its first largest number. Written out because XLA's own puts
    every position of the tiles into a picture of zeros, and adds those up."""
    x, largest = kept
    parts: list[jax.Array] = []
    free = jnp.ones(largest.shape, bool)
    for values in positions(x, rows, columns, -jnp.inf):
        here = free & (values == largest)
        parts.append(jnp.where(here, gradient, 0.0))
        free &= ~here
    return (_tiled(parts, x.shape, rows, columns),)


def _tiled(parts: list[jax.Array], shape: Shape, rows: Window, columns: Window) -> jax.Array:
    """What `positions` takes from tiles put back, and 0 where there are none."""
    wide = columns.size
    lines = [jnp.stack(parts[i : i + wide], 3) for i in range(0, len(parts), wide)]
    whole = jnp.stack(lines, 2)
    whole = whole.reshape(shape[0], rows.count * rows.size, columns.count * columns.size, shape[3])
    rest = [(0, side - covered) for side, covered in zip(shape, whole.shape, strict=True)]
    return jnp.pad(whole, rest) if any(map(any, rest)) else whole


_largest_tile: Any = jax.custom_vjp(_largest_anywhere, nondiff_argnums=(1, 2))
_largest_tile.defvjp(_kept, _backward)


def _average(x: jax.Array, rows: Window, columns: Window) -> jax.Array:
    """(C, H, W, B) -> (C, rows, columns, B); padding does not count."""
    high, wide = (jnp.asarray(_real(axis), jnp.float32) for axis in (rows, columns))
    return sum(positions(x, rows, columns, 0.0)) / (high[:, None] * wide[None])[:, :, None]


def _real(axis: Window) -> Any:
    """How many positions of every window are no padding."""
    starts = np.arange(axis.count) * axis.stride - axis.before
    return np.minimum(starts + axis.size, axis.length) - np.maximum(starts, 0)


class _Pooling(Layer):
    pool_size: int = setting(
        2, title="Pool size", ge=1, le=16, choices=[2, 3, 4],
        help="Positions along each axis that become one.",
    )  # fmt: skip
    stride: int | None = setting(
        None, title="Stride", ge=1, le=16, choices=[1, 2, 3, 4],
        help="How far the window moves; left empty, by its own size.",
    )  # fmt: skip
    padding: Padding = padding_setting()

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return {}, {}

    def _window(self, axis: str, length: int) -> Window:
        place = f"{self.name()}: the input's {axis}"
        stride = self.stride or self.pool_size
        return window(place, length, self.pool_size, stride, 1, self.padding)

    @staticmethod
    def pooled(x: jax.Array, rows: Window, columns: Window) -> jax.Array:
        """(C, H, W, B) -> (C, rows, columns, B)."""
        raise NotImplementedError


class _Pooling2D(_Pooling):
    def _windows(self, input_shape: Shape) -> tuple[Window, Window]:
        height, width, _ = picture(self.name(), input_shape)
        return self._window("height", height), self._window("width", width)

    def output_shape(self, input_shape: Shape) -> Shape:
        rows, columns = self._windows(input_shape)
        return rows.count, columns.count, input_shape[-1]

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return batch_last(self.pooled(batch_last(x), *self._windows(x.shape[1:]))), stats


class _Pooling1D(_Pooling):
    def output_shape(self, input_shape: Shape) -> Shape:
        length, features = sequence(self.name(), input_shape)
        return self._window("length", length).count, features

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        one, along = window("", 1, 1), self._window("length", x.shape[1])
        return batch_last(self.pooled(batch_last(x[:, None]), one, along))[:, 0], stats


@LAYERS.register
class MaxPooling2D(_Pooling2D):
    """The largest number of each window, channel by channel."""

    title = "Max pooling 2D"
    help = "Keeps the largest number of every window: whether a pattern is there, not quite where."
    formula = r"h_{yxc} = \max_{i,j} x_{sy+i,\,sx+j,\,c}"
    source = "Ranzato and others, 2007"

    kind: Literal["max_pooling2d"] = "max_pooling2d"
    pooled = staticmethod(_largest)

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{max\,pool}}_{{{self.pool_size}}}\left({inputs}\right)"


@LAYERS.register
class AveragePooling2D(_Pooling2D):
    """The mean of each window, channel by channel."""

    title = "Average pooling 2D"
    help = "Takes the mean of every window: a smaller, smoother picture."
    formula = r"h_{yxc} = \tfrac{1}{n}\sum_{i,j} x_{sy+i,\,sx+j,\,c}"
    source = "LeCun and others, 1989"

    kind: Literal["average_pooling2d"] = "average_pooling2d"
    pooled = staticmethod(_average)

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{avg\,pool}}_{{{self.pool_size}}}\left({inputs}\right)"


@LAYERS.register
class MaxPooling1D(_Pooling1D):
    """The largest number of each window in time, feature by feature."""

    title = "Max pooling 1D"
    help = "Keeps the largest number of every window in time, feature by feature."
    formula = r"h_{tc} = \max_i x_{st+i,\,c}"
    source = "Ranzato and others, 2007"

    kind: Literal["max_pooling1d"] = "max_pooling1d"
    pooled = staticmethod(_largest)

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{max\,pool}}_{{{self.pool_size}}}\left({inputs}\right)"


@LAYERS.register
class AveragePooling1D(_Pooling1D):
    """The mean of each window in time, feature by feature."""

    title = "Average pooling 1D"
    help = "Takes the mean of every window in time: a shorter, smoother sequence."
    formula = r"h_{tc} = \tfrac{1}{n}\sum_i x_{st+i,\,c}"
    source = "Waibel and others, 1989"

    kind: Literal["average_pooling1d"] = "average_pooling1d"
    pooled = staticmethod(_average)

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{avg\,pool}}_{{{self.pool_size}}}\left({inputs}\right)"


class _GlobalPooling(Layer):
    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return {}, {}


def _mean_of_all(x: jax.Array) -> jax.Array:
    return x.mean(tuple(range(1, x.ndim - 1)))


def _largest_of_all(x: jax.Array) -> jax.Array:
    """(B, ..., C) -> (B, C); of equal ones, the first has the gradient, as in PyTorch."""
    rows = x.reshape(x.shape[0], -1, x.shape[-1])
    first = jax.lax.stop_gradient(rows).argmax(1, keepdims=True)
    return jnp.take_along_axis(rows, first, 1)[:, 0]


@LAYERS.register
class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel: (height, width, channels) -> (channels,)."""

    title = "Global average pooling 2D"
    help = "The mean of every channel over the whole picture."
    formula = r"h_c = \tfrac{1}{HW}\sum_{y,x} x_{yxc}"
    source = "Lin, Chen and Yan, 2014"

    kind: Literal["global_average_pooling2d"] = "global_average_pooling2d"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (picture(self.name(), input_shape)[-1],)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return _mean_of_all(x), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{mean}}_{{y,x}}\left({inputs}\right)"


@LAYERS.register
class GlobalMaxPooling2D(_GlobalPooling):
    """The largest number of each channel: (height, width, channels) -> (channels,)."""

    title = "Global max pooling 2D"
    help = "The largest number of every channel over the whole picture."
    formula = r"h_c = \max_{y,x} x_{yxc}"
    source = "Oquab and others, 2015"

    kind: Literal["global_max_pooling2d"] = "global_max_pooling2d"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (picture(self.name(), input_shape)[-1],)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return _largest_of_all(x), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{max}}_{{y,x}}\left({inputs}\right)"


@LAYERS.register
class GlobalAveragePooling1D(_GlobalPooling):
    """The mean of each feature over time: (time, features) -> (features,)."""

    title = "Global average pooling 1D"
    help = "The mean of every feature over the whole sequence."
    formula = r"h_c = \tfrac{1}{T}\sum_t x_{tc}"
    source = "Lin, Chen and Yan, 2014"

    kind: Literal["global_average_pooling1d"] = "global_average_pooling1d"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (sequence(self.name(), input_shape)[-1],)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return _mean_of_all(x), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{mean}}_t\left({inputs}\right)"


@LAYERS.register
class GlobalMaxPooling1D(_GlobalPooling):
    """The largest number of each feature over time: (time, features) -> (features,)."""

    title = "Global max pooling 1D"
    help = "The largest number of every feature over the whole sequence."
    formula = r"h_c = \max_t x_{tc}"
    source = "Collobert and others, 2011"

    kind: Literal["global_max_pooling1d"] = "global_max_pooling1d"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (sequence(self.name(), input_shape)[-1],)

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return _largest_of_all(x), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{max}}_t\left({inputs}\right)"
