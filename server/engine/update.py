"""One update of the weights, by the experiment's rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax  # pyright: ignore[reportMissingTypeStubs] - it has none

from server.experiment import Training

from .arrays import Tree
from .model import Model


def update(
    training: Training, model: Model, state: Tree, grads: Tree, rate: jax.Array
) -> dict[str, Any]:
    """One update of the weights by these rules: new params, optimizer, alive. state: these as they
    were before."""
    params = state["params"]
    weights = model.regularized(params)

    def penalty(w: jax.Array) -> jax.Array:
        return training.l1 * jnp.sign(w) + training.l2 * w

    if training.rules == "tf_playground":
        return _playground(params, grads, state["alive"], weights, rate, penalty, training)

    def penalised(g: jax.Array, w: jax.Array, on: bool) -> jax.Array:
        return g + penalty(w) if on else g

    grads = jax.tree.map(penalised, grads, params, weights)
    if training.clip_norm is not None:
        grads = _clipped(grads, training.clip_norm)
    direction, optimizer = training.optimizer.transform().update(grads, state["optimizer"], params)
    decay = 1.0 - rate * training.weight_decay

    def moved(w: jax.Array, d: jax.Array, on: bool) -> jax.Array:
        return (w * decay if on else w) - rate * d

    params = jax.tree.map(moved, params, direction, weights)
    return {"params": params, "optimizer": optimizer}


def _clipped(grads: Tree, limit: Any) -> Tree:
    """The gradients, scaled down to this norm over all of them where theirs is larger."""
    scale = jnp.minimum(1.0, limit / (optax.tree.norm(grads) + 1e-12))

    def scaled(g: jax.Array) -> jax.Array:
        return g * scale

    return jax.tree.map(scaled, grads)


def _playground(
    params: Tree,
    grads: Tree,
    alive: Tree,
    weights: Tree,
    rate: jax.Array,
    penalty: Callable[[jax.Array], jax.Array],
    training: Any,
) -> dict[str, Any]:
    """TF Playground's rule: the gradient first, then the penalty at the old weight; with L1
    a weight that the penalty carries across zero stays there, dead, until the next reset."""

    def moved(w: jax.Array, g: jax.Array, on: bool) -> jax.Array:
        return w - rate * g - (rate * penalty(w) if on else 0.0)

    def crossed(w: jax.Array, g: jax.Array, on: bool) -> jax.Array:
        stepped = w - rate * g
        return (training.l1 > 0) & (stepped * (stepped - rate * penalty(w)) < 0) & on

    def without(a: jax.Array, dies: jax.Array) -> jax.Array:
        return jnp.where(dies, 0.0, a)

    def living(w: jax.Array, g: jax.Array, a: jax.Array, on: bool) -> jax.Array:
        return jnp.where(a > 0, moved(w, g, on), 0.0)

    dies = jax.tree.map(crossed, params, grads, weights)
    alive = jax.tree.map(without, alive, dies)
    fresh = jax.tree.map(living, params, grads, alive, weights)
    return {"params": fresh, "alive": alive}
