"""Views: pure functions of a session's state that a screen can ask for.

One class a view, registered; a screen subscribes to those it shows and nothing else is
computed or sent. The fields of the class are the options of the request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.datasets.base import DOMAIN
from server.datasets.features import transform
from server.experiment import Experiment
from server.experiment.registry import FEATURES, Kind, Kinds
from server.layers.base import Params

from .arrays import Tree, ones, zeros
from .program import Probe, Program, Vector
from .scores import evaluate, gradients, slopes
from .shape import PARTS

VIEWS = Kinds("view")
#: the names of the compiled scores and slopes
SCORES, SLOPES = "scores", "slopes"
#: histograms and dead units look at no more training rows than this
SAMPLE = 1024
#: a one-dimensional problem's curves have this many points per unit of `size`
CURVE_DETAIL = 4


@dataclass
class Scene:
    """What a view may look at: one moment of a session.

    experiment: the session's own (a program serves every experiment of its shape).
    span: (lo, hi) of the output's colours. probes: what may be asked, by name.
    """

    experiment: Experiment
    program: Program
    state: Vector
    live: NDArray[np.float32]
    data: Vector
    span: tuple[float, float]
    probes: dict[str, Probe] = field(default_factory=dict[str, Probe])
    _found: dict[str, Tree] = field(default_factory=dict[str, Tree])

    @property
    def scores(self) -> Tree:
        """What `evaluate` finds, as NumPy arrays."""
        return self.find(SCORES)

    @property
    def slopes(self) -> Tree:
        """What `slopes` finds, as NumPy arrays."""
        return self.find(SLOPES)

    def norm(self, compiled: bool) -> float:
        """The gradient's norm. compiled: NaN where that would have to be compiled first."""
        if compiled and not self.program.has(SLOPES):
            return float("nan")
        return _length(self.slopes["norms"])

    @cached_property
    def params(self) -> list[Params]:
        """The parameters of every layer, as NumPy arrays."""
        return self.program.packing.read_part(self.state, "params")

    def find(self, name: str) -> Tree:
        """What the probe of this name finds, as NumPy arrays; once."""
        if name not in self._found:
            probe = self.probes[name]
            self._found[name] = self.program.look(probe, self.state, self.live, self.data)
        return self._found[name]

    def knows(self, name: str) -> bool:
        """Whether that has been found."""
        return name in self._found

    def know(self, name: str, found: Tree) -> None:
        """Take over what was found elsewhere."""
        self._found[name] = found

    def grid(self, size: int) -> NDArray[np.float32]:
        """The features over the domain, see `grid`."""
        data = self.experiment.data
        return grid(data.features, data.dataset.dimensions, size)

    @property
    def dimensions(self) -> int:
        return self.experiment.data.dataset.dimensions


def probes(scene: Scene, views: Iterable[View]) -> dict[str, Probe]:
    """What the scores, the slopes and these views ask of the scene's program, by name."""
    shape = scene.program.shape
    always = (
        Probe(SCORES, lambda *args: evaluate(shape, *args), quick=True),
        Probe(SLOPES, lambda *args: slopes(shape, *args)),
    )
    own = [probe for view in views if (probe := view.probe(scene)) is not None]
    return {probe.name: probe for probe in (*always, *own)}


class View(Kind):
    """Base of every view."""

    #: whether a network is shown only with it; others may follow when they are compiled
    prompt: ClassVar[bool] = False

    @cached_property
    def key(self) -> str:
        """Text that names this view with its options."""
        return self.model_dump_json()

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the compiled functions that it calls."""
        return (self.key,)

    def probe(self, scene: Scene) -> Probe | None:
        """What it alone asks, under its key, if there is such a thing."""
        return None

    def look(self, scene: Scene) -> Any:
        """The view's value: a tree of NumPy arrays, numbers, lists and nulls."""
        raise NotImplementedError


def _option(default: int, low: int, high: int, help: str) -> Any:
    return Field(default, ge=low, le=high, description=help)


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


def quantise(values: jax.Array, lo: Any, hi: Any) -> jax.Array:
    """Floats to bytes: lo -> 0, hi -> 255, clipped."""
    scaled = (values - lo) / jnp.maximum(hi - lo, 1e-9)
    return jnp.round(jnp.clip(jnp.nan_to_num(scaled), 0.0, 1.0) * 255).astype(jnp.uint8)


@VIEWS.register
class Surface(View):
    """The output over the domain."""

    kind: Literal["surface"] = "surface"
    title = "Decision surface"
    help = "The network's output at every place of the domain."
    prompt = True
    size: int = _option(50, 10, 100, "Points per side.")

    def probe(self, scene: Scene) -> Probe:
        shape, dimensions = scene.program.shape, scene.dimensions

        def outputs(state: Tree, live: Any, _: Tree, points: Any, span: Any) -> jax.Array:
            values = shape.predict(state, live, points).T
            if dimensions == 1:
                return values
            maps = values.reshape(-1, self.size, self.size)
            return quantise(maps, span[0], span[1])

        span = np.array(scene.span, np.float32)
        return Probe(self.key, outputs, (scene.grid(self.size),), (span,))

    def look(self, scene: Scene) -> Any:
        return {"values": scene.find(self.key), "range": list(scene.span)}


@VIEWS.register
class Units(View):
    """The output of every hidden unit over the domain."""

    kind: Literal["units"] = "units"
    title = "Unit maps"
    help = "What every hidden unit answers at every place of the domain."
    prompt = True
    size: int = _option(20, 8, 50, "Points per side.")

    def probe(self, scene: Scene) -> Probe:
        shape, dimensions = scene.program.shape, scene.dimensions

        def maps(state: Tree, live: Any, _: Tree, points: Any) -> list[jax.Array]:
            result = shape.network(live).forward(state["params"], state["stats"], points)
            hidden = [a.T for a in result.activations[:-1]]
            if dimensions == 1:
                return hidden
            return [quantise(a.reshape(-1, self.size, self.size), -1.0, 1.0) for a in hidden]

        return Probe(self.key, maps, (scene.grid(self.size),), quick=True)

    def look(self, scene: Scene) -> Any:
        return {"layers": scene.find(self.key)}


@VIEWS.register
class Weights(View):
    """The weights and biases of every layer."""

    kind: Literal["weights"] = "weights"
    title = "Weights"
    help = "Every weight and bias, layer by layer; a layer above the limit is left out."
    limit: int = _option(20_000, 1, 100_000, "Largest number of weights of a layer that is sent.")

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def look(self, scene: Scene) -> Any:
        return {
            "layers": [
                {"w": p["w"], "b": p["b"]} if p["w"].size <= self.limit else None
                for p in scene.params
            ]
        }


@VIEWS.register
class Histograms(View):
    """Distributions per layer."""

    kind: Literal["histograms"] = "histograms"
    title = "Histograms"
    help = "How weights, activations and gradients of every layer are spread."
    bins: int = _option(30, 10, 60, "Bars per histogram.")

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def spread(state: Tree, live: jax.Array, data: Tree) -> Any:
            rows = min(SAMPLE, shape.train)
            real = (data["part"][:rows] == 0).astype(jnp.float32)
            result = shape.network(live).forward(
                state["params"], state["stats"], data["inputs"][:rows]
            )
            grads = gradients(shape, state, live, data, SAMPLE)
            return [
                {
                    "weights": self._histogram(p["w"].ravel(), ones(p["w"].size)),
                    "activations": self._histogram(a.ravel(), jnp.repeat(real, a.shape[1])),
                    "gradients": self._histogram(g["w"].ravel(), ones(g["w"].size)),
                }
                for p, a, g in zip(state["params"], result.activations, grads, strict=True)
            ]

        return Probe(self.key, spread)

    def look(self, scene: Scene) -> Any:
        layers = scene.find(self.key)
        return {
            "layers": [{name: _plain_histogram(h) for name, h in layer.items()} for layer in layers]
        }

    def _histogram(self, values: jax.Array, weights: jax.Array) -> Any:
        values = jnp.nan_to_num(values)
        lo = jnp.min(jnp.where(weights > 0, values, jnp.inf))
        hi = jnp.max(jnp.where(weights > 0, values, -jnp.inf))
        some = weights.sum() > 0
        lo, hi = jnp.where(some, lo, 0.0), jnp.where(some, hi, 0.0)
        place = (values - lo) / jnp.maximum(hi - lo, 1e-12) * self.bins
        index = jnp.clip(place.astype(jnp.int32), 0, self.bins - 1)
        counts = zeros(self.bins).at[index].add(weights)
        return {"lo": lo, "hi": hi, "counts": counts.astype(jnp.uint32)}


def _plain_histogram(h: Any) -> Any:
    return {"lo": float(h["lo"]), "hi": float(h["hi"]), "counts": h["counts"]}


@VIEWS.register
class Gradients(View):
    """How large the gradient is, layer by layer, and which units are dead."""

    kind: Literal["gradients"] = "gradients"
    title = "Gradients"
    help = "The norm of the loss's gradient for every layer, and units silent on all examples."

    @property
    def needs(self) -> tuple[str, ...]:
        return (SLOPES,)

    def look(self, scene: Scene) -> Any:
        found = scene.slopes
        return {
            "norm": _length(found["norms"]),
            "layers": found["norms"].tolist(),
            "dead": found["dead"].tolist(),
        }


def _length(vector: NDArray[np.float32]) -> float:
    return math.hypot(*vector.tolist())


@VIEWS.register
class Confusion(View):
    """True against predicted classes."""

    kind: Literal["confusion"] = "confusion"
    title = "Confusion matrix"
    help = "How many examples of each class were taken for which class."
    part: Literal["train", "validation", "test"] = "test"

    @property
    def needs(self) -> tuple[str, ...]:
        return (SCORES,)

    def look(self, scene: Scene) -> Any:
        if scene.experiment.data.dataset.problem == "regression":
            return None
        counts = scene.scores["confusion"][PARTS.index(self.part)]
        return {"counts": counts.astype(np.uint32)}


#: views that one screen may ask for
MAX_VIEWS = 16
