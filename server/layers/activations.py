"""Activations: functions of the pre-activations z, shape (..., units), to the same shape.

Hints of an entry:
    negative (required): whether an output can be below 0. It decides how targets are coded
        when the activation stands in the output layer (server/training/targets.py).
    minimum: the least output, where it lies between -1 and 0; -1 is then out of reach.
    joint: the outputs of an example depend on each other and sum to 1.
    symbol: LaTeX of the function's name, where it is not the entry's name in upright letters.

Values and gradients are finite for every finite float32 input: `where` is never given a
branch whose gradient overflows.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from server.experiment.registry import ACTIVATIONS

Array = jax.Array

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def _negative_part(z: Array) -> Array:
    """z where z <= 0, else 0; its gradient at 0 is 1, as PyTorch has it for the ELU family."""
    return jnp.where(z > 0, 0.0, z)


@ACTIVATIONS.register(
    "linear", title="Linear", negative=True, formula="z",
    help="Passes its input on unchanged; layers of it alone can only draw a straight boundary.",
)  # fmt: skip
def linear(z: Array) -> Array:
    return z


@ACTIVATIONS.register(
    "relu", title="ReLU", negative=False, formula=r"\max(0, z)",
    help="Cuts off what is below zero; fast, but a unit that is always below zero is dead.",
)  # fmt: skip
def relu(z: Array) -> Array:
    return jnp.where(z > 0, z, 0.0)


@ACTIVATIONS.register(
    "leaky_relu", title="Leaky ReLU", negative=True, formula=r"\max(0, z) + 0.01\,\min(0, z)",
    symbol=r"\operatorname{leaky\,relu}",
    help="ReLU with a slope of 0.01 below zero, so that no unit stops learning.",
)  # fmt: skip
def leaky_relu(z: Array) -> Array:
    return jnp.where(z > 0, z, 0.01 * z)


@ACTIVATIONS.register(
    "elu", title="ELU", negative=True, formula=r"\max(0, z) + \min(0, e^z - 1)",
    help="Like ReLU above zero, and bends smoothly towards −1 below it.",
)  # fmt: skip
def elu(z: Array) -> Array:
    return jnp.where(z > 0, z, jnp.expm1(_negative_part(z)))


@ACTIVATIONS.register(
    "selu", title="SELU", negative=True,
    formula=r"\lambda\,(\max(0, z) + \alpha\min(0, e^z - 1)),\ \lambda = 1.051,\ \alpha = 1.673",
    help="An ELU scaled so that mean 0 and variance 1 reproduce themselves from layer to layer.",
)  # fmt: skip
def selu(z: Array) -> Array:
    return _SELU_SCALE * jnp.where(z > 0, z, _SELU_ALPHA * jnp.expm1(_negative_part(z)))


@ACTIVATIONS.register(
    "gelu", title="GELU", negative=True, minimum=-0.17,
    formula=r"z\,\Phi(z) = \tfrac z2\bigl(1 + \operatorname{erf}(z/\sqrt2)\bigr)",
    help="Weights its input by the normal distribution function; a smooth ReLU (the exact form).",
)  # fmt: skip
def gelu(z: Array) -> Array:
    return 0.5 * z * (1.0 + jax.lax.erf(z * math.sqrt(0.5)))


@ACTIVATIONS.register(
    "silu", title="SiLU", negative=True, minimum=-0.28, formula=r"z\,\sigma(z)",
    help="Weights its input by its own sigmoid; a smooth ReLU, also called swish.",
)  # fmt: skip
def silu(z: Array) -> Array:
    return z * jax.lax.logistic(z)


@ACTIVATIONS.register(
    "mish", title="Mish", negative=True, minimum=-0.31, formula=r"z\tanh(\ln(1 + e^z))",
    help="Weights its input by the tanh of its softplus; smooth, and a little below zero.",
)  # fmt: skip
def mish(z: Array) -> Array:
    return z * jnp.tanh(softplus(z))


@ACTIVATIONS.register(
    "softplus", title="Softplus", negative=False, formula=r"\ln(1 + e^z)",
    help="A ReLU with its corner rounded off; always above zero.",
)  # fmt: skip
def softplus(z: Array) -> Array:
    above = z >= 0  # named, so that both gradients take the same side at 0 and give ½
    return jnp.where(above, z, 0.0) + jnp.log1p(jnp.exp(jnp.where(above, -z, z)))


@ACTIVATIONS.register(
    "sigmoid", title="Sigmoid", negative=False, probability=True,
    formula=r"\sigma(z) = \frac{1}{1 + e^{-z}}",
    symbol=r"\sigma",
    help="Squeezes its input between 0 and 1; in the output layer, a probability.",
)  # fmt: skip
def sigmoid(z: Array) -> Array:
    return jax.lax.logistic(z)


@ACTIVATIONS.register(
    "tanh", title="Tanh", negative=True, formula=r"\tanh z", symbol=r"\tanh",
    help="Squeezes its input between −1 and 1, and leaves it almost as it is near zero.",
)  # fmt: skip
def tanh(z: Array) -> Array:
    return jnp.tanh(z)


@ACTIVATIONS.register(
    "hard_tanh", title="Hard tanh", negative=True, formula=r"\max(-1, \min(1, z))",
    symbol=r"\operatorname{hard\,tanh}",
    help="Tanh made of three straight pieces; beyond −1 and 1 nothing is learned.",
)  # fmt: skip
def hard_tanh(z: Array) -> Array:
    return jnp.where(z >= 1, 1.0, jnp.where(z <= -1, -1.0, z))


@ACTIVATIONS.register(
    "softsign", title="Softsign", negative=True, formula=r"\frac{z}{1 + |z|}",
    help="Squeezes its input between −1 and 1 like tanh, with slower tails.",
)  # fmt: skip
def softsign(z: Array) -> Array:
    return z / (1.0 + jnp.abs(z))


@ACTIVATIONS.register(
    "sine", title="Sine", negative=True, formula=r"\sin z", symbol=r"\sin",
    help="A wave; good at periodic and finely detailed functions, and easily too wild.",
)  # fmt: skip
def sine(z: Array) -> Array:
    return jnp.sin(z)


@ACTIVATIONS.register(
    "gaussian", title="Gaussian", negative=False, formula="e^{-z^2}",
    help="A bump: 1 where its input is zero and nothing far away, so that a unit marks a stripe.",
)  # fmt: skip
def gaussian(z: Array) -> Array:
    return jnp.exp(-z * z)


@ACTIVATIONS.register(
    "softmax", title="Softmax", negative=False, joint=True, probability=True,
    formula=r"\frac{e^{z_k}}{\sum_j e^{z_j}}",
    help="Turns a layer's units into probabilities that sum to 1.",
)  # fmt: skip
def softmax(z: Array) -> Array:
    return jax.nn.softmax(z, axis=-1)
