"""The page's colours, as arrays: 0-255, the last axis red, green, blue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: a value's: low orange, middle grey, high blue
SCALE = np.array([[245, 147, 34], [232, 234, 235], [8, 119, 189]], float)
#: a class's, as the page numbers them
CLASSES = np.array(
    [[245, 147, 34], [8, 119, 189], [46, 184, 161], [147, 37, 92], [249, 229, 134], [195, 168, 250]]
)


def of_surface(surface: dict[str, Any]) -> NDArray[np.uint8]:
    """The view `surface` of a plane, (outputs, size, size), as a picture (size, size, 3)."""
    if len(surface["values"]) > 1:
        return CLASSES[surface["values"].argmax(0) % len(CLASSES)].astype(np.uint8)
    return _of_share(surface["values"][0] / 255)


def of_labels(labels: NDArray[Any], session: dict[str, Any]) -> NDArray[np.uint8]:
    """Points' labels (N,), classes or values, as colours (N, 3)."""
    if session["classes"]:
        return CLASSES[labels.astype(int) % len(CLASSES)].astype(np.uint8)
    low, high = session["range"]
    return _of_share((labels - low) / (high - low or 1))


def _of_share(share: NDArray[Any]) -> NDArray[np.uint8]:
    """Shares of the way from low (0) to high (1) -> colours, one more axis."""
    stops = np.array([0, 0.5, 1])
    channels = [np.interp(share, stops, SCALE[:, c]) for c in range(3)]
    return np.stack(channels, -1).astype(np.uint8)
