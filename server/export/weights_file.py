"""The weights as safetensors, and back."""

from __future__ import annotations

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from server.experiment import Experiment

from .base import TARGETS, Arrays, Run, Unsupported

#: the file that every exported program reads
WEIGHTS = "weights.safetensors"


def pack(run: Run) -> bytes:
    """Every array by its name. A single entry of metadata: more have no certain order."""
    return save(run.arrays, metadata={"experiment": run.experiment.canonical()})


@TARGETS.register(
    "safetensors", title="Weights (safetensors)", filename=WEIGHTS,
    media_type="application/octet-stream",
    group="Model",
    help="Every weight, bias and running average, exact; the experiment is in its metadata.",
)  # fmt: skip
def safetensors(run: Run) -> dict[str, bytes]:
    return {WEIGHTS: pack(run)}


def unpack(experiment: Experiment, content: bytes) -> tuple[list[Arrays], list[Arrays]]:
    """(params, stats) of an experiment from such a file, output last.

    Raises Unsupported where the file is none, or is that of another network.
    """
    try:
        arrays = load(content)
    except SafetensorError as error:
        raise Unsupported(
            "/weights", f"it is no safetensors file ({error}); export one with 'safetensors'"
        ) from None
    params: list[Arrays] = []
    stats: list[Arrays] = []
    for place in Run(experiment, [], []).places:
        shapes = place.layer.init(np.random.default_rng(0), place.input_shape)
        for trees, wanted in zip((params, stats), shapes, strict=True):
            trees.append(
                {
                    name: _taken(arrays, f"{place.owner}{place.name}.{name}", a.shape)
                    for name, a in wanted.items()
                }
            )
    if arrays:
        raise Unsupported(
            f"/weights/{min(arrays)}",
            "the experiment has no such array; give the experiment that the weights are of",
        )
    return params, stats


def _taken(arrays: Arrays, name: str, shape: tuple[int, ...]) -> np.ndarray:
    array = arrays.pop(name, None)
    if array is None or array.shape != shape:
        found = "missing" if array is None else f"of shape {list(array.shape)}"
        raise Unsupported(
            f"/weights/{name}",
            f"it is {found} and the experiment wants {list(shape)}; "
            "give the experiment that the weights are of",
        )
    return array.astype(np.float32)
