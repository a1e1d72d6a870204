"""Plain JAX: how each optimizer is written."""

from __future__ import annotations

from typing import Any

from .python_code import Rule

_ADAGRAD = '''
def scale_by_adagrad(epsilon: float) -> optax.GradientTransformation:
    """The gradient over the size of all past ones; optax's own cannot begin at zero."""

    def update(gradients, squares, params=None):
        squares = jax.tree.map(lambda s, g: s + g * g, squares, gradients)
        move = jax.tree.map(lambda g, s: g / (jnp.sqrt(s) + epsilon), gradients, squares)
        return move, squares

    return optax.GradientTransformation(optax.tree.zeros_like, update)
'''

_NADAM = '''
def scale_by_nadam(
    b1: float, b2: float, eps: float, momentum_decay: float
) -> optax.GradientTransformation:
    """Nadam with a momentum that warms up (Dozat, 2016); optax's has a constant one."""

    def momentum(step):
        return b1 * (1 - 0.5 * 0.96 ** (step * momentum_decay))

    def init(params):
        zeros = optax.tree.zeros_like(params)
        return 0, 1.0, zeros, zeros

    def update(gradients, state, params=None):
        step, product, mean, square = state
        step = step + 1
        now, following = momentum(step), momentum(step + 1)
        product = product * now
        mean = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, mean, gradients)
        square = jax.tree.map(lambda s, g: b2 * s + (1 - b2) * g * g, square, gradients)
        of_gradient = (1 - now) / (1 - product)
        of_mean = following / (1 - product * following)

        def move(g, m, s):
            return (of_gradient * g + of_mean * m) / (jnp.sqrt(s / (1 - b2**step)) + eps)

        return jax.tree.map(move, gradients, mean, square), (step, product, mean, square)

    return optax.GradientTransformation(init, update)
'''

_LBFGS = '''
def scale_by_lbfgs(memory: int, reach: float) -> optax.GradientTransformation:
    """L-BFGS without a line search: a direction longer than `reach` is shortened to it.

    Steps along which the loss does not curve upwards teach nothing, so that the direction
    always descends; optax's own learns from them too.
    """

    def init(params):
        flat = jnp.zeros_like(ravel_pytree(params)[0])
        past = jnp.zeros((memory, flat.size))
        return {"count": 0, "w": flat, "g": flat, "steps": past, "changes": past, "scale": 1.0}

    def update(gradients, state, params=None):
        g, unravel = ravel_pytree(gradients)
        state = remember(state, ravel_pytree(params)[0], g)
        first = g * jnp.minimum(1.0, 1.0 / jnp.maximum(jnp.abs(g).sum(), 1e-30))
        direction = jnp.where(state["count"] == 1, first, precondition(state, g))
        direction *= reach / jnp.maximum(jnp.linalg.norm(direction), reach)
        return unravel(direction), state

    def remember(state, w, g):
        step, change = w - state["w"], g - state["g"]
        curves = (state["count"] > 0) & (step @ change > 1e-10)

        def push(past, new):
            return jnp.where(curves, jnp.concatenate([past[1:], new[None]]), past)

        scale = (step @ change) / jnp.where(curves, change @ change, 1.0)
        return {
            "count": state["count"] + 1,
            "w": w,
            "g": g,
            "steps": push(state["steps"], step),
            "changes": push(state["changes"], change),
            "scale": jnp.where(curves, scale, state["scale"]),
        }

    def precondition(state, g):
        """The inverse Hessian times the gradient, by the two-loop recursion."""
        steps, changes = state["steps"], state["changes"]
        curvature = (steps * changes).sum(1)
        inverse = jnp.where(curvature > 0, 1 / jnp.where(curvature > 0, curvature, 1), 0)
        shares = {}
        for i in reversed(range(memory)):
            shares[i] = inverse[i] * (steps[i] @ g)
            g = g - shares[i] * changes[i]
        g = state["scale"] * g
        for i in range(memory):
            g = g + steps[i] * (shares[i] - inverse[i] * (changes[i] @ g))
        return g

    return optax.GradientTransformation(init, update)
'''

_PLAYGROUND = '''
def playground_sgd(
    params: Arrays, gradients: Arrays, dead: Arrays, rate: float, l1: float, l2: float
) -> tuple[Arrays, Arrays]:
    """TensorFlow Playground's rule: a weight that the penalty carries across zero stays there."""
    moved = {name: w - rate * gradients[name] for name, w in params.items()}
    for name in dead:
        w = params[name]
        amount = rate * (l1 * jnp.sign(w) + l2 * w)
        died = dead[name] | (moved[name] * (moved[name] - amount) < 0)
        moved[name] = jnp.where(died, 0.0, moved[name] - amount)
        dead = dead | {name: died}
    return moved, dead
'''


def playground(training: Any) -> Rule:
    return Rule("playground_sgd", [f"l1={training.l1!r}", f"l2={training.l2!r}"], _PLAYGROUND)


def _adam(o: Any) -> Rule:
    return Rule("optax.scale_by_adam", _arguments(b1=o.beta_1, b2=o.beta_2, eps=o.epsilon))


def _adamw(o: Any) -> Rule:
    decay = f"optax.add_decayed_weights({o.weight_decay!r})"
    return Rule("optax.chain", [_adam(o).make("", 0), decay])


def _nadam(o: Any) -> Rule:
    given = _arguments(b1=o.beta_1, b2=o.beta_2, eps=o.epsilon, momentum_decay=o.momentum_decay)
    return Rule("scale_by_nadam", given, _NADAM)


def _arguments(**values: Any) -> list[str]:
    return [f"{name}={value!r}" for name, value in values.items()]


OPTIMIZERS = {
    "sgd": lambda o: Rule("optax.identity"),
    "momentum": lambda o: Rule("optax.trace", _arguments(decay=o.momentum)),
    "nesterov": lambda o: Rule("optax.trace", _arguments(decay=o.momentum, nesterov=True)),
    "rmsprop": lambda o: Rule(
        "optax.scale_by_rms", _arguments(decay=o.rho, eps=o.epsilon, eps_in_sqrt=False)
    ),
    "adagrad": lambda o: Rule("scale_by_adagrad", _arguments(epsilon=o.epsilon), _ADAGRAD),
    "adadelta": lambda o: Rule("optax.scale_by_adadelta", _arguments(rho=o.rho, eps=o.epsilon)),
    "adam": _adam,
    "adamw": _adamw,
    "nadam": _nadam,
    "lion": lambda o: Rule("optax.scale_by_lion", _arguments(b1=o.beta_1, b2=o.beta_2)),
    "lbfgs": lambda o: Rule("scale_by_lbfgs", _arguments(memory=o.memory, reach=o.reach), _LBFGS),
}
