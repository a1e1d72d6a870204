"""Pictures of a session by Matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import colors
from .results import Frame, Points

PARTS = (("train", "0.55", 1), ("validation", "#2eb8a1", 1), ("test", "#0877bd", 2))


def figure(
    session: dict[str, Any], points: Points, curve: dict[str, NDArray[Any]], frame: Frame
) -> Figure:
    """Loss curves at the left; what the network answers, with the points, at the right."""
    both, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    pyplot.close(both)  # a notebook shows what is answered, and only that
    losses(left, curve)
    outcome(right, session, points, frame)
    right.set_title(f"epoch {frame.epoch:g}")
    return both


def losses(axes: Axes, curve: dict[str, NDArray[Any]]) -> None:
    """The loss of every part over the epochs."""
    for part, color, width in PARTS:
        values = curve[f"{part}_loss"]
        if not np.isnan(values).all():
            axes.plot(curve["epoch"], values, color=color, linewidth=width, label=part)
    axes.set(xlabel="epoch", ylabel="loss")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def outcome(axes: Axes, session: dict[str, Any], points: Points, frame: Frame) -> None:
    """The network's answers over the domain, under the points."""
    low, high = session["domain"]
    surface, rgb = (frame.views["surface"], colors.of_labels(points.labels, session) / 255)
    if session["dimensions"] == 1:
        for output in surface["values"]:
            axes.plot(np.linspace(low, high, len(output)), output, color="#0877bd")
        axes.scatter(points.inputs[:, 0], points.labels, s=9, c=rgb)
        axes.set(xlim=(low, high), xlabel="x", ylabel="y")
        return
    extent = (low, high, low, high)
    picture = colors.of_surface(surface)
    axes.imshow(picture, extent=extent, alpha=0.75, interpolation="bilinear")
    axes.scatter(*points.inputs.T, s=14, c=rgb, edgecolors="white", linewidths=0.5)
    axes.set(xlim=(low, high), ylim=(low, high), xlabel="x", ylabel="y", aspect="equal")
