"""The typed objects an experiment is made of: `Experiment`, and every registered kind.

They are the server's own values, so that its registries stay the one source. The rooms that
fill those import JAX (they never start it), which is why nothing here is imported until a
name is asked for; experiments given as plain JSON need none of it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for editors; a kind whose file is not named here works as well, as Any
    from server.datasets.classic import *  # noqa: F403
    from server.datasets.designs import *  # noqa: F403
    from server.datasets.drawn import *  # noqa: F403
    from server.datasets.driving import *  # noqa: F403
    from server.datasets.gaussians import *  # noqa: F403
    from server.datasets.measured import *  # noqa: F403
    from server.datasets.own import *  # noqa: F403
    from server.datasets.own_media import *  # noqa: F403
    from server.datasets.pictures import *  # noqa: F403
    from server.datasets.preparation.encoding import *  # noqa: F403
    from server.datasets.preparation.missing import *  # noqa: F403
    from server.datasets.preparation.pictures import *  # noqa: F403
    from server.datasets.preparation.scaling import *  # noqa: F403
    from server.datasets.preparation.shaping import *  # noqa: F403
    from server.datasets.sequences import *  # noqa: F403
    from server.datasets.surfaces import *  # noqa: F403
    from server.datasets.tables import *  # noqa: F403
    from server.datasets.tokens import *  # noqa: F403
    from server.datasets.univariate import *  # noqa: F403
    from server.datasets.written import *  # noqa: F403
    from server.experiment import *  # noqa: F403
    from server.layers.attention import *  # noqa: F403
    from server.layers.convolution import *  # noqa: F403
    from server.layers.dense import *  # noqa: F403
    from server.layers.elementwise import *  # noqa: F403
    from server.layers.embedding import *  # noqa: F403
    from server.layers.merging import *  # noqa: F403
    from server.layers.normalization import *  # noqa: F403
    from server.layers.pooling import *  # noqa: F403
    from server.layers.recurrent import *  # noqa: F403
    from server.layers.reshaping import *  # noqa: F403
    from server.layers.transposed import *  # noqa: F403
    from server.training.augmentation.colours import *  # noqa: F403
    from server.training.augmentation.geometric import *  # noqa: F403
    from server.training.augmentation.mixing import *  # noqa: F403
    from server.training.losses import *  # noqa: F403
    from server.training.optimizers import *  # noqa: F403
    from server.training.schedules import *  # noqa: F403

#: what an experiment is put together from, beside the registered kinds
ROOMS = ("Data", "EarlyStopping", "Experiment", "Network", "Output", "Split", "Training")


@cache
def names() -> dict[str, Any]:
    """Every typed object by its name: `{"Experiment": …, "Dense": …, "Adam": …}`."""
    import server.datasets
    import server.layers
    import server.training  # noqa: F401 - fills the registries
    from server import experiment
    from server.experiment import registry

    kinds = (registry.DATASETS, registry.LAYERS, registry.LOSSES)
    kinds = (*kinds, registry.OPTIMIZERS, registry.SCHEDULES)
    kinds = (*kinds, registry.PREPARATIONS, registry.AUGMENTATIONS)
    rooms = {name: getattr(experiment, name) for name in ROOMS}
    return rooms | {kind.__name__: kind for group in kinds for kind in group.values()}


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in names():
        raise AttributeError(f"layerlab has no {name!r}")
    return names()[name]


def __dir__() -> list[str]:
    return sorted(names())
