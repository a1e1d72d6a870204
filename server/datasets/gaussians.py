"""Many small clouds: what generative adversarial networks are tried on, as classes in turn."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import Points, Sampled, class_sizes
from .classic import polar

RADIUS = 4.0
#: standard deviation of a cloud, and what 100 % noise adds to it
NARROW, SPREAD = 0.15, 2.0


class _Modes(Sampled):
    """Clouds in equal shares."""

    samples: int = setting(
        1000, title="Samples", ge=20, le=5000, scale="log",
        choices=[50, 100, 200, 500, 1000, 2000, 5000],
        help="How many points are drawn, before the split.",
    )  # fmt: skip

    def _around(
        self, centres: NDArray[np.float64], classes: NDArray[np.int64], rng: np.random.Generator
    ) -> Points:
        """Points around the centres (K, 2), of the classes (K,) of these."""
        mode = np.repeat(np.arange(len(centres)), class_sizes(self.samples, len(centres)))
        deviation = NARROW + SPREAD * self.noise_share
        cloud = rng.standard_normal((self.samples, 2)) * deviation
        return Points.of(centres[mode] + cloud, classes[mode])


@DATASETS.register
class RingOfGaussians(_Modes):
    kind: Literal["ring_of_gaussians"] = "ring_of_gaussians"
    title = "Ring of Gaussians"
    help = "Small clouds on a circle, of two classes in turn; noise makes them wider."
    formula = r"x \sim \mathcal N\bigl(4\,(\sin t, \cos t),\ \sigma^2 I\bigr),\ t = 2\pi i/k"
    source = "Metz et al., Unrolled Generative Adversarial Networks, 2017"

    modes: int = setting(
        8, title="Modes", ge=2, le=16, choices=[2, 4, 6, 8, 10, 12, 16],
        help="How many clouds there are.",
    )  # fmt: skip

    def generate(self, rng: np.random.Generator) -> Points:
        mode = np.arange(self.modes)
        centres = polar(np.full(self.modes, RADIUS), mode * 2 * np.pi / self.modes)
        return self._around(centres, mode % 2, rng)


@DATASETS.register
class GridOfGaussians(_Modes):
    kind: Literal["grid_of_gaussians"] = "grid_of_gaussians"
    title = "Grid of Gaussians"
    help = "Small clouds in rows and columns, of two classes in turn; noise makes them wider."
    formula = r"x \sim \mathcal N\bigl(8\,(i, j)/(k - 1) - 4,\ \sigma^2 I\bigr)"
    source = "Srivastava et al., VEEGAN, 2017"

    side: int = setting(
        5, title="Side", ge=2, le=7, choices=[2, 3, 4, 5, 6, 7],
        help="How many clouds there are along each side.",
    )  # fmt: skip

    def generate(self, rng: np.random.Generator) -> Points:
        row, column = np.divmod(np.arange(self.side**2), self.side)
        centres = np.stack([column, row], axis=1) * 2 * RADIUS / (self.side - 1) - RADIUS
        return self._around(centres, (row + column) % 2, rng)
