"""Views of one example on its way through the network, picked or drawn by hand."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.datasets.preparation import prepared_pictures
from server.experiment import Experiment

from ..arrays import Tree, arange, grad, map_in_batches
from ..data import as_sent
from ..program import Probe
from ..scores import answers, scored_rows
from ..shape import PARTS, Shape
from .base import VIEWS, Scene, View, bytes_of, option, quantise

#: inputs (N, ...) -> how much each speaks for one class, (N,)
Answer = Callable[[jax.Array], jax.Array]
#: letters of an example drawn by hand, in base64
MAX_DRAWN = 100_000
#: numbers of what a layer shows of its inside
MAX_INSIDE = 200_000
#: places on the straight way from nothing to the example that integrated gradients visit
PATH = 16


class OfExample(View):
    """Base of the views of one example.

    part, index: which one, counted within its part. drawn: base64 of another, drawn by hand: its
    bytes, of a picture u1, before any step of a preparation, of a sequence f4 and of tokens i4
    (little-endian).
    """

    forms = ("image", "sequence", "tokens", "table")

    part: Literal["train", "validation", "test"] = "test"
    index: int = option(0, 0, 10_000_000, "Which example of the part; beyond the last, the last.")
    drawn: str | None = Field(
        None, max_length=MAX_DRAWN, description="Base64 of an example drawn by hand, or null."
    )

    @property
    def probe_name(self) -> str:
        """Of what is compiled: the same for every example."""
        raise NotImplementedError

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def row(self, scene: Scene) -> int | None:
        """The row of the picked example; None where there is none."""
        loaded = scene.loaded
        count = loaded.counts[self.part]
        if self.drawn is not None or not count:
            return None
        return loaded.begins[self.part] + min(self.index, count - 1)

    def example(self, scene: Scene) -> NDArray[Any]:
        """(*input_shape) as it was loaded or drawn, and prepared; zeros where there is none."""
        row, loaded = self.row(scene), scene.loaded
        if row is not None:
            return loaded.pool[loaded.rows[row]]
        data = scene.experiment.data
        if data.dataset.form == "image":
            raw = _decoded(self.drawn or "", loaded.pool.dtype, data.dataset.input_shape)
            return prepared_pictures(data.preparation, raw[None])[0]
        drawn = _decoded(self.drawn or "", loaded.pool.dtype, loaded.pool.shape[1:])
        tokens = len(data.dataset.vocabulary)
        return np.clip(drawn, 0, tokens - 1) if tokens else drawn


def _decoded(text: str, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array in base64; zeros where it is none of this shape, or no numbers."""
    try:
        values = np.frombuffer(base64.b64decode(text, validate=True), dtype)
        return np.nan_to_num(values.reshape(shape))
    except (binascii.Error, ValueError):
        return np.zeros(shape, dtype)


@VIEWS.register
class Activations(OfExample):
    """What every layer makes of one example."""

    kind: Literal["activations"] = "activations"
    title = "Activations"
    help = "One example on its way: what every unit, or every feature map, answers to it."
    prompt = True

    @property
    def probe_name(self) -> str:
        return "activations"

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def on_its_way(state: Tree, live: Any, _: Tree, example: jax.Array) -> Any:
            given = shape.given(example[None])
            result = shape.network(live).forward(state["params"], state["stats"], given)
            layers = [bytes_of(outputs[0]) for outputs in result.activations]
            return {"layers": layers, "outputs": result.outputs[0]}

        return Probe(
            self.probe_name, on_its_way, (), (self.example(scene),), quick=True, key=self.key
        )

    def look(self, scene: Scene) -> Any:
        found, row = scene.find(self.key), self.row(scene)
        return {
            "row": row,
            "label": None if row is None else scene.loaded.labels[row].tolist(),
            "input": as_sent(self.example(scene)),
            "outputs": found["outputs"],
            "layers": [
                {"values": layer["values"], "limit": float(layer["limit"])}
                for layer in found["layers"]
            ],
        }


@VIEWS.register
class Inside(OfExample):
    """What goes on inside a layer at one example."""

    kind: Literal["inside"] = "inside"
    title = "Inside a layer"
    help = "The numbers inside a layer at one example: gates, attention, scores."
    layer: int = option(0, 0, 15, "Which hidden layer, counted from the input.")

    @property
    def probe_name(self) -> str:
        return f"inside {self.layer}"

    def fits(self, experiment: Experiment) -> bool:
        return super().fits(experiment) and self.layer < len(experiment.network.layers)

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def inside(state: Tree, live: Any, _: Tree, example: jax.Array) -> Any:
            found = shape.network(live).inside(
                self.layer, state["params"], state["stats"], shape.given(example[None])
            )
            return {name: array[0] for name, array in found.items()}

        return Probe(self.probe_name, inside, (), (self.example(scene),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        return {name: array for name, array in found.items() if array.size <= MAX_INSIDE}


@VIEWS.register
class Saliency(OfExample):
    """Which parts of an example its answer hangs on."""

    kind: Literal["saliency"] = "saliency"
    title = "Saliency"
    help = "Which pixels or steps of the example speak for the class it is taken for."
    forms = ("image", "sequence")
    method: Literal["gradient", "integrated_gradients", "occlusion"] = Field(
        "gradient",
        description="The gradient at the example; the gradients on the way to it from nothing, "
        "times the example; or by how much the answer falls where a part is hidden.",
    )

    @property
    def probe_name(self) -> str:
        return f"saliency {self.method}"

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def salient(state: Tree, live: Any, _: Tree, example: jax.Array) -> Any:
            given = shape.given(example[None])
            answer = _answer(shape, state, live, given)
            values = SALIENCY[self.method](answer, given)[0]
            limit = jnp.max(jnp.abs(values))
            return {"values": quantise(values, -limit, limit), "limit": limit}

        return Probe(self.probe_name, salient, (), (self.example(scene),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        return {"values": found["values"], "limit": float(found["limit"])}


def _answer(shape: Shape, state: Tree, live: Any, given: jax.Array) -> Answer:
    """A function of inputs (N, ...) to the pre-activation (N,) of the class that `given` is
    taken for; of several answers in time, of the last."""
    network = shape.network(live)

    def logits(inputs: jax.Array) -> jax.Array:
        found = network.forward(state["params"], state["stats"], inputs).logits
        return found.reshape(len(inputs), -1, found.shape[-1])[:, -1]

    taken_for = jnp.argmax(logits(given)[0])

    def answer(inputs: jax.Array) -> jax.Array:
        return logits(inputs)[:, taken_for]

    return answer


def _slope(answer: Answer, given: jax.Array) -> jax.Array:
    def total(inputs: jax.Array) -> jax.Array:
        return answer(inputs).sum()

    return grad(total)(given)


def _gradient(answer: Answer, given: jax.Array) -> jax.Array:
    """Simonyan and others, 2013: the largest over the channels, without its sign."""
    return jnp.abs(_slope(answer, given)).max(-1)


def _integrated(answer: Answer, given: jax.Array) -> jax.Array:
    """Sundararajan and others, 2017; the baseline is nothing, 0."""
    share = ((arange(PATH) + 0.5) / PATH).reshape(-1, *[1] * (given.ndim - 1))
    return (_slope(answer, share * given).mean(0, keepdims=True) * given).sum(-1)


def _occluded(answer: Answer, given: jax.Array) -> jax.Array:
    """Zeiler and Fergus, 2014: by how much the answer falls with a square around it hidden."""
    sides = given.shape[1:-1]
    reach = max(1, min(sides) // 9)
    places = np.indices(sides).reshape(len(sides), -1).T
    near = np.all(np.abs(places[:, None] - places[None]) <= reach, -1)
    hidden = near.reshape(-1, *sides, 1)

    def without(hide: jax.Array) -> jax.Array:
        return answer(jnp.where(hide, 0.0, given))[0]

    return (answer(given)[0] - map_in_batches(without, hidden)).reshape(1, *sides)


SALIENCY = {
    "gradient": _gradient,
    "integrated_gradients": _integrated,
    "occlusion": _occluded,
}


@VIEWS.register
class Mistakes(View):
    """Examples taken for another class than theirs."""

    kind: Literal["mistakes"] = "mistakes"
    title = "Mistakes"
    help = "Examples that are taken for another class, the surest mistakes first."
    seldom = True
    forms = ("image", "sequence", "tokens", "table")
    part: Literal["train", "validation", "test"] = "test"
    truth: int | None = Field(None, ge=0, le=10_000, description="Of this class only.")
    guess: int | None = Field(None, ge=0, le=10_000, description="Taken for this class only.")
    count: int = option(24, 1, 100, "How many at most.")

    @property
    def needs(self) -> tuple[str, ...]:
        return ("guesses",)

    def fits(self, experiment: Experiment) -> bool:
        task = experiment.task
        one_each = task.problem == "classification" and not task.label_shape
        return super().fits(experiment) and one_each

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def guesses(state: Tree, live: Any, data: Tree) -> Any:
            outputs = answers(shape, state, live, scored_rows(shape, data)).outputs
            return {"guess": shape.guessed(outputs), "sure": outputs.max(-1)}

        return Probe("guesses", guesses, quick=True)

    def look(self, scene: Scene) -> Any:
        found, loaded = scene.find("guesses"), scene.loaded
        rows = scene.sample
        guess, sure = found["guess"][: len(rows)], found["sure"][: len(rows)]
        truth = loaded.labels[rows].astype(np.int32)
        shown = (loaded.part[rows] == PARTS.index(self.part)) & self._chosen(truth, guess)
        places = np.flatnonzero(shown)
        places = places[np.argsort(-sure[places], kind="stable")][: self.count]
        return {
            "total": int(shown.sum()),
            "rows": rows[places].astype(np.uint32),
            "inputs": as_sent(loaded.pool[loaded.rows[rows[places]]]),
            "labels": truth[places].astype(np.int16),
            "guesses": guess[places].astype(np.int16),
            "sure": sure[places],
        }

    def _chosen(self, truth: NDArray[np.int32], guess: NDArray[np.int32]) -> Any:
        if self.truth is None and self.guess is None:
            return truth != guess
        of_class = True if self.truth is None else truth == self.truth
        return of_class & (True if self.guess is None else guess == self.guess)
