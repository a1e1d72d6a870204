"""Embeddings: tokens as vectors, and where in a sequence they stand."""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.network import MAX_UNITS, Initializer
from server.experiment.registry import INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .settings import initializer_setting, sequence, shown

#: most different tokens
MAX_TOKENS = 2048


@LAYERS.register
class Embedding(Layer):
    """A learned vector for every token: (time,) of integers -> (time, units).

    A token beyond the last is read as the last. params: w (tokens, units).
    """

    title = "Embedding"
    help = "Looks up a learned vector for every token, such as a letter."
    formula = r"h_t = W_{x_t}"
    source = "Bengio and others, 2003"
    regularized = ("w",)

    kind: Literal["embedding"] = "embedding"
    units: int = setting(
        32, title="Units", ge=1, le=MAX_UNITS, choices=[2, 8, 16, 32, 64],
        help="How many numbers stand for a token.",
    )  # fmt: skip
    tokens: int = setting(
        32, title="Tokens", ge=2, le=MAX_TOKENS, help="How many different tokens there are."
    )
    initializer: Initializer = initializer_setting("normal")

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ValueError(
                f"embedding needs tokens (time,), and gets {shown(input_shape)}: put it first, "
                "and choose a dataset of tokens"
            )
        return input_shape[0], self.units

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        draw = INITIALIZERS[self.initializer].function
        return {"w": draw(rng, (self.tokens, self.units))}, {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        """The rows as a product with what is 1 in one place: of a small table it has the faster
        gradient."""
        last = self.tokens - 1
        chosen = jax.nn.one_hot(jnp.clip(x.astype(jnp.int32), 0, last), self.tokens)
        rows = chosen.reshape(-1, self.tokens) @ params["w"]
        return rows.reshape(*x.shape, self.units), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"E_{{{index}}}\left[{inputs}\right]"


@LAYERS.register
class PositionEmbedding(Layer):
    """Adds to every step a vector for its place: (time, features) -> the same.

    params, where it is learned: w (time, features).
    """

    title = "Position embedding"
    help = "Adds to every step a vector that tells where it stands; attention knows no order."
    formula = r"h_t = x_t + p_t"
    source = "Vaswani and others, 2017"
    regularized = ("w",)

    kind: Literal["position_embedding"] = "position_embedding"
    form: Literal["learned", "sinusoidal"] = setting(
        "learned", title="Form", help="Where the vectors of the places come from.",
        options={
            "learned": ("Learned", "They begin small and are trained."),
            "sinusoidal": ("Sinusoidal", "Fixed waves of many lengths."),
        },
        formula=r"p_{t,2i} = \sin(t / 10000^{2i/F}),\ p_{t,2i+1} = \cos(t / 10000^{2i/F})",
    )  # fmt: skip

    def output_shape(self, input_shape: Shape) -> Shape:
        return sequence(self.name(), input_shape)

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        if self.form == "sinusoidal":
            return {}, {}
        return {"w": INITIALIZERS["normal"].function(rng, input_shape)}, {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        _, time, features = x.shape
        return x + (params["w"] if params else waves(time, features)), stats

    def latex(self, inputs: str, index: int) -> str:
        return rf"{inputs} + P_{{{index}}}"


def waves(time: int, features: int) -> np.ndarray:
    """Sines in even and cosines in odd columns: (time, features) float32."""
    pair = np.arange(features) // 2
    angle = np.arange(time)[:, None] * np.exp(-math.log(10_000) * 2 * pair / features)
    even = np.arange(features) % 2 == 0
    return np.where(even, np.sin(angle), np.cos(angle)).astype(np.float32)
