"""Lanes, and a car on them: where it is a moment later, and how far it sees.

What moves the car and what it sees take the array library as `xp`, NumPy or JAX's, so that the
expert of a dataset and the car that a network steers drive by the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any
Points = NDArray[np.float64]

#: metres: half of the lane's width, how far a ray reaches, from axle to axle
HALF_WIDTH, RANGE, WHEELBASE = 2.5, 40.0, 2.5
#: radians: how far the front wheels turn
MOST_STEERING = 0.6
#: seconds between two looks at the road, and in which the speed comes near to what it should be
STEP, PATIENCE = 0.1, 1.0
#: m/s, and by how much faster for every metre that is free ahead
SLOWEST, FASTEST, FREEDOM = 4.0, 12.0, 0.3
#: places of a lane's middle
PLACES = 240


@dataclass(frozen=True, eq=False)
class Lane:
    """A closed lane, driven anticlockwise.

    middle, left, right: (PLACES, 2) each, in metres. length: of the middle.
    """

    middle: Points
    left: Points
    right: Points

    @property
    def borders(self) -> Points:
        """(2 PLACES, 2, 2): both borders, piece by piece, from where to where."""
        pairs = [np.stack([line, np.roll(line, -1, 0)], 1) for line in (self.left, self.right)]
        return np.concatenate(pairs)

    @property
    def pieces(self) -> Points:
        """(PLACES, 2, 2): the middle, piece by piece."""
        return np.stack([self.middle, np.roll(self.middle, -1, 0)], 1)

    @property
    def length(self) -> float:
        return float(np.linalg.norm(np.diff(self.pieces, axis=1), axis=2).sum())

    @property
    def start(self) -> Points:
        """(4,): a car in the middle of the first place, along the lane, at the least speed."""
        x, y = self.middle[1] - self.middle[-1]
        return np.array([*self.middle[0], np.arctan2(y, x), SLOWEST])


@cache
def lane(seed: int) -> Lane:
    """A lane whose middle is a circle with a few waves in it, drawn by this seed."""
    rng = np.random.default_rng(np.random.Philox(key=seed))
    waves = np.arange(2, 6)
    heights = rng.uniform(0.3, 1.0, 4) / waves**1.5
    turn = rng.uniform(0, 2 * np.pi, 4)
    angle = np.linspace(0, 2 * np.pi, 4096)
    radius = 45 * (1 + (heights * np.cos(waves * angle[:, None] + turn)).sum(1))
    fine = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return around(evenly(fine, PLACES))


def evenly(line: Points, count: int) -> Points:
    """(count, 2): places as far from each other along a closed line (N, 2), its end its start."""
    along = np.concatenate([[0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    at = np.arange(count) / count * along[-1]
    return np.stack([np.interp(at, along, column) for column in line.T], 1)


def around(middle: Points) -> Lane:
    """The lane with this middle."""
    along = np.roll(middle, -1, 0) - np.roll(middle, 1, 0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    left = np.stack([-along[:, 1], along[:, 0]], 1) * HALF_WIDTH
    return Lane(middle, middle + left, middle - left)


def moved(xp: Any, car: Array, steering: Array) -> Array:
    """Cars (N, 4) [x, y, heading, speed] that steer so (N,), STEP later: the kinematic bicycle
    (Rajamani, Vehicle Dynamics and Control, 2012, 2.2) about the rear axle, whose arc is exact.
    """
    x, y, heading, speed = car.T
    turn = speed * STEP * xp.tan(steering) / WHEELBASE
    chord = speed * STEP * xp.sinc(turn / (2 * xp.pi))
    ahead = heading + turn / 2
    return xp.stack(
        [x + chord * xp.cos(ahead), y + chord * xp.sin(ahead), heading + turn, speed], 1
    )


def seen(xp: Any, car: Array, borders: Array, angles: Array) -> Array:
    """(N, n): how far cars (N, 4) see along angles (n,) from their headings to the nearest of
    borders (N, S, 2, 2), in metres; RANGE where there is none so near."""
    heading = car[:, 2:3] + angles
    way = xp.stack([xp.cos(heading), xp.sin(heading)], -1)[:, :, None]
    start = borders[:, None, :, 0] - car[:, None, None, :2]
    piece = (borders[:, :, 1] - borders[:, :, 0])[:, None]
    across = _cross(way, piece)
    safe = xp.where(xp.abs(across) < 1e-9, 1e-9, across)
    far, share = _cross(start, piece) / safe, _cross(start, way) / safe
    hit = (far >= 0) & (share >= 0) & (share <= 1) & (xp.abs(across) >= 1e-9)
    return xp.min(xp.where(hit, far, RANGE), axis=2).clip(0, RANGE)


def _cross(a: Array, b: Array) -> Array:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def placed(xp: Any, car: Array, pieces: Array) -> tuple[Array, Array]:
    """(N,) each: how far along the middle, given as pieces (N, P, 2, 2) of equal length, cars
    (N, 4) are, as a share of the lap, and how far from it, in metres."""
    start = car[:, None, :2] - pieces[:, :, 0]
    piece = pieces[:, :, 1] - pieces[:, :, 0]
    share = ((start * piece).sum(-1) / (piece**2).sum(-1)).clip(0, 1)
    off = xp.sqrt(((start - share[..., None] * piece) ** 2).sum(-1))
    nearest = xp.argmin(off, axis=1)
    rows = xp.arange(len(car))
    return (nearest + share[rows, nearest]) / pieces.shape[1], off[rows, nearest]


def fitting(xp: Any, speed: Array, free: Array) -> Array:
    """Speeds (N,) a moment later, of cars before which so many metres (N,) are free: nobody
    learns the pedals."""
    wanted = (SLOWEST + FREEDOM * free).clip(SLOWEST, FASTEST)
    return speed + (wanted - speed) * (STEP / PATIENCE)
