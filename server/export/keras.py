"""Keras 3: a functional model for any of its backends, and a training loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .base import TARGETS, Place, Run, Words
from .python_code import Layer, Rule, Written, facts, penalised, program, render

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


# -- layers --------------------------------------------------------------------------------------

_NORMS = {
    "batch": ("BatchNorm(", ["scale", "offset", "mean", "var"]),
    "layer": ("layers.LayerNormalization(epsilon=1e-5, ", ["scale", "offset"]),
}


def _dense(say: Words, at: Place) -> Layer:
    name, layer = at.name, at.layer
    logits = [f'z = layers.Dense({at.units}, name="{name}")(h)']
    activate = [f"h = {say.activation(at)}"]
    load = {name: ["w", "b"]}
    if layer.normalization != "none":
        if layer.normalization not in _NORMS:
            path = f"{at.path}/normalization"
            raise say.unsupported(path, f"{layer.normalization!r}", ["none", *_NORMS])
        head, load[f"{name}_norm"] = _NORMS[layer.normalization]
        logits.append(f'z = {head}name="{name}_norm")(z)')
    if layer.dropout is not None:
        activate.append(f"h = layers.Dropout({layer.dropout!r})(h)")
    return Layer([], logits, activate, {to: _list(name, parts) for to, parts in load.items()})


def _list(name: str, parts: list[str]) -> str:
    return ", ".join(f'"{name}.{part}"' for part in parts)


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
        "layer": {"dense": _dense},
        "loss": _LOSSES,
        "optimizer": _OPTIMIZERS,
        "rules": {"tf_playground": _playground},
    },
)


# -- the program ---------------------------------------------------------------------------------

_MODEL = '''
{% include "model.about" %}

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # or jax, or tensorflow

import keras
import numpy as np
from keras import layers, ops
from safetensors.numpy import load_file

WEIGHTS = Path(__file__).with_name("weights.safetensors")


def features(points):
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = points[:, 0], points[:, 1]
{% else %}
    x = points[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return ops.stack(columns, axis=1)


{% if "BatchNorm(" in lines %}
class BatchNorm(layers.Layer):
    """Batch normalization that remembers the unbiased variance; Keras's own the biased.

    A single example has no variance: it is normalized by what is remembered.
    """

    def build(self, shape):
        def add(name, initializer, trainable=True):
            return self.add_weight(
                shape=shape[-1:], initializer=initializer, trainable=trainable, name=name
            )

        self.scale, self.offset = add("scale", "ones"), add("offset", "zeros")
        self.mean, self.var = add("mean", "zeros", False), add("var", "ones", False)

    def call(self, z, training=False):
        mean, var = self.mean, self.var
        if training and z.shape[0] != 1:
            mean, var = ops.moments(z, axes=[0])
            count = ops.cast(ops.shape(z)[0], z.dtype)
            self.mean.assign(0.9 * self.mean + 0.1 * mean)
            self.var.assign(0.9 * self.var + 0.1 * var * count / (count - 1))
        return (z - mean) / ops.sqrt(var + 1e-5) * self.scale + self.offset


{% endif %}
def build() -> keras.Model:
    """{{ points }} -> (N, {{ outputs }}) logits: the output layer before its activation."""
    points = keras.Input(({{ dimensions }},), name="points")
    h = features(points)
{% for layer in written.layers[:-1] %}
{% for line in layer.logits + layer.activate %}
    {{ line }}
{% endfor %}
{% endfor %}
{% for line in written.layers[-1].logits %}
    {{ line }}
{% endfor %}
    return keras.Model(points, z)


def activate(z):
    """Logits -> outputs."""
    return {{ written.activation }}


def load(path: Path = WEIGHTS) -> keras.Model:
    """The network with the weights of a file."""
    arrays = load_file(path)
    network = build()

    def put(layer: str, *names: str) -> None:
        network.get_layer(layer).set_weights([arrays[name] for name in names])

{% for layer in written.layers %}
{% for to, names in layer.load.items() %}
    put("{{ to }}", {{ names }})
{% endfor %}
{% endfor %}
    return network


def predict(network: keras.Model, points: np.ndarray) -> np.ndarray:
    """{{ points }} -> (N, {{ outputs }}) outputs."""
    return ops.convert_to_numpy(activate(network(points, training=False)))


{% if classes %}
def classify(outputs: np.ndarray) -> np.ndarray:
    """(N, {{ outputs }}) outputs -> (N,) classes."""
{% if outputs == 1 %}
    return (outputs[:, 0] > {{ threshold }}).astype(int)
{% else %}
    return outputs.argmax(axis=1)
{% endif %}


{% endif %}
if __name__ == "__main__":
    point = np.array([[float(number) for number in sys.argv[1:]]], np.float32)
    answer = predict(load(), point)
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

{% include "train.settings" %}


{% include "train.rate" %}


def targets_of(labels: np.ndarray) -> np.ndarray:
{% if not classes %}
    """(N,) values -> (N, 1)."""
    return labels[:, None]
{% elif outputs == 1 %}
    """(N,) classes -> (N, 1): 1 for class 1, {{ low }} for class 0."""
    return np.where(labels == 1, 1.0, {{ low }}).astype(np.float32)[:, None]
{% else %}
    """(N,) classes -> (N, {{ outputs }}): 1 in the column of the class, else {{ low }}."""
    hit = np.eye({{ outputs }}, dtype=bool)[labels]
    return np.where(hit, 1.0, {{ low }}).astype(np.float32)
{% endif %}


def loss_of(targets, logits):
    """{{ training.loss.title }}, example by example."""
{% if "outputs" in written.loss %}
    outputs = activate(logits)
{% endif %}
    return {{ written.loss }}


{% if l1 or l2 or decay %}
def weights(network: keras.Model) -> list[keras.Variable]:
    """The matrices; biases are not {{ "penalised" if l1 or l2 else "shrunk" }}."""
    {{ call("names = [", penalised, 4, "]") }}
    return [network.get_layer(name).kernel for name in names]


{% endif %}
{% include "train.rule" %}
def prepared(network: keras.Model) -> keras.Model:
    """The network with its optimizer and loss, ready for `train_step`."""
{% if l1 or l2 %}
    for w in weights(network):
        w.regularizer = keras.regularizers.L1L2({{ rates }})
{% endif %}
    {{ rule }}
    network.compile(optimizer, loss_of)
    return network


def train_step(network: keras.Model, points: np.ndarray, labels: np.ndarray, epoch: float) -> float:
    """A step on {{ points }} and (N,) labels at a time in epochs; its loss{{ with_penalty }}."""
    network.optimizer.learning_rate = learning_rate(epoch)
{% if decay %}
    before = [ops.convert_to_numpy(w).copy() for w in weights(network)]
    loss = network.train_on_batch(points, targets_of(labels))
    for w, old in zip(weights(network), before):
        w.assign_sub(learning_rate(epoch) * WEIGHT_DECAY * old)
    return float(loss)
{% else %}
    return float(network.train_on_batch(points, targets_of(labels)))
{% endif %}


def evaluate(network: keras.Model, points: np.ndarray, labels: np.ndarray) -> float:
    """The loss on points and labels."""
    return float(ops.mean(loss_of(targets_of(labels), network(points, training=False))))


def read_points(part: str) -> tuple[np.ndarray, np.ndarray]:
{% include "train.read_points" %}
    points = [[{{ coordinates }}] for row in rows]
    labels = [{{ label }}(row["label"]) for row in rows]
    return np.array(points, np.float32), np.array(labels, np.{{ label }}32)


def main(epochs: int) -> None:
    network = prepared(load())
    points, labels = read_points("train")
{% include "train.before" %}
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        order = rng.permutation(len(points))
        batches = [order[i : i + BATCH_SIZE] for i in range(0, len(order), BATCH_SIZE)]
        for i, rows in enumerate(batches):
            train_step(network, points[rows], labels[rows], epoch + i / len(batches))
        loss = evaluate(network, points, labels)
{% if held_out %}
        held = evaluate(network, *held_out)
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
    lines = [line for layer in written.layers for line in layer.logits]
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
        "lines": "\n".join(lines),
        "imports": ", ".join(used),
        "rule": rule.make("optimizer = ", 4, "LEARNING_RATE"),
        "penalised": [f'"{name.split(".")[0]}"' for name in penalised(run)],
    }
    model, train = render(_MODEL, **values), render(_TRAIN, **values)
    return program("Keras 3", run, model, train, ["keras", "numpy", "safetensors", "torch"])
