"""Transformers: attention, the feed-forward network after it, and the block of both."""

from __future__ import annotations

import math
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment.network import MAX_UNITS, Activation, Initializer
from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .dense import projected
from .normalization import first_scale, layer_normalized
from .settings import (
    activation_setting,
    dropout_setting,
    dropped,
    initializer_setting,
    sequence,
)

#: most hidden units of a feed-forward network
MAX_HIDDEN = 4 * MAX_UNITS


def heads_setting() -> int:
    return setting(
        4, title="Heads", ge=1, le=16, choices=[1, 2, 4, 8],
        help="How many attentions run side by side, each on its share of the features.",
    )  # fmt: skip


def causal_setting() -> bool:
    return setting(
        False, title="Causal", help="Whether a step may look at itself and the steps before only."
    )


def hidden_units_setting() -> int:
    return setting(
        64, title="Hidden units", ge=1, le=MAX_HIDDEN, choices=[16, 32, 64, 128, 256],
        help="Width of the layer in the middle; four times the features is usual.",
    )  # fmt: skip


def check_heads(kind: str, features: int, heads: int) -> None:
    if features % heads:
        raise ValueError(
            f"{kind}: {features} features do not divide into {heads} heads; "
            "choose heads that do, or other units in the layer before"
        )


# -- what the layers are made of -----------------------------------------------------------


def first_attention(draw: Any, rng: np.random.Generator, features: int) -> Params:
    """Weights w and biases b of query, key, value and output: wq (F, F), bq (F,), …"""
    weights = {f"w{name}": draw(rng, (features, features)) for name in "qkvo"}
    return weights | {f"b{name}": np.zeros(features, np.float32) for name in "qkvo"}


def looked(
    params: Params, x: jax.Array, heads: int, causal: bool, context: Context
) -> dict[str, jax.Array]:
    """(B, T, F) -> query, key, value (B, T, H, F/H); scores, attention (B, H, T, T).

    scores are scaled, and not masked: what the mask takes away is 0 in attention.
    """
    batch, time, features = x.shape
    weights = jnp.concatenate([params[f"w{name}"] for name in "qkv"], 1)
    biases = jnp.concatenate([params[f"b{name}"] for name in "qkv"])
    z = projected(x, weights, context) + biases
    split = z.reshape(batch, time, 3, heads, features // heads)
    query, key, value = split[:, :, 0], split[:, :, 1], split[:, :, 2]
    scale = 1 / math.sqrt(features // heads)
    scores = jnp.einsum("bthd,bshd->bhts", query * scale, key)
    seen = jnp.where(np.tri(time, dtype=bool), scores, -jnp.inf) if causal else scores
    attention = jax.nn.softmax(seen, -1)
    names = ("query", "key", "value", "scores", "attention")
    return dict(zip(names, (query, key, value, scores, attention), strict=True))


def to_be_seen(inside: dict[str, jax.Array]) -> dict[str, jax.Array]:
    """What `looked` gives, by heads: query, key, value (B, H, T, F/H)."""
    by_heads = {name: inside[name].transpose(0, 2, 1, 3) for name in ("query", "key", "value")}
    return inside | by_heads


def attended(
    params: Params, x: jax.Array, heads: int, causal: bool, dropout: float | None, context: Context
) -> jax.Array:
    """Self-attention with its output projection: (B, T, F) -> (B, T, F)."""
    inside = looked(params, x, heads, causal, context)
    attention = dropped(inside["attention"], dropout, context)
    # by heads, and turned then: on the CPU faster than "bthd" at once
    mixed = jnp.einsum("bhts,bshd->bhtd", attention, inside["value"]).transpose(0, 2, 1, 3)
    return projected(mixed.reshape(x.shape), params["wo"], context) + params["bo"]


def first_feed_forward(draw: Any, rng: np.random.Generator, features: int, hidden: int) -> Params:
    """w1 (F, H), b1 (H,), w2 (H, F), b2 (F,)."""
    return {
        "w1": draw(rng, (features, hidden)),
        "b1": np.zeros(hidden, np.float32),
        "w2": draw(rng, (hidden, features)),
        "b2": np.zeros(features, np.float32),
    }


def fed_forward(params: Params, x: jax.Array, activation: str, context: Context) -> jax.Array:
    """(B, T, F) -> (B, T, F)."""
    z = projected(x, params["w1"], context) + params["b1"]
    h = ACTIVATIONS[activation].function(z)
    return projected(h, params["w2"], context) + params["b2"]


def attention_workspace(input_shape: Shape, heads: int) -> int:
    """Queries, keys and values, and for every head how much each step heeds each."""
    length, features = input_shape
    return 3 * length * features + 2 * heads * length**2


def attention_cost(shape: Shape) -> int:
    time, features = shape
    return 4 * time * features**2 + 2 * time**2 * features


# -- the layers ----------------------------------------------------------------------------


@LAYERS.register
class MultiHeadAttention(Layer):
    """Self-attention: (time, features) -> the same.

    params: wq, wk, wv, wo (features, features), bq, bk, bv, bo (features,).
    """

    title = "Multi-head attention"
    help = "Every step looks at the steps that match what it asks for, and takes their values."
    formula = r"\operatorname{softmax}\Bigl(\frac{QK^\top}{\sqrt{d}}\Bigr)V\,W_O + b_O"
    source = "Vaswani and others, 2017"
    regularized = ("wq", "wk", "wv", "wo")

    kind: Literal["multi_head_attention"] = "multi_head_attention"
    heads: int = heads_setting()
    causal: bool = causal_setting()
    initializer: Initializer = initializer_setting()
    dropout: float | None = dropout_setting(
        "Share of the attention cut at random in every training step; left empty, none."
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        _, features = sequence(self.name(), input_shape)
        check_heads(self.name(), features, self.heads)
        return input_shape

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        draw = INITIALIZERS[self.initializer].function
        return first_attention(draw, rng, input_shape[-1]), {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return attended(params, x, self.heads, self.causal, self.dropout, context), stats

    def inspect(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> dict[str, jax.Array]:
        """query, key, value (B, H, T, F/H); scores before the mask, attention (B, H, T, T)."""
        return to_be_seen(looked(params, x, self.heads, self.causal, context))

    def multiplications(self, input_shape: Shape) -> int:
        return attention_cost(input_shape)

    def workspace(self, input_shape: Shape) -> int:
        return attention_workspace(input_shape, self.heads)

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{MHA}}_{{{index}}}\left({inputs}\right)"


@LAYERS.register
class FeedForward(Layer):
    """Two dense layers at every step alike: (time, features) -> the same.

    params: w1 (features, hidden), b1 (hidden,), w2 (hidden, features), b2 (features,).
    """

    title = "Feed-forward"
    help = "A small network of two layers, applied to every step alike."
    formula = r"h = \varphi(xW_1 + b_1)W_2 + b_2"
    source = "Vaswani and others, 2017"
    regularized = ("w1", "w2")

    kind: Literal["feed_forward"] = "feed_forward"
    hidden_units: int = hidden_units_setting()
    activation: Activation = activation_setting("gelu")
    initializer: Initializer = initializer_setting()

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        draw = INITIALIZERS[self.initializer].function
        return first_feed_forward(draw, rng, input_shape[-1], self.hidden_units), {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        return fed_forward(params, x, self.activation, context), stats

    def multiplications(self, input_shape: Shape) -> int:
        return 2 * math.prod(input_shape) * self.hidden_units

    def workspace(self, input_shape: Shape) -> int:
        return input_shape[0] * self.hidden_units

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{FFN}}_{{{index}}}\left({inputs}\right)"


@LAYERS.register
class TransformerBlock(Layer):
    """Attention and feed-forward network, each with normalization and a way around it:
    (time, features) -> the same.

    params: those of multi_head_attention and feed_forward, and scale1, offset1, scale2,
    offset2 (features,) of the normalization of the one and of the other.
    """

    title = "Transformer block"
    help = "Attention between the steps, then a small network at each, both added to what came in."
    formula = (
        r"y = x + \operatorname{MHA}(\operatorname{LN}x),\ "
        r"h = y + \operatorname{FFN}(\operatorname{LN}y)"
    )
    source = "Vaswani and others, 2017; Xiong and others, 2020"
    regularized = ("wq", "wk", "wv", "wo", "w1", "w2")

    kind: Literal["transformer_block"] = "transformer_block"
    heads: int = heads_setting()
    hidden_units: int = hidden_units_setting()
    activation: Activation = activation_setting("gelu")
    causal: bool = causal_setting()
    norm: Literal["pre", "post"] = setting(
        "pre", title="Normalization", help="Where the normalization stands.",
        options={
            "pre": ("Before", "Before attention and network; deep stacks train at once."),
            "post": ("After", "After each sum, as in the first paper."),
        },
    )  # fmt: skip
    initializer: Initializer = initializer_setting()
    dropout: float | None = dropout_setting(
        "Share of what is added silenced at random in every training step; left empty, none."
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        _, features = sequence(self.name(), input_shape)
        check_heads(self.name(), features, self.heads)
        return input_shape

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        features, draw = input_shape[-1], INITIALIZERS[self.initializer].function
        params = first_attention(draw, rng, features)
        params |= first_feed_forward(draw, rng, features, self.hidden_units)
        for part in "12":
            params |= {f"{name}{part}": a for name, a in first_scale(features).items()}
        return params, {}

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        def attend(x: jax.Array) -> jax.Array:
            return attended(params, x, self.heads, self.causal, None, context)

        def feed(x: jax.Array) -> jax.Array:
            return fed_forward(params, x, self.activation, context)

        for part, inner in enumerate((attend, feed), 1):
            before = self._normalized(params, part, x) if self.norm == "pre" else x
            x = x + dropped(inner(before), self.dropout, context, part)
            x = x if self.norm == "pre" else self._normalized(params, part, x)
        return x, stats

    @staticmethod
    def _normalized(params: Params, part: int, x: jax.Array) -> jax.Array:
        return layer_normalized(x) * params[f"scale{part}"] + params[f"offset{part}"]

    def inspect(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> dict[str, jax.Array]:
        """What the attention is made of, as multi_head_attention shows it."""
        x = self._normalized(params, 1, x) if self.norm == "pre" else x
        return to_be_seen(looked(params, x, self.heads, self.causal, context))

    def multiplications(self, input_shape: Shape) -> int:
        return attention_cost(input_shape) + 2 * math.prod(input_shape) * self.hidden_units

    def workspace(self, input_shape: Shape) -> int:
        return attention_workspace(input_shape, self.heads) + input_shape[0] * self.hidden_units

    def latex(self, inputs: str, index: int) -> str:
        return rf"\operatorname{{block}}_{{{index}}}\left({inputs}\right)"
