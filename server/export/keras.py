"""Keras 3: a functional model for any of its backends, and a training loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .base import TARGETS, Run, Words
from .keras_layers import LAYER_WORDS
from .python_code import Rule, Written, facts, penalised, program, render

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
}


# -- optimizers ----------------------------------------------------------------------------------
# Keras's own where it moves the weights as ours does; else a class that does.

_MOMENTUM = '''
class Momentum(keras.optimizers.Optimizer):
    """Momentum that takes the learning rate after summing up; Keras's own sums up steps.

    The two differ where a schedule moves the learning rate.
    """

    def __init__(self, learning_rate, momentum, nesterov=False, **settings):
        super().__init__(learning_rate, **settings)
        self.momentum, self.nesterov = momentum, nesterov

    def build(self, variables):
        super().build(variables)
        self.velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        velocity = self.momentum * self.velocities[i] + gradient
        self.assign(self.velocities[i], velocity)
        move = gradient + self.momentum * velocity if self.nesterov else velocity
        self.assign_sub(variable, learning_rate * move)
'''

_RMSPROP = '''
class RMSprop(keras.optimizers.Optimizer):
    """RMSprop with epsilon beside the root; Keras's own has it inside."""

    def __init__(self, learning_rate, rho, epsilon, **settings):
        super().__init__(learning_rate, **settings)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        super().build(variables)
        self.squares = self.add_optimizer_variables(variables, "square")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        square = self.rho * self.squares[i] + (1 - self.rho) * gradient**2
        self.assign(self.squares[i], square)
        move = gradient / (ops.sqrt(square) + self.epsilon)
        self.assign_sub(variable, learning_rate * move)
'''

_ADAGRAD = '''
class Adagrad(keras.optimizers.Optimizer):
    """Adagrad with epsilon beside the root; Keras's own has it inside."""

    def __init__(self, learning_rate, epsilon, **settings):
        super().__init__(learning_rate, **settings)
        self.epsilon = epsilon

    def build(self, variables):
        super().build(variables)
        self.squares = self.add_optimizer_variables(variables, "square")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        square = self.squares[i] + gradient**2
        self.assign(self.squares[i], square)
        move = gradient / (ops.sqrt(square) + self.epsilon)
        self.assign_sub(variable, learning_rate * move)
'''

_ADAM = '''
class Adam(keras.optimizers.Optimizer):
    """Adam as its paper has it: epsilon is added after the means are unbiased.

    Keras's own adds it before, which shows where gradients are small. `decay` shrinks every
    weight and bias beside the gradient, as in AdamW.
    """

    def __init__(self, learning_rate, beta_1, beta_2, epsilon, decay=0.0, **settings):
        super().__init__(learning_rate, **settings)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.decay = epsilon, decay

    def build(self, variables):
        super().build(variables)
        self.means = self.add_optimizer_variables(variables, "mean")
        self.squares = self.add_optimizer_variables(variables, "square")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        step = ops.cast(self.iterations + 1, variable.dtype)
        mean = self.beta_1 * self.means[i] + (1 - self.beta_1) * gradient
        square = self.beta_2 * self.squares[i] + (1 - self.beta_2) * gradient**2
        self.assign(self.means[i], mean)
        self.assign(self.squares[i], square)
        root = ops.sqrt(square / (1 - ops.power(self.beta_2, step)))
        move = mean / (1 - ops.power(self.beta_1, step)) / (root + self.epsilon)
        self.assign_sub(variable, learning_rate * (move + self.decay * variable))
'''

_NADAM = '''
class Nadam(keras.optimizers.Optimizer):
    """Nadam (Dozat, 2016); in Keras's own the momentum warms up at a fixed pace."""

    def __init__(self, learning_rate, beta_1, beta_2, epsilon, momentum_decay, **settings):
        super().__init__(learning_rate, **settings)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.momentum_decay = epsilon, momentum_decay

    def build(self, variables):
        super().build(variables)
        self.means = self.add_optimizer_variables(variables, "mean")
        self.squares = self.add_optimizer_variables(variables, "square")
        # the momenta so far, multiplied up, one for each variable
        self.products = [
            self.add_variable(shape=(), initializer="ones", name=f"product_{i}")
            for i in range(len(variables))
        ]

    def momentum(self, step):
        return self.beta_1 * (1 - 0.5 * ops.power(0.96, step * self.momentum_decay))

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        step = ops.cast(self.iterations + 1, variable.dtype)
        now, following = self.momentum(step), self.momentum(step + 1)
        product = self.products[i] * now
        mean = self.beta_1 * self.means[i] + (1 - self.beta_1) * gradient
        square = self.beta_2 * self.squares[i] + (1 - self.beta_2) * gradient**2
        self.assign(self.products[i], product)
        self.assign(self.means[i], mean)
        self.assign(self.squares[i], square)
        root = ops.sqrt(square / (1 - ops.power(self.beta_2, step)))
        ahead = gradient * (1 - now) / (1 - product) + mean * following / (1 - product * following)
        self.assign_sub(variable, learning_rate * ahead / (root + self.epsilon))
'''

_LBFGS = '''
class LBFGS(keras.optimizers.Optimizer):
    """L-BFGS without a line search: a direction longer than `reach` is shortened to it.

    Steps along which the loss does not curve upwards teach nothing, so that the direction
    always descends. Everything is in one long vector, w for the weights and g for the gradient.
    """

    def __init__(self, learning_rate, memory, reach, **settings):
        super().__init__(learning_rate, **settings)
        self.memory, self.reach = memory, reach

    def build(self, variables):
        super().build(variables)
        size = sum(math.prod(variable.shape) for variable in variables)

        def add(name, *shape):
            return self.add_variable(shape=shape, initializer="zeros", name=name)

        self.w, self.g = add("w", size), add("g", size)
        self.steps = add("steps", self.memory, size)  # oldest first; zeros are not filled yet
        self.changes = add("changes", self.memory, size)
        self.scale = self.add_variable(shape=(), initializer="ones", name="scale")

    def _backend_update_step(self, gradients, variables, learning_rate):
        """All variables at once, instead of `update_step` one by one."""
        g = ops.concatenate([ops.reshape(gradient, (-1,)) for gradient in gradients])
        w = ops.concatenate([ops.reshape(variable, (-1,)) for variable in variables])
        began = self.iterations > 0
        self.remember(w - self.w, g - self.g, began)
        first = g * ops.minimum(1.0, 1.0 / ops.maximum(ops.sum(ops.abs(g)), 1e-30))
        self.assign(self.w, w)
        self.assign(self.g, g)
        direction = ops.where(began, self.precondition(g), first)
        direction = direction * self.reach / ops.maximum(ops.norm(direction), self.reach)
        start = 0
        for variable in variables:
            end = start + math.prod(variable.shape)
            move = ops.reshape(direction[start:end], variable.shape)
            self.assign_sub(variable, learning_rate * move)
            start = end

    def remember(self, step, change, began):
        curvature = ops.dot(step, change)
        curves = ops.logical_and(began, curvature > 1e-10)
        for variable, new in ((self.steps, step), (self.changes, change)):
            past = ops.convert_to_tensor(variable)
            longer = ops.concatenate([past[1:], new[None]])
            self.assign(variable, ops.where(curves, longer, past))
        scale = curvature / ops.where(curves, ops.dot(change, change), 1.0)
        before = ops.convert_to_tensor(self.scale)
        self.assign(self.scale, ops.where(curves, scale, before))

    def precondition(self, g):
        """The inverse Hessian times the gradient, by the two-loop recursion."""
        steps, changes = ops.convert_to_tensor(self.steps), ops.convert_to_tensor(self.changes)
        curvature = ops.sum(steps * changes, axis=1)
        filled = curvature > 0
        inverse = ops.where(filled, 1.0 / ops.where(filled, curvature, 1.0), 0.0)
        shares = {}
        for i in reversed(range(self.memory)):
            shares[i] = inverse[i] * ops.dot(steps[i], g)
            g = g - shares[i] * changes[i]
        g = self.scale * g
        for i in range(self.memory):
            g = g + steps[i] * (shares[i] - inverse[i] * ops.dot(changes[i], g))
        return g
'''

_PLAYGROUND = '''
class PlaygroundSGD(keras.optimizers.Optimizer):
    """TensorFlow Playground's rule: a weight that the penalty carries across zero stays there.

    Only matrices are penalised, biases are not.
    """

    def __init__(self, learning_rate, l1, l2, **settings):
        super().__init__(learning_rate, **settings)
        self.l1, self.l2 = l1, l2

    def build(self, variables):
        super().build(variables)
        self.dead = self.add_optimizer_variables(variables, "dead")  # 1 for a dead weight

    def update_step(self, gradient, variable, learning_rate):
        moved = variable - learning_rate * gradient
        if len(variable.shape) == 2:
            penalty = self.l1 * ops.sign(variable) + self.l2 * variable
            moved = self.penalised(moved, learning_rate * penalty, variable)
        self.assign(variable, moved)

    def penalised(self, moved, amount, variable):
        dead = self.dead[self._get_variable_index(variable)]
        dies = ops.logical_or(dead > 0, moved * (moved - amount) < 0)
        self.assign(dead, ops.cast(dies, dead.dtype))
        return ops.where(dies, 0.0, moved - amount)
'''


def _arguments(**values: Any) -> list[str]:
    return [f"{name}={value!r}" for name, value in values.items()]


def _native(name: str, **settings: Any) -> Rule:
    return Rule(f"keras.optimizers.{name}", _arguments(**settings))


def _playground(training: Any) -> Rule:
    return Rule("PlaygroundSGD", _arguments(l1=training.l1, l2=training.l2), _PLAYGROUND)


def _betas(o: Any) -> dict[str, float]:
    return {"beta_1": o.beta_1, "beta_2": o.beta_2}


def _adams(o: Any) -> dict[str, float]:
    return {**_betas(o), "epsilon": o.epsilon}


_OPTIMIZERS = {
    "sgd": lambda o: _native("SGD"),
    "momentum": lambda o: Rule("Momentum", _arguments(momentum=o.momentum), _MOMENTUM),
    "nesterov": lambda o: Rule(
        "Momentum", _arguments(momentum=o.momentum, nesterov=True), _MOMENTUM
    ),
    "rmsprop": lambda o: Rule("RMSprop", _arguments(rho=o.rho, epsilon=o.epsilon), _RMSPROP),
    "adagrad": lambda o: Rule("Adagrad", _arguments(epsilon=o.epsilon), _ADAGRAD),
    "adadelta": lambda o: _native("Adadelta", rho=o.rho, epsilon=o.epsilon),
    "adam": lambda o: Rule("Adam", _arguments(**_adams(o)), _ADAM),
    "adamw": lambda o: Rule("Adam", _arguments(**_adams(o), decay=o.weight_decay), _ADAM),
    "nadam": lambda o: Rule(
        "Nadam", _arguments(**_adams(o), momentum_decay=o.momentum_decay), _NADAM
    ),
    "lion": lambda o: _native("Lion", **_betas(o)),
    "lbfgs": lambda o: Rule("LBFGS", _arguments(memory=o.memory, reach=o.reach), _LBFGS),
}

WORDS = Words(
    "keras",
    "Keras",
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


{% if form == "points" %}
def features({{ many }}):
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = {{ many }}[:, 0], {{ many }}[:, 1]
{% else %}
    x = {{ many }}[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return ops.stack(columns, axis=1)


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
def build() -> keras.Model:
    """{{ points }} -> {{ shaped }} logits: the output layer before its activation."""
    {{ many }} = keras.Input({{ shape }}, {{ type }}name="{{ many }}")
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
    return keras.Model({{ many }}, z)


def activate(z):
    """Logits -> outputs."""
    return {{ written.activation }}


def load(path: Path = WEIGHTS) -> keras.Model:
    """The network with the weights of a file."""
    arrays = load_file(path)
    network = build()

    def put(layer: str, *weights: np.ndarray) -> None:
        network.get_layer(layer).set_weights(weights)

{% for layer in written.layers %}
{% for to, weights in layer.load.items() %}
    {{ call("put(", ['"' ~ to ~ '"'] + weights, 4) }}
{% endfor %}
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

_TRAIN = '''
{% include "train.about" %}
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # or jax, or tensorflow

import keras
import numpy as np
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
{% if l1 or l2 or decay %}
def weights(network: keras.Model) -> list[keras.Variable]:
    """The matrices; biases are not {{ "penalised" if l1 or l2 else "shrunk" }}."""
    {{ call("places = [", penalised, 4, "]") }}
    return [network.get_layer(name).weights[i] for name, i in places]


{% endif %}
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
            train_step(network, {{ many }}[rows], labels[rows], epoch + i / len(batches))
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
    some_asked = bool(run.classes and run.label_shape)
    clip = run.experiment.training.clip_norm is not None
    settings = ["global_clipnorm=CLIP_NORM"] if clip else []
    rule = replace(written.rule, arguments=[*written.rule.arguments, *settings])
    used = [name for name in ("losses", "ops") if f"{name}." in written.loss or name == "ops"]
    values = facts(run, written)
    rates = ["l1=L1"] * bool(values["l1"]) + ["l2=L2 / 2"] * bool(values["l2"])
    values |= {
        "framework": "Keras 3",
        "rates": ", ".join(rates),
        "with_penalty": " with penalties" * bool(rates),
        "given": {"points": "features(points)", "images": 'ops.cast(images, "float32") / 255'}.get(
            run.many, run.many
        ),
        "type": "" if run.dtype == "float32" else f'dtype="{run.dtype}", ',
        "rebuilt": "labels.astype(np.float32) / 255" if run.form == "image" else "labels",
        "measure": "loss_where_asked" if some_asked else "loss_of",
        "targets": "targets_and_asked(labels)" if some_asked else "targets_of(labels)",
        "train_step": f"def train_step(network: keras.Model, {run.many}: np.ndarray, "
        "labels: np.ndarray, epoch: float) -> float:",
        "imports": ", ".join(used),
        "rule": rule.make("optimizer = ", 4, "LEARNING_RATE"),
        "penalised": [
            f'("{to}", {i})'
            for layer in written.layers
            for to, weights in layer.load.items()
            for i, weight in enumerate(weights)
            if any(f'"{name}"' in weight for name in penalised(run))
        ],
    }
    model, train = render(_MODEL, **values), render(_TRAIN, **values)
    return program("Keras 3", run, model, train, ["keras", "numpy", "safetensors", "torch"])
