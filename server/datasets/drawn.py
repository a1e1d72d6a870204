"""Points that a person draws."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from server.experiment.registry import DATASETS, setting

from .base import DOMAIN, Dataset, Points

MAX_POINTS = 2000
MAX_CLASSES = 6

Coordinate = Annotated[float, Field(ge=-DOMAIN, le=DOMAIN)]
ClassIndex = Annotated[int, Field(ge=0, lt=MAX_CLASSES)]


@DATASETS.register
class Drawn(Dataset):
    """May be empty: then there are no points, and nothing to train on."""

    kind: Literal["drawn"] = "drawn"
    title = "Drawn by hand"
    help = "Points that you draw on the plane with the mouse or a finger, in any class."

    classes: int = setting(  # pyright: ignore[reportIncompatibleVariableOverride]
        2, title="Classes", ge=2, le=MAX_CLASSES, choices=[2, 3, 4, 5, 6],
        help="How many classes there are to draw in.",
    )  # fmt: skip
    points: tuple[tuple[Coordinate, Coordinate, ClassIndex], ...] = setting(
        (), title="Points", max_length=MAX_POINTS, change="keep", widget="points",
        help="Every point as x, y and its class.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _classes_exist(self) -> Self:
        for i, (_, _, label) in enumerate(self.points):
            if label >= self.classes:
                raise ValueError(
                    f"points/{i}: class {label} is not below classes, which is {self.classes}; "
                    f"raise classes to {label + 1} or redraw the point"
                )
        return self

    def generate(self, rng: np.random.Generator) -> Points:
        table = np.array(self.points, np.float64).reshape(-1, 3)
        return Points.of(table[:, :2], table[:, 2])
