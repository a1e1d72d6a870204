"""Optimizers: update rules, as PyTorch states them.

Each gives a direction; the engine subtracts it times the learning rate. Fields may be
moved while training runs, so they are traced values in `transform`.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree

from server.experiment.registry import OPTIMIZERS, setting

from .base import Optimizer


def _momentum(default: float, title: str, formula: str, help: str) -> Any:
    return setting(
        default, title=title, ge=0, le=0.99999, change="live", formula=formula, help=help,
        choices=[0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999],
    )  # fmt: skip


def _mean_decay(default: float = 0.9) -> Any:
    return _momentum(
        default, "Decay of the mean", r"\beta_1",
        "How long gradients are remembered in the running mean.",
    )  # fmt: skip


def _square_decay(default: float = 0.999) -> Any:
    return _momentum(
        default, "Decay of the squares", r"\beta_2",
        "How long squared gradients are remembered in the running mean.",
    )  # fmt: skip


def _epsilon(default: float) -> Any:
    return setting(
        default, title="Epsilon", ge=1e-12, le=1, change="live", scale="log",
        choices=[1e-10, 1e-8, 1e-6, 1e-4, 1e-2], formula=r"\varepsilon",
        help="Added to the denominator, so that it is never zero.",
    )  # fmt: skip


@OPTIMIZERS.register
class SGD(Optimizer):
    title = "SGD"
    help = "Steps straight down the gradient of the batch."
    formula = r"w \leftarrow w - \eta\,g"
    source = "Robbins and Monro, 1951"

    kind: Literal["sgd"] = "sgd"

    def transform(self) -> optax.GradientTransformation:
        return optax.identity()


@OPTIMIZERS.register
class Momentum(Optimizer):
    title = "Momentum"
    help = "Adds up past gradients like a rolling ball, through flat stretches and ravines."
    formula = r"v \leftarrow \mu v + g,\quad w \leftarrow w - \eta\,v"
    source = "Polyak, 1964"
    learning_rate = 0.01

    kind: Literal["momentum"] = "momentum"
    momentum: float = _momentum(0.9, "Momentum", r"\mu", "What is kept of the last step.")

    def transform(self) -> optax.GradientTransformation:
        return optax.trace(self.momentum)


@OPTIMIZERS.register
class Nesterov(Optimizer):
    title = "Nesterov"
    help = "Momentum that looks one step ahead, and so brakes earlier."
    formula = r"v \leftarrow \mu v + g,\quad w \leftarrow w - \eta\,(g + \mu v)"
    source = "Nesterov, 1983"
    learning_rate = 0.01

    kind: Literal["nesterov"] = "nesterov"
    momentum: float = _momentum(0.9, "Momentum", r"\mu", "What is kept of the last step.")

    def transform(self) -> optax.GradientTransformation:
        return optax.trace(self.momentum, nesterov=True)


@OPTIMIZERS.register
class RMSProp(Optimizer):
    title = "RMSProp"
    help = "Divides each weight's gradient by its recent size, so that all weights move alike."
    formula = (
        r"s \leftarrow \rho s + (1-\rho)\,g^2,\quad "
        r"w \leftarrow w - \eta\,\frac{g}{\sqrt{s} + \varepsilon}"
    )
    source = "Tieleman and Hinton, 2012"
    learning_rate = 0.01

    kind: Literal["rmsprop"] = "rmsprop"
    rho: float = _momentum(0.9, "Decay", r"\rho", "How long squared gradients are remembered.")
    epsilon: float = _epsilon(1e-8)

    def transform(self) -> optax.GradientTransformation:
        return optax.scale_by_rms(self.rho, self.epsilon, eps_in_sqrt=False)


@OPTIMIZERS.register
class Adagrad(Optimizer):
    title = "Adagrad"
    help = "Divides each weight's gradient by the size of all its past ones; steps only shrink."
    formula = r"s \leftarrow s + g^2,\quad w \leftarrow w - \eta\,\frac{g}{\sqrt{s} + \varepsilon}"
    source = "Duchi, Hazan and Singer, 2011"
    learning_rate = 0.1

    kind: Literal["adagrad"] = "adagrad"
    epsilon: float = _epsilon(1e-10)

    def transform(self) -> optax.GradientTransformation:
        """optax's own adds epsilon inside the root and cannot begin at zero."""

        def init(params: Any) -> Any:
            return optax.tree.zeros_like(params)

        def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
            total = jax.tree.map(lambda s, g: s + g * g, state, updates)
            direction = jax.tree.map(lambda s, g: g / (jnp.sqrt(s) + self.epsilon), total, updates)
            return direction, total

        return optax.GradientTransformation(init, update)


@OPTIMIZERS.register
class Adadelta(Optimizer):
    title = "Adadelta"
    help = "RMSProp that measures its steps by its past steps; a learning rate of 1 is usual."
    formula = (
        r"\Delta \leftarrow \frac{\sqrt{u + \varepsilon}}{\sqrt{s + \varepsilon}}\,g,\quad "
        r"u \leftarrow \rho u + (1-\rho)\,\Delta^2,\quad w \leftarrow w - \eta\,\Delta"
    )
    source = "Zeiler, 2012"
    learning_rate = 1.0

    kind: Literal["adadelta"] = "adadelta"
    rho: float = _momentum(0.9, "Decay", r"\rho", "How long squares are remembered.")
    epsilon: float = _epsilon(1e-6)

    def transform(self) -> optax.GradientTransformation:
        return optax.scale_by_adadelta(self.rho, self.epsilon)


_ADAM = (
    r"m \leftarrow \beta_1 m + (1-\beta_1)\,g,\quad "
    r"s \leftarrow \beta_2 s + (1-\beta_2)\,g^2,\quad "
    r"w \leftarrow w - \eta\,\frac{m/(1-\beta_1^t)}{\sqrt{s/(1-\beta_2^t)} + \varepsilon}"
)


@OPTIMIZERS.register
class Adam(Optimizer):
    title = "Adam"
    help = "Momentum and RMSProp in one, with their slow start made up for; a good first choice."
    formula = _ADAM
    source = "Kingma and Ba, 2015"
    learning_rate = 0.01

    kind: Literal["adam"] = "adam"
    beta_1: float = _mean_decay()
    beta_2: float = _square_decay()
    epsilon: float = _epsilon(1e-8)

    def transform(self) -> optax.GradientTransformation:
        return optax.scale_by_adam(self.beta_1, self.beta_2, self.epsilon)


@OPTIMIZERS.register
class AdamW(Optimizer):
    title = "AdamW"
    help = "Adam that also shrinks every weight and bias a little in each step."
    formula = _ADAM + r" - \eta\lambda w"
    source = "Loshchilov and Hutter, 2019"
    learning_rate = 0.01

    kind: Literal["adamw"] = "adamw"
    beta_1: float = _mean_decay()
    beta_2: float = _square_decay()
    epsilon: float = _epsilon(1e-8)
    weight_decay: float = setting(
        0.01, title="Weight decay", ge=0, le=10, change="live", scale="log",
        choices=[0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1], formula=r"\lambda",
        help="How strongly weights are pulled towards zero, apart from the gradient.",
    )  # fmt: skip

    def transform(self) -> optax.GradientTransformation:
        return optax.chain(
            optax.scale_by_adam(self.beta_1, self.beta_2, self.epsilon),
            optax.add_decayed_weights(self.weight_decay),
        )


class NadamState(NamedTuple):
    """product: the momenta so far, multiplied up."""

    count: jax.Array
    product: jax.Array
    mean: Any
    square: Any


@OPTIMIZERS.register
class Nadam(Optimizer):
    title = "Nadam"
    help = "Adam with Nesterov's look ahead, and a momentum that warms up."
    formula = (
        r"w \leftarrow w - \frac{\eta}{\sqrt{\hat s} + \varepsilon}\Bigl("
        r"\frac{1-\mu_t}{1-\prod_{i\le t}\mu_i}\,g + "
        r"\frac{\mu_{t+1}}{1-\prod_{i\le t+1}\mu_i}\,m\Bigr),\quad "
        r"\mu_t = \beta_1\bigl(1 - \tfrac12 0.96^{t\psi}\bigr)"
    )
    source = "Dozat, 2016"
    learning_rate = 0.01

    kind: Literal["nadam"] = "nadam"
    beta_1: float = _mean_decay()
    beta_2: float = _square_decay()
    epsilon: float = _epsilon(1e-8)
    momentum_decay: float = setting(
        0.004, title="Momentum decay", ge=0, le=1, change="live", scale="log", formula=r"\psi",
        choices=[0, 0.001, 0.004, 0.01, 0.1],
        help="How fast the momentum rises from half its value to all of it.",
    )  # fmt: skip

    def transform(self) -> optax.GradientTransformation:
        """optax's has a constant momentum; this is the paper's, as PyTorch has it."""

        def init(params: Any) -> NadamState:
            zeros = optax.tree.zeros_like(params)
            return NadamState(jnp.int32(0), jnp.float32(1), zeros, zeros)

        def momentum(step: jax.Array) -> jax.Array:
            return self.beta_1 * (1.0 - 0.5 * 0.96 ** (step * self.momentum_decay))

        def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, NadamState]:
            step = state.count + 1
            now, following = momentum(step), momentum(step + 1)
            product = state.product * now
            of_gradient = (1.0 - now) / (1.0 - product)
            of_mean = following / (1.0 - product * following)
            mean = optax.tree.update_moment(updates, state.mean, self.beta_1, 1)
            square = optax.tree.update_moment(updates, state.square, self.beta_2, 2)
            unbiased = optax.tree.bias_correction(square, self.beta_2, step)
            direction = jax.tree.map(
                lambda g, m, s: (of_gradient * g + of_mean * m) / (jnp.sqrt(s) + self.epsilon),
                updates, mean, unbiased,
            )  # fmt: skip
            return direction, NadamState(step, product, mean, square)

        return optax.GradientTransformation(init, update)


@OPTIMIZERS.register
class Lion(Optimizer):
    title = "Lion"
    help = "Moves every weight by the same amount, up or down; wants a small learning rate."
    formula = (
        r"w \leftarrow w - \eta\,\operatorname{sign}(\beta_1 m + (1-\beta_1)\,g),\quad "
        r"m \leftarrow \beta_2 m + (1-\beta_2)\,g"
    )
    source = "Chen and others, 2023"
    learning_rate = 0.001

    kind: Literal["lion"] = "lion"
    beta_1: float = _mean_decay()
    beta_2: float = _momentum(
        0.99, "Decay of the memory", r"\beta_2", "How long gradients are remembered."
    )

    def transform(self) -> optax.GradientTransformation:
        return optax.scale_by_lion(self.beta_1, self.beta_2)


class LBFGSState(NamedTuple):
    """The last weights and gradient (P,), and the last `memory` changes of both (memory, P)
    with 1/(s·y) each (memory,), oldest first; 0 in a place not filled yet."""

    count: jax.Array
    params: jax.Array
    grads: jax.Array
    steps: jax.Array
    changes: jax.Array
    inverse: jax.Array
    scale: jax.Array


@OPTIMIZERS.register
class LBFGS(Optimizer):
    title = "L-BFGS"
    help = (
        "Learns the curvature from its last steps and jumps towards the minimum; "
        "for full batch only."
    )
    formula = r"w \leftarrow w - \eta\,H_t\,g,\quad H_t \approx (\nabla^2 L)^{-1}"
    source = "Liu and Nocedal, 1989"
    learning_rate = 0.3

    kind: Literal["lbfgs"] = "lbfgs"
    memory: int = setting(
        10, title="Memory", ge=1, le=20, formula="m", choices=[1, 3, 5, 10, 20],
        help="How many past steps the curvature is learned from.",
    )  # fmt: skip
    reach: float = setting(
        1.0, title="Reach", ge=0.001, le=1e6, change="live", scale="log", formula="r",
        choices=[0.1, 0.3, 1, 3, 10, 1e6],
        help="A direction longer than this is shortened to it, before the learning rate.",
    )  # fmt: skip

    def transform(self) -> optax.GradientTransformation:
        """PyTorch's without a line search, for which `reach` stands in. Unlike optax's it
        forgets steps of negative curvature, so that the direction always descends."""

        def init(params: Any) -> LBFGSState:
            flat = jnp.zeros_like(ravel_pytree(params)[0])
            past = jnp.zeros((self.memory, flat.size), flat.dtype)
            one, zeros = jnp.ones((), flat.dtype), jnp.zeros(self.memory, flat.dtype)
            return LBFGSState(jnp.int32(0), flat, flat, past, past, zeros, one)

        def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, LBFGSState]:
            g, unravel = ravel_pytree(updates)
            state = _remember(state, ravel_pytree(params)[0], g)
            first = jnp.minimum(1.0, 1.0 / jnp.maximum(jnp.abs(g).sum(), 1e-30)) * g
            direction = jnp.where(state.count == 1, first, _precondition(state, g))
            length = jnp.sqrt(direction @ direction)
            shorter = self.reach / jnp.maximum(length, self.reach)
            return unravel(shorter * direction), state

        return optax.GradientTransformation(init, update)


def _remember(state: LBFGSState, w: jax.Array, g: jax.Array) -> LBFGSState:
    """Take in the step that led to these weights and this gradient, if it curves upwards."""
    step, change = w - state.params, g - state.grads
    curvature = step @ change
    takes = (state.count > 0) & (curvature > 1e-10)
    safe = jnp.where(takes, curvature, 1.0)

    def push(past: jax.Array, new: jax.Array) -> jax.Array:
        return jnp.where(takes, jnp.concatenate([past[1:], new[None]]), past)

    scale = safe / jnp.where(takes, change @ change, 1.0)
    return LBFGSState(
        state.count + 1,
        w,
        g,
        push(state.steps, step),
        push(state.changes, change),
        push(state.inverse, 1.0 / safe),
        jnp.where(takes, scale, state.scale),
    )


def _precondition(state: LBFGSState, g: jax.Array) -> jax.Array:
    """H g by the two-loop recursion; places not filled yet change nothing."""
    memory = range(len(state.inverse))
    shares: dict[int, jax.Array] = {}
    for i in reversed(memory):
        shares[i] = state.inverse[i] * (state.steps[i] @ g)
        g = g - shares[i] * state.changes[i]
    g = state.scale * g
    for i in memory:
        g = g + state.steps[i] * (shares[i] - state.inverse[i] * (state.changes[i] @ g))
    return g
