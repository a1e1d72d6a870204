"""Steps that change pictures before a network is given them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.experiment.registry import PREPARATIONS, Kind, setting

from .base import check_form

#: bytes that all pictures of a dataset may take once they are prepared, and the longest side
MAX_BYTES, MAX_SIDE = 256_000_000, 128
#: pictures that are changed at once
TOGETHER = 1000

#: height, width, channels
Shape = tuple[int, ...]
Pictures = NDArray[np.uint8]

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


class PictureStep(Kind):
    """Base of the steps for pictures. They learn nothing of them: each is changed by itself."""

    form: ClassVar[str] = "image"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.hints = cls.hints | {"form": cls.form}

    def after(self, shape: Shape) -> Shape:
        """The shape of a picture after it. Raises ValueError, with the mend, where it cannot be
        done."""
        raise NotImplementedError

    def apply(self, pictures: Pictures) -> Pictures:
        """(N, height, width, channels) -> the pictures after it, (N, *after)."""
        raise NotImplementedError


@PREPARATIONS.register
class Resize(PictureStep):
    """As Pillow does it."""

    kind: Literal["resize"] = "resize"
    title = "Resize"
    help = "Draws every picture anew at another size, each pixel of all that lie beneath it."
    source = "Pillow, Image.resize"

    height: int = setting(
        28, title="Height", ge=4, le=MAX_SIDE, choices=[8, 14, 16, 28, 32, 64],
        help="Pixels from top to bottom.",
    )  # fmt: skip
    width: int = setting(
        28, title="Width", ge=4, le=MAX_SIDE, choices=[8, 14, 16, 28, 32, 64],
        help="Pixels from left to right.",
    )  # fmt: skip
    interpolation: Literal["nearest", "bilinear", "bicubic"] = setting(
        "bilinear", title="Interpolation", help="What a pixel is made of.",
        options={
            "nearest": ("Nearest", "The one pixel that lies nearest."),
            "bilinear": ("Bilinear", "Those around it, by their distance."),
            "bicubic": ("Bicubic", "More of those around it: sharper."),
        },
    )  # fmt: skip

    def after(self, shape: Shape) -> Shape:
        return (self.height, self.width, shape[-1])

    def apply(self, pictures: Pictures) -> Pictures:
        size, how = (self.width, self.height), _FILTERS[self.interpolation]
        found = np.empty((len(pictures), *self.after(pictures.shape[1:])), np.uint8)
        for i, picture in enumerate(pictures):
            for channel in range(pictures.shape[-1]):
                plane = Image.fromarray(np.ascontiguousarray(picture[..., channel]))
                found[i, ..., channel] = np.asarray(plane.resize(size, how))
        return found


@PREPARATIONS.register
class Grey(PictureStep):
    """As Pillow does it."""

    kind: Literal["grey"] = "grey"
    title = "Grey"
    help = "Of the three colours of a pixel one brightness; grey pictures stay as they are."
    formula = r"0.299\,R + 0.587\,G + 0.114\,B"
    source = "ITU-R recommendation BT.601, luma"

    def after(self, shape: Shape) -> Shape:
        if shape[-1] not in (1, 3):
            raise ValueError(f"pictures have {shape[-1]} channels here; grey is made of 3")
        return (*shape[:-1], 1)

    def apply(self, pictures: Pictures) -> Pictures:
        if pictures.shape[-1] == 1 or not len(pictures):
            return pictures
        count, height, width, _ = pictures.shape
        column = Image.fromarray(pictures.reshape(count * height, width, 3))
        return np.asarray(column.convert("L")).reshape(count, height, width, 1)


@PREPARATIONS.register
class Pad(PictureStep):
    """The same on all four sides."""

    kind: Literal["pad"] = "pad"
    title = "Pad"
    help = "Puts a border of one brightness around every picture."

    padding: int = setting(
        2, title="Border", ge=1, le=32, choices=[1, 2, 4, 8], help="Its width, in pixels."
    )
    value: int = setting(
        0, title="Value", ge=0, le=255, choices=[0, 128, 255],
        help="Of its pixels: 0 is black, 255 white.",
    )  # fmt: skip

    def after(self, shape: Shape) -> Shape:
        height, width, channels = shape
        return (height + 2 * self.padding, width + 2 * self.padding, channels)

    def apply(self, pictures: Pictures) -> Pictures:
        border = (self.padding, self.padding)
        return np.pad(pictures, [(0, 0), border, border, (0, 0)], constant_values=self.value)


def prepared_shapes(steps: Sequence[Any], shape: Shape) -> list[Shape]:
    """The shape of a picture as it comes in, then after every step. Raises ValueError with the
    path of the step, and the mend, where one cannot be done."""
    check_form(steps, "image")
    found = [shape]
    for i, step in enumerate(steps):
        try:
            found.append(step.after(found[-1]))
        except ValueError as error:
            raise ValueError(f"preparation.{i}: {error}") from None
        if max(found[-1]) > MAX_SIDE:
            raise ValueError(
                f"preparation.{i}: a picture would be {_size(found[-1])}; its sides may be of "
                f"{MAX_SIDE} pixels, so make it smaller before"
            )
    return found


def prepared_pictures(steps: Sequence[Any], pictures: Pictures) -> Pictures:
    """Pictures (N, height, width, channels) after all steps. Raises ValueError, with the mend,
    where they would take more memory than they may."""
    if not steps:
        return pictures
    shapes = prepared_shapes(steps, pictures.shape[1:])
    size = len(pictures) * int(np.prod(shapes[-1]))
    if size > MAX_BYTES:
        raise ValueError(
            f"preparation.{len(steps) - 1}: {len(pictures):,} pictures of {_size(shapes[-1])} "
            f"would take {size / 1e6:,.0f} MB, and {MAX_BYTES // 10**6} MB may be; take fewer "
            "samples, or make the pictures smaller"
        )
    found = np.empty((len(pictures), *shapes[-1]), np.uint8)
    for begin in range(0, len(pictures), TOGETHER):
        some = pictures[begin : begin + TOGETHER]
        for step in steps:
            some = step.apply(some)
        found[begin : begin + TOGETHER] = some
    return found


def _size(shape: Shape) -> str:
    return "×".join(map(str, shape))
