"""The shape of an experiment: what a compiled program depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from server.experiment import Experiment, Training
from server.experiment.live import live_values, static_form, with_live
from server.experiment.shapes import TOGETHER
from server.training.targets import encode, predicted_classes, target_low

from .arrays import Tree
from .data import Arrays
from .model import Linear, Model, dot

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Shape:
    """An experiment without its live numbers, seed and points, and the capacity of its data.

    experiment: any experiment of the shape. train: rows of the data arrays for training.
    ragged: whether an epoch's last batch is partial.
    """

    experiment: Experiment
    train: int
    ragged: bool

    @classmethod
    def of(cls, experiment: Experiment, arrays: Arrays) -> Shape:
        return cls(experiment, arrays.train, arrays.ragged)

    @cached_property
    def paths(self) -> list[str]:
        """The paths of the live numbers."""
        return sorted(live_values(self.experiment))

    @cached_property
    def model(self) -> Model:
        """The layers, for their shapes and first weights; `network` is the one to run."""
        return Model.of(self.experiment)

    @cached_property
    def maker(self) -> Model | None:
        """The generator's layers, if there is one."""
        return Model.maker(self.experiment) if self.experiment.generator else None

    @cached_property
    def layers(self) -> tuple[Any, ...]:
        """All layers as a state has them: the network's, then the generator's."""
        return (*self.model.layers, *(self.maker.layers if self.maker else ()))

    def judges(self, trees: list[Any]) -> list[Any]:
        """Of what a state has of every layer, that of the network, which is the discriminator."""
        return trees[: len(self.model.layers)]

    def makers(self, trees: list[Any]) -> list[Any]:
        """Of what a state has of every layer, that of the generator."""
        return trees[len(self.model.layers) :]

    @cached_property
    def batch(self) -> int:
        return min(self.experiment.training.batch_size, self.train)

    @cached_property
    def streamed(self) -> bool:
        """Whether the examples are no points: they may be many and large, so that a step takes
        its own rows alone, and codes the targets itself."""
        return self.experiment.data.dataset.form != "points"

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
        """The form of the matrix products of a training step."""
        return dot if self.streamed or self.maker else self.model.linear(self.batch)

    def live(self, experiment: Experiment) -> NDArray[np.float32]:
        """The live numbers of an experiment of this shape, as the programs take them."""
        values = live_values(experiment)
        return np.array([values[p] for p in self.paths], np.float32)

    def thaw(self, live: jax.Array) -> Experiment:
        """The experiment with traced values for its live numbers."""
        return with_live(self.experiment, {p: live[i] for i, p in enumerate(self.paths)})

    def network(self, live: jax.Array) -> Model:
        """The layers with traced live numbers."""
        return Model.of(self.thaw(live))

    def predict(self, state: Tree, live: jax.Array, inputs: jax.Array) -> jax.Array:
        """(N, *input_shape) -> (N, ..., K) outputs."""
        return self.network(live).forward(state["params"], state["stats"], inputs).outputs

    def given(self, inputs: jax.Array) -> jax.Array:
        """What the network is given of these inputs: of bytes, numbers from 0 to 1."""
        return inputs.astype(jnp.float32) / 255 if inputs.dtype == jnp.uint8 else inputs

    def targets(self, inputs: jax.Array, labels: jax.Array) -> jax.Array:
        """What the network is given (N, ...) and labels (N, ...) -> (N, ..., K) targets."""
        if self.experiment.task.rebuilds:
            return inputs
        low = target_low(self.experiment.training.loss, self.experiment.output_activation)
        units = self.model.shapes[-1][-1]
        return encode(labels, self.experiment.task, units, low)

    def guessed(self, outputs: jax.Array) -> jax.Array:
        """(N, ..., K) outputs of a classifier -> (N, ...) int32 classes."""
        low = target_low(self.experiment.training.loss, self.experiment.output_activation)
        return predicted_classes(outputs, self.experiment.task, low).astype(jnp.int32)

    def asked(self, labels: jax.Array, mask: jax.Array) -> jax.Array:
        """Which answers count, 0 or 1, (N, *label_shape): of the rows (N,) whose mask is 1, those
        for which there is a class."""
        task = self.experiment.task
        rows = mask.reshape(-1, *[1] * len(task.label_shape))
        if task.problem != "classification":
            return jnp.broadcast_to(rows, (len(mask), *task.label_shape))
        return rows * (labels >= 0)

    def sample(self, data: Tree, limit: int) -> tuple[jax.Array, jax.Array, jax.Array]:
        """At most `limit` training rows: inputs, targets, and which answers count."""
        rows = min(limit, self.train)
        if not self.streamed:
            mask = (data["part"][:rows] == 0).astype(jnp.float32)
            return data["inputs"][:rows], data["targets"][:rows], mask
        places = data["sample"][: min(rows, TOGETHER, len(data["sample"]) // 3)]
        inputs, labels = self.examples(data, places)
        mask = (places < data["count"]).astype(jnp.float32)
        return inputs, self.targets(inputs, labels), self.asked(labels, mask)

    def examples(self, data: Tree, places: jax.Array) -> tuple[jax.Array, jax.Array]:
        """What the network is given of the examples at these places (n,), and their labels."""
        return self.given(data["pool"][data["rows"][places]]), data["labels"][places]

    def steps_per_epoch(self, count: Any) -> Any:
        """Optimizer steps per epoch over `count` training rows (an int or a traced one)."""
        whole = count // self.batch if self.playground else -(-count // self.batch)
        return jnp.maximum(whole, 1) if isinstance(whole, jax.Array) else max(whole, 1)

    def rate(self, training: Training, state: Tree, count: jax.Array) -> jax.Array:
        """The learning rate of the step at hand, by the schedule."""
        per_epoch = self.steps_per_epoch(count)
        time = state["epoch"].astype(jnp.float32) + state["batch"] / per_epoch
        return training.learning_rate * training.schedule.factor(time)


def shape_form(experiment: Experiment, arrays: Arrays) -> str:
    """Canonical text of a shape: experiments with equal texts share a program."""
    data = experiment.data
    dataset = data.dataset
    task = experiment.task
    parts = (task, dataset.form, experiment.input_shape, arrays.form, experiment.output_activation)
    learns = (experiment.network, experiment.training, experiment.generator)
    static = (static_form(room) for room in (*learns, *data.augmentation) if room is not None)
    return "|".join(map(str, (*parts, *static)))
