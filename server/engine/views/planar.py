"""Views of networks that are given points: what they answer all over the domain."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray

from server.datasets.base import DOMAIN
from server.datasets.features import transform
from server.experiment.registry import FEATURES

from ..arrays import Tree
from ..program import Probe
from .base import VIEWS, Scene, View, option, quantise

#: a one-dimensional problem's curves have this many points per unit of `size`
CURVE_DETAIL = 4


@lru_cache(maxsize=128)
def grid(features: tuple[str, ...], dimensions: int, size: int) -> NDArray[np.float32]:
    """Features of a grid over the domain: (size², F), row 0 at the top; (size·4, F) in 1-D."""
    if dimensions == 1:
        line = np.linspace(-DOMAIN, DOMAIN, size * CURVE_DETAIL, dtype=np.float32)
        return np.asarray(transform(features, line[:, None]), np.float32)
    axis = np.linspace(-DOMAIN, DOMAIN, size, dtype=np.float32)
    x, y = np.meshgrid(axis, axis[::-1])
    return np.asarray(transform(features, np.stack([x.ravel(), y.ravel()], 1)), np.float32)


@lru_cache(maxsize=2)
def feature_maps(dimensions: int) -> dict[str, NDArray[Any]]:
    """Every feature that has enough inputs, over the domain: u1 (20, 20) quantised over
    [-1, 1], or f4 (80,) in one dimension."""
    size = 20
    names = tuple(n for n, e in FEATURES.items() if dimensions == 2 or "y" not in e.hints["uses"])
    columns = grid(names, dimensions, size).T
    if dimensions == 1:
        return dict(zip(names, columns, strict=True))
    bytes_ = np.round((np.clip(columns, -1, 1) + 1) * 127.5).astype(np.uint8)
    return dict(zip(names, bytes_.reshape(-1, size, size), strict=True))


@VIEWS.register
class Surface(View):
    """The output over the domain."""

    kind: Literal["surface"] = "surface"
    title = "Decision surface"
    help = "The network's output at every place of the domain."
    prompt = True
    forms = ("points",)
    size: int = option(50, 10, 100, "Points per side.")

    def probe(self, scene: Scene) -> Probe:
        shape, dimensions = scene.program.shape, scene.dimensions
        free = _is_height(scene)

        def outputs(state: Tree, live: Any, _: Tree, points: Any, span: Any) -> Tree:
            values = shape.predict(state, live, points).T
            if dimensions == 1:
                return values
            maps = values.reshape(-1, self.size, self.size)
            if not free:
                return quantise(maps, span[0], span[1])
            lo, hi = maps.min(), maps.max()
            return {"values": quantise(maps, lo, hi), "range": [lo, hi]}

        span = np.array(scene.span, np.float32)
        return Probe(self.key, outputs, (_grid(scene, self.size),), (span,))

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        if not _is_height(scene):
            return {"values": found, "range": list(scene.span)}
        return {"values": found["values"], "range": [float(end) for end in found["range"]]}


@VIEWS.register
class Units(View):
    """The output of every hidden unit over the domain."""

    kind: Literal["units"] = "units"
    title = "Unit maps"
    help = "What every hidden unit answers at every place of the domain."
    prompt = True
    forms = ("points",)
    size: int = option(20, 8, 50, "Points per side.")

    def probe(self, scene: Scene) -> Probe:
        shape, dimensions = scene.program.shape, scene.dimensions

        def maps(state: Tree, live: Any, _: Tree, points: Any) -> list[jax.Array]:
            result = shape.network(live).forward(state["params"], state["stats"], points)
            hidden = [a.T for a in result.activations[:-1]]
            if dimensions == 1:
                return hidden
            return [quantise(a.reshape(-1, self.size, self.size), -1.0, 1.0) for a in hidden]

        return Probe(self.key, maps, (_grid(scene, self.size),), quick=True)

    def look(self, scene: Scene) -> Any:
        return {"layers": scene.find(self.key)}


def _is_height(scene: Scene) -> bool:
    """Whether the output is a height of which only differences count, as a critic's."""
    experiment = scene.experiment
    return experiment.generator is not None and experiment.training.loss.heights


def _grid(scene: Scene, size: int) -> NDArray[np.float32]:
    """The scene's features over the domain."""
    data = scene.experiment.data
    return grid(data.features, data.dataset.dimensions, size)
