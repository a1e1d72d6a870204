"""What layers can read, for palettes that offer the fitting ones first."""

from __future__ import annotations

from typing import Any

from .base import Shape

#: an example of every rank: a row, a sequence, a picture
SAMPLES: tuple[Shape, ...] = ((64,), (16, 16), (16, 16, 16))


def ranks_read(layer: type[Any]) -> list[int]:
    """The ranks of examples that a layer of this kind, as it comes, can read."""
    return [len(shape) for shape in SAMPLES if _reads(layer(), shape)]


def _reads(layer: Any, shape: Shape) -> bool:
    try:
        layer.output_shape(shape)
    except ValueError:
        return False
    return True
