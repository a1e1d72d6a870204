"""Schedules: the factor on the learning rate over training time.

`epoch` is a float: it rises with every step. Fields may be moved while training runs.
"""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import SCHEDULES, setting

from .base import Schedule

_SPANS = [10, 20, 50, 100, 200, 500, 1000]


def _epochs(default: int, title: str, help: str, formula: str = "T") -> Any:
    return setting(
        default, title=title, ge=1, le=100_000, change="live", scale="log", choices=_SPANS,
        formula=formula, help=help,
    )  # fmt: skip


def _fraction(default: float, title: str, help: str, formula: str = "", **limits: Any) -> Any:
    limits = {"ge": 0, "le": 1} | limits
    return setting(default, title=title, change="live", formula=formula, help=help, **limits)


def _floor() -> Any:
    return _fraction(
        0.0, "Floor", "What is left of the learning rate at the end, as a fraction of it.", "f"
    )


def _cosine(start: Any, end: Any, part: jax.Array) -> jax.Array:
    """From `start` at part 0 to `end` at part 1 along half a cosine wave; level outside."""
    return end + (start - end) * 0.5 * (1.0 + jnp.cos(jnp.pi * jnp.clip(part, 0.0, 1.0)))


def _line(start: Any, end: Any, part: jax.Array) -> jax.Array:
    return start + (end - start) * jnp.clip(part, 0.0, 1.0)


@SCHEDULES.register
class Constant(Schedule):
    title = "Constant"
    help = "The learning rate stays as it is set."
    formula = r"\eta_t = \eta"

    kind: Literal["constant"] = "constant"

    def factor(self, epoch: jax.Array) -> jax.Array:
        return jnp.ones_like(epoch)


@SCHEDULES.register
class Step(Schedule):
    title = "Step"
    help = "Falls by a factor γ at regular intervals."
    formula = r"\eta_t = \eta\,\gamma^{\lfloor t/T \rfloor}"

    kind: Literal["step"] = "step"
    every: int = _epochs(100, "Interval", "Epochs between two falls.")
    gamma: float = _fraction(0.5, "Factor", "What a fall leaves.", r"\gamma", gt=0)

    def factor(self, epoch: jax.Array) -> jax.Array:
        return self.gamma ** jnp.floor(epoch / self.every)


@SCHEDULES.register
class Exponential(Schedule):
    title = "Exponential"
    help = "Falls by a factor γ every epoch, smoothly."
    formula = r"\eta_t = \eta\,\gamma^t"

    kind: Literal["exponential"] = "exponential"
    gamma: float = _fraction(0.99, "Factor", "What an epoch leaves.", r"\gamma", gt=0)

    def factor(self, epoch: jax.Array) -> jax.Array:
        return self.gamma**epoch


@SCHEDULES.register
class Cosine(Schedule):
    title = "Cosine"
    help = "Falls along half a cosine wave: slowly, then faster, then slowly to its floor."
    formula = r"\eta_t = \eta\,\bigl(f + (1-f)\tfrac12(1 + \cos(\pi t/T))\bigr)"
    source = "Loshchilov and Hutter, 2017"

    kind: Literal["cosine"] = "cosine"
    epochs: int = _epochs(200, "Length", "Epochs until the floor, where it stays.")
    floor: float = _floor()

    def factor(self, epoch: jax.Array) -> jax.Array:
        return _cosine(1.0, self.floor, epoch / self.epochs)


@SCHEDULES.register
class CosineRestarts(Schedule):
    title = "Cosine with restarts"
    help = "Falls along half a cosine wave and then starts again at the top, over and over."
    formula = r"\eta_t = \eta\,\bigl(f + (1-f)\tfrac12(1 + \cos(\pi (t \bmod T)/T))\bigr)"
    source = "Loshchilov and Hutter, 2017"

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    every: int = _epochs(50, "Period", "Epochs from one restart to the next.")
    floor: float = _floor()

    def factor(self, epoch: jax.Array) -> jax.Array:
        waves = epoch / self.every
        return _cosine(1.0, self.floor, waves - jnp.floor(waves))


@SCHEDULES.register
class Warmup(Schedule):
    title = "Warm-up"
    help = "Rises in a straight line to the full learning rate and stays there."
    formula = r"\eta_t = \eta\,\bigl(s + (1-s)\min(1, t/T)\bigr)"

    kind: Literal["warmup"] = "warmup"
    epochs: int = _epochs(10, "Length", "Epochs until the full learning rate.")
    start: float = _fraction(0.1, "Start", "The fraction of the rate it begins with.", "s")

    def factor(self, epoch: jax.Array) -> jax.Array:
        return _line(self.start, 1.0, epoch / self.epochs)


@SCHEDULES.register
class WarmupCosine(Schedule):
    title = "Warm-up, then cosine"
    help = "Rises in a straight line to the full learning rate, then falls along a cosine wave."
    formula = (
        r"\eta_t = \eta\begin{cases}t/W & t < W\\"
        r"f + (1-f)\tfrac12\bigl(1 + \cos\bigl(\pi\tfrac{t-W}{T}\bigr)\bigr)"
        r" & \text{else}\end{cases}"
    )

    kind: Literal["warmup_cosine"] = "warmup_cosine"
    warmup: int = _epochs(10, "Warm-up", "Epochs until the full learning rate.", "W")
    epochs: int = _epochs(190, "Fall", "Epochs from there to the floor, where it stays.")
    floor: float = _floor()

    def factor(self, epoch: jax.Array) -> jax.Array:
        fall = _cosine(1.0, self.floor, (epoch - self.warmup) / self.epochs)
        return jnp.where(epoch < self.warmup, epoch / self.warmup, fall)


@SCHEDULES.register
class OneCycle(Schedule):
    title = "One cycle"
    help = "Rises to the full learning rate and falls far below where it began, once."
    formula = (
        r"\eta/d_0 \;\nearrow\; \eta \;\searrow\; \eta/(d_0 d_1)"
        r"\text{, each along half a cosine wave}"
    )
    source = "Smith and Topin, 2018"

    kind: Literal["one_cycle"] = "one_cycle"
    epochs: int = _epochs(200, "Length", "Epochs of the whole cycle; it stays low after it.")
    rise: float = _fraction(
        0.3, "Rising part", "Share of the cycle that is spent rising.", "p", ge=0.01, le=0.99
    )
    start_divisor: float = setting(
        25.0, title="Start divisor", ge=1, le=1e6, change="live", scale="log",
        choices=[2, 5, 10, 25, 100], formula="d_0",
        help="The cycle begins at the learning rate divided by this.",
    )  # fmt: skip
    final_divisor: float = setting(
        1e4, title="Final divisor", ge=1, le=1e8, change="live", scale="log",
        choices=[1, 10, 100, 1000, 10_000], formula="d_1",
        help="The cycle ends at its start divided by this.",
    )  # fmt: skip

    def factor(self, epoch: jax.Array) -> jax.Array:
        part = epoch / self.epochs
        start = 1.0 / self.start_divisor
        up = _cosine(start, 1.0, part / self.rise)
        down = _cosine(1.0, start / self.final_divisor, (part - self.rise) / (1.0 - self.rise))
        return jnp.where(part < self.rise, up, down)
