"""The network as arrays: its layers in order, their first weights, the forward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment import Experiment
from server.experiment.shapes import layer_shapes
from server.layers.base import Context, Merge, Params, Shape
from server.layers.dense import Dense
from server.training.targets import output_units

from .platform import has_small_loops

Linear = Callable[[jax.Array, jax.Array], jax.Array]

#: up to this many multiplications per example a product is faster written as a sum
SUM_LIMIT = 512
#: the first weights of a generator's layers are drawn from the streams from here on
MAKERS_STREAM = 1_000


def dot(x: jax.Array, w: jax.Array) -> jax.Array:
    """(B, I), (I, O) -> (B, O)."""
    return x @ w


def sum_of_products(x: jax.Array, w: jax.Array) -> jax.Array:
    """The same product in the form that XLA fuses into a small loop's one kernel."""
    return (x[:, :, None] * w[None]).sum(1)


@dataclass(frozen=True)
class Pass:
    """What one forward pass gives: (B, K) logits and outputs, new stats, and on request
    the output of every layer, (B, *shape) each. penalty: (B,), what layers add to the loss."""

    logits: jax.Array
    outputs: jax.Array
    stats: list[Params]
    activations: list[jax.Array]
    penalty: jax.Array | None = None


@dataclass(frozen=True)
class Model:
    """The layers of an experiment, output last. Live fields may hold traced values."""

    layers: tuple[Any, ...]
    input_shape: Shape

    @classmethod
    def of(cls, experiment: Experiment) -> Model:
        activation = experiment.output_activation
        output = experiment.network.output
        last = Dense(
            units=output_units(experiment.task, activation),
            activation=activation,
            initializer=output.initializer,
            bias=output.bias,
        )
        return cls((*experiment.network.layers, last), experiment.input_shape)

    @classmethod
    def maker(cls, experiment: Experiment) -> Model:
        """The generator of an experiment that has one."""
        generator = experiment.generator
        assert generator is not None
        output = generator.output
        last = Dense(
            units=experiment.data.example_shape[-1],
            activation=experiment.made_activation,
            initializer=output.initializer,
            bias=output.bias,
        )
        return cls((*generator.layers, last), (generator.latent,))

    @cached_property
    def shapes(self) -> list[Shape]:
        """The shape of an example as it comes in, then after every layer."""
        return layer_shapes(self.layers, self.input_shape)

    @cached_property
    def multiplications(self) -> list[int]:
        """Of every layer, for one example on its way forward."""
        return [
            layer.multiplications(shape)
            for layer, shape in zip(self.layers, self.shapes[:-1], strict=True)
        ]

    def init(self, seed: int, first: int = 0) -> tuple[list[Params], list[Params]]:
        """Initial (params, stats). Every layer draws from a stream of its own, the first of
        them `first`, so that a change of one layer leaves the first weights of those before it
        as they were."""
        params: list[Params] = []
        stats: list[Params] = []
        for i, (layer, shape) in enumerate(zip(self.layers, self.shapes[:-1], strict=True)):
            rng = np.random.Generator(np.random.Philox(key=[seed, first + i]))
            p, s = layer.init(rng, shape)
            params.append(p)
            stats.append(s)
        return params, stats

    def linear(self, batch: int) -> Linear:
        """The faster form of a matrix product for these widths, chosen by measurement
        (docs/performance.md). Numbers of one program always come from one form."""
        widest = max(self.multiplications)
        small = widest <= SUM_LIMIT and batch * widest <= 2**16
        return sum_of_products if small and has_small_loops() else dot

    def forward(
        self,
        params: list[Params],
        stats: list[Params],
        x: jax.Array,
        *,
        linear: Linear = dot,
        training: bool = False,
        key: jax.Array | None = None,
        mask: jax.Array | None = None,
        nudge: tuple[int, jax.Array] | None = None,
    ) -> Pass:
        """(B, *input_shape) -> Pass. nudge: a layer, and what is added to what it is given; the
        gradient with respect to that is one with respect to what goes in there. Of params and
        stats those of further layers are left alone."""
        kept, fresh, penalties = self._hidden(params, stats, x, linear, training, key, mask, nudge)
        last, index = self.layers[-1], len(self.layers) - 1
        context = Context(training, None, mask, linear)
        given = _nudged(kept[-1], index, nudge)
        logits, s = last.logits(params[index], stats[index], given, context)
        outputs = last.activate(logits)
        penalty = sum(penalties[1:], penalties[0]) if penalties else None
        return Pass(logits, outputs, [*fresh, s], [*kept[1:], outputs], penalty)

    def _hidden(
        self,
        params: list[Params],
        stats: list[Params],
        x: jax.Array,
        linear: Linear = dot,
        training: bool = False,
        key: jax.Array | None = None,
        mask: jax.Array | None = None,
        nudge: tuple[int, jax.Array] | None = None,
    ) -> tuple[list[jax.Array], list[Params], list[jax.Array]]:
        """What comes in and the output of every hidden layer, their new stats, and what they add
        to the loss."""
        penalties: list[jax.Array] = []
        kept: list[jax.Array] = [x]
        fresh: list[Params] = []
        for i, layer in enumerate(self.layers[:-1]):
            layer_key = None if key is None else jax.random.fold_in(key, i)
            context = Context(training, layer_key, mask, linear)
            x = _nudged(x, i, nudge)
            penalty = layer.penalty(params[i], x)
            if penalty is not None:
                penalties.append(penalty)
            if isinstance(layer, Merge):
                x, s = layer.merge(x, kept[i - layer.back]), stats[i]
            else:
                x, s = layer.apply(params[i], stats[i], x, context)
            kept.append(x)
            fresh.append(s)
        return kept, fresh, penalties

    def onward(
        self, index: int, params: list[Params], stats: list[Params], h: jax.Array
    ) -> jax.Array:
        """What the network makes of outputs (B, *shape) of the hidden layer `index`: its outputs
        (B, ..., K). No layer after it may reach back before it."""
        rest = Model(self.layers[index + 1 :], self.shapes[index + 1])
        return rest.forward(params[index + 1 :], stats[index + 1 :], h).outputs

    def goes_through(self, index: int) -> bool:
        """Whether all that comes after the hidden layer `index` is told by its outputs."""
        after = enumerate(self.layers[index + 1 :], start=index + 1)
        return all(i - layer.back > index for i, layer in after if isinstance(layer, Merge))

    def inside(
        self, index: int, params: list[Params], stats: list[Params], x: jax.Array
    ) -> dict[str, jax.Array]:
        """What there is to see inside a hidden layer at inputs (B, *input_shape)."""
        before = Model(self.layers[: index + 1], self.input_shape)
        kept, *_ = before._hidden(params, stats, x)
        context = Context(False, None, None, dot)
        return self.layers[index].inspect(params[index], stats[index], kept[-1], context)

    def regularized(self, params: list[Params]) -> list[dict[str, bool]]:
        """Which parameters the penalties apply to, in the shape of `params`."""
        return [
            {name: name in layer.regularized for name in p}
            for layer, p in zip(self.layers, params, strict=True)
        ]


def first_weights(experiment: Experiment) -> tuple[list[Params], list[Params]]:
    """Initial (params, stats) of all layers: the network's, then the generator's."""
    params, stats = Model.of(experiment).init(experiment.seed)
    if experiment.generator is None:
        return params, stats
    made, kept = Model.maker(experiment).init(experiment.seed, MAKERS_STREAM)
    return params + made, stats + kept


def total_loss(
    losses: jax.Array, asked: jax.Array, result: Pass, rows: jax.Array | None = None
) -> jax.Array:
    """The mean of the losses of all answers asked for, and what layers add to it in the mean of
    the rows, (B,), whose mask is 1 (None: those of which something is asked)."""
    error = mean_loss(losses, asked)
    if result.penalty is None:
        return error
    return error + mean_loss(result.penalty, real_rows(asked) if rows is None else rows)


def real_rows(asked: jax.Array) -> jax.Array:
    """(B,), 1 for the rows of which some answer is asked."""
    return asked.reshape(len(asked), -1).max(-1)


def _nudged(x: jax.Array, index: int, nudge: tuple[int, jax.Array] | None) -> jax.Array:
    return x if nudge is None or nudge[0] != index else x + nudge[1]


def mean_loss(losses: jax.Array, mask: jax.Array) -> jax.Array:
    """Mean of losses over those whose mask, of the same shape, is 1."""
    return (losses * mask).sum() / jnp.maximum(mask.sum(), 1.0)
