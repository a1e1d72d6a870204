"""The four classification problems of TensorFlow Playground, by its rules."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS

from .base import Points, Sampled, class_sizes

SOURCE = "TensorFlow Playground, dataset.ts"
RADIUS = 5.0


def halves(samples: int) -> tuple[int, int]:
    """How many points of class 1 (blue, +1), which come first, and of class 0 (orange, -1)."""
    first, second = class_sizes(samples, 2)
    return first, second


def gauss_deviation(noise_share: float) -> float:
    """Standard deviation of the clouds: the variance rises from 0.5 to 4 at 50 % noise."""
    return float(np.sqrt(0.5 + 7 * noise_share))


def polar(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (N, 2) at an angle counted clockwise from the vertical axis."""
    return radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)


@DATASETS.register
class Circle(Sampled):
    kind: Literal["circle"] = "circle"
    title = "Circle"
    help = "A disc inside a ring; noise mislabels points near the border between them."
    formula = r"c = [\,\lVert x + \epsilon \rVert < 2.5\,]"
    source = SOURCE
    tf = "circle"

    def generate(self, rng: np.random.Generator) -> Points:
        inner, outer = halves(self.samples)
        radius = np.concatenate(
            [rng.uniform(0, 0.5 * RADIUS, inner), rng.uniform(0.7 * RADIUS, RADIUS, outer)]
        )
        inputs = polar(radius, rng.uniform(0, 2 * np.pi, self.samples))
        labelled_at = inputs + rng.uniform(-RADIUS, RADIUS, inputs.shape) * self.noise_share
        return Points.of(inputs, np.hypot(*labelled_at.T) < 0.5 * RADIUS)


@DATASETS.register
class Xor(Sampled):
    kind: Literal["xor"] = "xor"
    title = "Exclusive or"
    help = "The class is whether both inputs have the same sign; noise mislabels near the axes."
    formula = r"c = [\,(x_1 + \epsilon_1)(x_2 + \epsilon_2) \ge 0\,]"
    source = SOURCE
    tf = "xor"

    def generate(self, rng: np.random.Generator) -> Points:
        inputs = rng.uniform(-RADIUS, RADIUS, (self.samples, 2))
        inputs += np.where(inputs > 0, 0.3, -0.3)  # keeps the axes clear
        labelled_at = inputs + rng.uniform(-RADIUS, RADIUS, inputs.shape) * self.noise_share
        return Points.of(inputs, labelled_at[:, 0] * labelled_at[:, 1] >= 0)


@DATASETS.register
class Gauss(Sampled):
    kind: Literal["gauss"] = "gauss"
    title = "Gaussian"
    help = "Two round clouds; noise makes them wider until they overlap."
    formula = r"x \sim \mathcal N\bigl(\pm(2, 2),\ \sigma^2 I\bigr),\ \sigma^2 = 0.5 \ldots 4"
    source = SOURCE
    tf = "gauss"

    def generate(self, rng: np.random.Generator) -> Points:
        positive, negative = halves(self.samples)
        labels = np.repeat([1, 0], [positive, negative])
        centres = np.where(labels == 1, 2.0, -2.0)[:, None]
        cloud = rng.standard_normal((self.samples, 2))
        return Points.of(centres + gauss_deviation(self.noise_share) * cloud, labels)


@DATASETS.register
class Spiral(Sampled):
    kind: Literal["spiral"] = "spiral"
    title = "Spiral"
    help = "Two arms wound around each other; noise shakes every point by up to that share of 1."
    formula = r"x = 5u\,(\sin t, \cos t),\ t = 3.5\pi u + c\pi,\ 0 \le u < 1"
    source = SOURCE
    tf = "spiral"

    def generate(self, rng: np.random.Generator) -> Points:
        positive, negative = halves(self.samples)
        along = np.concatenate([np.arange(positive) / positive, np.arange(negative) / negative])
        labels = np.repeat([1, 0], [positive, negative])
        angle = 3.5 * np.pi * along + np.where(labels == 1, 0.0, np.pi)
        shake = rng.uniform(-1, 1, (self.samples, 2)) * self.noise_share
        return Points.of(polar(RADIUS * along, angle) + shake, labels)
