"""Views of networks that read one step after another."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.experiment import Experiment
from server.experiment.shapes import layer_shapes

from ..arrays import Tree, fori_loop, grad, zeros
from ..data import as_sent
from ..model import total_loss
from ..program import Probe
from ..shape import Shape
from .base import VIEWS, Scene, View, option
from .example import OfExample

#: training examples that the gradient through time is the mean of
SAMPLE = 64
#: letters that a text may begin with
MAX_PROMPT = 200


@VIEWS.register
class ThroughTime(View):
    """How much of the gradient comes to each step of what a layer reads."""

    kind: Literal["through_time"] = "through_time"
    title = "Gradient through time"
    help = "How much of the loss's gradient reaches each step of what the layer reads."
    seldom = True
    forms = ("sequence", "tokens")
    layer: int = option(0, 0, 16, "Which layer, counted from the input; the last is the output.")

    def fits(self, experiment: Experiment) -> bool:
        if not super().fits(experiment):
            return False
        shapes = layer_shapes(experiment.network.layers, experiment.input_shape)
        return self.layer < len(shapes) and len(shapes[self.layer]) == 2

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def norms(state: Tree, live: jax.Array, data: Tree) -> jax.Array:
            inputs, targets, asked = shape.sample(data, SAMPLE)
            network, loss = shape.network(live), shape.thaw(live).training.loss

            def of(nudge: jax.Array) -> jax.Array:
                result = network.forward(
                    state["params"], state["stats"], inputs, nudge=(self.layer, nudge)
                )
                losses = loss.per_example(result.logits, result.outputs, targets)
                return total_loss(losses, asked, result)

            nudge = zeros((len(inputs), *shape.model.shapes[self.layer]))
            slopes = grad(of)(nudge) * len(inputs)  # of each example's own loss
            return jnp.sqrt(jnp.square(slopes).sum(-1)).mean(0)

        return Probe(self.key, norms)

    def look(self, scene: Scene) -> Any:
        return {"norms": scene.find(self.key)}


@VIEWS.register
class Forecast(OfExample):
    """A sequence, and how the network goes on with it by itself."""

    kind: Literal["forecast"] = "forecast"
    title = "Forecast"
    help = "The network goes on with the sequence by itself: each answer is its next input."
    seldom = True
    forms = ("sequence",)
    steps: int = option(40, 1, 200, "How many steps it goes on.")

    @property
    def probe_name(self) -> str:
        return f"forecast {self.steps}"

    def fits(self, experiment: Experiment) -> bool:
        dataset, task = experiment.data.dataset, experiment.task
        goes_on = dataset.continues and not task.rebuilds and dataset.input_shape[-1] == 1
        return super().fits(experiment) and goes_on

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def ahead(state: Tree, live: Any, _: Tree, example: jax.Array) -> jax.Array:
            def step(window: jax.Array, _: Any) -> tuple[jax.Array, jax.Array]:
                answer = shape.predict(state, live, window[None]).reshape(-1)[-1]
                return jnp.concatenate([window[1:], answer.reshape(1, 1)]), answer

            return jax.lax.scan(step, shape.given(example), length=self.steps)[1]

        return Probe(self.probe_name, ahead, (), (self.example(scene),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        return {"past": as_sent(self.example(scene)), "ahead": scene.find(self.key)}


@VIEWS.register
class Writing(View):
    """What comes next after a text, and texts that the network writes."""

    kind: Literal["writing"] = "writing"
    title = "Writing"
    help = "How likely each token is to come next, and texts drawn by that, token by token."
    seldom = True
    forms = ("tokens",)
    text: str = Field("", max_length=MAX_PROMPT, description="How the texts begin.")
    count: int = option(6, 1, 16, "How many texts.")
    temperature: float = Field(
        1.0, ge=0, le=10, description="Below 1 the likely become likelier; 0 is the likeliest only."
    )
    top_k: int = option(0, 0, 256, "Draw from so many of the likeliest only; 0: from all.")
    top_p: float = Field(
        1.0, gt=0, le=1, description="Draw from the likeliest that together have this probability."
    )
    seed: int = option(0, 0, 2**31 - 1, "Another seed draws other texts.")

    @property
    def probe_name(self) -> str:
        return f"writing {self.count}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def fits(self, experiment: Experiment) -> bool:
        dataset = experiment.data.dataset
        return super().fits(experiment) and dataset.continues and bool(dataset.label_shape)

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def write(
            state: Tree,
            live: Any,
            _: Tree,
            text: jax.Array,
            begun: jax.Array,
            how: jax.Array,
            seed: jax.Array,
        ) -> Any:
            keys = jax.random.split(jax.random.key(seed), len(text))

            def next_of(texts: jax.Array, place: Any) -> tuple[jax.Array, jax.Array]:
                logits = _logits(shape, state, live, texts)[:, place - 1]
                return jax.nn.softmax(logits), _kept(logits, how[0], how[1], how[2])

            def one(place: Any, texts: jax.Array) -> jax.Array:
                kept = next_of(texts, place)[1]
                drawn = jax.random.categorical(keys[place], jnp.log(kept), -1)
                column = jnp.where(place < begun, texts[:, place], drawn.astype(jnp.int32))
                return texts.at[:, place].set(column)

            first = jnp.tile(text, (self.count, 1))
            probabilities, kept = next_of(first, begun)
            texts = fori_loop(1, len(text), one, first)
            return {"texts": texts, "next": probabilities[0], "kept": kept[0]}

        text, begun = self._tokens(scene)
        # At temperature 0 only the likeliest is drawn, however near the next is.
        few = 1 if self.temperature == 0 else self.top_k
        how = np.array([self.temperature, few, self.top_p], np.float32)
        return Probe(
            self.probe_name,
            write,
            (),
            (text, begun, how, np.uint32(self.seed)),
            quick=True,
            key=self.key,
        )

    def _tokens(self, scene: Scene) -> tuple[NDArray[np.int32], np.int32]:
        """How the texts begin (time,), filled up, and how many of the tokens are meant."""
        dataset = scene.experiment.data.dataset
        known = {written: i for i, written in enumerate(dataset.vocabulary)}
        tokens = [known[letter] for letter in self.text if letter in known]
        begun = [dataset.begin or 0, *tokens][: dataset.input_shape[0] - 1]
        text = np.zeros(dataset.input_shape[0], np.int32)
        text[: len(begun)] = begun
        return text, np.int32(len(begun))

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        return {**found, "texts": as_sent(found["texts"])}


def _logits(shape: Shape, state: Tree, live: Any, texts: jax.Array) -> jax.Array:
    return shape.network(live).forward(state["params"], state["stats"], texts).logits


def _kept(logits: jax.Array, temperature: Any, top_k: Any, top_p: Any) -> jax.Array:
    """(B, K) logits -> (B, K) probabilities to draw by."""
    cold = jnp.maximum(temperature, 1e-3)
    probabilities = jax.nn.softmax((logits - logits.max(-1, keepdims=True)) / cold)
    order = jnp.argsort(-probabilities, -1)
    rank = jnp.argsort(order, -1)
    sorted_ = jnp.take_along_axis(probabilities, order, -1)
    # What is likelier has less than top_p together: then this one is needed, too.
    before = jnp.take_along_axis(jnp.cumsum(sorted_, -1) - sorted_, rank, -1)
    inside = (before < top_p) & ((top_k == 0) | (rank < top_k))
    kept = jnp.where(inside, probabilities, 0.0)
    return kept / kept.sum(-1, keepdims=True)
