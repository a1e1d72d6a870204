"""Augmentations that make one example of two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import AUGMENTATIONS, setting

from .base import Augmentation, Batch


def mixed(values: jax.Array, partners: jax.Array, shares: jax.Array) -> jax.Array:
    """Of values (B, ...) so much of each as `shares` (B,) says, the rest from the row that
    `partners` (B,) says."""
    share = shares.reshape(-1, *[1] * (values.ndim - 1))
    return share * values + (1.0 - share) * values[partners]


def symmetric_beta(key: jax.Array, alpha: Any, count: int) -> jax.Array:
    """(count,) numbers of Beta(alpha, alpha), in one line of code (Devroye, 1996, after Bailey,
    1994): jax.random.beta takes seconds to compile."""
    u, v = jax.random.uniform(key, (2, count))
    odds = jnp.expm1(-jnp.log(u) / alpha) * jnp.square(jnp.cos(jnp.pi * v))
    half = 0.5 / jnp.sqrt(1.0 + 1.0 / odds)
    return 0.5 + jnp.where(jnp.cos(jnp.pi * v) < 0, -half, half)


@AUGMENTATIONS.register
class Mixup(Augmentation):
    """Pictures and targets alike."""

    kind: Literal["mixup"] = "mixup"
    title = "Mixup"
    help = "Lays two pictures over each other, and asks for both answers, each by its share."
    formula = r"\lambda x_i + (1 - \lambda) x_j,\ \lambda \sim \mathrm{Beta}(\alpha, \alpha)"
    source = "Zhang and others, mixup: Beyond Empirical Risk Minimization, 2018"

    alpha: float = setting(
        0.2, title="Alpha", ge=0.05, le=10, change="live", scale="log",
        choices=[0.05, 0.1, 0.2, 0.4, 1, 2],
        help="Small: mostly one of the two. 1: any share alike. Large: half of each.",
        formula=r"\alpha",
    )  # fmt: skip

    def apply(self, key: jax.Array, batch: Batch) -> Batch:
        chosen_key, partner_key, share_key = jax.random.split(key, 3)
        count = len(batch.images)
        partners = _partners(partner_key, batch.real)
        share = symmetric_beta(share_key, self.alpha, count)
        share = jnp.where(jax.random.bernoulli(chosen_key, self.probability, (count,)), share, 1.0)
        return replace(
            batch,
            images=mixed(batch.images, partners, share),
            targets=mixed(batch.targets, partners, share),
        )


def _partners(key: jax.Array, real: jax.Array) -> jax.Array:
    """Another row for every one that is there, none twice: so many further on, for all alike. The
    rows of a batch are in a random order anyway."""
    place, count = jnp.arange(len(real)), jnp.maximum(real.sum().astype(jnp.int32), 1)
    further = jax.random.randint(key, (), 1, jnp.maximum(count, 2))
    return jnp.where(place < count, (place + further) % count, place)
