"""Loss and score over all examples of a part, where the scores on the screen are of a sample."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment import Data
from server.experiment.shapes import TOGETHER

from .arrays import Tree
from .program import Probe
from .shape import Shape
from .views import Scene


def examined(data: Data) -> str:
    """Differs where the test part does: of the data, all but how they are presented."""
    said = data.model_dump(mode="json", include={"dataset", "split", "seed"})
    said["split"].pop("sealed")
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def evaluate(scene: Scene, part: str) -> dict[str, float] | None:
    """The mean `loss` and the score, `accuracy` or `r2`, of all examples of a part, and how
    many answers it is the mean of, `count`. None for an empty part."""
    shape, first = scene.program.shape, scene.loaded.begins[part]
    end = first + scene.loaded.counts[part]
    sums: dict[str, float] = {}
    for begin in range(first, end, TOGETHER):
        places = np.full(TOGETHER, -1, np.int32)
        there = np.arange(begin, min(begin + TOGETHER, end))
        places[: len(there)] = there
        probe = Probe("evaluation", lambda *args: _sums(shape, *args), (), (places,))
        found = scene.program.look(probe, scene.state, scene.live, scene.data)
        sums = {name: sums.get(name, 0.0) + float(value) for name, value in found.items()}
    return _means(sums) if sums.get("count") else None


def _sums(shape: Shape, state: Tree, live: jax.Array, data: Tree, places: jax.Array) -> Tree:
    experiment = shape.thaw(live)
    inputs, labels = shape.examples(data, jnp.maximum(places, 0))
    targets = shape.targets(inputs, labels)
    asked = shape.asked(labels, (places >= 0).astype(jnp.float32))
    result = shape.network(live).forward(state["params"], state["stats"], inputs)
    losses = experiment.training.loss.per_example(result.logits, result.outputs, targets)
    sums = {"loss": (losses * asked).sum(), "count": asked.sum()}
    if result.penalty is not None:
        rows = (places >= 0).astype(jnp.float32)
        sums |= {"added": (result.penalty * rows).sum(), "rows": rows.sum()}
    if experiment.task.problem == "classification":
        return sums | {"right": ((shape.guessed(result.outputs) == labels) * asked).sum()}
    errors, each = result.outputs - targets, asked[..., None]
    return sums | {
        "numbers": asked.sum() * targets.shape[-1],
        "errors": (jnp.square(errors) * each).sum(),
        "values": (targets * each).sum(),
        "squares": (jnp.square(targets) * each).sum(),
    }


def _means(sums: dict[str, float]) -> dict[str, Any]:
    count = sums["count"]
    added = sums["added"] / sums["rows"] if "added" in sums else 0.0
    means: dict[str, Any] = {"count": int(count), "loss": sums["loss"] / count + added}
    if "right" in sums:
        return means | {"accuracy": sums["right"] / count}
    spread = sums["squares"] - sums["values"] ** 2 / sums["numbers"]
    return means | {"r2": 1.0 - sums["errors"] / max(spread, 1e-12)}
