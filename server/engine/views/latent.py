"""Views of what a layer makes of many examples: its outputs as places in a plane."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from server.datasets.split import TEST
from server.experiment import Experiment

from ..arrays import Tree, map_in_batches
from ..model import Model
from ..program import Probe
from ..scores import passed, scored_rows
from .base import VIEWS, Scene, View, option

#: numbers of an example's output that are looked at
MOST = 4096


class OfLayer(View):
    """Base of the views of one hidden layer's outputs."""

    seldom = True
    layer: int = option(0, 0, 15, "Which hidden layer, counted from the input.")

    @property
    def outputs_name(self) -> str:
        """Of the probe that finds the layer's outputs."""
        return f"outputs {self.layer}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.outputs_name,)

    def fits(self, experiment: Experiment) -> bool:
        if not super().fits(experiment) or self.layer >= len(experiment.network.layers):
            return False
        return int(np.prod(Model.of(experiment).shapes[self.layer + 1])) <= MOST

    def outputs_probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def outputs(state: Tree, live: Any, data: Tree) -> jax.Array:
            rows = scored_rows(shape, data)
            found = passed(shape, state, live, rows, lambda result: result.activations[self.layer])
            return found.reshape(len(found), -1)

        return Probe(self.outputs_name, outputs, quick=True)

    def plane(self, scene: Scene) -> Plane:
        """The plane of the layer's outputs, and where the scored examples lie in it."""
        rows = scene.sample
        return Plane.of(scene.find(self.outputs_name)[: len(rows)], rows)


class Plane:
    """A plane through points (N, U): of two numbers they themselves, of more the two principal
    components.

    centre (U,), axes (2, U), places (N, 2); rows (N,): which examples. share: of the variance
    that lies along each axis.
    """

    def __init__(
        self,
        centre: NDArray[np.float64],
        axes: NDArray[np.float64],
        places: NDArray[np.float64],
        rows: NDArray[np.int32],
        share: NDArray[np.float64],
    ) -> None:
        self.centre, self.axes, self.places = centre, axes, places
        self.rows, self.share = rows, share

    @classmethod
    def of(cls, outputs: NDArray[np.float32], rows: NDArray[np.int32]) -> Plane:
        points = np.nan_to_num(outputs.astype(np.float64))
        width = points.shape[1]
        centre = np.zeros(width) if width <= 2 else points.mean(0)
        centred = points - centre
        axes = np.eye(2, width)
        if width > 2:
            # The components of the smaller of both products; their sign is made to stay.
            _, _, components = np.linalg.svd(centred, full_matrices=False)
            axes[: min(2, len(components))] = components[:2]
            largest = np.abs(axes).argmax(1)
            axes *= np.where(axes[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
        places = centred @ axes.T
        total = max(float(np.square(points - points.mean(0)).sum()), 1e-12)
        share = np.square(places - places.mean(0)).sum(0) / total
        return cls(centre, axes, places, rows, share)

    def grid(self, size: int) -> tuple[NDArray[np.float32], list[float]]:
        """Points (size², U) over what most of the places lie in, the top row first, and that
        box: [x from, x to, y from, y to]."""
        edges: Any = np.percentile(self.places, [2, 98], axis=0)
        (left, low), (right, high) = edges.tolist()
        right, high = max(right, left + 1e-6), max(high, low + 1e-6)
        steps = [i / (size - 1) for i in range(size)]
        places = np.array(
            [[left + a * (right - left), high - b * (high - low)] for b in steps for a in steps]
        )
        points = self.centre + places @ self.axes
        return points.astype(np.float32), [left, right, low, high]


@VIEWS.register
class Latent(OfLayer):
    """Where a layer puts the scored examples."""

    kind: Literal["latent"] = "latent"
    title = "Plane of a layer"
    help = "Every example as a place: a layer's two outputs, or the directions they vary most in."

    def probe(self, scene: Scene) -> Probe:
        return self.outputs_probe(scene)

    def look(self, scene: Scene) -> Any:
        plane, loaded = self.plane(scene), scene.loaded
        part = loaded.part[plane.rows]
        told = part != TEST if scene.experiment.data.split.sealed else np.full(len(part), True)
        rows = plane.rows[told]
        return {
            "places": plane.places[told].astype(np.float32),
            "rows": rows.astype(np.uint32),
            "labels": loaded.labels[rows].reshape(len(rows), -1)[:, -1],
            "split": part[told],
            "share": plane.share.tolist(),
        }


@VIEWS.register
class Decoded(OfLayer):
    """What the network makes of places all over a layer's plane."""

    kind: Literal["decoded"] = "decoded"
    title = "Decoded plane"
    help = "What the layers after it make of places all over the layer's plane."
    forms = ("image", "sequence")
    size: int = option(10, 2, 20, "Places per side.")

    @property
    def probe_name(self) -> str:
        return f"decoded {self.layer} {self.size}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.outputs_name, self.probe_name)

    def fits(self, experiment: Experiment) -> bool:
        if not super().fits(experiment) or not experiment.task.rebuilds:
            return False
        return Model.of(experiment).goes_through(self.layer)

    def asked(self, scene: Scene) -> tuple[Probe, ...]:
        width = int(np.prod(scene.program.shape.model.shapes[self.layer + 1]))
        nowhere = np.zeros((self.size**2, width), np.float32)
        return self.outputs_probe(scene), self._decoder(scene, nowhere)

    def _decoder(self, scene: Scene, points: NDArray[np.float32]) -> Probe:
        shape = scene.program.shape

        def decoded(state: Tree, live: Any, _: Tree, points: jax.Array) -> jax.Array:
            h = points.reshape(len(points), *shape.model.shapes[self.layer + 1])
            network = shape.network(live)

            def one(h: jax.Array) -> jax.Array:
                return network.onward(self.layer, state["params"], state["stats"], h[None])[0]

            return jnp.clip(map_in_batches(one, h), -1e6, 1e6)

        return Probe(self.probe_name, decoded, (), (points,), quick=True)

    def look(self, scene: Scene) -> Any:
        points, box = self.plane(scene).grid(self.size)
        probe = self._decoder(scene, points)
        found = scene.program.look(probe, scene.state, scene.live, scene.data)
        return {"values": found.reshape(self.size, self.size, *found.shape[1:]), "box": box}
