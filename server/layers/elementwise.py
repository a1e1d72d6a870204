"""Layers that treat every number on its own: an activation, dropout."""

from __future__ import annotations

from typing import Literal

import jax
import numpy as np

from server.experiment import network
from server.experiment.registry import ACTIVATIONS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .settings import activated_latex, activation_setting, dropped


class _Elementwise(Layer):
    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        return {}, {}


@LAYERS.register
class Activation(_Elementwise):
    """An activation alone."""

    title = "Activation"
    help = "An activation alone, such as after a sum of two branches."
    formula = r"h = \varphi(x)"

    kind: Literal["activation"] = "activation"
    activation: network.Activation = activation_setting("relu")

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return ACTIVATIONS[self.activation].function(x), stats

    def latex(self, inputs: str, index: int) -> str:
        return activated_latex(self.activation, inputs)


@LAYERS.register
class Dropout(_Elementwise):
    """Silences numbers at random while training."""

    title = "Dropout"
    help = "Silences a share of its inputs at random in every training step, and none afterwards."
    formula = r"h_i = \frac{m_i}{1-p}\,x_i,\ m_i \sim \text{Bernoulli}(1-p)"
    source = "Srivastava and others, 2014"

    kind: Literal["dropout"] = "dropout"
    rate: float = setting(
        0.2, title="Rate", ge=0, le=0.9, change="live", choices=[0.1, 0.2, 0.3, 0.5],
        help="Share of the inputs that is silenced.",
    )  # fmt: skip

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return dropped(x, self.rate, context), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{dropout}}\left({inputs}\right)"
