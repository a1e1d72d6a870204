"""Programs: pure functions compiled once for a *shape* of experiment.

`advance` trains, `evaluate` scores, `views.py` looks. Every number a person can drag is an
argument (`live`), so is the seed and so are the data, padded to a capacity: none of them
asks for another compilation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax  # pyright: ignore[reportMissingTypeStubs] - it has none
from numpy.typing import NDArray

from server.experiment import Experiment
from server.experiment.live import live_values, static_form, with_live
from server.layers.base import Params
from server.training.targets import predicted_classes, target_low

from .arrays import (
    Tree,
    arange,
    asarray,
    compiled,
    einsum,
    grad,
    item,
    on_device,
    ones,
    ones_like,
    pad,
    value_and_grad,
    with_item,
)
from .data import Arrays
from .model import Linear, Model, mean_loss

PARTS = ("train", "validation", "test")
#: the gradient norm of the curve is taken over at most this many training examples
GRADIENT_SAMPLE = 256


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
    def of(cls, numbers: jax.Array) -> Report:
        taken, bad, stopped, epoch, batch = np.asarray(numbers).tolist()
        return cls(taken, bool(bad), bool(stopped), epoch, batch)


@dataclass
class Program:
    """The compiled functions of one shape of experiment.

    experiment: any experiment of that shape; its live numbers, seeds and points are not used.
    train: rows of the data arrays for training. ragged: whether an epoch's last batch is partial.
    """

    experiment: Experiment
    train: int
    ragged: bool
    _compiled: dict[str, Any] = field(default_factory=dict[str, Any])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def paths(self) -> list[str]:
        return sorted(live_values(self.experiment))

    @cached_property
    def model(self) -> Model:
        """The layers, for their shapes and first weights; `network` is the one to run."""
        return Model.of(self.experiment)

    def network(self, live: jax.Array) -> Model:
        """The layers with traced live numbers."""
        return Model.of(self.thaw(live))

    @cached_property
    def batch(self) -> int:
        return min(self.experiment.training.batch_size, self.train)

    @cached_property
    def carries(self) -> bool:
        """Whether a partial last batch goes into the next epoch (TF Playground's rule)."""
        return self.playground and self.ragged

    @cached_property
    def playground(self) -> bool:
        """Whether TF Playground's numeric rules are followed."""
        return self.experiment.training.rules == "tf_playground"

    @cached_property
    def step_linear(self) -> Linear:
        return self.model.linear(self.batch)

    def live(self, experiment: Experiment) -> NDArray[np.float32]:
        """The live numbers of an experiment of this shape, as the programs take them."""
        values = live_values(experiment)
        return np.array([values[p] for p in self.paths], np.float32)

    def thaw(self, live: jax.Array) -> Experiment:
        """The experiment with traced values for its live numbers."""
        return with_live(self.experiment, {p: live[i] for i, p in enumerate(self.paths)})

    # -- state ---------------------------------------------------------------------------

    def init(self, experiment: Experiment) -> Tree:
        """The state before the first step."""
        params, stats = self.model.init(experiment.seed)
        params = on_device(params)
        state = {
            "params": params,
            "stats": on_device(stats),
            "optimizer": experiment.training.optimizer.transform().init(params),
            "epoch": jnp.uint32(0),
            "batch": jnp.int32(0),
            "stop": self.not_stopped(),
        }
        if self.playground:
            state["alive"] = jax.tree.map(ones_like, params)
        return state

    def not_stopped(self) -> Tree:
        """What early stopping knows before the first epoch."""
        return {"best": jnp.float32(jnp.inf), "wait": jnp.int32(0), "now": jnp.bool_(False)}

    def steps_per_epoch(self, count: Any) -> Any:
        """Optimizer steps per epoch over `count` training rows (an int or a traced one)."""
        whole = count // self.batch if self.playground else -(-count // self.batch)
        return jnp.maximum(whole, 1) if isinstance(whole, jax.Array) else max(whole, 1)

    # -- training ------------------------------------------------------------------------

    def advance(
        self, state: Tree, live: jax.Array, seed: jax.Array, data: Tree, steps: jax.Array
    ) -> tuple[Tree, jax.Array]:
        """Take `steps` optimizer steps: the state, and the numbers of a `Report` in one array,
        since every array fetched has a price. Fewer steps are taken when the loss stopped
        being a number or early stopping ended the run. The number of steps is an argument of
        one loop, so cutting a run elsewhere changes no bit.
        """
        experiment = self.thaw(live)
        key = jax.random.key(seed)
        per_epoch = self.steps_per_epoch(data["count"])

        def epoch(carry: Tree) -> Tree:
            state, left, _ = carry
            epoch_key = jax.random.fold_in(key, state["epoch"])
            rows = self._epoch_rows(epoch_key, data)
            end = jnp.minimum(per_epoch, state["batch"] + left)

            def one(inner: Tree) -> Tree:
                state, _ = inner
                return self._step(experiment, state, epoch_key, rows, data["count"])

            def more(inner: Tree) -> jax.Array:
                state, bad = inner
                return (state["batch"] < end) & ~bad

            start = state["batch"]
            state, bad = jax.lax.while_loop(more, one, (state, jnp.bool_(False)))
            left = left - (state["batch"] - start)
            return self._close_epoch(experiment, state, data, per_epoch, bad), left, bad

        def more_epochs(carry: Tree) -> jax.Array:
            state, left, bad = carry
            return (left > 0) & ~bad & ~state["stop"]["now"]

        state, left, bad = jax.lax.while_loop(more_epochs, epoch, (state, steps, jnp.bool_(False)))
        where = (state["stop"]["now"], state["epoch"], state["batch"])
        report = [asarray(n).astype(jnp.uint32) for n in (steps - left, bad, *where)]
        return state, jnp.stack(report)

    def _epoch_rows(self, key: jax.Array, data: Tree) -> tuple[jax.Array, jax.Array]:
        """The training rows in this epoch's order, padded so that every batch is a slice."""
        inputs, targets = data["inputs"][: self.train], data["targets"][: self.train]
        if self.carries:
            # One batch of room in front, for what the last epoch left over.
            index = arange(-self.batch, self.train)
            index = jnp.where(index < 0, index + data["count"], index)
            inputs, targets = inputs[index], targets[index]
        elif not self.playground:
            order = shuffled(key, self.train, data["count"])
            inputs, targets = inputs[order], targets[order]
        after = ((0, self.batch), (0, 0))
        return pad(inputs, after), pad(targets, after)

    def _batch(
        self, state: Tree, rows: tuple[jax.Array, jax.Array], count: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Inputs, targets and mask of the step at hand."""
        inputs, targets = rows
        size = 2 * self.batch if self.carries else self.batch
        start = state["batch"] * self.batch
        x = jax.lax.dynamic_slice_in_dim(inputs, start, size)
        t = jax.lax.dynamic_slice_in_dim(targets, start, size)
        place = arange(size)
        if not self.ragged:
            return x, t, ones(size)
        if not self.carries:
            return x, t, (start + place < count).astype(jnp.float32)
        rest = jnp.where(count < self.batch, 0, count % self.batch)
        carried = (state["batch"] == 0) & (state["epoch"] > 0) & (place >= self.batch - rest)
        real = jnp.where(place < self.batch, carried, start + place - self.batch < count)
        return x, t, real.astype(jnp.float32)

    def _step(
        self,
        experiment: Experiment,
        state: Tree,
        epoch_key: jax.Array,
        rows: tuple[jax.Array, jax.Array],
        count: jax.Array,
    ) -> tuple[Tree, jax.Array]:
        x, t, mask = self._batch(state, rows, count)
        key = jax.random.fold_in(epoch_key, state["batch"])
        model = Model.of(experiment)

        def objective(params: list[Params]) -> tuple[jax.Array, list[Params]]:
            result = model.forward(
                params,
                state["stats"],
                x,
                linear=self.step_linear,
                training=True,
                key=key,
                mask=mask,
            )
            losses = experiment.training.loss.per_example(result.logits, result.outputs, t)
            return mean_loss(losses, mask), result.stats

        (loss, stats), grads = value_and_grad(objective, has_aux=True)(state["params"])
        fresh = _update(experiment, model, state, grads, self._rate(experiment, state, count))
        fresh |= {"stats": stats, "batch": state["batch"] + 1}
        return state | fresh, ~jnp.isfinite(loss)

    def _rate(self, experiment: Experiment, state: Tree, count: jax.Array) -> jax.Array:
        """The learning rate of the step at hand, by the schedule."""
        training, per_epoch = experiment.training, self.steps_per_epoch(count)
        time = state["epoch"].astype(jnp.float32) + state["batch"] / per_epoch
        return training.learning_rate * training.schedule.factor(time)

    def _close_epoch(
        self, experiment: Experiment, state: Tree, data: Tree, per_epoch: jax.Array, bad: jax.Array
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
        held = jnp.where(jnp.any(data["part"] == 1), 1, 2)
        mask = (data["part"] == held).astype(jnp.float32)
        result = Model.of(experiment).forward(state["params"], state["stats"], data["inputs"])
        losses = experiment.training.loss.per_example(
            result.logits, result.outputs, data["targets"]
        )
        loss, stop = mean_loss(losses, mask), state["stop"]
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

    # -- looking -------------------------------------------------------------------------

    def evaluate(self, state: Tree, live: jax.Array, data: Tree) -> Tree:
        """Loss and score (accuracy, or R² for regression) of every part, the confusion
        counts (3, C, C) for classification, the gradient norm on training examples, and the
        learning rate of this moment."""
        experiment = self.thaw(live)
        dataset, loss = experiment.data.dataset, experiment.training.loss
        result = self.network(live).forward(state["params"], state["stats"], data["inputs"])
        losses = loss.per_example(result.logits, result.outputs, data["targets"])
        masks = (data["part"][None] == arange(3)[:, None]).astype(jnp.float32)
        norm = optax.tree.norm(self.gradients(state, live, data, GRADIENT_SAMPLE))
        rate = self._rate(experiment, state, data["count"])
        part_loss = _per_part(masks, lambda m: mean_loss(losses, m))
        scores = {"loss": part_loss, "norm": norm, "rate": rate}
        if dataset.problem == "regression":
            errors = (result.outputs - data["targets"])[:, 0]
            r2 = _per_part(masks, lambda m: _r2(errors, data["targets"], m))
            return scores | {"score": r2}
        low = target_low(loss, self.experiment.output_activation)
        guess = predicted_classes(result.outputs, dataset, low).astype(jnp.int32)
        right = (guess == data["labels"]).astype(jnp.float32)
        truth = jax.nn.one_hot(data["labels"], dataset.classes)
        guessed = jax.nn.one_hot(guess, dataset.classes)
        counts = einsum("pn,ni,nj->pij", masks, truth, guessed)
        accuracy = _per_part(masks, lambda m: mean_loss(right, m))
        return scores | {"score": accuracy, "confusion": counts}

    def gradients(self, state: Tree, live: jax.Array, data: Tree, limit: int) -> list[Params]:
        """Gradient of the mean loss over (at most `limit`) training rows, in evaluation mode."""
        rows = min(limit, self.train)
        mask = (data["part"][:rows] == 0).astype(jnp.float32)
        model, loss = self.network(live), self.thaw(live).training.loss

        def objective(params: list[Params]) -> jax.Array:
            result = model.forward(params, state["stats"], data["inputs"][:rows])
            losses = loss.per_example(result.logits, result.outputs, data["targets"][:rows])
            return mean_loss(losses, mask)

        return grad(objective)(state["params"])

    def predict(self, state: Tree, live: jax.Array, inputs: jax.Array) -> jax.Array:
        """(N, F) features -> (N, K) outputs."""
        return self.network(live).forward(state["params"], state["stats"], inputs).outputs

    # -- compilation ---------------------------------------------------------------------

    def call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call `function` compiled for these shapes; compile it the first time."""
        return self.compile(name, function, *args)(*args)

    def has(self, name: str) -> bool:
        return name in self._compiled

    def compile(self, name: str, function: Callable[..., Any], *args: Any) -> Callable[..., Any]:
        """`function` compiled for these shapes; by one thread, and once."""
        if name not in self._compiled:
            with self._lock:
                if name not in self._compiled:
                    self._compiled[name] = compiled(function, args)
        return self._compiled[name]


def shuffled(key: jax.Array, capacity: int, count: jax.Array) -> jax.Array:
    """A random order of the first `count` rows, then the padding: (capacity,) int32.

    Fisher and Yates, inside out. XLA makes one native loop of it, about ten times faster
    than sorting random keys, which would cost more than the epoch's steps.
    """
    places = capacity.bit_length()  # a random number and a place share 32 bits
    bits = jax.random.bits(key, (capacity,)) >> places
    upto = arange(1, capacity + 1, dtype=jnp.uint32)
    chosen = ((bits * upto) >> (32 - places)).astype(jnp.int32)

    def place(carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        i, order = carry
        j = item(chosen, i)
        order = with_item(order, i, item(order, j))
        return i + 1, with_item(order, j, i)

    start = (jnp.int32(0), arange(capacity, dtype=jnp.int32))
    return jax.lax.while_loop(lambda carry: carry[0] < count, place, start)[1]


def _update(
    experiment: Experiment, model: Model, state: Tree, grads: Tree, rate: jax.Array
) -> dict[str, Any]:
    """One update of the weights by the experiment's rules: new params, optimizer, alive."""
    training, params = experiment.training, state["params"]
    weights = model.regularized(params)

    def penalty(w: jax.Array) -> jax.Array:
        return training.l1 * jnp.sign(w) + training.l2 * w

    if training.rules == "tf_playground":
        return _playground_update(params, grads, state["alive"], weights, rate, penalty, training)

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


def _playground_update(
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


def _per_part(masks: jax.Array, score: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """(3, N) masks of the parts -> (3,) scores."""
    return jax.vmap(score)(masks)


def _r2(errors: jax.Array, targets: jax.Array, mask: jax.Array) -> jax.Array:
    """Coefficient of determination over the rows whose mask is 1."""
    t = targets[:, 0]
    spread = t - mean_loss(t, mask)
    total = (spread**2 * mask).sum()
    return 1.0 - (errors**2 * mask).sum() / jnp.maximum(total, 1e-12)


class Programs:
    """The compiled programs, the least recently used given up beyond a limit."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Program] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, experiment: Experiment, arrays: Arrays) -> Program:
        """The program for this shape of experiment and capacity of data."""
        key = f"{_shape_form(experiment)}|{len(arrays.inputs)}|{arrays.train}|{arrays.ragged}"
        with self._lock:
            program = self._kept.get(key) or Program(experiment, arrays.train, arrays.ragged)
            self._kept[key] = program
            self._kept.move_to_end(key)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return program


def _shape_form(experiment: Experiment) -> str:
    """Canonical text of what a compiled program depends on, the data's capacity apart."""
    dataset = experiment.data.dataset
    data = (
        f"{dataset.problem}|{dataset.classes}|{dataset.dimensions}|{len(experiment.data.features)}"
    )
    activation = experiment.output_activation
    return "|".join(
        (data, activation, static_form(experiment.network), static_form(experiment.training))
    )
