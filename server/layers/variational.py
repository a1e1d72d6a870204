"""The layer that makes an autoencoder variational."""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.network import MAX_UNITS, Initializer
from server.experiment.registry import INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .settings import initializer_setting, shown


@LAYERS.register
class Sampling(Layer):
    """Numbers drawn from normal distributions whose means and variances are sums of the inputs:
    (features,) -> (units,). Where nothing is trained they are the means.

    params: w (inputs, 2 units), b (2 units): the means, then the logarithms of the variances.
    """

    title = "Sampling"
    help = "Draws its outputs around means that it learns, and is kept near the standard normal."
    formula = r"h = \mu + \sigma\varepsilon,\ \varepsilon \sim N(0, 1)"
    source = "Kingma and Welling, Auto-Encoding Variational Bayes, 2013"
    regularized = ("w",)

    kind: Literal["sampling"] = "sampling"
    units: int = setting(
        2, title="Units", ge=1, le=MAX_UNITS, choices=[1, 2, 4, 8, 16],
        help="How many numbers an example is described by.",
    )  # fmt: skip
    divergence: float = setting(
        0.001, title="Divergence weight", ge=0, le=10, change="live", scale="log",
        choices=[0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1],
        help="How much being unlike the standard normal adds to the loss.",
        formula=r"\tfrac\beta2\sum(\mu^2 + \sigma^2 - 1 - \ln\sigma^2)",
    )  # fmt: skip
    initializer: Initializer = initializer_setting("glorot_uniform")

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ValueError(
                f"sampling needs a row of numbers, and gets {shown(input_shape)}: put it behind "
                "'flatten'"
            )
        return (self.units,)

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        shape = (input_shape[0], 2 * self.units)
        w = INITIALIZERS[self.initializer].function(rng, shape)
        return {"w": w, "b": np.zeros(2 * self.units, np.float32)}, {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        mean, log_variance = self._moments(params, x)
        if not context.training:
            return mean, stats
        if context.key is None:
            raise ValueError("a layer that samples needs context.key while training")
        noise = jax.random.normal(context.key, mean.shape)
        return mean + jnp.exp(0.5 * log_variance) * noise, stats

    def penalty(self, params: Params, x: jax.Array) -> jax.Array:
        """The Kullback-Leibler divergence from the standard normal, weighted."""
        mean, log_variance = self._moments(params, x)
        terms = jnp.square(mean) + jnp.exp(log_variance) - 1.0 - log_variance
        return self.divergence * 0.5 * terms.sum(-1)

    def inspect(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> dict[str, jax.Array]:
        mean, log_variance = self._moments(params, x)
        return {"mean": mean, "deviation": jnp.exp(0.5 * log_variance)}

    def multiplications(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * 2 * self.units

    def latex(self, inputs: str, index: int) -> str:
        return rf"N\left({inputs} W^\mu_{{{index}}}, \sigma_{{{index}}}^2\right)"

    def _moments(self, params: Params, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Means and logarithms of variances (B, units); these are kept where exp is a number."""
        z = x @ params["w"] + params["b"]
        return z[:, : self.units], jnp.clip(z[:, self.units :], -20.0, 20.0)
