"""What several layers have in common: settings, words, dropout."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from server.experiment.registry import ACTIVATIONS, setting

from .base import Context, Shape

#: most filters of a convolution
MAX_FILTERS = 128


def activation_setting(default: str) -> Any:
    return setting(
        default, title="Activation",
        help="The bend put on every weighted sum; without one, depth would add nothing.",
    )  # fmt: skip


def initializer_setting(default: str = "glorot_uniform") -> Any:
    return setting(default, title="Initializer", help="How the weights begin.")


def channel_normalization_setting() -> Any:
    return setting(
        "none", title="Normalization",
        help="Outputs are centred and scaled; then a scale and an offset are learned.",
        options={
            "none": ("None", ""),
            "batch": ("Batch", "Each channel, over the examples of a batch and all positions."),
        },
        formula=r"\gamma\,\frac{z - \mu}{\sqrt{\sigma^2 + 10^{-5}}} + \beta",
    )  # fmt: skip


def bias_setting(default: float = 0.0) -> Any:
    return setting(
        default, title="Initial bias", ge=-10, le=10, help="Every bias begins at this value."
    )


def dropout_setting(help: str) -> Any:
    return setting(
        None, title="Dropout", ge=0, le=0.9, change="live", choices=[0.1, 0.2, 0.3, 0.5],
        help=help,
        formula=r"h_i \leftarrow \frac{m_i}{1-p}\,h_i,\ m_i \sim \text{Bernoulli}(1-p)",
    )  # fmt: skip


def dropped(h: jax.Array, rate: float | None, context: Context, part: int = 0) -> jax.Array:
    """Inverted dropout: what is kept is scaled up, so that evaluation needs no change.

    part: which of a layer's dropouts this is, each with random numbers of its own.
    """
    if rate is None or not context.training:
        return h
    if context.key is None:
        raise ValueError("a layer with dropout needs context.key while training")
    key = jax.random.fold_in(context.key, part) if part else context.key
    keep = 1.0 - rate
    kept = jax.random.bernoulli(key, keep, h.shape)
    return jnp.where(kept, h / keep, 0.0)


def activated_latex(name: str, z: str) -> str:
    """The LaTeX of an activation of z."""
    if name == "linear":
        return z
    symbol = ACTIVATIONS[name].hints.get("symbol")
    return rf"{symbol or upright(name)}\left({z}\right)"


def upright(name: str) -> str:
    """A function's name in upright letters."""
    return r"\operatorname{" + name.replace("_", r"\,") + "}"


def shown(shape: Shape) -> str:
    """A shape in a message: `(28, 28, 1)`, `(64,)`."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def picture(kind: str, shape: Shape) -> tuple[int, int, int]:
    """(height, width, channels). Raises ValueError where the shape is another."""
    if len(shape) != 3:
        raise ValueError(
            f"{kind} needs pictures (height, width, channels), and gets {shown(shape)}: "
            "put it before what flattens them, or choose a dataset of pictures"
        )
    return shape


def sequence(kind: str, shape: Shape) -> tuple[int, int]:
    """(time, features). Raises ValueError where the shape is another."""
    if len(shape) != 2:
        raise ValueError(
            f"{kind} needs sequences (time, features), and gets {shown(shape)}: "
            "put it before what flattens them, or choose a dataset of sequences"
        )
    return shape
