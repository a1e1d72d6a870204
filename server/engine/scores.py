"""What the curves and the outcome show of a state: losses, scores, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax  # pyright: ignore[reportMissingTypeStubs] - it has none

from server.experiment.shapes import TOGETHER
from server.layers.base import Params

from . import adversarial
from .arrays import (
    Tree,
    arange,
    cond,
    einsum,
    eval_shape,
    grad,
    map_each,
    ones,
    tree_map,
    zeros,
)
from .model import Model, Pass, mean_loss, real_rows, total_loss
from .shape import Shape

#: the slopes are those over at most this many training examples
SLOPE_SAMPLE = 512


def scored_rows(shape: Shape, data: Tree) -> Tree:
    """The rows that scores look at: inputs, targets, labels, part."""
    if not shape.streamed:
        return data
    rows = data["sample"]
    inputs, labels = shape.examples(data, rows)
    # what lies beyond the last row pads the sample
    part = jnp.where(rows < len(data["part"]), data["part"][rows], 3)
    return {
        "inputs": inputs,
        "targets": shape.targets(inputs, labels),
        "labels": labels.astype(jnp.int32),
        "part": part,
    }


def passed(
    shape: Shape, state: Tree, live: jax.Array, rows: Tree, pick: Callable[[Pass], Tree]
) -> Tree:
    """What is picked of the forward pass over the rows that scores look at: (N, ...) each.

    Of examples that may be large it goes a few at a time, so that what layers work out stays in
    the processor's cache, and leaves out those where none is real.
    """
    network, inputs = shape.network(live), rows["inputs"]

    def look(given: jax.Array) -> Tree:
        return pick(network.forward(state["params"], state["stats"], given))

    if not shape.streamed:
        return look(inputs)

    def few(chunk: tuple[jax.Array, jax.Array]) -> Tree:
        given, real = chunk
        found = eval_shape(look, given)

        def nothing(_: jax.Array) -> Tree:
            return tree_map(zeros_of, found)

        return cond(real, look, nothing, given)

    def together(found: jax.Array) -> jax.Array:
        return found.reshape(-1, *found.shape[2:])

    count = len(inputs) // TOGETHER
    real = jnp.any(rows["part"].reshape(count, TOGETHER) < 3, axis=1)
    return tree_map(
        together, map_each(few, (inputs.reshape(count, TOGETHER, *inputs.shape[1:]), real))
    )


def zeros_of(array: Any) -> jax.Array:
    """Zeros of an array's shape and type."""
    return zeros(array.shape, array.dtype)


def answers(shape: Shape, state: Tree, live: jax.Array, rows: Tree) -> Pass:
    """The answers to the rows that scores look at, and nothing of the layers on the way."""

    def pick(result: Pass) -> tuple[jax.Array, ...]:
        added = () if result.penalty is None else (result.penalty,)
        return result.logits, result.outputs, *added

    logits, outputs, *added = passed(shape, state, live, rows, pick)
    return Pass(logits, outputs, [], [], added[0] if added else None)


def evaluate(shape: Shape, state: Tree, live: jax.Array, data: Tree) -> Tree:
    """Loss and score (accuracy, or R² for regression) of every part, the confusion
    counts (3, C, C) for classification, and the learning rate of this moment."""
    experiment = shape.thaw(live)
    task, loss = experiment.task, experiment.training.loss
    rows = scored_rows(shape, data)
    result = answers(shape, state, live, rows)
    if shape.maker is not None:
        return adversarial.scores(shape, state, live, data, result, rows)
    losses = loss.per_example(result.logits, result.outputs, rows["targets"])
    parts = masks = (rows["part"][None] == arange(3)[:, None]).astype(jnp.float32)
    if shape.streamed:
        masks = jnp.stack([shape.asked(rows["labels"], m).reshape(-1) for m in masks])
        losses = losses.reshape(-1)
    rate = shape.rate(experiment.training, state, data["count"])
    part_loss = _per_part(masks, lambda m: mean_loss(losses, m))
    if result.penalty is not None:
        added = result.penalty
        part_loss = part_loss + _per_part(parts, lambda m: mean_loss(added, m))
    scores = {"loss": part_loss, "rate": rate}
    if task.problem == "regression":
        # of several values the score is over all of them
        errors, targets = _flat(result.outputs - rows["targets"]), _flat(rows["targets"])
        masks = jnp.repeat(masks, task.values, axis=1)
        r2 = _per_part(masks, lambda m: _r2(errors, targets, m))
        return scores | {"score": r2}
    guess = shape.guessed(result.outputs).reshape(-1)
    labels = rows["labels"].reshape(-1)
    right = (guess == labels).astype(jnp.float32)
    accuracy = _per_part(masks, lambda m: mean_loss(right, m))
    return scores | {"score": accuracy, "confusion": _confusion(shape, masks, labels, guess)}


def _confusion(shape: Shape, masks: jax.Array, labels: jax.Array, guess: jax.Array) -> jax.Array:
    """(3, N) masks, (N,) true and guessed classes -> (3, C, C) counts."""
    classes = shape.experiment.task.classes
    if shape.streamed:
        place = jnp.maximum(labels, 0) * classes + guess
        counts = zeros((3, classes * classes)).at[:, place].add(masks)
        return counts.reshape(3, classes, classes)
    truth = jax.nn.one_hot(labels, classes)
    return einsum("pn,ni,nj->pij", masks, truth, jax.nn.one_hot(guess, classes))


def slopes(shape: Shape, state: Tree, live: jax.Array, data: Tree) -> Tree:
    """Norm of the gradient of every layer's parameters, (layers,), and how many units of every
    hidden layer give 0 for all examples, (hidden layers,); a generator's come last."""
    outputs = outputs_of(shape, state, live, data, SLOPE_SAMPLE)
    grads = gradients(shape, state, live, data, SLOPE_SAMPLE)
    last = {len(shape.model.layers) - 1, len(shape.layers) - 1}
    dead = [_silent(a, real > 0) for i, (a, real) in enumerate(outputs) if i not in last]
    return {
        "norms": jnp.stack([_norm(g) for g in grads]),
        "dead": jnp.stack(dead) if dead else zeros(0, jnp.int32),
    }


def _flat(values: jax.Array) -> jax.Array:
    return values.reshape(-1)


def _silent(outputs: jax.Array, real: jax.Array) -> jax.Array:
    """How many of the units, the last axis, give 0 wherever rows are real (N,)."""
    rows = real.reshape(-1, *[1] * (outputs.ndim - 1))
    return jnp.all((outputs == 0) | ~rows, axis=tuple(range(outputs.ndim - 1))).sum()


def _norm(grads: Params) -> jax.Array:
    return optax.tree.norm(grads) if grads else jnp.float32(0)


def outputs_of(
    shape: Shape, state: Tree, live: jax.Array, data: Tree, limit: int
) -> list[tuple[jax.Array, jax.Array]]:
    """Of every layer the outputs (N, ...) at (at most `limit`) training rows, a generator's at as
    much noise, and which of them are real, (N,) 0 or 1."""
    inputs, _, asked = shape.sample(data, limit)
    real = real_rows(asked)
    result = shape.network(live).forward(state["params"], state["stats"], inputs)
    found = [(outputs, real) for outputs in result.activations]
    if shape.maker is None:
        return found
    noise = adversarial.standing_noise(shape, len(inputs))
    params, stats = shape.makers(state["params"]), shape.makers(state["stats"])
    forged = Model.maker(shape.thaw(live)).forward(params, stats, noise)
    return found + [(outputs, ones(len(inputs))) for outputs in forged.activations]


def gradients(shape: Shape, state: Tree, live: jax.Array, data: Tree, limit: int) -> list[Params]:
    """Gradient of the mean loss over (at most `limit`) training rows, in evaluation mode."""
    inputs, targets, asked = shape.sample(data, limit)
    if shape.maker is not None:
        return adversarial.gradients(shape, state, live, inputs, real_rows(asked))
    model, loss = shape.network(live), shape.thaw(live).training.loss

    def objective(params: list[Params]) -> jax.Array:
        result = model.forward(params, state["stats"], inputs)
        losses = loss.per_example(result.logits, result.outputs, targets)
        return total_loss(losses, asked, result)

    return grad(objective)(state["params"])


def _per_part(masks: jax.Array, score: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """(3, N) masks of the parts -> (3,) scores."""
    return jax.vmap(score)(masks)


def _r2(errors: jax.Array, targets: jax.Array, mask: jax.Array) -> jax.Array:
    """Coefficient of determination over the rows (N,) whose mask is 1."""
    spread = targets - mean_loss(targets, mask)
    total = (spread**2 * mask).sum()
    return 1.0 - (errors**2 * mask).sum() / jnp.maximum(total, 1e-12)
