"""Augmentations that change what pixels show, and leave them where they are."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import AUGMENTATIONS, setting

from .base import Augmentation, probability_setting


def erased(images: jax.Array, tops: jax.Array, lefts: jax.Array, length: jax.Array) -> jax.Array:
    """Pictures (B, height, width, channels) with 0 in a square of `length` pixels, whose first row
    and column are `tops` and `lefts` (B,), as far as it lies inside."""
    _, height, width, _ = images.shape
    row, column = jnp.arange(height)[None, :, None], jnp.arange(width)[None, None, :]
    top, left = tops[:, None, None], lefts[:, None, None]
    hit = (row >= top) & (row < top + length) & (column >= left) & (column < left + length)
    return jnp.where(hit[..., None], 0.0, images)


@AUGMENTATIONS.register
class GaussianNoise(Augmentation):
    """Clipped to what a picture can be."""

    kind: Literal["gaussian_noise"] = "gaussian_noise"
    title = "Noise"
    help = "Adds a random number to every pixel, each by itself."
    formula = r"x \leftarrow x + \sigma\varepsilon,\ \varepsilon \sim N(0, 1)"

    stddev: float = setting(
        0.1, title="Standard deviation", ge=0, le=1, change="live",
        choices=[0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5],
        help="How large these numbers are; black is 0, white is 1.", formula=r"\sigma",
    )  # fmt: skip

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        return jnp.clip(images + self.stddev * jax.random.normal(key, images.shape), 0.0, 1.0)


@AUGMENTATIONS.register
class Cutout(Augmentation):
    """A square, whose middle is any pixel."""

    kind: Literal["cutout"] = "cutout"
    title = "Cutout"
    help = "Blackens a square, so that no part of a picture is relied on alone."
    source = "DeVries and Taylor, Improved Regularization of Convolutional Neural Networks, 2017"

    probability: float = probability_setting(0.5)
    length: int = setting(
        8, title="Length", ge=1, le=64, change="live", choices=[2, 4, 6, 8, 12, 16],
        help="The sides of the square, in pixels; some of it may lie outside.",
    )  # fmt: skip

    def changed(self, key: jax.Array, images: jax.Array) -> jax.Array:
        (count, height, width, _), keys = images.shape, jax.random.split(key)
        before = jnp.floor(jnp.asarray(self.length) / 2)
        tops = jax.random.randint(keys[0], (count,), 0, height) - before
        lefts = jax.random.randint(keys[1], (count,), 0, width) - before
        return erased(images, tops, lefts, jnp.asarray(self.length))
