"""What an augmentation is: a kind that changes the pictures of a training step at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from server.experiment.registry import Kind, setting


@dataclass(frozen=True)
class Batch:
    """The examples of a step.

    images: (B, height, width, channels), from 0 to 1. targets: (B, ..., K). real: (B,), 1 for
    rows that are there, which come first, 0 for the rest of a partial batch. rebuilds: whether
    the targets are the pictures.
    """

    images: jax.Array
    targets: jax.Array
    real: jax.Array
    rebuilds: bool = False


def probability_setting(default: float) -> Any:
    return setting(
        default, title="Probability", ge=0, le=1, change="live", choices=[0, 0.25, 0.5, 0.75, 1],
        help="The share of the pictures that it is done to, drawn anew each time.",
    )  # fmt: skip


class Augmentation(Kind):
    """Base of every augmentation. Numbers are live; all else about it keeps the weights."""

    #: whether pixels move: then those of a picture to be rebuilt move with them; else it is the
    #: unchanged picture that is to be rebuilt
    moves: ClassVar[bool] = False

    probability: float = probability_setting(1.0)

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        """All pictures (B, height, width, channels) changed, each by numbers of its own: from 0 to
        1, of the same shape."""
        raise NotImplementedError

    def apply(self, key: jax.Array, batch: Batch) -> Batch:
        """The batch with some of its pictures changed. Equal keys, equal bits."""
        chosen_key, change_key = jax.random.split(key)
        chosen = jax.random.bernoulli(chosen_key, self.probability, (len(batch.images), 1, 1, 1))

        def some(images: jax.Array) -> jax.Array:
            return jnp.where(chosen, self.changed(change_key, images), images)

        moved = replace(batch, images=some(batch.images))
        if batch.rebuilds and self.moves:
            return replace(moved, targets=some(batch.targets))
        return moved


def augmented(steps: Sequence[Augmentation], key: jax.Array, batch: Batch) -> Batch:
    """The batch after one augmentation after the other, each with a key of its own."""
    for i, step in enumerate(steps):
        batch = step.apply(jax.random.fold_in(key, i), batch)
    return batch
