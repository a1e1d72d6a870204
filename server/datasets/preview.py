"""A few points of every dataset, for the small pictures that it is chosen by."""

from __future__ import annotations

import numpy as np

from .base import Dataset, Sampled

COUNT = 100


def preview(kind: type[Dataset]) -> list[list[float]]:
    """Points of the dataset with its defaults: each its inputs, then its label."""
    dataset = kind(samples=COUNT) if issubclass(kind, Sampled) else kind()
    points = dataset.generate(np.random.Generator(np.random.Philox(key=0)))
    table = np.column_stack([points.inputs, points.labels]).astype(float)
    return table.round(1).tolist()
