"""The real numbers of one window of a convolution or a pooling."""

from __future__ import annotations

from typing import Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray

from server.experiment import Experiment
from server.layers.normalization import EPSILON
from server.layers.windows import Window, window

from ..arrays import Tree
from ..program import Probe
from .base import VIEWS, Scene, option
from .example import OfExample


@VIEWS.register
class Microscope(OfExample):
    """What one unit of a layer of windows makes of one window of an example.

    y, x: a place of the layer's output; beyond the last, the last. Sequences have one row.
    """

    kind: Literal["microscope"] = "microscope"
    title = "Microscope"
    help = "One window under the microscope: what it sees, the kernel, the products, their sum."
    forms = ("image", "sequence")
    layer: int = option(0, 0, 15, "Which hidden layer, counted from the input.")
    unit: int = option(0, 0, 4096, "Which of its kernels or channels; beyond the last, the last.")
    y: int = option(0, 0, 4096, "Row of its output; 0 of a sequence.")
    x: int = option(0, 0, 4096, "Column of its output, or of a sequence the time.")

    @property
    def probe_name(self) -> str:
        return f"microscope {self.layer}"

    def fits(self, experiment: Experiment) -> bool:
        layers = experiment.network.layers
        return (
            super().fits(experiment)
            and self.layer < len(layers)
            and _size(layers[self.layer]) is not None
        )

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def around(state: Tree, live: Any, _: Tree, example: jax.Array) -> Any:
            given = shape.given(example[None])
            found = shape.network(live).forward(state["params"], state["stats"], given)
            before = [given, *found.activations][self.layer]
            return {"given": before[0], "output": found.activations[self.layer][0]}

        return Probe(self.probe_name, around, (), (self.example(scene),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        layer = scene.experiment.network.layers[self.layer]
        given, output = _as_picture(found["given"]), _as_picture(found["output"])
        height, width, units = output.shape
        unit = min(self.unit, units - 1)
        place = min(self.y, height - 1), min(self.x, width - 1)
        flat = found["given"].ndim == 2
        axes = [window("", 1, 1) if flat else _axis(layer, given.shape[0])]
        axes.append(_axis(layer, given.shape[1]))
        params = scene.params[self.layer]
        patch, seen = _patch(given, axes, place)
        told = {
            "layer": self.layer,
            "unit": unit,
            "place": list(place),
            "corner": [a.stride * at - a.before for a, at in zip(axes, place, strict=True)],
            "dilation": axes[1].dilation,
            "seen": seen,
            "output": float(output[(*place, unit)]),
        }
        if "w" not in params:
            return told | {"patch": patch[:, :, unit : unit + 1], "channel": unit}
        kernel = params["w"][None] if flat else params["w"]
        inside = kernel.shape[2]
        first = unit // (units // (given.shape[2] // inside)) * inside
        patch, kernel = patch[:, :, first : first + inside], kernel[..., unit]
        sums = (patch.astype(float) * kernel).sum((0, 1))
        bias = float(params["b"][unit])
        before = float(sums.sum()) + bias
        return told | {
            "patch": patch,
            "channel": first,
            "kernel": np.ascontiguousarray(kernel),
            "sums": sums.astype(np.float32),
            "sum": float(sums.sum()),
            "bias": bias,
            "normalized": self._normalized(scene, before, unit),
        }

    def _normalized(self, scene: Scene, value: float, unit: int) -> float | None:
        params = scene.params[self.layer]
        if "scale" not in params:
            return None
        stats = scene.program.packing.read_part(scene.state, "stats")[self.layer]
        mean, var = float(stats["mean"][unit]), float(stats["var"][unit])
        even = (value - mean) / np.sqrt(var + EPSILON)
        return float(even * params["scale"][unit] + params["offset"][unit])


def _size(layer: Any) -> int | None:
    """Positions of its windows along an axis; None where it has none that slide."""
    if "transpose" in layer.kind:
        return None
    return getattr(layer, "kernel_size", getattr(layer, "pool_size", None))


def _axis(layer: Any, length: int) -> Window:
    size = _size(layer) or 1
    dilation = getattr(layer, "dilation", 1)
    return window("", length, size, layer.stride or size, dilation, layer.padding)


def _as_picture(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(H, W, C); a sequence (T, C) as a picture of one row."""
    return values if values.ndim == 3 else values.reshape(1, -1, values.shape[-1])


def _patch(
    given: NDArray[np.float32], axes: list[Window], place: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """What a window holds, (rows, columns, C), 0 in the padding; and where it is none, 1."""
    spots = [
        axis.stride * at - axis.before + axis.dilation * np.arange(axis.size)
        for axis, at in zip(axes, place, strict=True)
    ]
    inside = [(spot >= 0) & (spot < axis.length) for spot, axis in zip(spots, axes, strict=True)]
    seen = inside[0][:, None] & inside[1][None]
    rows, columns = (
        np.clip(spot, 0, axis.length - 1) for spot, axis in zip(spots, axes, strict=True)
    )
    patch = np.where(seen[:, :, None], given[rows][:, columns], np.float32(0))
    return patch, seen.astype(np.uint8)
