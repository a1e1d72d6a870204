"""Convolutions and pooling against PyTorch's, with padding as TensorFlow and Keras define it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from .comparing import agree, build, close, inputs

FORMS: list[dict[str, Any]] = [
    {},
    {"padding": "same"},
    {"stride": 2},
    {"stride": 3, "padding": "same", "kernel_size": 4},
    {"dilation": 2},
    {"dilation": 2, "padding": "same"},
    {"groups": 2},
    {"groups": 4, "padding": "same"},
    {"kernel_size": 1},
    {"kernel_size": 5, "stride": 2, "padding": "same", "activation": "tanh"},
]


def ends(length: int, size: int, stride: int, dilation: int, padding: str) -> tuple[int, int]:
    """TensorFlow's SAME: what is missing, the odd one at the end."""
    if padding == "valid":
        return 0, 0
    missing = max((math.ceil(length / stride) - 1) * stride + (size - 1) * dilation + 1 - length, 0)
    return missing // 2, missing - missing // 2


def channels_first(x: torch.Tensor) -> torch.Tensor:
    return x.movedim(-1, 1)


def padded(x: torch.Tensor, layer: Any, size: int, stride: int, value: float) -> torch.Tensor:
    """(B, C, ...) with the layer's padding."""
    dilation = getattr(layer, "dilation", 1)
    sides: list[int] = []
    for length in reversed(x.shape[2:]):
        sides += ends(length, size, stride, dilation, layer.padding)
    return F.pad(x, sides, value=value)


ACTIVATIONS = {"relu": F.relu, "tanh": torch.tanh, "softmax": lambda z: z.softmax(1)}


def convolution(layer: Any, params: Any, x: torch.Tensor) -> torch.Tensor:
    """(B, ..., C) -> (B, filters, ...), before normalization."""
    x = padded(channels_first(x), layer, layer.kernel_size, layer.stride, 0.0)
    w = params["w"].movedim(-1, 0).movedim(-1, 1)
    convolve = F.conv2d if x.ndim == 4 else F.conv1d
    return convolve(
        x, w, params["b"], stride=layer.stride, dilation=layer.dilation, groups=layer.groups
    )


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("kind", "shape"), [("conv2d", (9, 8, 4)), ("conv1d", (10, 4))])
def test_convolution(kind, shape, form):
    layer, params, stats = build(kind, shape, filters=8, **form)

    def oracle(params: Any, x: torch.Tensor) -> torch.Tensor:
        return ACTIVATIONS[layer.activation](convolution(layer, params, x)).movedim(1, -1)

    agree(layer, params, stats, inputs(shape), oracle)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("activation", ["relu", "softmax"])
@pytest.mark.parametrize(("kind", "shape"), [("conv2d", (6, 5, 2)), ("conv1d", (7, 3))])
def test_batch_normalization_inside(kind, shape, activation, training):
    fields = {"normalization": "batch", "activation": activation, "padding": "same"}
    layer, params, stats = build(kind, shape, filters=4, **fields)
    mean, var = (torch.tensor(stats[n].astype(np.float64)) for n in ("mean", "var"))

    def oracle(params: Any, x: torch.Tensor) -> torch.Tensor:
        z = convolution(layer, params, x)
        z = F.batch_norm(z, mean, var, params["scale"], params["offset"], training)
        return ACTIVATIONS[activation](z).movedim(1, -1)

    fresh = agree(layer, params, stats, inputs(shape), oracle, training)
    close(fresh["mean"], mean)
    close(fresh["var"], var)


POOLS: list[dict[str, Any]] = [
    {},
    {"pool_size": 3},
    {"pool_size": 3, "stride": 2},
    {"pool_size": 3, "stride": 2, "padding": "same"},
    {"pool_size": 2, "stride": 3},
    {"pool_size": 4, "padding": "same"},
]


@pytest.mark.parametrize("form", POOLS, ids=str)
@pytest.mark.parametrize(
    ("kind", "shape"),
    [("max_pooling2d", (9, 8, 3)), ("average_pooling2d", (9, 8, 3)), ("max_pooling1d", (10, 3)),
     ("average_pooling1d", (10, 3))],
)  # fmt: skip
def test_pooling(kind, shape, form):
    """Half of the inputs are equal, as after a ReLU: the first of the largest has the gradient."""
    layer, params, stats = build(kind, shape, **form)
    size, stride = layer.pool_size, layer.stride or layer.pool_size
    plane = len(shape) == 3

    def oracle(_: Any, x: torch.Tensor) -> torch.Tensor:
        x = channels_first(x)
        if kind.startswith("max"):
            pool, x = (
                (F.max_pool2d if plane else F.max_pool1d),
                padded(x, layer, size, stride, -math.inf),
            )
            return pool(x, size, stride).movedim(1, -1)
        pool = F.avg_pool2d if plane else F.avg_pool1d
        mean = pool(padded(x, layer, size, stride, 0.0), size, stride)
        real = pool(padded(torch.ones_like(x), layer, size, stride, 0.0), size, stride)
        return (mean / real).movedim(1, -1)

    agree(layer, params, stats, np.maximum(inputs(shape), 0), oracle)


GLOBAL = {
    "global_average_pooling2d": lambda x: x.mean((1, 2)),
    "global_average_pooling1d": lambda x: x.mean(1),
    "global_max_pooling2d": lambda x: F.adaptive_max_pool2d(x.movedim(-1, 1), 1)[..., 0, 0],
    "global_max_pooling1d": lambda x: F.adaptive_max_pool1d(x.movedim(-1, 1), 1)[..., 0],
}


@pytest.mark.parametrize("kind", GLOBAL)
def test_global_pooling(kind):
    shape = (6, 5, 3) if kind.endswith("2d") else (6, 3)
    layer, params, stats = build(kind, shape)
    x = np.minimum(inputs(shape), 0.5)
    agree(layer, params, stats, x, lambda _, x: GLOBAL[kind](x))


def test_flatten():
    layer, params, stats = build("flatten", (3, 4, 2))
    agree(layer, params, stats, inputs((3, 4, 2)), lambda _, x: x.flatten(1))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "stride"), [(3, 2), (4, 2), (2, 2), (2, 3), (3, 1), (5, 3)])
def test_transposed_convolution(size, stride, padding):
    """PyTorch's, cut to what Keras keeps of it."""
    shape = (4, 3, 2)
    fields = {"kernel_size": size, "stride": stride, "padding": padding, "activation": "tanh"}
    layer, params, stats = build("conv2d_transpose", shape, filters=3, **fields)

    def oracle(params: Any, x: torch.Tensor) -> torch.Tensor:
        w = params["w"].permute(2, 3, 0, 1)
        bias = params["b"][:, None, None]
        z = F.conv_transpose2d(channels_first(x), w, stride=stride)
        rest, over = max(stride - size, 0), max(size - stride, 0)
        z = F.pad(z, (0, rest, 0, rest))
        cut = (over // 2, over - over // 2) if padding == "same" else (0, 0)
        z = z[:, :, cut[0] : z.shape[2] - cut[1], cut[0] : z.shape[3] - cut[1]]
        return torch.tanh(z + bias).movedim(1, -1)

    agree(layer, params, stats, inputs(shape), oracle)


@pytest.mark.parametrize("training", [True, False])
def test_normalization_alone(training):
    shape = (4, 3, 2)
    layer, params, stats = build("batch_normalization", shape)
    mean, var = (torch.tensor(stats[n].astype(np.float64)) for n in ("mean", "var"))

    def batch(p: Any, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(
            channels_first(x), mean, var, p["scale"], p["offset"], training
        ).movedim(1, -1)

    fresh = agree(layer, params, stats, inputs(shape), batch, training)
    close(fresh["mean"], mean)
    close(fresh["var"], var)
    layer, params, stats = build("layer_normalization", shape)
    agree(
        layer, params, stats, inputs(shape),
        lambda p, x: F.layer_norm(x, shape[-1:], p["scale"], p["offset"]),
    )  # fmt: skip


def test_upsampling_and_reshaping():
    layer, params, stats = build("upsampling2d", (3, 2, 2), size=3)
    agree(
        layer, params, stats, inputs((3, 2, 2)),
        lambda _, x: F.interpolate(channels_first(x), scale_factor=3).movedim(1, -1),
    )  # fmt: skip
    layer, params, stats = build("reshape", (12,), target_shape=(2, 3, 2))
    agree(layer, params, stats, inputs((12,)), lambda _, x: x.reshape(-1, 2, 3, 2))
    layer, params, stats = build("last_step", (5, 2))
    agree(layer, params, stats, inputs((5, 2)), lambda _, x: x[:, -1])
    layer, params, stats = build("dense", (5, 3), units=4, activation="tanh")
    agree(layer, params, stats, inputs((5, 3)), lambda p, x: torch.tanh(x @ p["w"] + p["b"]))
