"""Keras 3: a functional model for any of its backends, and a training loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import keras_adversarial
from .adversarial_code import GENERATE, duel_facts
from .base import TARGETS, Run, Words
from .keras_layers import LAYER_WORDS
from .keras_optimizers import OPTIMIZERS, playground
from .python_code import PARTS, Costs, Net, Rule, Written, facts, penalised, program, render

_FEATURES = {
    "x": "x",
    "y": "y",
    "x_squared": "x**2",
    "y_squared": "y**2",
    "xy": "x * y",
    "sin_x": "ops.sin(x)",
    "sin_y": "ops.sin(y)",
    "cos_x": "ops.cos(x)",
    "cos_y": "ops.cos(y)",
    "radius": "ops.sqrt(x**2 + y**2)",
    "gauss": "ops.exp(-(x**2 + y**2) / 8)",
}

_ACTIVATIONS = {
    "linear": "z",
    "relu": "ops.relu(z)",
    "leaky_relu": "ops.leaky_relu(z, negative_slope=0.01)",
    "elu": "ops.elu(z)",
    "selu": "ops.selu(z)",
    "gelu": "ops.gelu(z, approximate=False)",
    "silu": "ops.silu(z)",
    "mish": "z * ops.tanh(ops.softplus(z))",
    "softplus": "ops.softplus(z)",
    "sigmoid": "ops.sigmoid(z)",
    "tanh": "ops.tanh(z)",
    "hard_tanh": "ops.hard_tanh(z)",
    "softsign": "ops.softsign(z)",
    "sine": "ops.sin(z)",
    "gaussian": "ops.exp(-(z**2))",
    "softmax": "ops.softmax(z, axis=-1)",
}


def _crossentropy(loss: Any) -> str:
    smoothing = f", label_smoothing={loss.label_smoothing!r}" if loss.label_smoothing else ""
    return f"losses.categorical_crossentropy(targets, logits, from_logits=True{smoothing})"


_TAKEN_FOR_REAL = "ops.mean(ops.softplus(-logits))"
_TAKEN_FOR_MADE = "ops.mean(ops.softplus(logits))"
_LOSSES = {
    "squared_error": lambda loss: (
        ("0.5 * " * loss.half) + "losses.mean_squared_error(targets, outputs)"
    ),
    "absolute_error": lambda loss: "losses.mean_absolute_error(targets, outputs)",
    "huber": lambda loss: f"losses.huber(targets, outputs, delta={loss.delta!r})",
    "binary_crossentropy": lambda loss: (
        "losses.binary_crossentropy(targets, logits, from_logits=True)"
    ),
    "categorical_crossentropy": _crossentropy,
    "hinge": lambda loss: "ops.mean(ops.relu(1 - targets * outputs), axis=-1)",
    "non_saturating": lambda loss: Costs(_TAKEN_FOR_REAL, _TAKEN_FOR_MADE, _TAKEN_FOR_REAL),
    "minimax": lambda loss: Costs(_TAKEN_FOR_REAL, _TAKEN_FOR_MADE, f"-{_TAKEN_FOR_MADE}"),
    "least_squares": lambda loss: Costs(
        "0.5 * ops.mean((logits - 1) ** 2)",
        "0.5 * ops.mean(logits**2)",
        "0.5 * ops.mean((logits - 1) ** 2)",
    ),
    "wasserstein": lambda loss: Costs(
        "-ops.mean(logits)", "ops.mean(logits)", "-ops.mean(logits)", sloped=True
    ),
}

WORDS = Words(
    "keras",
    "Keras",
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
def features({{ many }}):
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = {{ many }}[:, 0], {{ many }}[:, 1]
{% else %}
    x = {{ many }}[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return ops.stack(columns, axis=1)
'''

_NETWORK = '''
def {{ name }}() -> keras.Model:
    """{{ doc }}"""
    {{ taken }} = keras.Input({{ taken_shape }}, {{ type }}name="{{ taken }}")
    h = {{ given }}
{% if net.stack.keeps_given and taken != "given" %}
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
    return keras.Model({{ taken }}, {{ net.activation if activated else "z" }})
'''

_MODEL = """
{% include about %}

{% if "math." in written.needs | join %}
import math
{% endif %}
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # or jax, or tensorflow

import keras
import numpy as np
from keras import layers, ops
from safetensors.numpy import load_file

WEIGHTS = Path(__file__).with_name("weights.safetensors")


{% if features %}
{{ features }}


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
{{ rest }}"""

_REST = '''
{{ network }}


def activate(z):
    """Logits -> outputs."""
    return {{ written.network.activation }}


def load(path: Path = WEIGHTS) -> keras.Model:
    """The network with the weights of a file."""
    arrays = load_file(path)
    network = build()

    def put(layer: str, *weights: np.ndarray) -> None:
        network.get_layer(layer).set_weights(weights)

{% for to, weights in written.network.loads %}
    {{ call("put(", ['"' ~ to ~ '"'] + weights, 4) }}
{% endfor %}
    return network


def predict(network: keras.Model, {{ many }}: np.ndarray) -> np.ndarray:
    """{{ points }} -> {{ shaped }} outputs."""
    return ops.convert_to_numpy(activate(network({{ many }}, training=False)))


{% if classes %}
def classify(outputs: np.ndarray) -> np.ndarray:
    """{{ shaped }} outputs -> {{ labelled }} classes."""
{% if outputs == 1 %}
    return (outputs[..., 0] > {{ threshold }}).astype(int)
{% else %}
    return outputs.argmax(axis=-1)
{% endif %}


{% endif %}
if __name__ == "__main__":
{% if form == "points" %}
    point = np.array([[float(number) for number in sys.argv[1:]]], np.float32)
    answer = predict(load(), point)
{% else %}
    {{ many }} = load_file(WEIGHTS.with_name("{{ data_file }}"))["{{ many }}"]
    answer = predict(load(), {{ many }}[[int(sys.argv[1])]])
{% endif %}
{% include "model.answer" %}
'''

PARTS["keras.weights"] = '''{% if l1 or l2 or decay %}
def weights({{ owner }}: keras.Model) -> list[keras.Variable]:
    """The matrices; biases are not {{ "penalised" if l1 or l2 else "shrunk" }}."""
    {{ call("places = [", penalised, 4, "]") }}
    return [{{ owner }}.get_layer(name).weights[i] for name, i in places]


{% endif %}
'''

_TRAIN = '''
{% include "train.about" %}
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # or jax, or tensorflow

import keras
import numpy as np
{% if augments %}
from augmentation import augmented
{% endif %}
from keras import {{ imports }}
from model import {{ "activate, " if "outputs" in written.loss }}load
{% if form != "points" %}
from safetensors.numpy import load_file
{% endif %}

{% include "train.settings" %}


{% include "train.rate" %}


def targets_of(labels: np.ndarray) -> np.ndarray:
{% if rebuilds %}
    """{{ labelled }} {{ many }} -> {{ shaped }}: what the network is given of them."""
    return {{ rebuilt }}
{% elif not classes %}
    """{{ labelled }} values -> {{ shaped }}."""
    return labels[..., None]
{% elif outputs == 1 %}
    """{{ labelled }} classes -> {{ shaped }}: 1 for class 1, {{ low }} for class 0."""
    return np.where(labels == 1, 1.0, {{ low }}).astype(np.float32)[..., None]
{% else %}
    """{{ labelled }} classes -> {{ shaped }}: 1 in the column of the class, else {{ low }}."""
    hit = np.eye({{ outputs }}, dtype=bool)[labels]
    return np.where(hit, 1.0, {{ low }}).astype(np.float32)
{% endif %}


def loss_of(targets, logits):
    """{{ training.loss.title }}, example by example."""
{% if "outputs" in written.loss %}
    outputs = activate(logits)
{% endif %}
    return {{ written.loss }}


{% if some_asked %}
def targets_and_asked(labels: np.ndarray) -> np.ndarray:
    """Targets, and behind them 1, or 0 where nothing is asked for, with a label of -1."""
    return np.concatenate([targets_of(labels), (labels >= 0)[..., None]], -1, dtype=np.float32)


def loss_where_asked(targets, logits):
    """The same, the mean over the answers that are asked for."""
    targets = ops.convert_to_tensor(targets)
    targets, asked = targets[..., :-1], targets[..., -1]
    return ops.sum(loss_of(targets, logits) * asked) / ops.maximum(ops.sum(asked), 1)


{% endif %}
{% include "keras.weights" %}
{% include "train.rule" %}
def prepared(network: keras.Model) -> keras.Model:
    """The network with its optimizer and loss, ready for `train_step`."""
{% if l1 or l2 %}
    for w in weights(network):
        w.regularizer = keras.regularizers.L1L2({{ rates }})
{% endif %}
    {{ rule }}
    network.compile(optimizer, {{ measure }})
    return network


{{ train_step }}
    """A step on a batch at a time in epochs; its loss{{ with_penalty }}.

    {{ many }}: {{ points }}. labels: {{ labelled }}.
    """
    network.optimizer.learning_rate = learning_rate(epoch)
{% if decay %}
    before = [ops.convert_to_numpy(w).copy() for w in weights(network)]
    loss = network.train_on_batch({{ many }}, {{ targets }})
    for w, old in zip(weights(network), before):
        w.assign_sub(learning_rate(epoch) * WEIGHT_DECAY * old)
    return float(loss)
{% else %}
    return float(network.train_on_batch({{ many }}, {{ targets }}))
{% endif %}


def evaluate(network: keras.Model, {{ many }}: np.ndarray, labels: np.ndarray) -> float:
    """The loss on {{ many }} and labels."""
    logits = network({{ many }}, training=False)
    return float(ops.mean({{ measure }}({{ targets }}, logits)))


def read_{{ many }}(part: str) -> tuple[np.ndarray, np.ndarray]:
{% include "train.read" %}
{% if form == "points" %}
    points = [[{{ coordinates }}] for row in rows]
    labels = [{{ label }}(row["label"]) for row in rows]
    return np.array(points, np.float32), np.array(labels, np.{{ label }}32)
{% else %}
    return data["{{ many }}"][chosen], data["{{ answers }}"][chosen]
{% endif %}


def main(epochs: int) -> None:
    network = prepared(load())
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
            train_step(network, {{ batch }}, epoch + i / len(batches))
        loss = evaluate(network, {{ many }}{{ few }}, labels{{ few }})
{% if held_out %}
        held = evaluate(network, *{{ held_rows }})
{% endif %}
{% include "train.epoch_end" %}
'''


@TARGETS.register(
    "keras", title="Keras 3", filename="layerlab-keras.zip", media_type="application/zip",
    group="Code",
    help="A Keras model with its weights, for any backend, and a script that trains it as here.",
)  # fmt: skip
def keras(run: Run) -> dict[str, bytes]:
    written = Written.of(run, WORDS)
    values = facts(run, written) | {
        "framework": "Keras 3",
        "penalised": [
            f'("{to}", {i})'
            for to, weights in written.network.loads
            for i, weight in enumerate(weights)
            if any(f'"{name}"' in weight for name in penalised(run))
        ],
    }
    values["features"] = render(_GIVEN, **values).strip() if run.form == "points" else ""
    scripts = (_alone if written.generator is None else _against_each_other)(run, values)
    return program("Keras 3", run, scripts, ["keras", "numpy", "safetensors", "torch"])


def _alone(run: Run, values: dict[str, Any]) -> dict[str, str]:
    """The scripts of a network by itself."""
    written = values["written"]
    some_asked = bool(run.classes and run.label_shape)
    used = [name for name in ("losses", "ops") if f"{name}." in written.loss or name == "ops"]
    rates = ["l1=L1"] * bool(values["l1"]) + ["l2=L2 / 2"] * bool(values["l2"])
    values |= {
        "rates": ", ".join(rates),
        "with_penalty": " with penalties" * bool(rates),
        "rebuilt": "labels.astype(np.float32) / 255" if run.form == "image" else "labels",
        "measure": "loss_where_asked" if some_asked else "loss_of",
        "targets": "targets_and_asked(labels)" if some_asked else "targets_of(labels)",
        "train_step": f"def train_step(network: keras.Model, {run.many}: np.ndarray, "
        "labels: np.ndarray, epoch: float) -> float:",
        "imports": ", ".join(used),
        "rule": _rule(run, written.network).make("optimizer = ", 4, "LEARNING_RATE"),
        "owner": "network",
    }
    given = {"points": "features(points)", "images": 'ops.cast(images, "float32") / 255'}
    doc = (
        f"{values['points']} -> {values['shaped']} logits: the output layer before its activation."
    )
    network = render(
        _NETWORK, **values, name="build", doc=doc, net=written.network, taken=run.many,
        taken_shape=run.shape, type="" if run.dtype == "float32" else f'dtype="{run.dtype}", ',
        given=given.get(run.many, run.many), activated=False,
    ).strip()  # fmt: skip
    rest = render(_REST, network=network, **values)
    return {
        "model.py": render(_MODEL, rest=rest, about="model.about", **values),
        "train.py": render(_TRAIN, **values),
    }


def _against_each_other(run: Run, values: dict[str, Any]) -> dict[str, str]:
    """Those of a discriminator and a generator."""
    written = values["written"]
    duel = duel_facts(run, written)
    nets = {"discriminator": written.network, "generator": written.generator}
    judge, maker = duel["judge_averages"], duel["maker_averages"]
    values |= duel | {
        "judge_aside": lambda x: _passed("discriminator", x, aside=judge),
        "maker_aside": lambda x: _passed("generator", x, aside=maker),
        "given": "features(points)" if run.form == "points" else 'images.astype("float32") / 255',
        "owner": "discriminator",
        "judge_costs": " + sum(discriminator.losses)" * bool(written.network.drawn),
        "maker_costs": " + sum(generator.losses)" * bool(written.generator.drawn),
        "judging": _rule(run, written.network).make("judging = ", 4, "LEARNING_RATE"),
        "making": _rule(run, written.generator).make("making = ", 4, "GENERATOR_LEARNING_RATE"),
        "maker": "generator",
        "noise_of_some": f"draw({duel['made_count']})",
        "noise_of_count": "draw(count)",
    }
    given = {"discriminator": "given", "generator": "noise"}
    values["networks"] = [
        render(
            _NETWORK, **values | {"given": given[role]}, name=f"build_{role}", net=net, type="",
            doc=values[f"{role}_doc"], taken=given[role], taken_shape=net.stack.input_shape,
            activated=role == "generator",
        ).strip()
        for role, net in nets.items()
    ]  # fmt: skip
    rest = render(keras_adversarial.REST, **values)
    return {
        "model.py": render(_MODEL, rest=rest, about="duel.about", **values),
        "train.py": render(keras_adversarial.TRAIN, **values),
        "generate.py": render(GENERATE, **values),
    }


def _passed(network: str, x: str, aside: bool) -> str:
    return f"aside({network}, {x})" if aside else f"{network}({x}, training=True)"


def _rule(run: Run, net: Net) -> Rule:
    """What moves a network, with the limit of its gradients' norm."""
    clip = run.experiment.training.clip_norm is not None
    settings = ["global_clipnorm=CLIP_NORM"] if clip else []
    return replace(net.rule, arguments=[*net.rule.arguments, *settings])
