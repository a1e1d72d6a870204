"""How like the real points the made ones are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.datasets.base import DOMAIN, Mixture

#: cells along each side of the domain that points are counted in
CELLS = 24
#: what every cell counts for beside its points, so that an empty one is not impossible
PSEUDO = 0.1
#: standard deviations around its centre that belong to a cloud
REACH = 3.0
#: the share of its due, among the made points, from which on a cloud is covered
COVERED = 0.1


@dataclass(frozen=True)
class Likeness:
    """kl, js: divergences of the made points from the real ones, in nats. clouds: made points in
    each of the dataset's clouds; covered: how many clouds have enough of them. Both None where
    the dataset is not made of clouds."""

    kl: float
    js: float
    clouds: NDArray[np.uint32] | None
    covered: int | None

    @classmethod
    def of(cls, made: NDArray[Any], real: NDArray[Any], mixture: Mixture | None) -> Likeness:
        """made (N, 2), real (M, 2)."""
        p, q = counted(real), counted(made)
        clouds = None if mixture is None else in_clouds(made, mixture)
        covered = None if clouds is None else int((clouds >= due(len(made), len(clouds))).sum())
        return cls(kl_divergence(p, q), js_divergence(p, q), clouds, covered)


def due(made: int, clouds: int) -> float:
    """How many of so many made points cover one of so many clouds."""
    return max(COVERED * made / clouds, 1)


def counted(points: NDArray[Any]) -> NDArray[np.float64]:
    """Points (N, 2) in every cell of the domain (CELLS²,); those beyond it are in those at its
    edge."""
    cell = np.floor((np.nan_to_num(points) + DOMAIN) / (2 * DOMAIN) * CELLS)
    column, row = np.clip(cell, 0, CELLS - 1).astype(np.int64).T
    return np.bincount(row * CELLS + column, minlength=CELLS**2).astype(np.float64)


def kl_divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """KL(p ‖ q) of counts, each smoothed by PSEUDO in every cell."""
    p, q = _share(p + PSEUDO), _share(q + PSEUDO)
    return float((p * np.log(p / q)).sum())


def js_divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """The Jensen-Shannon divergence of counts: from 0 to ln 2."""
    p, q = _share(p), _share(q)
    middle = (p + q) / 2
    return (_relative(p, middle) + _relative(q, middle)) / 2


def in_clouds(made: NDArray[Any], mixture: Mixture) -> NDArray[np.uint32]:
    """How many of the points (N, 2) are in each cloud (K,): near its centre, and no nearer to
    another."""
    distance = np.linalg.norm(np.nan_to_num(made)[:, None] - mixture.centres[None], axis=2)
    nearest, near = distance.argmin(1), distance.min(1) <= REACH * mixture.deviation
    return np.bincount(nearest[near], minlength=len(mixture.centres)).astype(np.uint32)


def _share(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts / max(counts.sum(), 1e-12)


def _relative(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())
