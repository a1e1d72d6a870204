"""Losses of two networks that work against each other: what the discriminator's verdicts cost it,
and what they cost the generator, from its pre-activations (B, 1) -> (B,)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import jax
import jax.numpy as jnp

from server.experiment.registry import LOSSES, setting

from .base import Loss, activation

if TYPE_CHECKING:
    from server.experiment.task import Task


class Adversarial(Loss):
    """A loss of a discriminator, whose target is 1 for a real example and `low` for a made one;
    and one of the generator."""

    problems = ("generation",)
    rebuilds = False
    activations = ("sigmoid",)
    low = 0.0
    #: whether a verdict is a height, of which only differences count
    heights: ClassVar[bool] = False

    def default_activation(self, task: Task) -> str:
        return self.activations[0]

    def real(self, logits: jax.Array) -> jax.Array:
        """What the verdicts (B, 1) on real examples cost the discriminator, (B,)."""
        raise NotImplementedError

    def made(self, logits: jax.Array) -> jax.Array:
        """What those on made examples cost it."""
        raise NotImplementedError

    def maker(self, logits: jax.Array) -> jax.Array:
        """What those on made examples cost the generator."""
        raise NotImplementedError

    @property
    def slope_rate(self) -> Any:
        """What a slope of the verdict other than 1 costs the discriminator; None for nothing."""
        return None

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        return jnp.where(targets[..., 0] > 0.5, self.real(logits), self.made(logits))


class _Entropic(Adversarial):
    """The cross-entropy of real against made."""

    def real(self, logits: jax.Array) -> jax.Array:
        return activation("softplus", -logits[..., 0])

    def made(self, logits: jax.Array) -> jax.Array:
        return activation("softplus", logits[..., 0])


@LOSSES.register
class NonSaturating(_Entropic):
    title = "Non-saturating"
    help = "The generator raises the probability of being taken for real; it learns from the start."
    formula = r"L_D = -\ln D(x) - \ln(1 - D(G(z))),\quad L_G = -\ln D(G(z))"
    source = "Goodfellow et al., Generative Adversarial Networks, 2014"

    kind: Literal["non_saturating"] = "non_saturating"

    def maker(self, logits: jax.Array) -> jax.Array:
        return activation("softplus", -logits[..., 0])


@LOSSES.register
class Minimax(_Entropic):
    title = "Minimax"
    help = (
        "The generator lowers what the discriminator gains: one game, but with hardly a slope "
        "while every made example is seen through."
    )
    formula = r"L_D = -\ln D(x) - \ln(1 - D(G(z))),\quad L_G = \ln(1 - D(G(z)))"
    source = "Goodfellow et al., Generative Adversarial Networks, 2014"

    kind: Literal["minimax"] = "minimax"

    def maker(self, logits: jax.Array) -> jax.Array:
        return -activation("softplus", logits[..., 0])


@LOSSES.register
class LeastSquares(Adversarial):
    title = "Least squares"
    help = "Verdicts are numbers, to be 1 for real and 0 for made; far off, the slope stays steep."
    formula = r"L_D = \tfrac12(D(x) - 1)^2 + \tfrac12 D(G(z))^2,\quad L_G = \tfrac12(D(G(z)) - 1)^2"
    source = "Mao et al., Least Squares Generative Adversarial Networks, 2017"

    activations = ("linear",)

    kind: Literal["least_squares"] = "least_squares"

    def real(self, logits: jax.Array) -> jax.Array:
        return 0.5 * jnp.square(logits[..., 0] - 1.0)

    def made(self, logits: jax.Array) -> jax.Array:
        return 0.5 * jnp.square(logits[..., 0])

    def maker(self, logits: jax.Array) -> jax.Array:
        return self.real(logits)


@LOSSES.register
class Wasserstein(Adversarial):
    title = "Wasserstein"
    help = (
        "The verdict is a height without limits, whose mean difference is the distance between "
        "real and made; a penalty keeps its slope near 1."
    )
    formula = (
        r"L_D = D(G(z)) - D(x) + \lambda\,(\lVert\nabla_{\hat x} D(\hat x)\rVert - 1)^2,"
        r"\quad L_G = -D(G(z))"
    )
    source = "Gulrajani et al., Improved Training of Wasserstein GANs, 2017"

    activations = ("linear",)
    low = -1.0
    heights = True

    kind: Literal["wasserstein"] = "wasserstein"
    gradient_penalty: float = setting(
        1.0, title="Gradient penalty", ge=0, le=1000, change="live", scale="log",
        choices=[0, 0.1, 0.3, 1, 3, 10, 30], formula=r"\lambda",
        help="How much a slope other than 1, between real and made examples, costs.",
    )  # fmt: skip

    @property
    def slope_rate(self) -> Any:
        return self.gradient_penalty

    def real(self, logits: jax.Array) -> jax.Array:
        return -logits[..., 0]

    def made(self, logits: jax.Array) -> jax.Array:
        return logits[..., 0]

    def maker(self, logits: jax.Array) -> jax.Array:
        return -logits[..., 0]
