"""What augmentation makes of pictures."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.experiment import Experiment
from server.training.augmentation import Batch, augmented

from ..arrays import Tree, arange, map_each, tree_map, zeros
from ..program import Probe
from ..shape import Shape
from .base import VIEWS, Scene, View, option, quantise


@VIEWS.register
class Augmented(View):
    """The first training pictures, and several draws of what training may be given of each."""

    kind: Literal["augmented"] = "augmented"
    title = "Augmented pictures"
    help = "Training pictures beside what augmentation may make of them."
    forms = ("image",)

    count: int = option(4, 1, 16, "How many pictures; where there are fewer, all.")
    draws: int = option(4, 1, 12, "How often each is drawn.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Another seed draws others.")

    def fits(self, experiment: Experiment) -> bool:
        return super().fits(experiment) and bool(experiment.data.augmentation)

    @property
    def probe_name(self) -> str:
        """Of what is compiled: the same for every seed."""
        return f"augmented {self.count} {self.draws}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def drawn(_: Tree, live: Any, data: Tree, seed: jax.Array) -> Any:
            return _drawn(shape, live, data, seed, self.count, self.draws)

        own = (np.uint32(self.seed),)
        return Probe(self.probe_name, drawn, (), own, quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        found, count = scene.find(self.key), min(self.count, scene.loaded.counts["train"])
        targets: NDArray[np.float32] = found["targets"][:count]
        classes = scene.experiment.task.problem == "classification"
        return {
            "rows": np.arange(count, dtype=np.uint32),
            "inputs": scene.loaded.pool[scene.loaded.rows[:count]],
            "labels": scene.loaded.labels[:count],
            "draws": found["images"][:count],
            "targets": targets if classes else None,
        }


def _drawn(
    shape: Shape, live: Any, data: Tree, seed: jax.Array, count: int, draws: int
) -> dict[str, jax.Array]:
    """Bytes (count, draws, *picture), and targets (count, draws, …), of the first training rows,
    which are drawn as one batch."""
    experiment, key = shape.thaw(live), jax.random.key(seed)
    x, labels = shape.examples(data, arange(count))
    real = (arange(count) < data["count"]).astype(x.dtype)
    batch = Batch(x, shape.targets(x, labels), real, experiment.task.rebuilds)

    def one(draw: jax.Array) -> dict[str, jax.Array]:
        found = augmented(experiment.data.augmentation, jax.random.fold_in(key, draw), batch)
        targets = zeros((count, 0)) if batch.rebuilds else found.targets
        return {"images": quantise(found.images, 0.0, 1.0), "targets": targets}

    def by_picture(found: jax.Array) -> jax.Array:
        return jnp.moveaxis(found, 0, 1)

    return tree_map(by_picture, map_each(one, arange(draws)))
