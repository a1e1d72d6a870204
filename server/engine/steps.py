"""Training: the first state, and `advance`, which takes optimizer steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment import Experiment
from server.layers.base import Params
from server.training.augmentation import Batch, augmented

from . import adversarial
from .arrays import (
    Tree,
    arange,
    as_jax_types,
    asarray,
    cond,
    eval_shape,
    leaves_of,
    ones,
    pad,
    tree_map,
    value_and_grad,
    zeros,
)
from .model import Model, first_weights, total_loss
from .scores import answers, scored_rows
from .shape import Shape
from .shuffle import shuffled
from .update import update

#: inputs, targets, mask of the rows and of the answers that count
Rows = tuple[jax.Array, jax.Array, jax.Array, jax.Array]
#: the stream of a step's key that augmentation draws from; those of the layers count from 0
AUGMENTING = 3_000


@dataclass(frozen=True)
class Report:
    """How a call of `advance` ended.

    taken: steps taken. bad: whether the loss of the last was no number. stopped: whether
    early stopping ended the run. epoch, batch: how far it has come.
    """

    taken: int
    bad: bool
    stopped: bool
    epoch: int
    batch: int

    @classmethod
    def of(cls, numbers: Any) -> Report:
        """The report that `advance` leaves in a state."""
        taken, bad, stopped, epoch, batch = numbers.tolist()
        return cls(taken, bool(bad), bool(stopped), epoch, batch)


def init(shape: Shape, experiment: Experiment) -> Tree:
    """The state before the first step, of NumPy arrays: nothing is compiled for it."""
    params, stats = as_jax_types(first_weights(experiment))
    state = {
        "params": params,
        "stats": stats,
        "optimizer": _first_moments(shape, experiment, params),
        "epoch": np.uint32(0),
        "batch": np.int32(0),
        "stop": not_stopped(),
        "report": np.zeros(5, np.uint32),
    }
    if shape.playground:
        state["alive"] = tree_map(np.ones_like, params)
    return state


def _first_moments(shape: Shape, experiment: Experiment, params: list[Params]) -> Tree:
    own, generator = experiment.training.optimizer.transform(), experiment.generator
    if generator is None:
        return _begin(own, params)
    judge, maker = shape.judges(params), shape.makers(params)
    return {"judge": _begin(own, judge), "maker": _begin(generator.optimizer.transform(), maker)}


def _begin(transform: Any, params: list[Params]) -> Tree:
    """The optimizer's first state. Where every array of it begins with one number everywhere,
    that is found for a network of single numbers: JAX would compile it anew for every shape."""

    def single(_: Any) -> Any:
        return np.float32(0)

    def filled(numbers: Any, whole: Any) -> Any:
        return np.full(whole.shape, np.ravel(numbers)[0], whole.dtype)

    few = transform.init(tree_map(single, params))
    if any(len(np.unique(array)) != 1 for array in leaves_of(few)):
        return as_jax_types(transform.init(params))
    return tree_map(filled, few, eval_shape(transform.init, params))


def not_stopped() -> Tree:
    """What early stopping knows before the first epoch."""
    return {"best": np.float32(np.inf), "wait": np.int32(0), "now": np.bool_(False)}


def advance(
    shape: Shape, state: Tree, live: jax.Array, seed: jax.Array, data: Tree, steps: jax.Array
) -> Tree:
    """Take `steps` optimizer steps: the state, with the numbers of a `Report` in it. Fewer
    steps are taken when the loss stopped being a number or early stopping ended the run. The
    number of steps is an argument of one loop, so cutting a run elsewhere changes no bit.
    """
    experiment = shape.thaw(live)
    key = jax.random.key(seed)
    per_epoch = shape.steps_per_epoch(data["count"])

    def epoch(carry: Tree) -> Tree:
        state, left, _ = carry
        epoch_key = jax.random.fold_in(key, state["epoch"])
        start = state["batch"]
        rows = _epoch_rows(shape, epoch_key, data, start * shape.batch)
        steps = jnp.minimum(per_epoch - start, left)

        # Steps are counted from where this call begins: the same in all lanes.
        def one(inner: Tree) -> Tree:
            done, state, _ = inner
            batch = _batch(shape, state, data, rows, done * shape.batch)
            step_key = jax.random.fold_in(epoch_key, state["batch"])
            if experiment.data.augmentation:
                batch = _augmented(experiment, step_key, batch)
            if shape.maker is not None:
                duel = (batch[0], batch[2])
                return done + 1, *adversarial.step(shape, experiment, state, step_key, duel, data)
            return done + 1, *_step(shape, experiment, state, step_key, batch, data["count"])

        def more(inner: Tree) -> jax.Array:
            done, _, bad = inner
            return (done < steps) & ~bad

        begin = (jnp.int32(0), state, jnp.bool_(False))
        _, state, bad = jax.lax.while_loop(more, one, begin)
        left = left - (state["batch"] - start)
        return _close_epoch(shape, experiment, state, live, data, per_epoch, bad), left, bad

    def more_epochs(carry: Tree) -> jax.Array:
        state, left, bad = carry
        return (left > 0) & ~bad & ~state["stop"]["now"]

    state, left, bad = jax.lax.while_loop(more_epochs, epoch, (state, steps, jnp.bool_(False)))
    where = (state["stop"]["now"], state["epoch"], state["batch"])
    report = [asarray(n).astype(jnp.uint32) for n in (steps - left, bad, *where)]
    return state | {"report": jnp.stack(report)}


def _epoch_rows(shape: Shape, key: jax.Array, data: Tree, start: jax.Array) -> Tree:
    """The training rows in this epoch's order from row `start` on, padded so that every batch is
    a slice: inputs and targets, or of examples that may be many the places of the rows."""
    after = (0, shape.train + shape.batch)
    if shape.streamed:
        return _rest(shuffled(key, shape.train, data["count"]), after, start)
    inputs, targets = data["inputs"][: shape.train], data["targets"][: shape.train]
    if shape.playground and not shape.carries:
        return _rest(inputs, after, start), _rest(targets, after, start)
    if shape.carries:
        # One batch of room in front, for what the last epoch left over.
        index = arange(-shape.batch, shape.train)
        index = jnp.where(index < 0, index + data["count"], index)
    else:
        index = shuffled(key, shape.train, data["count"])
    index = _rest(index, after, start)
    return inputs[index], targets[index]


def _batch(shape: Shape, state: Tree, data: Tree, rows: Tree, at: jax.Array) -> Rows:
    """Inputs, targets, mask of the rows and of the answers that count, of the step whose rows
    begin at `at`."""
    size = 2 * shape.batch if shape.carries else shape.batch
    mask = _mask(shape, state, size, data["count"])
    if shape.streamed:
        index = jax.lax.dynamic_slice_in_dim(rows, at, size)
        x, labels = shape.examples(data, index)
        return x, shape.targets(x, labels), mask, shape.asked(labels, mask)
    x, t = (jax.lax.dynamic_slice_in_dim(a, at, size) for a in rows)
    return x, t, mask, mask


def _augmented(experiment: Experiment, key: jax.Array, batch: Rows) -> Rows:
    x, t, mask, asked = batch
    given = Batch(x, t, mask, experiment.task.rebuilds)
    found = augmented(experiment.data.augmentation, jax.random.fold_in(key, AUGMENTING), given)
    return found.images, found.targets, mask, asked


def _mask(shape: Shape, state: Tree, size: int, count: jax.Array) -> jax.Array:
    """1 for the rows of a batch that are there, 0 for the rest of it."""
    if not shape.ragged:
        return ones(size)
    place, start = arange(size), state["batch"] * shape.batch
    if not shape.carries:
        return (start + place < count).astype(jnp.float32)
    rest = jnp.where(count < shape.batch, 0, count % shape.batch)
    carried = (state["batch"] == 0) & (state["epoch"] > 0) & (place >= shape.batch - rest)
    real = jnp.where(place < shape.batch, carried, start + place - shape.batch < count)
    return real.astype(jnp.float32)


def _step(
    shape: Shape,
    experiment: Experiment,
    state: Tree,
    key: jax.Array,
    batch: Rows,
    count: jax.Array,
) -> tuple[Tree, jax.Array]:
    x, t, mask, asked = batch
    model = Model.of(experiment)

    def objective(params: list[Params]) -> tuple[jax.Array, list[Params]]:
        result = model.forward(
            params,
            state["stats"],
            x,
            linear=shape.step_linear,
            training=True,
            key=key,
            mask=mask,
        )
        losses = experiment.training.loss.per_example(result.logits, result.outputs, t)
        return total_loss(losses, asked, result, mask), result.stats

    (loss, stats), grads = value_and_grad(objective, has_aux=True)(state["params"])
    training = experiment.training
    fresh = update(training, model, state, grads, shape.rate(training, state, count))
    fresh |= {"stats": stats, "batch": state["batch"] + 1}
    return state | fresh, ~jnp.isfinite(loss)


def _close_epoch(
    shape: Shape,
    experiment: Experiment,
    state: Tree,
    live: jax.Array,
    data: Tree,
    per_epoch: jax.Array,
    bad: jax.Array,
) -> Tree:
    """Begin the next epoch where this one is complete, and see about early stopping."""
    over = (state["batch"] >= per_epoch) & ~bad
    moved = state | {
        "epoch": state["epoch"] + over.astype(jnp.uint32),
        "batch": jnp.where(over, 0, state["batch"]),
    }
    rule = experiment.training.early_stopping
    if rule is None:
        return moved
    stop = state["stop"]
    if shape.streamed:  # looked at at the end of an epoch only: it may take long
        loss = cond(over, lambda: _held_loss(shape, state, live, data), lambda: zeros(()))
    else:
        loss = _held_loss(shape, state, live, data)
    better = loss < stop["best"] - rule.min_delta
    wait = jnp.where(better, 0, stop["wait"] + 1)
    judged = {
        "best": jnp.where(better, loss, stop["best"]),
        "wait": wait,
        "now": wait >= rule.patience,
    }

    def at_end(new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(over, new, old)

    return moved | {"stop": jax.tree.map(at_end, judged, stop)}


def _held_loss(shape: Shape, state: Tree, live: jax.Array, data: Tree) -> jax.Array:
    """The loss of the validation part, or of the test part where there is none."""
    held = jnp.where(jnp.any(data["part"] == 1), 1, 2)
    rows = scored_rows(shape, data)
    mask = (rows["part"] == held).astype(jnp.float32)
    result, loss = answers(shape, state, live, rows), shape.thaw(live).training.loss
    losses = loss.per_example(result.logits, result.outputs, rows["targets"])
    asked = shape.asked(rows["labels"], mask) if shape.streamed else mask
    return total_loss(losses, asked, result, mask)


def _rest(rows: jax.Array, after: tuple[int, int], start: jax.Array) -> jax.Array:
    """The rows from `start` on, as many as there are and a batch more, 0 after the last."""
    padding = [after] + [(0, 0)] * (rows.ndim - 1)
    return jax.lax.dynamic_slice_in_dim(pad(rows, padding), start, after[1])
