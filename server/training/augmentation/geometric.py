"""Augmentations that move pixels."""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import AUGMENTATIONS, setting

from .base import Augmentation, probability_setting

Fill = Literal["constant", "nearest", "reflect"]


def fill_setting() -> Any:
    return setting(
        "constant", title="Beyond the edge", change="keep",
        help="What comes into a picture from outside of it.",
        options={
            "constant": ("Black", "Nothing: 0."),
            "nearest": ("Edge", "The pixels of the edge, on and on."),
            "reflect": ("Mirror", "The picture again, mirrored at its edge."),
        },
    )  # fmt: skip


def flipped(images: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """Pictures (B, height, width, channels), upside down where `rows` (B,) is true and left to
    right where `columns` (B,) is."""
    images = jnp.where(rows[:, None, None, None], images[:, ::-1], images)
    return jnp.where(columns[:, None, None, None], images[:, :, ::-1], images)


def warped(images: jax.Array, matrices: jax.Array, fill: Fill = "constant") -> jax.Array:
    """Pictures (B, height, width, channels) drawn anew: what is seen at an offset (y, x) from the
    middle is what was at `matrices` (B, 2, 3) @ (y, x, 1), in pixels, between four of them
    bilinear."""
    _, height, width, _ = images.shape
    middle = jnp.array([(height - 1) / 2, (width - 1) / 2])
    grid = jnp.stack(jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij"), -1)
    # written out: so few products are no matrix product
    y, x = jnp.moveaxis(grid - middle, -1, 0)
    m = matrices[:, :, :, None, None]
    places = m[:, :, 0] * y + m[:, :, 1] * x + m[:, :, 2] + middle[:, None, None]

    def one(image: jax.Array, at: jax.Array) -> jax.Array:
        low = jnp.floor(at)
        share = at - low
        total = jnp.zeros_like(image)
        for down in (0, 1):
            for right in (0, 1):
                row, column = low[0].astype(jnp.int32) + down, low[1].astype(jnp.int32) + right
                part_y = share[0] if down else 1 - share[0]
                part_x = share[1] if right else 1 - share[1]
                seen = _at(image, row, column, fill)
                total += (part_y * part_x)[..., None] * seen
        return total

    # between numbers from 0 to 1; rounding may lead out of them
    return jnp.clip(jax.vmap(one)(images, places), 0.0, 1.0)


def _at(image: jax.Array, row: jax.Array, column: jax.Array, fill: Fill) -> jax.Array:
    """The pixels (height, width, channels) at these rows and columns, be they outside."""
    height, width, _ = image.shape
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    if fill == "reflect":
        row, column = _mirrored(row, height), _mirrored(column, width)
    found = image[jnp.clip(row, 0, height - 1), jnp.clip(column, 0, width - 1)]
    return jnp.where(inside[..., None], found, 0.0) if fill == "constant" else found


def _mirrored(place: jax.Array, size: int) -> jax.Array:
    place = place % (2 * size)
    return jnp.minimum(place, 2 * size - 1 - place)


def rotation(angle: jax.Array) -> jax.Array:
    """Matrices (B, 2, 3) for `warped` that turn pictures by angles (B,) in radians, anticlockwise
    as they are seen."""
    cos, sin, none = jnp.cos(angle), jnp.sin(angle), jnp.zeros_like(angle)
    return jnp.stack([jnp.stack([cos, sin, none], -1), jnp.stack([-sin, cos, none], -1)], 1)


def translation(down: jax.Array, right: jax.Array) -> jax.Array:
    """Matrices (B, 2, 3) for `warped` that move pictures by so many pixels, (B,) each."""
    one, none = jnp.ones_like(down), jnp.zeros_like(down)
    return jnp.stack([jnp.stack([one, none, -down], -1), jnp.stack([none, one, -right], -1)], 1)


def magnification(scale: jax.Array) -> jax.Array:
    """Matrices (B, 2, 3) for `warped` that show pictures so many times as large, (B,)."""
    part, none = 1.0 / scale, jnp.zeros_like(scale)
    return jnp.stack([jnp.stack([part, none, none], -1), jnp.stack([none, part, none], -1)], 1)


def _between(key: jax.Array, count: int, reach: Any) -> jax.Array:
    """(count,) numbers from -reach to reach."""
    return reach * jax.random.uniform(key, (count,), minval=-1.0, maxval=1.0)


@AUGMENTATIONS.register
class RandomFlip(Augmentation):
    """As Keras' and torchvision's."""

    kind: Literal["random_flip"] = "random_flip"
    title = "Flip"
    help = "Mirrors pictures: for what is the same from the left and from the right, as shoes are."
    moves = True

    probability: float = probability_setting(0.5)
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = setting(
        "horizontal", title="Direction", change="keep", help="What is exchanged.",
        options={
            "horizontal": ("Left and right", "Mirrored as in a mirror."),
            "vertical": ("Top and bottom", "Mirrored as in water."),
            "horizontal_and_vertical": ("Both", "One, the other, or both."),
        },
    )  # fmt: skip

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        count = len(images)
        every, none = jnp.ones(count, bool), jnp.zeros(count, bool)
        if self.mode == "horizontal":
            return flipped(images, none, every)
        if self.mode == "vertical":
            return flipped(images, every, none)
        which = jax.random.randint(key, (count,), 0, 3)  # one, the other, both
        return flipped(images, which != 0, which != 1)


@AUGMENTATIONS.register
class RandomRotation(Augmentation):
    """As torchvision's, bilinear."""

    kind: Literal["random_rotation"] = "random_rotation"
    title = "Rotate"
    help = "Turns every picture by an angle of its own."
    formula = r"\varphi \sim U(-\varphi_{\max}, \varphi_{\max})"
    moves = True

    degrees: float = setting(
        10, title="Degrees", ge=0, le=180, change="live", choices=[0, 5, 10, 15, 20, 30, 45, 90],
        help="By how much at most, to either side.", formula=r"\varphi_{\max}",
    )  # fmt: skip
    fill_mode: Fill = fill_setting()

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        angle = _between(key, len(images), jnp.deg2rad(self.degrees))
        return warped(images, rotation(angle), self.fill_mode)


@AUGMENTATIONS.register
class RandomTranslation(Augmentation):
    """As Keras', bilinear."""

    kind: Literal["random_translation"] = "random_translation"
    title = "Shift"
    help = "Moves every picture up or down, and to the left or right."
    moves = True

    height_factor: float = setting(
        0.1, title="Up and down", ge=0, le=1, change="live", choices=[0, 0.05, 0.1, 0.15, 0.2, 0.3],
        help="How far at most, as a share of the height.",
    )  # fmt: skip
    width_factor: float = setting(
        0.1, title="Left and right", ge=0, le=1, change="live",
        choices=[0, 0.05, 0.1, 0.15, 0.2, 0.3],
        help="How far at most, as a share of the width.",
    )  # fmt: skip
    fill_mode: Fill = fill_setting()

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        (count, height, width, _), keys = images.shape, jax.random.split(key)
        down = _between(keys[0], count, self.height_factor * height)
        right = _between(keys[1], count, self.width_factor * width)
        return warped(images, translation(down, right), self.fill_mode)


@AUGMENTATIONS.register
class RandomZoom(Augmentation):
    """Bilinear, height and width alike."""

    kind: Literal["random_zoom"] = "random_zoom"
    title = "Zoom"
    help = "Shows every picture larger or smaller."
    formula = r"s \sim U(1 - z, 1 + z)"
    moves = True

    factor: float = setting(
        0.1, title="Factor", ge=0, le=0.9, change="live", choices=[0, 0.05, 0.1, 0.2, 0.3, 0.5],
        help="By how much at most, as a share of its size.", formula="z",
    )  # fmt: skip
    fill_mode: Fill = fill_setting()

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        scale = 1.0 + _between(key, len(images), self.factor)
        return warped(images, magnification(scale), self.fill_mode)
