"""Views of the network itself: weights, how they are spread, gradients; and of its errors."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.layers.base import Params

from ..arrays import Tree, ones, zeros
from ..program import Probe
from ..scores import gradients, outputs_of
from ..shape import PARTS
from .base import SCORES, SLOPES, VIEWS, Scene, View, length, option

#: histograms look at no more training rows than this
SAMPLE = 1024


@VIEWS.register
class Weights(View):
    """The weights and biases of every layer."""

    kind: Literal["weights"] = "weights"
    title = "Weights"
    help = "Every weight and bias, layer by layer; a layer above the limit is left out."
    limit: int = option(20_000, 1, 100_000, "Largest number of weights of a layer that is sent.")

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    def look(self, scene: Scene) -> Any:
        return {
            "layers": [
                p if sum(array.size for array in p.values()) <= self.limit else None
                for p in scene.params
            ]
        }


@VIEWS.register
class Histograms(View):
    """Distributions per layer."""

    kind: Literal["histograms"] = "histograms"
    title = "Histograms"
    help = "How weights, activations and gradients of every layer are spread."
    seldom = True
    bins: int = option(30, 10, 60, "Bars per histogram.")

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def spread(state: Tree, live: jax.Array, data: Tree) -> Any:
            outputs = outputs_of(shape, state, live, data, SAMPLE)
            grads = gradients(shape, state, live, data, SAMPLE)
            return [
                {
                    "weights": self._of_weights(layer, p),
                    "activations": self._of_outputs(*found),
                    "gradients": self._of_weights(layer, g),
                }
                for layer, p, found, g in zip(
                    shape.layers, state["params"], outputs, grads, strict=True
                )
            ]

        return Probe(self.key, spread)

    def look(self, scene: Scene) -> Any:
        layers = scene.find(self.key)
        return {
            "layers": [{name: _plain_histogram(h) for name, h in layer.items()} for layer in layers]
        }

    def _of_weights(self, layer: Any, params: Params) -> Any:
        """Of all that is regularized, or of all there is."""
        names = [name for name in layer.regularized if name in params] or list(params)
        if not names:
            return self._histogram(zeros(1), zeros(1))
        values = [params[name].ravel() for name in names]
        together = values[0] if len(values) == 1 else jnp.concatenate(values)
        return self._histogram(together, ones(together.size))

    def _of_outputs(self, outputs: jax.Array, real: jax.Array) -> Any:
        """(N, ...) outputs, (N,) 1 for what is real."""
        return self._histogram(outputs.ravel(), jnp.repeat(real, outputs[0].size))

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
    seldom = True

    @property
    def needs(self) -> tuple[str, ...]:
        return (SLOPES,)

    def look(self, scene: Scene) -> Any:
        found = scene.slopes
        return {
            "norm": length(found["norms"]),
            "layers": found["norms"].tolist(),
            "dead": found["dead"].tolist(),
        }


@VIEWS.register
class Confusion(View):
    """True against predicted classes."""

    kind: Literal["confusion"] = "confusion"
    title = "Confusion matrix"
    help = "How many examples of each class were taken for which class."
    seldom = True
    part: Literal["train", "validation", "test"] = "test"

    @property
    def needs(self) -> tuple[str, ...]:
        return (SCORES,)

    def look(self, scene: Scene) -> Any:
        if scene.experiment.task.problem == "regression":
            return None
        counts = scene.scores["confusion"][PARTS.index(self.part)]
        return {"counts": counts.astype(np.uint32)}
