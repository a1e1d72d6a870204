"""Initializers: how a weight matrix begins.

Each is a function of (rng, shape) -> float32 array of that shape, where shape is
(inputs, outputs), or (*kernel, inputs, outputs) for a convolution: a unit's fans are then the
kernel's size times as many. Equal generators give equal weights. Variances follow the papers
named; the normal ones are not truncated, as in PyTorch.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import INITIALIZERS

Weights = NDArray[np.float32]
Shape = tuple[int, ...]


def _fans(shape: Shape) -> tuple[int, int]:
    """What a unit hears of, and what hears of it."""
    kernel = math.prod(shape[:-2])
    return kernel * shape[-2], kernel * shape[-1]


def _uniform(rng: np.random.Generator, shape: Shape, limit: float) -> Weights:
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def _normal(rng: np.random.Generator, shape: Shape, deviation: float) -> Weights:
    return (deviation * rng.standard_normal(shape)).astype(np.float32)


@INITIALIZERS.register(
    "uniform_half", title="Uniform ±½", formula=r"w \sim U(-\tfrac12, \tfrac12)",
    help="Evenly spread between −½ and ½ whatever the width, as in TensorFlow Playground.",
)  # fmt: skip
def uniform_half(rng: np.random.Generator, shape: Shape) -> Weights:
    return _uniform(rng, shape, 0.5)


@INITIALIZERS.register(
    "zeros", title="Zeros", formula="w = 0",
    help="All weights zero: the units of a layer stay alike for ever, which is the lesson.",
)  # fmt: skip
def zeros(rng: np.random.Generator, shape: Shape) -> Weights:
    return np.zeros(shape, np.float32)


@INITIALIZERS.register(
    "normal", title="Normal", formula=r"w \sim N(0, 0.05^2)",
    help="Small normal numbers of deviation 0.05 whatever the width; deep networks start slowly.",
)  # fmt: skip
def normal(rng: np.random.Generator, shape: Shape) -> Weights:
    return _normal(rng, shape, 0.05)


@INITIALIZERS.register(
    "glorot_uniform", title="Glorot uniform",
    formula=r"w \sim U(-a, a),\ a = \sqrt{6/(n_{\text{in}} + n_{\text{out}})}",
    help="Keeps the variance of signals and gradients alike through tanh layers "
    "(Glorot and Bengio, 2010).",
)  # fmt: skip
def glorot_uniform(rng: np.random.Generator, shape: Shape) -> Weights:
    return _uniform(rng, shape, math.sqrt(6 / sum(_fans(shape))))


@INITIALIZERS.register(
    "glorot_normal", title="Glorot normal",
    formula=r"w \sim N\bigl(0, 2/(n_{\text{in}} + n_{\text{out}})\bigr)",
    help="Glorot's variance with normal numbers, for tanh and sigmoid layers.",
)  # fmt: skip
def glorot_normal(rng: np.random.Generator, shape: Shape) -> Weights:
    return _normal(rng, shape, math.sqrt(2 / sum(_fans(shape))))


@INITIALIZERS.register(
    "he_uniform", title="He uniform",
    formula=r"w \sim U(-a, a),\ a = \sqrt{6/n_{\text{in}}}",
    help="Makes up for the half that ReLU cuts off (He and others, 2015).",
)  # fmt: skip
def he_uniform(rng: np.random.Generator, shape: Shape) -> Weights:
    return _uniform(rng, shape, math.sqrt(6 / _fans(shape)[0]))


@INITIALIZERS.register(
    "he_normal", title="He normal", formula=r"w \sim N(0, 2/n_{\text{in}})",
    help="He's variance with normal numbers, for ReLU and its kin.",
)  # fmt: skip
def he_normal(rng: np.random.Generator, shape: Shape) -> Weights:
    return _normal(rng, shape, math.sqrt(2 / _fans(shape)[0]))


@INITIALIZERS.register(
    "lecun_uniform", title="LeCun uniform",
    formula=r"w \sim U(-a, a),\ a = \sqrt{3/n_{\text{in}}}",
    help="Keeps the variance of the signal through a linear layer (LeCun and others, 1998).",
)  # fmt: skip
def lecun_uniform(rng: np.random.Generator, shape: Shape) -> Weights:
    return _uniform(rng, shape, math.sqrt(3 / _fans(shape)[0]))


@INITIALIZERS.register(
    "lecun_normal", title="LeCun normal", formula=r"w \sim N(0, 1/n_{\text{in}})",
    help="LeCun's variance with normal numbers; what SELU layers assume.",
)  # fmt: skip
def lecun_normal(rng: np.random.Generator, shape: Shape) -> Weights:
    return _normal(rng, shape, math.sqrt(1 / _fans(shape)[0]))


@INITIALIZERS.register(
    "orthogonal", title="Orthogonal", formula=r"W^\top W = I \text{ or } WW^\top = I",
    help="A random rotation: no direction is stretched or lost (Saxe and others, 2014).",
)  # fmt: skip
def orthogonal(rng: np.random.Generator, shape: Shape) -> Weights:
    rows, columns = math.prod(shape[:-1]), shape[-1]
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))  # without it the rotations would not be evenly spread
    return (q if rows >= columns else q.T).astype(np.float32).reshape(shape)
