"""Features: what the network is given of each point, as functions of its inputs.

Each takes inputs (N, dimensions), of NumPy or JAX, and returns (N,); `uses` says which inputs it
reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import FEATURES

Array = Any


def _space(inputs: Array) -> Any:
    """NumPy, or what has the same functions for these arrays."""
    return inputs.__array_namespace__()


def transform(names: Sequence[str], inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Inputs (N, dimensions) -> features (N, len(names)), float32, in the order of the names."""
    return features_of(names, inputs).astype(np.float32)


def features_of(names: Sequence[str], inputs: Array) -> Array:
    """`transform`, of NumPy or (traced) JAX arrays alike."""
    columns = [FEATURES[name].function(inputs) for name in names]
    return _space(inputs).stack(columns, axis=1)


@FEATURES.register(
    "x", title="X₁", help="The first input as it is.", formula="x_1", uses=["x"], tf="x"
)
def x(inputs: Array) -> Array:
    return inputs[:, 0]


@FEATURES.register(
    "y", title="X₂", help="The second input as it is.", formula="x_2", uses=["y"], tf="y"
)
def y(inputs: Array) -> Array:
    return inputs[:, 1]


@FEATURES.register(
    "x_squared", title="X₁²", help="The square of the first input.", formula="x_1^2",
    uses=["x"], tf="xSquared",
)  # fmt: skip
def x_squared(inputs: Array) -> Array:
    return inputs[:, 0] ** 2


@FEATURES.register(
    "y_squared", title="X₂²", help="The square of the second input.", formula="x_2^2",
    uses=["y"], tf="ySquared",
)  # fmt: skip
def y_squared(inputs: Array) -> Array:
    return inputs[:, 1] ** 2


@FEATURES.register(
    "xy", title="X₁X₂", help="The product of both inputs.", formula="x_1 x_2",
    uses=["x", "y"], tf="xTimesY",
)  # fmt: skip
def xy(inputs: Array) -> Array:
    return inputs[:, 0] * inputs[:, 1]


@FEATURES.register(
    "sin_x", title="sin(X₁)", help="The sine of the first input.", formula=r"\sin x_1",
    uses=["x"], tf="sinX",
)  # fmt: skip
def sin_x(inputs: Array) -> Array:
    return _space(inputs).sin(inputs[:, 0])


@FEATURES.register(
    "sin_y", title="sin(X₂)", help="The sine of the second input.", formula=r"\sin x_2",
    uses=["y"], tf="sinY",
)  # fmt: skip
def sin_y(inputs: Array) -> Array:
    return _space(inputs).sin(inputs[:, 1])


@FEATURES.register(
    "cos_x", title="cos(X₁)", help="The cosine of the first input.", formula=r"\cos x_1",
    uses=["x"],
)  # fmt: skip
def cos_x(inputs: Array) -> Array:
    return _space(inputs).cos(inputs[:, 0])


@FEATURES.register(
    "cos_y", title="cos(X₂)", help="The cosine of the second input.", formula=r"\cos x_2",
    uses=["y"],
)  # fmt: skip
def cos_y(inputs: Array) -> Array:
    return _space(inputs).cos(inputs[:, 1])


@FEATURES.register(
    "radius", title="‖X‖", help="The distance from the centre.",
    formula=r"\sqrt{x_1^2 + x_2^2}", uses=["x", "y"],
)  # fmt: skip
def radius(inputs: Array) -> Array:
    return _space(inputs).hypot(inputs[:, 0], inputs[:, 1])


@FEATURES.register(
    "gauss", title="bump(X)", help="A bump around the centre, two units wide.",
    formula=r"e^{-(x_1^2 + x_2^2)/8}", uses=["x", "y"],
)  # fmt: skip
def gauss(inputs: Array) -> Array:
    return _space(inputs).exp(-(inputs[:, 0] ** 2 + inputs[:, 1] ** 2) / 8)
