"""Views of what the columns of a table do to the answers."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from ..arrays import Tree, arange, map_each
from ..model import mean_loss
from ..program import Probe
from ..scores import scored_rows
from ..shape import PARTS, Shape
from .base import VIEWS, Scene, View, option

#: shuffles that the importance of a column is the mean of, and rows whose own lines are drawn
SHUFFLES, LINES = 3, 30
#: the share of the rows on each side that a column's span leaves out
TAIL = 0.02


class OfColumns(View):
    """Base of the views of a table's columns."""

    seldom = True
    forms = ("table",)
    part: Literal["train", "validation", "test"] = Field(
        "test", description="On the examples of which part."
    )


@VIEWS.register
class Importance(OfColumns):
    """By how much the loss rises where a column says nothing any more (Breiman, 2001)."""

    kind: Literal["importance"] = "importance"
    title = "Importance of the columns"
    help = "By how much the loss rises when the values of a column are dealt out anew to the rows."

    def probe(self, scene: Scene) -> Probe:
        shape, part = scene.program.shape, PARTS.index(self.part)

        def found(state: Tree, live: Any, data: Tree) -> Tree:
            rows = scored_rows(shape, data)
            mask, inputs = rows["part"] == part, rows["inputs"]
            now = _loss(shape, state, live, inputs, rows, mask)

            def dealt(which: jax.Array) -> jax.Array:
                order = _shuffled(mask, jax.random.key(which))
                column = which // SHUFFLES
                there = arange(inputs.shape[1]) == column
                other = jnp.where(there[None], inputs[order], inputs)
                return _loss(shape, state, live, other, rows, mask) - now

            rises = map_each(dealt, arange(SHUFFLES * inputs.shape[1]))
            return {"loss": now, "rises": rises.reshape(-1, SHUFFLES).mean(1)}

        return Probe(self.key, found, quick=True)

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        return {"loss": float(found["loss"]), "rises": found["rises"]}


def _loss(
    shape: Shape, state: Tree, live: Any, inputs: jax.Array, rows: Tree, mask: jax.Array
) -> jax.Array:
    """The mean loss of the rows whose mask is true, with these inputs."""
    result = shape.network(live).forward(state["params"], state["stats"], inputs)
    loss = shape.thaw(live).training.loss
    losses = loss.per_example(result.logits, result.outputs, rows["targets"])
    return mean_loss(losses, mask.astype(jnp.float32))


def _shuffled(mask: jax.Array, key: jax.Array) -> jax.Array:
    """(N,): for every row whose mask is true another such row, each once; for others themselves."""
    drawn = jnp.argsort(jnp.where(mask, jax.random.uniform(key, mask.shape), 2.0))
    rank = jnp.cumsum(mask) - 1
    return jnp.where(mask, drawn[jnp.maximum(rank, 0)], arange(len(mask)))


@VIEWS.register
class Dependence(OfColumns):
    """What the answers would be if a column had another value in every row (Friedman, 2001)."""

    kind: Literal["dependence"] = "dependence"
    title = "Partial dependence"
    help = "The answer for every value of one column, all else in the rows as it is."
    column: int = option(0, 0, 1999, "Which of the prepared columns; beyond the last, the last.")
    size: int = option(24, 2, 100, "How many values.")

    @property
    def probe_name(self) -> str:
        return f"dependence {self.part} {self.size}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def probe(self, scene: Scene) -> Probe:
        shape, part = scene.program.shape, PARTS.index(self.part)
        column = min(self.column, scene.loaded.pool.shape[1] - 1)

        def found(state: Tree, live: Any, data: Tree, column: jax.Array) -> Tree:
            rows = scored_rows(shape, data)
            mask, inputs = rows["part"] == part, rows["inputs"]
            own = jnp.where(mask, inputs[:, column], jnp.nan)
            low, high = jnp.nanquantile(own, TAIL), jnp.nanquantile(own, 1 - TAIL)
            values = low + (high - low) * arange(self.size) / (self.size - 1)
            there = arange(inputs.shape[1]) == column
            first = jnp.argsort(~mask, stable=True)[:LINES]

            def at(value: jax.Array) -> tuple[jax.Array, jax.Array]:
                outputs = shape.predict(state, live, jnp.where(there[None], value, inputs))
                weights = mask.astype(jnp.float32)[:, None]
                mean = (outputs * weights).sum(0) / jnp.maximum(weights.sum(), 1.0)
                return mean, outputs[first]

            means, lines = map_each(at, values)
            return {"values": values, "means": means, "lines": lines}

        return Probe(self.probe_name, found, (), (np.int32(column),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        count = min(LINES, scene.loaded.counts[self.part])
        return {**found, "lines": found["lines"][:, :count]}
