"""Further classification problems in the plane, most with two to six classes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import DOMAIN, Points, Sampled, class_sizes
from .classic import gauss_deviation, polar

RADIUS = 5.0
#: standard deviation of a point's displacement at 100 % noise
SPREAD = 2.0
MAX_CLASSES = 6


class ManyClasses(Sampled):
    """A problem whose number of classes can be chosen."""

    classes: int = setting(  # pyright: ignore[reportIncompatibleVariableOverride]
        3, title="Classes", ge=2, le=MAX_CLASSES, choices=[2, 3, 4, 5, 6],
        help="How many classes the points belong to.",
    )  # fmt: skip

    def _labels(self) -> NDArray[np.int64]:
        """Class indices (N,) in equal shares, class 0 first."""
        return np.repeat(np.arange(self.classes), class_sizes(self.samples, self.classes))


@DATASETS.register
class Moons(Sampled):
    kind: Literal["moons"] = "moons"
    title = "Moons"
    help = "Two half circles that reach into each other; noise blurs them."
    formula = (
        r"x \in (\cos t, \sin t)\ \text{or}\ (1 - \cos t, \tfrac12 - \sin t),\ 0 \le t \le \pi"
    )

    def generate(self, rng: np.random.Generator) -> Points:
        upper, lower = class_sizes(self.samples, 2)
        labels = np.repeat([1, 0], [upper, lower])
        t = rng.uniform(0, np.pi, self.samples)
        arcs = np.stack([np.cos(t), np.sin(t)], axis=1)
        arcs[labels == 0] = np.array([1.0, 0.5]) - arcs[labels == 0]
        inputs = (arcs - np.array([0.5, 0.25])) * RADIUS / 1.5
        blur = rng.standard_normal(inputs.shape) * SPREAD * self.noise_share
        return Points.of(inputs + blur, labels)


@DATASETS.register
class Rings(ManyClasses):
    kind: Literal["rings"] = "rings"
    title = "Rings"
    help = "Rings around one centre, a class each; noise blurs them."
    formula = r"\tfrac5k(c + 0.2) \le \lVert x \rVert \le \tfrac5k(c + 0.8)"

    def generate(self, rng: np.random.Generator) -> Points:
        labels = self._labels()
        radius = (labels + rng.uniform(0.2, 0.8, self.samples)) * RADIUS / self.classes
        inputs = polar(radius, rng.uniform(0, 2 * np.pi, self.samples))
        blur = rng.standard_normal(inputs.shape) * SPREAD * self.noise_share
        return Points.of(inputs + blur, labels)


@DATASETS.register
class Pinwheel(ManyClasses):
    kind: Literal["pinwheel"] = "pinwheel"
    title = "Pinwheel"
    help = "Curved blades around a hub, a class each; noise blurs them."
    formula = (
        r"x = r\,(\sin t, \cos t),\ t = \tfrac{2\pi c}{k} + \tfrac{\pi r}{2\cdot 5} + \epsilon"
    )

    def generate(self, rng: np.random.Generator) -> Points:
        labels = self._labels()
        radius = rng.uniform(0.1 * RADIUS, RADIUS, self.samples)
        sector = 2 * np.pi / self.classes
        within = rng.uniform(-0.25, 0.25, self.samples) * sector
        angle = labels * sector + 0.5 * np.pi * radius / RADIUS + within
        blur = rng.standard_normal((self.samples, 2)) * SPREAD * self.noise_share
        return Points.of(polar(radius, angle) + blur, labels)


@DATASETS.register
class Blobs(ManyClasses):
    kind: Literal["blobs"] = "blobs"
    title = "Blobs"
    help = "Round clouds on a circle, a class each; noise makes them wider."
    formula = r"x \sim \mathcal N\bigl(3.8\,(\sin t, \cos t),\ \sigma^2 I\bigr),\ t = 2\pi c/k"

    def generate(self, rng: np.random.Generator) -> Points:
        labels = self._labels()
        centres = polar(np.full(self.samples, 3.8), labels * 2 * np.pi / self.classes)
        cloud = rng.standard_normal(centres.shape)
        return Points.of(centres + gauss_deviation(self.noise_share) * cloud, labels)


@DATASETS.register
class Checkerboard(Sampled):
    kind: Literal["checkerboard"] = "checkerboard"
    title = "Checkerboard"
    help = "Squares of two classes in turn; noise mislabels points near the lines."
    formula = r"c = \bigl(\lfloor x_1 / w \rfloor + \lfloor x_2 / w \rfloor\bigr) \bmod 2"

    cells: int = setting(
        4, title="Cells", ge=2, le=8, choices=[2, 3, 4, 5, 6, 8],
        help="Squares along each side of the board.",
    )  # fmt: skip

    def generate(self, rng: np.random.Generator) -> Points:
        width = 2 * DOMAIN / self.cells
        inputs = rng.uniform(-DOMAIN, DOMAIN, (self.samples, 2))
        labelled_at = inputs + rng.uniform(-width, width, inputs.shape) * self.noise_share
        column, row = np.floor((labelled_at + DOMAIN) / width).T
        return Points.of(inputs, (column + row) % 2)
