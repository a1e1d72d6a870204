"""Many small clouds: what generative adversarial networks are tried on, as classes in turn."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import Mixture, Points, Sampled, class_sizes
from .classic import polar

RADIUS = 4.0
#: standard deviation of a cloud, and what 100 % noise adds to it
NARROW, SPREAD = 0.15, 2.0
#: where the line ends; it begins opposite
LINE_END = np.array([5.0, 2.5])


class _Modes(Sampled):
    """Clouds in equal shares."""

    samples: int = setting(
        1000, title="Samples", ge=20, le=5000, scale="log",
        choices=[50, 100, 200, 500, 1000, 2000, 5000],
        help="How many points are drawn, before the split.",
    )  # fmt: skip

    @property
    def mixture(self) -> Mixture:
        return Mixture(self.centres(), NARROW + SPREAD * self.noise_share)

    def centres(self) -> NDArray[np.float64]:
        """Where the clouds are, (K, 2)."""
        raise NotImplementedError

    def _around(self, classes: NDArray[np.int64], rng: np.random.Generator) -> Points:
        """Points of the clouds, which are of the classes (K,)."""
        mixture = self.mixture
        mode = np.repeat(np.arange(len(classes)), class_sizes(self.samples, len(classes)))
        cloud = rng.standard_normal((self.samples, 2)) * mixture.deviation
        return Points.of(mixture.centres[mode] + cloud, classes[mode])


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

    def centres(self) -> NDArray[np.float64]:
        turn = np.arange(self.modes) * 2 * np.pi / self.modes
        return polar(np.full(self.modes, RADIUS), turn)

    def generate(self, rng: np.random.Generator) -> Points:
        return self._around(np.arange(self.modes) % 2, rng)


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

    def centres(self) -> NDArray[np.float64]:
        row, column = self._places()
        return np.stack([column, row], axis=1) * 2 * RADIUS / (self.side - 1) - RADIUS

    def generate(self, rng: np.random.Generator) -> Points:
        row, column = self._places()
        return self._around((row + column) % 2, rng)

    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.divmod(np.arange(self.side**2), self.side)


@DATASETS.register
class Line(Sampled):
    """A stretch of a straight line: the simplest thing that is not a point."""

    kind: Literal["line"] = "line"
    title = "Line"
    help = "Points along a straight line, one class for each half; noise takes them off it."
    formula = r"x = t\,(5, 2\tfrac12) + \varepsilon,\ t \sim U(-1, 1)"

    def generate(self, rng: np.random.Generator) -> Points:
        along = rng.uniform(-1, 1, self.samples)
        strays = rng.standard_normal((self.samples, 2)) * SPREAD * self.noise_share
        return Points.of(along[:, None] * LINE_END + strays, along > 0)
