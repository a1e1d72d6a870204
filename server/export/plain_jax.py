"""Plain JAX: functions of arrays, with optax for the optimizer."""

from __future__ import annotations

from typing import Any

from .base import TARGETS, Run, Words
from .jax_layers import LAYER_WORDS
from .python_code import Rule, Written, call, drawn, facts, penalised, program, render

_FEATURES = {
    "x": "x",
    "y": "y",
    "x_squared": "x**2",
    "y_squared": "y**2",
    "xy": "x * y",
    "sin_x": "jnp.sin(x)",
    "sin_y": "jnp.sin(y)",
    "cos_x": "jnp.cos(x)",
    "cos_y": "jnp.cos(y)",
    "radius": "jnp.hypot(x, y)",
    "gauss": "jnp.exp(-(x**2 + y**2) / 8)",
}

_ACTIVATIONS = {
    "linear": "z",
    "relu": "jax.nn.relu(z)",
    "leaky_relu": "jax.nn.leaky_relu(z, 0.01)",
    "elu": "jax.nn.elu(z)",
    "selu": "jax.nn.selu(z)",
    "gelu": "jax.nn.gelu(z, approximate=False)",
    "silu": "jax.nn.silu(z)",
    "mish": "jax.nn.mish(z)",
    "softplus": "jax.nn.softplus(z)",
    "sigmoid": "jax.nn.sigmoid(z)",
    "tanh": "jnp.tanh(z)",
    "hard_tanh": "jax.nn.hard_tanh(z)",
    "softsign": "jax.nn.soft_sign(z)",
    "sine": "jnp.sin(z)",
    "gaussian": "jnp.exp(-(z**2))",
    "softmax": "jax.nn.softmax(z)",
}


def _crossentropy(loss: Any) -> str:
    smooth = f"optax.smooth_labels(targets, {loss.label_smoothing!r})"
    targets = smooth if loss.label_smoothing else "targets"
    return f"optax.softmax_cross_entropy(logits, {targets}).mean()"


_LOSSES = {
    "squared_error": lambda loss: ("0.5 * " * loss.half) + "jnp.square(outputs - targets).mean()",
    "absolute_error": lambda loss: "jnp.abs(outputs - targets).mean()",
    "huber": lambda loss: f"optax.huber_loss(outputs, targets, delta={loss.delta!r}).mean()",
    "binary_crossentropy": lambda loss: (
        "optax.sigmoid_binary_cross_entropy(logits, targets).mean()"
    ),
    "categorical_crossentropy": _crossentropy,
    "hinge": lambda loss: "jax.nn.relu(1 - targets * outputs).mean()",
}


# -- optimizers ----------------------------------------------------------------------------------

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


def _playground(training: Any) -> Rule:
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


_OPTIMIZERS = {
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

WORDS = Words(
    "jax",
    "JAX",
    {
        "feature": _FEATURES,
        "activation": _ACTIVATIONS,
        "layer": LAYER_WORDS,
        "loss": _LOSSES,
        "optimizer": _OPTIMIZERS,
        "rules": {"tf_playground": _playground},
    },
)


# -- the program ---------------------------------------------------------------------------------

_MODEL = '''
{% include "model.about" %}

import sys
{% if "Callable" in written.needs | join %}
from collections.abc import Callable
{% endif %}
from pathlib import Path

import jax
import jax.numpy as jnp
from safetensors.numpy import load_file

WEIGHTS = Path(__file__).with_name("weights.safetensors")
Arrays = dict[str, jax.Array]


{% if form == "points" %}
def features({{ many }}: jax.Array) -> jax.Array:
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = {{ many }}.T
{% else %}
    x = {{ many }}[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return jnp.stack(columns, axis=1)


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
def network(
    params: Arrays,
    stats: Arrays,
    {{ many }}: jax.Array,
    training: bool = False,
    key: jax.Array | None = None,
) -> tuple[jax.Array, Arrays]:
    """{{ points }} -> {{ shaped }} logits,
    the output layer before its activation, and the running averages after them."""
    h = {{ given }}
{% if keeps_given %}
    given = h
{% endif %}
{% for layer in written.layers[:-1] %}
{% for line in layer.lines %}
    {{ line }}
{% endfor %}
{% endfor %}
{% for line in written.layers[-1].logits %}
    {{ line }}
{% endfor %}
    return z, stats


def activate(z: jax.Array) -> jax.Array:
    """Logits -> outputs."""
    return {{ written.activation }}


def load(path: Path = WEIGHTS) -> tuple[Arrays, Arrays]:
    """The parameters and the running averages of a file, by name; a matrix is (inputs, units)."""
    arrays = {name: jnp.asarray(array) for name, array in load_file(path).items()}
    averages = [name for name in arrays if name.endswith((".mean", ".var"))]
    stats = {name: arrays.pop(name) for name in averages}
    return arrays, stats


def predict(params: Arrays, stats: Arrays, {{ many }}: jax.Array) -> jax.Array:
    """{{ points }} -> {{ shaped }} outputs."""
    logits, _ = network(params, stats, {{ many }})
    return activate(logits)


{% if classes %}
def classify(outputs: jax.Array) -> jax.Array:
    """{{ shaped }} outputs -> {{ labelled }} classes."""
{% if outputs == 1 %}
    return (outputs[..., 0] > {{ threshold }}).astype(int)
{% else %}
    return outputs.argmax(axis=-1)
{% endif %}


{% endif %}
if __name__ == "__main__":
{% if form == "points" %}
    point = jnp.array([[float(number) for number in sys.argv[1:]]])
    answer = predict(*load(), point)
{% else %}
    {{ many }} = load_file(WEIGHTS.with_name("{{ data_file }}"))["{{ many }}"]
    answer = predict(*load(), {{ many }}[[int(sys.argv[1])]])
{% endif %}
{% include "model.answer" %}
'''

_TRAIN = '''
{% include "train.about" %}
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
{% if "optax." in written.loss ~ optimizer ~ written.rule.code %}
import optax
{% endif %}
{% if "ravel_pytree" in written.rule.code %}
from jax.flatten_util import ravel_pytree
{% endif %}
from model import Arrays, {{ "activate, " if "outputs" in written.loss }}load, network
{% if form != "points" %}
from safetensors.numpy import load_file
{% endif %}

{% include "train.settings" %}
{% if l1 or l2 or decay or written.playground %}
#: the matrices; biases are not {{ "shrunk" if decay and not l1 and not l2 else "penalised" }}
{{ call("WEIGHTS = [", penalised, 0, "]") }}
{% endif %}


class State(NamedTuple):
    """What training changes."""

    params: Arrays
    stats: Arrays
    optimizer: Any
    key: jax.Array


{% include "train.rate" %}


def targets_of(labels: jax.Array) -> jax.Array:
{% if rebuilds %}
    """{{ labelled }} {{ many }} -> {{ shaped }}: what the network is given of them."""
    return {{ rebuilt }}
{% elif not classes %}
    """{{ labelled }} values -> {{ shaped }}."""
    return labels[..., None]
{% elif outputs == 1 %}
    """{{ labelled }} classes -> {{ shaped }}: 1 for class 1, {{ low }} for class 0."""
    return jnp.where(labels == 1, 1.0, {{ low }})[..., None]
{% else %}
    """{{ labelled }} classes -> {{ shaped }}: 1 in the column of the class, else {{ low }}."""
    return jnp.where(jax.nn.one_hot(labels, {{ outputs }}) == 1, 1.0, {{ low }})
{% endif %}


def loss_of(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """{{ training.loss.title }}, the mean over a batch."""
{% if "outputs" in written.loss %}
    outputs = activate(logits)
{% endif %}
    return {{ written.loss }}


{% if some_asked %}
def loss_where_asked(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """The same over the answers that are asked for; a label of -1 is none."""
    losses = jax.vmap(jax.vmap(loss_of))(logits, targets_of(labels))
    asked = labels >= 0
    return jnp.where(asked, losses, 0.0).sum() / jnp.maximum(asked.sum(), 1)


{% endif %}
{% if l1 or l2 %}
def penalty(params: Arrays) -> jax.Array:
    """What large weights cost."""
    weights = [params[name] for name in WEIGHTS]
{% if l1 and l2 %}
    return sum(L1 * jnp.abs(w).sum() + L2 / 2 * (w**2).sum() for w in weights)
{% elif l1 %}
    return sum(L1 * jnp.abs(w).sum() for w in weights)
{% else %}
    return sum(L2 / 2 * (w**2).sum() for w in weights)
{% endif %}


{% endif %}
{% include "train.rule" %}
{% if not written.playground %}
#: gradients -> a direction, which the learning rate is then multiplied by
{{ optimizer }}


{% endif %}
def begin() -> State:
    """The state before the first step."""
    params, stats = load()
{% if written.playground %}
    dead = {name: jnp.zeros(params[name].shape, bool) for name in WEIGHTS}
    return State(params, stats, dead, jax.random.key(0))
{% else %}
    return State(params, stats, OPTIMIZER.init(params), jax.random.key(0))
{% endif %}


@jax.jit
def step(
    state: State, {{ many }}: jax.Array, labels: jax.Array, rate: float
) -> tuple[State, jax.Array]:
    key, now = jax.random.split(state.key)

    def objective(params: Arrays) -> tuple[jax.Array, tuple[jax.Array, Arrays]]:
        logits, stats = network(params, state.stats, {{ many }}, training=True, key=now)
        loss = {{ measured }}
{% if costs %}
        loss += sum(stats.pop(name) for name in [{{ costs }}])
{% endif %}
        return loss{{ " + penalty(params)" if l1 or l2 }}, (loss, stats)

    gradients, (loss, stats) = jax.grad(objective, has_aux=True)(state.params)
{% if written.playground %}
    {{ move }}
{% else %}
    direction, optimizer = OPTIMIZER.update(gradients, state.optimizer, state.params)
    params = {name: w - rate * direction[name] for name, w in state.params.items()}
{% if decay %}
    for name in WEIGHTS:
        params[name] -= rate * WEIGHT_DECAY * state.params[name]
{% endif %}
{% endif %}
    return State(params, stats, optimizer, key), loss


def train_step(
    state: State, {{ many }}: jax.Array, labels: jax.Array, epoch: float
) -> tuple[State, jax.Array]:
    """One step on a batch at a time in epochs, and its loss.

    {{ many }}: {{ points }}. labels: {{ labelled }}.
    """
    return step(state, {{ many }}, labels, learning_rate(epoch))


def evaluate(state: State, {{ many }}: jax.Array, labels: jax.Array) -> float:
    """The loss on {{ many }} and labels."""
    logits, _ = network(state.params, state.stats, {{ many }})
    return float({{ measured }})


def read_{{ many }}(part: str) -> tuple[jax.Array, jax.Array]:
{% include "train.read" %}
{% if form == "points" %}
    points = jnp.array([[{{ coordinates }}] for row in rows])
    return points, jnp.array([{{ label }}(row["label"]) for row in rows])
{% else %}
    return jnp.asarray(data["{{ many }}"][chosen]), jnp.asarray(data["{{ answers }}"][chosen])
{% endif %}


def main(epochs: int) -> None:
    state = begin()
    {{ many }}, labels = read_{{ many }}("train")
{% include "train.before" %}
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        order = rng.permutation(len({{ many }}))
        batches = [order[i : i + BATCH_SIZE] for i in range(0, len(order), BATCH_SIZE)]
        for i, rows in enumerate(batches):
            state, _ = train_step(state, {{ many }}[rows], labels[rows], epoch + i / len(batches))
        loss = evaluate(state, {{ many }}{{ few }}, labels{{ few }})
{% if held_out %}
        held = evaluate(state, *{{ held_rows }})
{% endif %}
{% include "train.epoch_end" %}
'''


@TARGETS.register(
    "jax", title="JAX", filename="layerlab-jax.zip", media_type="application/zip",
    group="Code",
    help="Plain functions with their weights, and a script that trains them with optax as here.",
)  # fmt: skip
def plain_jax(run: Run) -> dict[str, bytes]:
    written = Written.of(run, WORDS)
    clip = "optax.clip_by_global_norm(CLIP_NORM)"
    if run.experiment.training.clip_norm is None:
        optimizer = written.rule.make("OPTIMIZER = ", 0)
    else:
        optimizer = call("OPTIMIZER = optax.chain(", [clip, written.rule.make("", 4)], 0)
    state = ["state.params", "gradients", "state.optimizer", "rate"]
    values = facts(run, written) | {
        "framework": "plain JAX",
        "costs": ", ".join(f'"{name}.cost"' for name in drawn(run)),
        "rebuilt": "labels / 255" if run.form == "image" else "labels",
        "given": {"points": "features(points)", "images": "images / 255"}.get(run.many, run.many),
        "measured": "loss_where_asked(logits, labels)"
        if run.classes and run.label_shape
        else "loss_of(logits, targets_of(labels))",
        "optimizer": optimizer,
        "move": written.rule.make("params, optimizer = ", 4, *state),
        "penalised": [f'"{name}"' for name in penalised(run)],
    }
    model, train = render(_MODEL, **values), render(_TRAIN, **values)
    return program("JAX", run, model, train, ["jax", "numpy", "optax", "safetensors"])
