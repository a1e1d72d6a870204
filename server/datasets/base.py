"""What a dataset is: a kind that draws points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import Kind, setting

Problem = Literal["classification", "regression"]

#: every input lies in [-DOMAIN, DOMAIN] for display, as in TensorFlow Playground
DOMAIN = 6.0
MAX_SAMPLES = 5000


@dataclass(frozen=True)
class Points:
    """inputs: float32 (N, dimensions); labels: float32 (N,), a class index or a value."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.float32]


class Dataset(Kind):
    """Base of every dataset. `classes` is 0 for regression."""

    problem: ClassVar[Problem] = "classification"
    dimensions: ClassVar[int] = 2

    @property
    def classes(self) -> int:
        return 2 if self.problem == "classification" else 0

    def generate(self, rng: np.random.Generator) -> Points:
        """Draw the points, in the order in which they are then split.

        Equal specs and equal generators give equal points.
        """
        raise NotImplementedError


class Sampled(Dataset):
    """A dataset drawn from a distribution."""

    samples: int = setting(
        500, title="Samples", ge=20, le=MAX_SAMPLES, scale="log",
        choices=[50, 100, 200, 500, 1000, 1200, 2000, 5000],
        help="How many points are drawn, before the split.",
    )  # fmt: skip
    noise: float = setting(
        0, title="Noise", ge=0, le=100, choices=list(range(0, 55, 5)),
        help="How far points stray from their true place, in percent.",
    )  # fmt: skip
