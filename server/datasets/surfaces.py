"""Regression: a value at every point of the plane, within [-1, 1] or a little beyond."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS

from .base import DOMAIN, Points, Sampled, samples_setting
from .classic import SOURCE

Positions = NDArray[np.float64]


class Surface(Sampled):
    """A value as a function of the position; noise moves the place where it is read."""

    problem = "regression"
    samples: int = samples_setting(1200)

    def value(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        """Coordinates (N,) and (N,) -> values (N,)."""
        raise NotImplementedError

    def generate(self, rng: np.random.Generator) -> Points:
        inputs = rng.uniform(-DOMAIN, DOMAIN, (self.samples, 2))
        read_at = inputs + rng.uniform(-DOMAIN, DOMAIN, inputs.shape) * self.noise_share
        return Points.of(inputs, self.value(*read_at.T))


@DATASETS.register
class Plane(Surface):
    kind: Literal["reg_plane"] = "reg_plane"
    title = "Plane"
    help = "A value that rises evenly along the diagonal."
    formula = r"t = \tfrac1{10}(x_1 + x_2)"
    source = SOURCE
    tf = "reg-plane"

    def value(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        return (x + y) / 10


#: (x, y, sign) of each hill and hollow
HILLS = ((-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1))


@DATASETS.register
class Hills(Surface):
    kind: Literal["reg_gauss"] = "reg_gauss"
    title = "Hills and hollows"
    help = "Three peaks and three pits in two rows, signs in turn, on flat ground."
    formula = r"t = s_j \max\bigl(0,\ 1 - \tfrac12\lVert x - m_j \rVert\bigr)"
    source = SOURCE
    tf = "reg-gauss"

    def value(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        heights = np.stack(
            [sign * np.clip(1 - np.hypot(x - cx, y - cy) / 2, 0, 1) for cx, cy, sign in HILLS]
        )
        steepest = np.argmax(np.abs(heights), axis=0)
        return heights[steepest, np.arange(len(x))]


@DATASETS.register
class Ripple(Surface):
    kind: Literal["ripple"] = "ripple"
    title = "Ripple"
    help = "Waves that run out from the centre."
    formula = r"t = \cos(1.5\,\lVert x \rVert)"

    def value(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        return np.cos(1.5 * np.hypot(x, y))


@DATASETS.register
class Saddle(Surface):
    kind: Literal["saddle"] = "saddle"
    title = "Saddle"
    help = "Up to the left and right, down to the top and bottom."
    formula = r"t = \tfrac1{36}(x_1^2 - x_2^2)"

    def value(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        return (x**2 - y**2) / DOMAIN**2
