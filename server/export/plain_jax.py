"""Plain JAX: functions of arrays, with optax for the optimizer."""

from __future__ import annotations

from typing import Any

from . import jax_adversarial
from .adversarial_code import GENERATE, duel_facts
from .base import TARGETS, Run, Words
from .jax_layers import LAYER_WORDS
from .jax_optimizers import OPTIMIZERS, playground
from .python_code import PARTS, Costs, Net, Written, call, facts, penalised, program, render

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


_TAKEN_FOR_REAL = "jax.nn.softplus(-logits).mean()"
_TAKEN_FOR_MADE = "jax.nn.softplus(logits).mean()"
_LOSSES = {
    "squared_error": lambda loss: ("0.5 * " * loss.half) + "jnp.square(outputs - targets).mean()",
    "absolute_error": lambda loss: "jnp.abs(outputs - targets).mean()",
    "huber": lambda loss: f"optax.huber_loss(outputs, targets, delta={loss.delta!r}).mean()",
    "binary_crossentropy": lambda loss: (
        "optax.sigmoid_binary_cross_entropy(logits, targets).mean()"
    ),
    "categorical_crossentropy": _crossentropy,
    "hinge": lambda loss: "jax.nn.relu(1 - targets * outputs).mean()",
    "non_saturating": lambda loss: Costs(_TAKEN_FOR_REAL, _TAKEN_FOR_MADE, _TAKEN_FOR_REAL),
    "minimax": lambda loss: Costs(_TAKEN_FOR_REAL, _TAKEN_FOR_MADE, f"-{_TAKEN_FOR_MADE}"),
    "least_squares": lambda loss: Costs(
        "0.5 * ((logits - 1) ** 2).mean()",
        "0.5 * (logits**2).mean()",
        "0.5 * ((logits - 1) ** 2).mean()",
    ),
    "wasserstein": lambda loss: Costs(
        "-logits.mean()", "logits.mean()", "-logits.mean()", sloped=True
    ),
}

WORDS = Words(
    "jax",
    "JAX",
    {
        "feature": _FEATURES,
        "activation": _ACTIVATIONS,
        "layer": LAYER_WORDS,
        "loss": _LOSSES,
        "optimizer": OPTIMIZERS,
        "rules": {"tf_playground": playground},
    },
)


# -- the program ---------------------------------------------------------------------------------

#: what the network is given of a point
_GIVEN = '''
def features({{ many }}: jax.Array) -> jax.Array:
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = {{ many }}.T
{% else %}
    x = {{ many }}[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return jnp.stack(columns, axis=1)
'''

_NETWORK = '''
def {{ name }}(
    params: Arrays,
    stats: Arrays,
    {{ taken }}: jax.Array,
    training: bool = False,
    key: jax.Array | None = None,
) -> tuple[jax.Array, Arrays]:
    """{{ doc }}"""
{% if given != "h" %}
    h = {{ given }}
{% endif %}
{% if net.stack.keeps_given %}
    given = h
{% endif %}
{% for layer in net.layers[:-1] %}
{% for line in layer.lines %}
    {{ line }}
{% endfor %}
{% endfor %}
{% for line in net.layers[-1].logits %}
    {{ line }}
{% endfor %}
    return {{ net.activation if activated else "z" }}, stats
'''

_MODEL = """
{% include about %}

import sys
{% if "Callable" in written.needs | join %}
from collections.abc import Callable
{% endif %}
from pathlib import Path
{% if generates %}
from typing import NamedTuple
{% endif %}

import jax
import jax.numpy as jnp
from safetensors.numpy import load_file

WEIGHTS = Path(__file__).with_name("weights.safetensors")
Arrays = dict[str, jax.Array]


{% if features %}
{{ features }}


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
{{ rest }}"""

_REST = '''
{{ network }}


def activate(z: jax.Array) -> jax.Array:
    """Logits -> outputs."""
    return {{ written.network.activation }}


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

PARTS |= {
    "jax.weights": """{% if l1 or l2 or decay or written.playground %}
#: the matrices; biases are not {{ "shrunk" if decay and not l1 and not l2 else "penalised" }}
{{ call("WEIGHTS = [", penalised, 0, "]") }}
{% endif %}
""",
    "jax.penalty": '''{% if l1 or l2 %}
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
''',
}

_TRAIN = '''
{% include "train.about" %}
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
{% if "optax." in written.loss ~ optimizer ~ written.rules_code %}
import optax
{% endif %}
{% if augments %}
from augmentation import augmented
{% endif %}
{% if "ravel_pytree" in written.rules_code | join %}
from jax.flatten_util import ravel_pytree
{% endif %}
from model import Arrays, {{ "activate, " if "outputs" in written.loss }}load, network
{% if form != "points" %}
from safetensors.numpy import load_file
{% endif %}

{% include "train.settings" %}
{% include "jax.weights" %}


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
{% include "jax.penalty" %}
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
{% if augments %}
            batch = augmented({{ many }}[rows], labels[rows])
{% endif %}
            state, _ = train_step(state, {{ batch }}, epoch + i / len(batches))
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
    values = facts(run, written) | {
        "framework": "plain JAX",
        "penalised": [f'"{name}"' for name in penalised(run)],
    }
    values["features"] = render(_GIVEN, **values).strip() if run.form == "points" else ""
    scripts = (_alone if written.generator is None else _against_each_other)(run, values)
    return program("JAX", run, scripts, ["jax", "numpy", "optax", "safetensors"])


def _alone(run: Run, values: dict[str, Any]) -> dict[str, str]:
    """The scripts of a network by itself."""
    net = values["written"].network
    state = ["state.params", "gradients", "state.optimizer", "rate"]
    values |= {
        "costs": ", ".join(f'"{name}.cost"' for name in net.drawn),
        "rebuilt": "labels / 255" if run.form == "image" else "labels",
        "measured": "loss_where_asked(logits, labels)"
        if run.classes and run.label_shape
        else "loss_of(logits, targets_of(labels))",
        "optimizer": _optimizer(run, net, "OPTIMIZER"),
        "move": net.rule.make("params, optimizer = ", 4, *state),
    }
    given = {"points": "features(points)", "images": "images / 255"}.get(run.many, run.many)
    doc = (
        f"{values['points']} -> {values['shaped']} logits,\n"
        "    the output layer before its activation, and the running averages after them."
    )
    about = {"name": "network", "doc": doc, "net": net, "taken": run.many, "given": given}
    network = render(_NETWORK, **values, **about, activated=False).strip()
    rest = render(_REST, network=network, **values)
    return {
        "model.py": render(_MODEL, rest=rest, about="model.about", **values),
        "train.py": render(_TRAIN, **values),
    }


def _against_each_other(run: Run, values: dict[str, Any]) -> dict[str, str]:
    """Those of a discriminator and a generator."""
    written = values["written"]
    duel = duel_facts(run, written)
    optimizers = [
        _optimizer(run, net, f"{role.upper()}_OPTIMIZER")
        for role, net in (("discriminator", written.network), ("generator", written.generator))
    ]
    imported = ["Arrays", "Network", "discriminator", "draw", "generate", "generator", "load"]
    values |= duel | {
        "imported": sorted([*imported, *["features"] * (run.form == "points")]),
        "optimizers": optimizers,
        "judge_costs": _costs(written.network),
        "maker_costs": _costs(written.generator),
        "maker": "state.generator",
        "noise_of_some": f"draw(state.key, {duel['made_count']})",
        "noise_of_count": "draw(jax.random.key(0), count)",
    }
    values["networks"] = [
        render(
            _NETWORK, **values | {"given": "h"}, name=role, doc=values[f"{role}_doc"], net=net,
            taken="h", activated=role == "generator",
        ).strip()
        for role, net in (("discriminator", written.network), ("generator", written.generator))
    ]  # fmt: skip
    rest = render(jax_adversarial.REST, **values)
    return {
        "model.py": render(_MODEL, rest=rest, about="duel.about", **values),
        "train.py": render(jax_adversarial.TRAIN, **values),
        "generate.py": render(GENERATE, **values),
    }


def _optimizer(run: Run, net: Net, name: str) -> str:
    """The line that makes the rule of a network."""
    if run.experiment.training.clip_norm is None:
        return net.rule.make(f"{name} = ", 0)
    clip = "optax.clip_by_global_norm(CLIP_NORM)"
    return call(f"{name} = optax.chain(", [clip, net.rule.make("", 4)], 0)


def _costs(net: Net) -> str:
    """What the layers that draw add to the loss of a pass."""
    names = ", ".join(f'"{name}.cost"' for name in net.drawn)
    return f" + sum(stats.pop(name) for name in [{names}])" if names else ""
