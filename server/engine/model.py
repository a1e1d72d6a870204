"""The network as arrays: its layers in order, their first weights, the forward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment import Experiment
from server.layers.base import Context, Params
from server.layers.dense import Dense
from server.training.targets import output_units

from .platform import has_small_loops

Linear = Callable[[jax.Array, jax.Array], jax.Array]

#: up to this many multiplications per example a product is faster written as a sum
SUM_LIMIT = 512


def dot(x: jax.Array, w: jax.Array) -> jax.Array:
    """(B, I), (I, O) -> (B, O)."""
    return x @ w


def sum_of_products(x: jax.Array, w: jax.Array) -> jax.Array:
    """The same product in the form that XLA fuses into a small loop's one kernel."""
    return (x[:, :, None] * w[None]).sum(1)


@dataclass(frozen=True)
class Pass:
    """What one forward pass gives: (B, K) logits and outputs, new stats, and on request
    the output of every layer, (B, units) each."""

    logits: jax.Array
    outputs: jax.Array
    stats: list[Params]
    activations: list[jax.Array]


@dataclass(frozen=True)
class Model:
    """The layers of an experiment, output last. Live fields may hold traced values."""

    layers: tuple[Any, ...]
    inputs: int

    @classmethod
    def of(cls, experiment: Experiment) -> Model:
        activation = experiment.output_activation
        output = experiment.network.output
        last = Dense(
            units=output_units(experiment.data.dataset, activation),
            activation=activation,
            initializer=output.initializer,
            bias=output.bias,
        )
        return cls((*experiment.network.layers, last), len(experiment.data.features))

    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, units) of every layer."""
        pairs: list[tuple[int, int]] = []
        shape: tuple[int, ...] = (self.inputs,)
        for layer in self.layers:
            following = layer.output_shape(shape)
            pairs.append((shape[0], following[0]))
            shape = following
        return pairs

    def init(self, seed: int) -> tuple[list[Params], list[Params]]:
        """Initial (params, stats). Every layer draws from a stream of its own, so that a
        change of one layer leaves the first weights of those before it as they were."""
        params: list[Params] = []
        stats: list[Params] = []
        for i, (layer, (inputs, _)) in enumerate(zip(self.layers, self.shapes(), strict=True)):
            rng = np.random.Generator(np.random.Philox(key=[seed, i]))
            p, s = layer.init(rng, (inputs,))
            params.append(p)
            stats.append(s)
        return params, stats

    def linear(self, batch: int) -> Linear:
        """The faster form of a matrix product for these widths, chosen by measurement
        (docs/performance.md). Numbers of one program always come from one form."""
        widest = max(inputs * units for inputs, units in self.shapes())
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
    ) -> Pass:
        """(B, inputs) -> Pass."""
        kept: list[jax.Array] = []
        fresh: list[Params] = []
        for i, layer in enumerate(self.layers[:-1]):
            layer_key = None if key is None else jax.random.fold_in(key, i)
            context = Context(training, layer_key, mask, linear)
            x, s = layer.apply(params[i], stats[i], x, context)
            kept.append(x)
            fresh.append(s)
        last = self.layers[-1]
        context = Context(training, None, mask, linear)
        logits, s = last.logits(params[-1], stats[-1], x, context)
        outputs = last.activate(logits)
        return Pass(logits, outputs, [*fresh, s], [*kept, outputs])

    def regularized(self, params: list[Params]) -> list[dict[str, bool]]:
        """Which parameters the penalties apply to, in the shape of `params`."""
        return [
            {name: name in layer.regularized for name in p}
            for layer, p in zip(self.layers, params, strict=True)
        ]


def mean_loss(losses: jax.Array, mask: jax.Array) -> jax.Array:
    """Mean of (B,) losses over the rows whose mask is 1."""
    return (losses * mask).sum() / jnp.maximum(mask.sum(), 1.0)
