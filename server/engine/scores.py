"""What the curves and the outcome show of a state: losses, scores, gradients."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax  # pyright: ignore[reportMissingTypeStubs] - it has none

from server.layers.base import Params
from server.training.targets import predicted_classes, target_low

from .arrays import Tree, arange, einsum, grad, zeros
from .model import mean_loss
from .shape import Shape

#: the slopes are those over at most this many training examples
SLOPE_SAMPLE = 512


def evaluate(shape: Shape, state: Tree, live: jax.Array, data: Tree) -> Tree:
    """Loss and score (accuracy, or R² for regression) of every part, the confusion
    counts (3, C, C) for classification, and the learning rate of this moment."""
    experiment = shape.thaw(live)
    dataset, loss = experiment.data.dataset, experiment.training.loss
    result = shape.network(live).forward(state["params"], state["stats"], data["inputs"])
    losses = loss.per_example(result.logits, result.outputs, data["targets"])
    masks = (data["part"][None] == arange(3)[:, None]).astype(jnp.float32)
    rate = shape.rate(experiment, state, data["count"])
    part_loss = _per_part(masks, lambda m: mean_loss(losses, m))
    scores = {"loss": part_loss, "rate": rate}
    if dataset.problem == "regression":
        errors = (result.outputs - data["targets"])[:, 0]
        r2 = _per_part(masks, lambda m: _r2(errors, data["targets"], m))
        return scores | {"score": r2}
    low = target_low(loss, shape.experiment.output_activation)
    guess = predicted_classes(result.outputs, dataset, low).astype(jnp.int32)
    right = (guess == data["labels"]).astype(jnp.float32)
    truth = jax.nn.one_hot(data["labels"], dataset.classes)
    guessed = jax.nn.one_hot(guess, dataset.classes)
    counts = einsum("pn,ni,nj->pij", masks, truth, guessed)
    accuracy = _per_part(masks, lambda m: mean_loss(right, m))
    return scores | {"score": accuracy, "confusion": counts}


def slopes(shape: Shape, state: Tree, live: jax.Array, data: Tree) -> Tree:
    """Norm of the gradient of every layer's parameters, (layers,), and how many units of every
    hidden layer give 0 for all examples, (hidden layers,)."""
    rows = min(SLOPE_SAMPLE, shape.train)
    real = (data["part"][:rows] == 0)[:, None]
    inputs = data["inputs"][:rows]
    result = shape.network(live).forward(state["params"], state["stats"], inputs)
    grads = gradients(shape, state, live, data, SLOPE_SAMPLE)
    dead = [jnp.all((a == 0) | ~real, axis=0).sum() for a in result.activations[:-1]]
    return {
        "norms": jnp.stack([optax.tree.norm(g) for g in grads]),
        "dead": jnp.stack(dead) if dead else zeros(0, jnp.int32),
    }


def gradients(shape: Shape, state: Tree, live: jax.Array, data: Tree, limit: int) -> list[Params]:
    """Gradient of the mean loss over (at most `limit`) training rows, in evaluation mode."""
    rows = min(limit, shape.train)
    mask = (data["part"][:rows] == 0).astype(jnp.float32)
    model, loss = shape.network(live), shape.thaw(live).training.loss

    def objective(params: list[Params]) -> jax.Array:
        result = model.forward(params, state["stats"], data["inputs"][:rows])
        losses = loss.per_example(result.logits, result.outputs, data["targets"][:rows])
        return mean_loss(losses, mask)

    return grad(objective)(state["params"])


def _per_part(masks: jax.Array, score: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """(3, N) masks of the parts -> (3,) scores."""
    return jax.vmap(score)(masks)


def _r2(errors: jax.Array, targets: jax.Array, mask: jax.Array) -> jax.Array:
    """Coefficient of determination over the rows whose mask is 1."""
    t = targets[:, 0]
    spread = t - mean_loss(t, mask)
    total = (spread**2 * mask).sum()
    return 1.0 - (errors**2 * mask).sum() / jnp.maximum(total, 1e-12)
