"""A view of a car that the network steers."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from server.datasets.driving import LANES, Driving, angles, driven
from server.datasets.preparation import Frame
from server.datasets.preparation.pipeline import numbers
from server.datasets.roads import (
    HALF_WIDTH,
    MOST_STEERING,
    STEP,
    fitting,
    lane,
    moved,
    placed,
    seen,
)
from server.datasets.split import Prepared
from server.experiment import Experiment

from ..arrays import Tree, asarray, zeros
from ..program import Probe
from .base import VIEWS, Scene, View, option

Affine = tuple[NDArray[np.float32], NDArray[np.float32]]

#: how far a prepared number may be from that of a straight line through it, of its deviation
STRAIGHT = 1e-3
NOT_STRAIGHT = (
    "The car is driven where all steps of the preparation are straight lines, such as "
    "'standardise', 'min_max' or 'pca'; one of them bends, so take it out to see the drive."
)


@VIEWS.register
class Driven(View):
    """The network at the wheel, on the lane that the expert drove on and on one that is new."""

    kind: Literal["driven"] = "driven"
    title = "Drive"
    help = "The car as the network steers it, on the expert's lane and on one held out."
    seldom = True
    forms = ("table",)
    steps: int = option(450, 10, 1500, "How long it drives at most, in tenths of a second.")

    @property
    def probe_name(self) -> str:
        return f"driven {self.steps}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def fits(self, experiment: Experiment) -> bool:
        dataset = experiment.data.dataset
        return isinstance(dataset, Driving) and dataset.steers

    def probe(self, scene: Scene) -> Probe:
        shape, dataset, prepared = scene.program.shape, scene.experiment.data.dataset, _of(scene)
        looks = asarray(np.append(angles(dataset.rays), 0.0), np.float32)

        def drive(
            state: Tree, live: Any, _: Tree, borders: jax.Array, pieces: jax.Array,
            start: jax.Array, slopes: jax.Array, offsets: jax.Array, scale: jax.Array,
        ) -> Tree:  # fmt: skip
            def step(carry: tuple[Any, ...], _: Any) -> tuple[tuple[Any, ...], Tree]:
                car, before, done = carry
                along, off = placed(jnp, car, pieces)
                done = done + (along - before + 0.5) % 1 - 0.5
                view = seen(jnp, car, borders, looks)
                row = jnp.concatenate([view[:, :-1], car[:, 3:]], 1)
                answer = shape.predict(state, live, row @ slopes + offsets)[:, 0]
                steering = jnp.nan_to_num(answer * scale[1] + scale[0])
                steering = jnp.clip(steering, -MOST_STEERING, MOST_STEERING)
                after = moved(jnp, car, steering)
                after = after.at[:, 3].set(fitting(jnp, car[:, 3], view[:, -1]))
                told = {"car": car, "rays": view[:, :-1], "steering": steering}
                return (after, along, done), told | {"off": off, "done": done}

            begin = (start, zeros(len(start)), zeros(len(start)))
            return jax.lax.scan(step, begin, length=self.steps)[1]

        slopes, offsets = affine(prepared) or _nothing(scene)
        scale = np.array(prepared.scale, np.float32)
        return Probe(
            self.probe_name, drive, _roads(), (slopes, offsets, scale), quick=True, key=self.key
        )

    def look(self, scene: Scene) -> Any:
        if affine(_of(scene)) is None:
            return {"problem": NOT_STRAIGHT}
        found = scene.find(self.key)
        rays = scene.experiment.data.dataset.rays
        return {
            "problem": None,
            "angles": angles(rays).astype(np.float32),
            "seconds": STEP,
            "lanes": [_told(name, i, found) for i, name in enumerate(LANES)],
        }


def _of(scene: Scene) -> Prepared:
    prepared = scene.loaded.prepared
    assert prepared is not None
    return prepared


def _told(name: str, i: int, found: Tree) -> dict[str, Any]:
    """What is seen of one lane: until the car leaves it, or is round."""
    road = lane(LANES[name])
    off, done = found["off"][:, i], found["done"][:, i]
    left, round_ = off > HALF_WIDTH, done >= 1
    end = int(np.argmax(left | round_)) if (left | round_).any() else len(off) - 1
    share = float(np.clip(done[end], 0, 1))
    until = slice(0, end + 1)
    return {
        "name": name,
        "left": road.left.astype(np.float32),
        "right": road.right.astype(np.float32),
        "expert": _expert(name),
        "car": found["car"][until, i],
        "rays": found["rays"][until, i],
        "steering": found["steering"][until, i],
        "leaves": bool(left[end]),
        "share": share,
        "metres": share * road.length,
        "length": road.length,
        "off": float(off[until].mean()),
    }


@cache
def _expert(name: str) -> NDArray[np.float32]:
    """(T, 2): the way of an expert whom nobody disturbs."""
    return driven(lane(LANES[name]), 3, 0.0, 1).cars[:, :2].astype(np.float32)


@cache
def _roads() -> tuple[NDArray[np.float32], ...]:
    """Of all lanes borders (L, S, 2, 2), pieces of the middle (L, P, 2, 2), first cars (L, 4)."""
    roads = [lane(seed) for seed in LANES.values()]
    together = ([r.borders for r in roads], [r.pieces for r in roads], [r.start for r in roads])
    return tuple(np.stack(arrays).astype(np.float32) for arrays in together)


_straight: WeakKeyDictionary[Prepared, Affine | None] = WeakKeyDictionary()


def affine(prepared: Prepared) -> Affine | None:
    """The preparation of rows of numbers (m,) as slopes (m, k) and offsets (k,); None where it is
    no straight line of the row alone. Found by moving a column at a time, and tried on all rows."""
    if prepared not in _straight:
        _straight[prepared] = None if prepared.pipeline.past else _affine(prepared)
    return _straight[prepared]


def _affine(prepared: Prepared) -> Affine | None:
    first = prepared.frames[0]
    rows = first.matrix([v.name for v in first.variables])[prepared.kept]
    middle, width = rows.mean(0), np.where(rows.std(0) > 0, rows.std(0), 1.0)
    moved = np.vstack([middle, middle + np.diag(width)])
    frame = Frame(first.variables, tuple(moved.T))
    found = numbers(prepared.pipeline.transform(frame)).astype(np.float64)
    slopes = (found[1:] - found[0]) / width[:, None]
    offsets = found[0] - middle @ slopes
    reach = np.maximum(prepared.inputs.std(0), 1e-6)
    wrong = np.abs(rows @ slopes + offsets - prepared.inputs) / reach
    if wrong.max() > STRAIGHT:
        return None
    return slopes.astype(np.float32), offsets.astype(np.float32)


def _nothing(scene: Scene) -> Affine:
    """In the place of a preparation that is not followed."""
    columns, width = scene.experiment.data.dataset.rays + 1, int(scene.loaded.pool.shape[1])
    return np.zeros((columns, width), np.float32), np.zeros(width, np.float32)
