"""Losses: what an example's outputs cost, (B, K) -> (B,).

Where K > 1 a loss is the mean over the K outputs, as PyTorch's losses reduced by "mean";
categorical cross-entropy is a sum over the classes by its definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import LOSSES, setting

from .base import Loss, activation

if TYPE_CHECKING:
    from server.experiment.task import Task


class _Distance(Loss):
    """A loss of the difference between outputs and targets, for any output activation."""

    def default_activation(self, task: Task) -> str:
        if task.problem == "regression":
            return "linear"
        return "tanh" if task.classes == 2 else "softmax"


@LOSSES.register
class SquaredError(_Distance):
    title = "Squared error"
    help = "The squared distance to the target; large errors count far more than small ones."
    formula = r"\tfrac12 (o - t)^2"

    kind: Literal["squared_error"] = "squared_error"
    half: bool = setting(
        True, title="Halved", change="keep",
        help="With the factor ½, as TensorFlow Playground shows it; its gradient is the error.",
    )  # fmt: skip

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        factor = 0.5 if self.half else 1.0
        return factor * jnp.square(outputs - targets).mean(-1)


@LOSSES.register
class AbsoluteError(_Distance):
    title = "Absolute error"
    help = "The distance to the target; points far off pull no harder than others."
    formula = r"|o - t|"

    kind: Literal["absolute_error"] = "absolute_error"

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        error = outputs - targets
        return (error * jnp.sign(error)).mean(-1)  # jnp.abs has gradient 1 at 0, PyTorch 0


@LOSSES.register
class Huber(_Distance):
    title = "Huber"
    help = "Squared near the target, absolute beyond δ: smooth, and calm about outliers."
    formula = (
        r"\begin{cases}\tfrac12 (o-t)^2 & |o-t| \le \delta\\"
        r"\delta\,(|o-t| - \tfrac12\delta) & \text{else}\end{cases}"
    )
    source = "Huber, 1964"

    kind: Literal["huber"] = "huber"
    delta: float = setting(
        1.0, title="Threshold", ge=0.001, le=100, change="live", scale="log",
        choices=[0.01, 0.1, 0.5, 1, 2, 5], formula=r"\delta",
        help="Errors larger than this count in proportion to their size.",
    )  # fmt: skip

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        error = jnp.abs(outputs - targets)
        near, far = 0.5 * jnp.square(error), self.delta * (error - 0.5 * self.delta)
        return jnp.where(error <= self.delta, near, far).mean(-1)


@LOSSES.register
class BinaryCrossentropy(Loss):
    title = "Binary cross-entropy"
    help = (
        "How surprised the predicted probability is by the class; with more than two classes, "
        "each class against the rest."
    )
    formula = r"-t\ln o - (1-t)\ln(1-o)"

    problems = ("classification",)
    activations = ("sigmoid",)
    low = 0.0

    kind: Literal["binary_crossentropy"] = "binary_crossentropy"

    def default_activation(self, task: Task) -> str:
        return "sigmoid"

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        """From the logits, so that it stays finite where the sigmoid rounds to 0 or 1."""
        return (activation("softplus", logits) - logits * targets).mean(-1)


@LOSSES.register
class CategoricalCrossentropy(Loss):
    title = "Categorical cross-entropy"
    help = "How surprised the predicted probabilities are by the class, one output per class."
    formula = r"-\sum_k t_k \ln o_k"

    problems = ("classification",)
    rebuilds = False
    activations = ("softmax",)
    low = 0.0

    kind: Literal["categorical_crossentropy"] = "categorical_crossentropy"
    label_smoothing: float = setting(
        0.0, title="Label smoothing", ge=0, le=0.9, change="live", choices=[0, 0.05, 0.1, 0.2],
        formula=r"t_k \leftarrow (1-\varepsilon)\,t_k + \varepsilon/K",
        help="Share of every target spread evenly over all classes; it keeps the network modest.",
    )  # fmt: skip

    def default_activation(self, task: Task) -> str:
        return "softmax"

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        """From the logits, so that it stays finite where the softmax rounds to 0."""
        share = self.label_smoothing
        smooth = (1.0 - share) * targets + share / targets.shape[-1]
        return -(smooth * jax.nn.log_softmax(logits)).sum(-1)


@LOSSES.register
class Hinge(Loss):
    title = "Hinge"
    help = "Nothing for points beyond the margin on their own side, then in proportion to the gap."
    formula = r"\max(0, 1 - t\,o)"
    source = "Cortes and Vapnik, 1995"

    problems = ("classification",)
    rebuilds = False
    activations = ("linear", "tanh")
    low = -1.0

    kind: Literal["hinge"] = "hinge"

    def default_activation(self, task: Task) -> str:
        return "linear"

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        gap = 1.0 - targets * outputs
        return jnp.where(gap > 0, gap, 0.0).mean(-1)
