"""A car that learns to steer by what an expert does, from how far it sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import Points
from .packs import frozen
from .roads import (
    MOST_STEERING,
    RANGE,
    STEP,
    WHEELBASE,
    Lane,
    fitting,
    lane,
    moved,
    placed,
    seen,
)
from .sources import Column, Table
from .tables import TableDataset

#: the column of the answers
STEERING = "steering"
#: the lane that the expert drives on, and the one that nobody has driven on before
LANES = {"training": 1, "held_out": 7}
#: seconds in which a disturbance is forgotten
MEMORY = 0.4
#: metres from the middle beyond which nobody disturbs
QUIET = 1.0
#: metres, and seconds of the way: how far ahead the expert aims
NEAR, AHEAD = 4.0, 0.6
#: a drive that comes to no end is ended
MOST_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class Drive:
    """What an expert did. cars (T, 4) [x, y, heading, speed], rays (T, n) in metres, steering (T,)
    in radians: what it meant to, not what it was made to."""

    cars: NDArray[np.float64]
    rays: NDArray[np.float64]
    steering: NDArray[np.float64]


def angles(rays: int) -> NDArray[np.float64]:
    """(rays,): where they look, in radians from the heading: from the right to the left."""
    return np.linspace(-np.pi / 2, np.pi / 2, rays)


def aimed(road: Lane, car: NDArray[np.float64], along: float) -> float:
    """How an expert steers: on the arc that meets the middle some way ahead (pure pursuit;
    Coulter, 1992). along: where the car (4,) is, as a share of the lap. Radians."""
    x, y, heading, speed = car
    count = len(road.middle)
    at = (along + (NEAR + AHEAD * speed) / road.length) * count
    place, share = int(at), at - int(at)
    goal = (1 - share) * road.middle[place % count] + share * road.middle[(place + 1) % count]
    dx, dy = goal - (x, y)
    across = dy * np.cos(heading) - dx * np.sin(heading)
    curvature = 2 * across / (dx**2 + dy**2)
    return float(np.clip(np.arctan(WHEELBASE * curvature), -MOST_STEERING, MOST_STEERING))


def driven(road: Lane, rays: int, disturbance: float, laps: int, seed: int = 0) -> Drive:
    """An expert's laps, the steering disturbed by so many degrees (the standard deviation)."""
    rng = np.random.default_rng(np.random.Philox(key=seed))
    borders, pieces = road.borders[None], road.pieces[None]
    looks = np.append(angles(rays), 0.0)
    car, push, done, before = road.start[None], 0.0, 0.0, 0.0
    keep = float(np.exp(-STEP / MEMORY))
    cars: list[Any] = []
    views: list[Any] = []
    steered: list[float] = []
    while done < laps and len(cars) < MOST_STEPS:
        along, off = placed(np, car, pieces)
        done += (along[0] - before + 0.5) % 1 - 0.5
        before = along[0]
        view = seen(np, car, borders, looks)
        cars.append(car[0])
        views.append(view[0, :-1])
        steered.append(aimed(road, car[0], along[0]))
        push = keep * push + np.sqrt(1 - keep**2) * rng.normal(0, np.radians(disturbance))
        push = push if off[0] < QUIET else 0.0
        turned = np.clip(steered[-1] + push, -MOST_STEERING, MOST_STEERING)
        car = moved(np, car, np.array([turned]))
        car[:, 3] = fitting(np, car[:, 3], view[:, -1])
    return Drive(np.array(cars), np.array(views), np.array(steered))


@lru_cache(32)
def _rows(rays: int, disturbance: float, laps: int) -> Drive:
    return driven(lane(LANES["training"]), rays, disturbance, laps)


@DATASETS.register
class Driving(TableDataset):
    """What a car sees, and how an expert steers: rays in metres, from the right to the left, and
    the speed in m/s; the answer in radians, to the left positive."""

    kind: Literal["driving"] = "driving"
    title = "Driving"
    help = "How far a car sees along its rays, and how an expert steers it along a lane."
    source = "An expert of ours; after Pomerleau, ALVINN, 1989, and Laskey et al., DART, 2017"
    usual = "regression"
    #: the answer by which a car is driven
    hints = {"drives": STEERING}

    rays: int = setting(
        9, title="Rays", ge=3, le=21, choices=[3, 5, 7, 9, 13, 21],
        help="How many, evenly from the right hand to the left.",
    )  # fmt: skip
    disturbance: float = setting(
        4.0, title="Disturbance", ge=0, le=6, choices=[0, 1, 2, 3, 4, 5, 6],
        help="How far the wheel is jerked out of the expert's hands, in degrees: who is never "
        "off the middle shows nobody the way back to it.",
    )  # fmt: skip
    laps: int = setting(
        4, title="Laps", ge=1, le=10, choices=[1, 2, 3, 4, 6, 8, 10],
        help="How long the expert drives.",
    )  # fmt: skip

    @cached_property
    def drive(self) -> Drive:
        """What the expert did."""
        return _rows(self.rays, self.disturbance, self.laps)

    @cached_property
    def _table(self) -> Table:
        drive, even = self.drive, np.degrees(angles(self.rays))
        rays = [
            Column(f"ray {i + 1}", "number", frozen(column.copy()), unit="m",
                   help=f"How far it is to the lane's border, {_where(even[i])}; "
                   f"{RANGE:g} where that is further.")
            for i, column in enumerate(drive.rays.T)
        ]  # fmt: skip
        speed = Column(
            "speed", "number", frozen(drive.cars[:, 3].copy()), unit="m/s",
            help="Slower where little is free ahead: nobody learns the pedals.",
        )  # fmt: skip
        steering = Column(
            STEERING, "number", frozen(drive.steering), unit="rad",
            help="How far the expert turns the front wheels, to the left.",
        )  # fmt: skip
        return Table((*rays, speed, steering), STEERING)

    def table(self) -> Table:
        return self._table

    @property
    def steers(self) -> bool:
        """Whether the answer is how to steer."""
        return self.asked.name == STEERING

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        found = cls(laps=1).generate(rng)
        rows = rng.permutation(len(found.labels))[:20]
        return Points(found.inputs[rows], found.labels[rows])

    def suggestion(self) -> dict[str, Any]:
        layer = {
            "kind": "dense", "units": 16, "activation": "tanh", "initializer": "glorot_uniform",
        }  # fmt: skip
        usual = super().suggestion()
        network = usual["network"] | {"layers": [layer, layer]}
        return usual | {"network": network}


def _where(degrees: float) -> str:
    if abs(degrees) < 0.5:
        return "straight ahead"
    return f"{abs(degrees):.0f}° to the {'left' if degrees > 0 else 'right'}"
