"""Adversarial training: a step of a discriminator and a generator, and what is seen of them.

A state has the layers of both in one list, the discriminator's first, so that all that goes
through parameters (weights, edits, digests, exports) knows both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from server.datasets.features import features_of
from server.experiment import Experiment, Generator, Training
from server.layers.base import Params

from .arrays import Tree, arange, fori_loop, grad, ones, value_and_grad, zeros
from .model import Model, Pass, mean_loss, total_loss
from .shape import Shape
from .update import update

#: what a step draws beside the order of the examples, as streams of its key
JUDGING, MAKING = 1_000, 2_000
#: who may learn, in the order of the options
TURNS = ("both", "discriminator", "generator")
#: a state, and whether a loss was no number
Carry = tuple[Tree, jax.Array]
#: made examples that scores look at; of pictures, which take longer
SCORED, SCORED_PICTURES = 1000, 128
#: keeps the length of a slope from having none of its own where it is 0
TINY = 1e-12


def draw(generator: Generator, key: jax.Array, count: int) -> jax.Array:
    """Noise (count, latent)."""
    size = (count, generator.latent)
    if generator.noise == "uniform":
        return jax.random.uniform(key, size, minval=-1.0, maxval=1.0)
    return jax.random.normal(key, size)


def drawn_on_host(generator: Generator, seed: int, count: int) -> NDArray[np.float32]:
    """Noise (count, latent) by NumPy, for who asks for some from outside."""
    rng, size = np.random.Generator(np.random.Philox(key=seed)), (count, generator.latent)
    uniform = generator.noise == "uniform"
    return (rng.uniform(-1, 1, size) if uniform else rng.standard_normal(size)).astype(np.float32)


def seen(shape: Shape, examples: jax.Array) -> jax.Array:
    """What the discriminator is given of made examples."""
    data = shape.experiment.data
    return features_of(data.features, examples) if data.features else examples


def made(shape: Shape, state: Tree, live: jax.Array, noise: jax.Array) -> jax.Array:
    """(N, latent) -> the examples (N, *example) that are made of it, nothing being trained."""
    maker = Model.maker(shape.thaw(live))
    params, stats = shape.makers(state["params"]), shape.makers(state["stats"])
    return maker.forward(params, stats, noise).outputs


def standing_noise(shape: Shape, count: int) -> jax.Array:
    """The noise (count, latent) of all that is looked at, the same at every step."""
    generator = shape.experiment.generator
    assert generator is not None
    return draw(generator, jax.random.key(0), count)


# -- training ----------------------------------------------------------------------------


def step(
    shape: Shape,
    experiment: Experiment,
    state: Tree,
    key: jax.Array,
    batch: tuple[jax.Array, jax.Array],
    data: Tree,
) -> tuple[Tree, jax.Array]:
    """The state after the updates of a step, and whether a loss was no number.

    batch: what the discriminator is given of real examples (B, *input_shape), and their mask.
    """
    generator, bad = experiment.generator, jnp.bool_(False)
    assert generator is not None
    duel = _Duel(shape, experiment, batch, data)
    # An argument of the program, which option it is. Who has no turn has no updates: a condition
    # would copy both networks at every step.
    turn: Any = generator.turn
    of_judge = jnp.where(turn == TURNS.index("generator"), 0, generator.discriminator_updates)
    of_maker = jnp.where(turn == TURNS.index("discriminator"), 0, generator.updates)
    carry = _repeated(duel.judge, of_judge, jax.random.fold_in(key, JUDGING), (state, bad))
    carry = _repeated(duel.make, of_maker, jax.random.fold_in(key, MAKING), carry)
    state, bad = carry
    return state | {"batch": state["batch"] + 1}, bad


def _repeated(
    work: Callable[[Any, jax.Array, Carry], Carry], times: jax.Array, key: jax.Array, carry: Carry
) -> Carry:
    """`work(i, key, carry)` so many times, each with a key of its own."""

    def one(i: Any, carry: Carry) -> Carry:
        return work(i, jax.random.fold_in(key, i), carry)

    return fori_loop(0, times, one, carry)


class _Duel:
    """The two networks of a step, and the batch of real examples."""

    def __init__(
        self,
        shape: Shape,
        experiment: Experiment,
        batch: tuple[jax.Array, jax.Array],
        data: Tree,
    ) -> None:
        self.shape, self.experiment, self.data = shape, experiment, data
        self.judging, self.making = Model.of(experiment), Model.maker(experiment)
        assert experiment.generator is not None
        self.generator = experiment.generator
        self.loss: Any = experiment.training.loss
        self.real, self.mask = batch

    def judge(self, i: Any, key: jax.Array, carry: Carry) -> Carry:
        """The discriminator's update number i: the first on the batch, others on other rows."""
        state, bad = carry
        noise_key, rows_key, real_key, made_key, mix_key = jax.random.split(key, 5)
        real, mask = self.real, self.mask
        if self.generator.discriminator_updates > 1:
            real = jnp.where(i == 0, real, self._others(rows_key))
            mask = jnp.where(i == 0, mask, 1.0)
        fakes = seen(self.shape, self._forged(state, noise_key, made_key).outputs)
        params, stats = (self.shape.judges(state[name]) for name in ("params", "stats"))

        def verdict(params: list[Params], stats: list[Params], x: Any, key: jax.Array) -> Pass:
            return self.judging.forward(params, stats, x, training=True, key=key, mask=mask)

        def objective(params: list[Params]) -> tuple[jax.Array, list[Params]]:
            on_real = verdict(params, stats, real, real_key)
            on_made = verdict(params, on_real.stats, fakes, made_key)
            loss = total_loss(self.loss.real(on_real.logits), mask, on_real, mask)
            loss += total_loss(self.loss.made(on_made.logits), mask, on_made, mask)
            if self.loss.slope_rate is not None:
                mix = _mixed(mix_key, real, fakes)
                verdicts = partial(verdict, params, stats, key=real_key)
                loss += _slope_cost(self.loss, verdicts, mix, mask)
            return loss, on_made.stats

        (loss, fresh), grads = value_and_grad(objective, has_aux=True)(params)
        training = self.experiment.training
        mine = {"params": params, "optimizer": state["optimizer"]["judge"]}
        moved = update(training, self.judging, mine, grads, self._rate(training, state))
        return self._with_judge(state, moved, fresh), bad | ~jnp.isfinite(loss)

    def make(self, i: Any, key: jax.Array, carry: Carry) -> Carry:
        """An update of the generator."""
        state, bad = carry
        noise_key, made_key, real_key = jax.random.split(key, 3)
        judges, stats = (self.shape.judges(state[name]) for name in ("params", "stats"))
        everyone = ones(len(self.real))

        def objective(params: list[Params]) -> tuple[jax.Array, list[Params]]:
            forged = self._forged(state, noise_key, made_key, params)
            fakes = seen(self.shape, forged.outputs)
            found = self.judging.forward(judges, stats, fakes, training=True, key=real_key)
            loss = total_loss(self.loss.maker(found.logits), everyone, forged, everyone)
            return loss, forged.stats

        params = self.shape.makers(state["params"])
        (loss, fresh), grads = value_and_grad(objective, has_aux=True)(params)
        training = makers_training(self.experiment)
        mine = {"params": params, "optimizer": state["optimizer"]["maker"]}
        moved = update(training, self.making, mine, grads, self._rate(training, state))
        return self._with_maker(state, moved, fresh), bad | ~jnp.isfinite(loss)

    def _forged(
        self, state: Tree, noise_key: jax.Array, key: jax.Array, params: Any = None
    ) -> Pass:
        """A batch as the generator makes it while it is trained."""
        noise = draw(self.generator, noise_key, len(self.real))
        params = self.shape.makers(state["params"]) if params is None else params
        stats = self.shape.makers(state["stats"])
        return self.making.forward(params, stats, noise, training=True, key=key)

    def _others(self, key: jax.Array) -> jax.Array:
        """As many real examples as a batch has, drawn from all that there are for training."""
        places = jax.random.randint(key, (len(self.real),), 0, self.data["count"])
        if self.shape.streamed:
            return self.shape.examples(self.data, places)[0]
        return self.data["inputs"][places]

    def _rate(self, training: Training, state: Tree) -> jax.Array:
        return self.shape.rate(training, state, self.data["count"])

    def _with_judge(self, state: Tree, moved: Tree, stats: list[Params]) -> Tree:
        makers = self.shape.makers
        return state | {
            "params": [*moved["params"], *makers(state["params"])],
            "stats": [*stats, *makers(state["stats"])],
            "optimizer": state["optimizer"] | {"judge": moved["optimizer"]},
        }

    def _with_maker(self, state: Tree, moved: Tree, stats: list[Params]) -> Tree:
        judges = self.shape.judges
        return state | {
            "params": [*judges(state["params"]), *moved["params"]],
            "stats": [*judges(state["stats"]), *stats],
            "optimizer": state["optimizer"] | {"maker": moved["optimizer"]},
        }


def makers_training(experiment: Experiment) -> Training:
    """How the generator is trained: as the discriminator, but by its own optimizer and rate, and
    without penalties on its weights."""
    generator = experiment.generator
    assert generator is not None
    own = {"optimizer": generator.optimizer, "learning_rate": generator.learning_rate}
    return experiment.training.model_copy(update=own | {"l1": 0.0, "l2": 0.0, "weight_decay": 0.0})


def _mixed(key: jax.Array, real: jax.Array, fakes: jax.Array) -> jax.Array:
    """Places on the straight ways from real to made examples."""
    share = jax.random.uniform(key, (len(real), *[1] * (real.ndim - 1)))
    return share * real + (1.0 - share) * fakes


def _slope_cost(
    rules: Any, verdicts: Callable[[jax.Array], Pass], x: jax.Array, mask: jax.Array
) -> jax.Array:
    """What it costs the discriminator that its verdicts' slope at examples (B, …) is not 1, in the
    mean of those whose mask is 1."""

    def total(x: jax.Array) -> jax.Array:
        return verdicts(x).logits.sum()

    squares = jnp.square(grad(total)(x)).reshape(len(x), -1)
    slopes = jnp.sqrt(squares.sum(1) + TINY)
    return rules.slope_rate * mean_loss(jnp.square(slopes - 1.0), mask)


# -- looking -----------------------------------------------------------------------------


def judged(shape: Shape, state: Tree, live: jax.Array, examples: jax.Array) -> Pass:
    """The discriminator's verdicts on made examples (N, *example)."""
    return shape.network(live).forward(state["params"], state["stats"], seen(shape, examples))


def pushes(shape: Shape, state: Tree, live: jax.Array, examples: jax.Array) -> jax.Array:
    """Where the generator is pushed to move each of its examples, (N, *example): against the
    gradient of its loss for that example."""
    loss: Any = shape.experiment.training.loss

    def total(examples: jax.Array) -> jax.Array:
        return loss.maker(judged(shape, state, live, examples).logits).sum()

    return -grad(total)(examples)


def gradients(
    shape: Shape, state: Tree, live: jax.Array, real: jax.Array, mask: jax.Array
) -> list[Params]:
    """Gradients of both losses, each with respect to the parameters of its network, at real
    examples (N, *input_shape), (N,) 1 where there is one, and as many made ones; nothing is
    drawn."""
    experiment, noise = shape.thaw(live), standing_noise(shape, len(real))
    judging, making, loss = Model.of(experiment), Model.maker(experiment), experiment.training.loss
    judges, makers = shape.judges(state["params"]), shape.makers(state["params"])
    judge_stats, maker_stats = shape.judges(state["stats"]), shape.makers(state["stats"])
    fakes, everyone = seen(shape, made(shape, state, live, noise)), ones(len(real))
    rules: Any = loss

    def of_judge(params: list[Params]) -> jax.Array:
        on_real = judging.forward(params, judge_stats, real)
        on_made = judging.forward(params, judge_stats, fakes)
        error = total_loss(rules.real(on_real.logits), mask, on_real, mask)
        error += total_loss(rules.made(on_made.logits), everyone, on_made, everyone)
        if rules.slope_rate is not None:
            mix = _mixed(jax.random.key(1), real, fakes)
            verdicts = partial(judging.forward, params, judge_stats)
            error += _slope_cost(rules, verdicts, mix, mask)
        return error

    def of_maker(params: list[Params]) -> jax.Array:
        forged = making.forward(params, maker_stats, noise)
        verdicts = judging.forward(judges, judge_stats, seen(shape, forged.outputs))
        return total_loss(rules.maker(verdicts.logits), everyone, forged, everyone)

    return [*grad(of_judge)(judges), *grad(of_maker)(makers)]


def scores(
    shape: Shape, state: Tree, live: jax.Array, data: Tree, result: Pass, rows: Tree
) -> Tree:
    """As `scores.evaluate`: of every part the discriminator's loss, on its real examples and on
    made ones, and its accuracy, half of which each of these are. And of the made ones the
    generator's `cost`, and where they are points these.

    result: the verdicts on the rows that scores look at.
    """
    experiment = shape.thaw(live)
    loss: Any = experiment.training.loss
    count = SCORED_PICTURES if shape.streamed else SCORED
    examples = made(shape, state, live, standing_noise(shape, count))
    verdicts = judged(shape, state, live, examples)
    masks = (rows["part"][None] == arange(3)[:, None]).astype(jnp.float32)
    border = _border(loss, verdicts, result, rows)
    seen_through = (verdicts.outputs[:, 0] <= border).astype(jnp.float32)
    believed = (result.outputs[:, 0] > border).astype(jnp.float32)
    of_real = _per_part(masks, loss.real(result.logits))
    right, caught = _per_part(masks, believed), seen_through.mean()
    hits, all_of = masks @ believed, masks.sum(1)
    fooled = (count - seen_through.sum()) * ones(3)
    confusion = jnp.stack([count - fooled, fooled, all_of - hits, hits], 1).reshape(3, 2, 2)
    return {
        "loss": of_real + loss.made(verdicts.logits).mean(),
        "score": (right + caught) / 2,
        "rate": shape.rate(experiment.training, state, data["count"]),
        "confusion": confusion,
        "cost": loss.maker(verdicts.logits).mean(),
        "made": examples if not shape.streamed else zeros((0, 2)),
    }


def _border(loss: Any, verdicts: Pass, result: Pass, rows: Tree) -> Any:
    """The verdict above which an example is taken for real: of heights the middle between those of
    the made and of the real training examples."""
    if not loss.heights:
        return (loss.low + 1.0) / 2
    training = (rows["part"] == 0).astype(jnp.float32)
    return (verdicts.outputs.mean() + mean_loss(result.outputs[:, 0], training)) / 2


def _per_part(masks: jax.Array, values: jax.Array) -> jax.Array:
    def mean(mask: jax.Array) -> jax.Array:
        return mean_loss(values, mask)

    return jax.vmap(mean)(masks)
