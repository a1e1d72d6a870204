"""PyTorch: a module, its weights, and a training loop."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

from .base import TARGETS, Run, Words
from .python_code import Rule, Written, drawn, facts, penalised, program, render
from .pytorch_layers import LAYER_WORDS, arranged

_FEATURES = {
    "x": "x",
    "y": "y",
    "x_squared": "x**2",
    "y_squared": "y**2",
    "xy": "x * y",
    "sin_x": "torch.sin(x)",
    "sin_y": "torch.sin(y)",
    "cos_x": "torch.cos(x)",
    "cos_y": "torch.cos(y)",
    "radius": "torch.hypot(x, y)",
    "gauss": "torch.exp(-(x**2 + y**2) / 8)",
}

_ACTIVATIONS = {
    "linear": "z",
    "relu": "F.relu(z)",
    "leaky_relu": "F.leaky_relu(z, 0.01)",
    "elu": "F.elu(z)",
    "selu": "F.selu(z)",
    "gelu": "F.gelu(z)",
    "silu": "F.silu(z)",
    "mish": "F.mish(z)",
    "softplus": "F.softplus(z)",
    "sigmoid": "torch.sigmoid(z)",
    "tanh": "torch.tanh(z)",
    "hard_tanh": "F.hardtanh(z)",
    "softsign": "F.softsign(z)",
    "sine": "torch.sin(z)",
    "gaussian": "torch.exp(-(z**2))",
    "softmax": "F.softmax(z, dim=-1)",
}

_LOSSES = {
    "squared_error": lambda loss: ("0.5 * " * loss.half) + "F.mse_loss(outputs, targets)",
    "absolute_error": lambda loss: "F.l1_loss(outputs, targets)",
    "huber": lambda loss: f"F.huber_loss(outputs, targets, delta={loss.delta!r})",
    "binary_crossentropy": lambda loss: "F.binary_cross_entropy_with_logits(logits, targets)",
    "categorical_crossentropy": lambda loss: (
        f"F.cross_entropy(logits, targets, label_smoothing={loss.label_smoothing!r})"
        if loss.label_smoothing
        else "F.cross_entropy(logits, targets)"
    ),
    "hinge": lambda loss: "F.relu(1 - targets * outputs).mean()",
}


# -- optimizers ----------------------------------------------------------------------------------


def _adam(name: str, o: Any, *more: str) -> Rule:
    betas = f"betas=({o.beta_1!r}, {o.beta_2!r})"
    return Rule(f"torch.optim.{name}", ["lr=LEARNING_RATE", betas, f"eps={o.epsilon!r}", *more])


def _native(name: str, **arguments: Any) -> Rule:
    given = [f"{key}={value!r}" for key, value in arguments.items()]
    return Rule(f"torch.optim.{name}", ["lr=LEARNING_RATE", *given])


_LION = '''
class Lion(torch.optim.Optimizer):
    """Every weight moves by the same amount, against the sign of a running mean (Chen, 2023)."""

    def __init__(self, params, lr: float, betas: tuple[float, float]) -> None:
        super().__init__(params, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            beta_1, beta_2 = group["betas"]
            for p in group["params"]:
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                p -= group["lr"] * torch.sign(beta_1 * mean + (1 - beta_1) * p.grad)
                mean.lerp_(p.grad, 1 - beta_2)
'''

_LBFGS = '''
class LBFGS(torch.optim.Optimizer):
    """L-BFGS without a line search: a direction longer than `reach` is shortened to it.

    PyTorch's own has no such bound. Steps along which the loss does not curve upwards teach
    nothing, so that the direction always descends.
    """

    def __init__(self, params, lr: float, memory: int, reach: float) -> None:
        super().__init__(params, {"lr": lr})
        self.memory, self.reach = memory, reach
        self.past = []  # pairs of a step and the change of the gradient along it, oldest first
        self.before = None  # weights and gradient of the last step

    @torch.no_grad()
    def step(self) -> None:
        (group,) = self.param_groups
        w = torch.nn.utils.parameters_to_vector(group["params"])
        g = torch.cat([p.grad.flatten() for p in group["params"]])
        if self.before is None:
            direction = g * min(1.0, 1.0 / max(float(g.abs().sum()), 1e-30))
        else:
            self.remember(w - self.before[0], g - self.before[1])
            direction = self.precondition(g)
        self.before = w, g
        direction *= self.reach / max(float(direction.norm()), self.reach)
        moved = w - group["lr"] * direction
        torch.nn.utils.vector_to_parameters(moved, group["params"])

    def remember(self, step: Tensor, change: Tensor) -> None:
        if step @ change > 1e-10:
            self.past = [*self.past, (step, change)][-self.memory :]

    def precondition(self, g: Tensor) -> Tensor:
        """The inverse Hessian times the gradient, by the two-loop recursion."""
        shares = []
        for step, change in reversed(self.past):
            shares.append((step @ g) / (step @ change))
            g = g - shares[-1] * change
        if self.past:
            step, change = self.past[-1]
            g = g * (step @ change) / (change @ change)
        for step, change in self.past:
            g = g + step * (shares.pop() - (change @ g) / (step @ change))
        return g
'''

_PLAYGROUND = '''
class PlaygroundSGD(torch.optim.Optimizer):
    """TensorFlow Playground's rule: a weight that the penalty carries across zero stays there.

    Only matrices are penalised, biases are not.
    """

    def __init__(self, params, lr: float, l1: float, l2: float) -> None:
        super().__init__(params, {"lr": lr, "l1": l1, "l2": l2})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                before = p.clone()
                p -= group["lr"] * p.grad
                if p.ndim == 2:
                    penalty = group["l1"] * before.sign() + group["l2"] * before
                    self.penalise(p, group["lr"] * penalty)

    def penalise(self, p: Tensor, amount: Tensor) -> None:
        dead = self.state[p].setdefault("dead", torch.zeros_like(p, dtype=torch.bool))
        dead |= p * (p - amount) < 0
        p -= amount
        p[dead] = 0
'''


def _playground(training: Any) -> Rule:
    penalties = [f"l1={training.l1!r}", f"l2={training.l2!r}"]
    return Rule("PlaygroundSGD", ["lr=LEARNING_RATE", *penalties], _PLAYGROUND)


_OPTIMIZERS = {
    "sgd": lambda o: _native("SGD"),
    "momentum": lambda o: _native("SGD", momentum=o.momentum),
    # PyTorch wants a momentum for it; without one it is plain SGD
    "nesterov": lambda o: (
        _native("SGD", momentum=o.momentum, nesterov=True) if o.momentum else _native("SGD")
    ),
    "rmsprop": lambda o: _native("RMSprop", alpha=o.rho, eps=o.epsilon),
    "adagrad": lambda o: _native("Adagrad", eps=o.epsilon),
    "adadelta": lambda o: _native("Adadelta", rho=o.rho, eps=o.epsilon),
    "adam": lambda o: _adam("Adam", o),
    "adamw": lambda o: _adam("AdamW", o, f"weight_decay={o.weight_decay!r}"),
    "nadam": lambda o: _adam("NAdam", o, f"momentum_decay={o.momentum_decay!r}"),
    "lion": lambda o: Rule(
        "Lion", ["lr=LEARNING_RATE", f"betas=({o.beta_1!r}, {o.beta_2!r})"], _LION
    ),
    "lbfgs": lambda o: Rule(
        "LBFGS", ["lr=LEARNING_RATE", f"memory={o.memory}", f"reach={o.reach!r}"], _LBFGS
    ),
}

WORDS = Words(
    "pytorch",
    "PyTorch",
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

_MODEL = """
{% include "model.about" %}

import sys
{% if "Callable" in written.needs | join %}
from collections.abc import Callable
{% endif %}
from pathlib import Path

import torch
{% if "F." in body %}
import torch.nn.functional as F
{% endif %}
from safetensors.torch import load_file
from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("weights.safetensors")


{{ body }}"""

_BODY = '''
{% if form == "points" %}
def features({{ many }}: Tensor) -> Tensor:
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = {{ many }}.unbind(dim=1)
{% else %}
    x = {{ many }}[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return torch.stack(columns, dim=1)


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
class Network(nn.Module):
    """{{ points }} -> {{ shaped }} logits: the output layer before its activation."""

    def __init__(self) -> None:
        super().__init__()
{% for layer in written.layers %}
{% for line in layer.build %}
        {{ line }}
{% endfor %}
{% endfor %}

    def forward(self, {{ many }}: Tensor) -> Tensor:
        h = {{ given }}
{% if keeps_given %}
        given = h
{% endif %}
{% for layer in written.layers[:-1] %}
{% for line in layer.lines %}
        {{ line }}
{% endfor %}
{% endfor %}
{% for line in written.layers[-1].logits[:-1] %}
        {{ line }}
{% endfor %}
        {{ written.layers[-1].logits[-1] | replace("z = ", "return ") }}


def activate(z: Tensor) -> Tensor:
    """Logits -> outputs."""
    return {{ written.activation }}


def load(path: Path = WEIGHTS) -> Network:
    """The network with the weights of a file, where every matrix is (inputs, units)."""
    arrays = load_file(path)
    network = Network()
    network.load_state_dict(
        {
{% for layer in written.layers %}
{% for to, array in layer.load.items() %}
            "{{ to }}": {{ array }},
{% endfor %}
{% endfor %}
        }
    )
    return network.eval()


@torch.no_grad()
def predict(network: Network, {{ many }}: Tensor) -> Tensor:
    """{{ points }} -> {{ shaped }} outputs."""
    return activate(network.eval()({{ many }}))


{% if classes %}
def classify(outputs: Tensor) -> Tensor:
    """{{ shaped }} outputs -> {{ labelled }} classes."""
{% if outputs == 1 %}
    return (outputs[..., 0] > {{ threshold }}).long()
{% else %}
    return outputs.argmax(dim=-1)
{% endif %}


{% endif %}
if __name__ == "__main__":
{% if form == "points" %}
    point = torch.tensor([[float(number) for number in sys.argv[1:]]])
    answer = predict(load(), point)
{% else %}
    {{ many }} = load_file(WEIGHTS.with_name("{{ data_file }}"))["{{ many }}"]
    answer = predict(load(), {{ many }}[[int(sys.argv[1])]])
{% endif %}
{% include "model.answer" %}
'''

_TRAIN = '''
{% include "train.about" %}
import sys
from pathlib import Path

import torch
{% if "F." in written.loss or classes > 2 or outputs > 1 and classes %}
import torch.nn.functional as F
{% endif %}
from model import Network, {{ "activate, " if "outputs" in written.loss }}load
{% if form != "points" %}
from safetensors.torch import load_file
{% endif %}
from torch import Tensor

{% include "train.settings" %}


{% include "train.rate" %}


def targets_of(labels: Tensor) -> Tensor:
{% if rebuilds %}
    """{{ labelled }} {{ many }} -> {{ shaped }}: what the network is given of them."""
    return {{ rebuilt }}
{% elif not classes %}
    """{{ labelled }} values -> {{ shaped }}."""
    return labels[..., None]
{% elif outputs == 1 %}
    """{{ labelled }} classes -> {{ shaped }}: 1 for class 1, {{ low }} for class 0."""
    return torch.where(labels == 1, 1.0, {{ low }})[..., None]
{% else %}
    """{{ labelled }} classes -> {{ shaped }}: 1 in the column of the class, else {{ low }}."""
    return torch.where(F.one_hot(labels, {{ outputs }}) == 1, 1.0, {{ low }})
{% endif %}


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """{{ training.loss.title }}, the mean over a batch."""
{% if "outputs" in written.loss %}
    outputs = activate(logits)
{% endif %}
    return {{ written.loss }}


{% if some_asked %}
def loss_where_asked(logits: Tensor, labels: Tensor) -> Tensor:
    """The same over the answers that are asked for; a label of -1 is none."""
    asked = labels >= 0
    return loss_of(logits[asked], targets_of(labels[asked]))


{% endif %}
{% if l1 or l2 or decay %}
def weights(network: Network) -> list[Tensor]:
    """The matrices; biases are not {{ "penalised" if l1 or l2 else "shrunk" }}."""
    {{ call("return [", penalised, 4, "]") }}


{% endif %}
{% if l1 or l2 %}
def penalty(network: Network) -> Tensor:
    """What large weights cost."""
{% if l1 and l2 %}
    return sum(L1 * w.abs().sum() + L2 / 2 * (w**2).sum() for w in weights(network))
{% elif l1 %}
    return sum(L1 * w.abs().sum() for w in weights(network))
{% else %}
    return sum(L2 / 2 * (w**2).sum() for w in weights(network))
{% endif %}


{% endif %}
{% include "train.rule" %}
def make_optimizer(network: Network) -> torch.optim.Optimizer:
    {{ written.rule.make("return ", 4, trained) }}


def train_step(
    network: Network,
    optimizer: torch.optim.Optimizer,
    {{ many }}: Tensor,
    labels: Tensor,
    epoch: float,
) -> float:
    """One step on a batch at a time in epochs; its loss.

    {{ many }}: {{ points }}. labels: {{ labelled }}.
    """
    network.train()
    rate = learning_rate(epoch)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss = {{ measure }}(network({{ many }}), {{ targets }}){{ costs }}
{% if l1 or l2 %}
    (loss + penalty(network)).backward()
{% else %}
    loss.backward()
{% endif %}
{% if clip is not none %}
    torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
{% endif %}
{% if decay %}
    shrinkage = [rate * WEIGHT_DECAY * w.detach() for w in weights(network)]
{% endif %}
    optimizer.step()
{% if decay %}
    with torch.no_grad():
        for w, amount in zip(weights(network), shrinkage):
            w -= amount
{% endif %}
    return loss.item()


@torch.no_grad()
def evaluate(network: Network, {{ many }}: Tensor, labels: Tensor) -> float:
    """The loss on {{ many }} and labels."""
    return {{ measure }}(network.eval()({{ many }}), {{ targets }}).item()


def read_{{ many }}(part: str) -> tuple[Tensor, Tensor]:
{% include "train.read" %}
{% if form == "points" %}
    points = torch.tensor([[{{ coordinates }}] for row in rows])
    return points, torch.tensor([{{ label }}(row["label"]) for row in rows])
{% else %}
    return data["{{ many }}"][chosen], data["{{ answers }}"][chosen]{{ ".long()" if classes }}
{% endif %}


def main(epochs: int) -> None:
    network = load()
    optimizer = make_optimizer(network)
    {{ many }}, labels = read_{{ many }}("train")
{% include "train.before" %}
    for epoch in range(epochs):
        batches = torch.randperm(len({{ many }})).split(BATCH_SIZE)
        for i, rows in enumerate(batches):
            train_step(network, optimizer, {{ many }}[rows], labels[rows], epoch + i / len(batches))
        loss = evaluate(network, {{ many }}{{ few }}, labels{{ few }})
{% if held_out %}
        held = evaluate(network, *{{ held_rows }})
{% endif %}
{% include "train.epoch_end" %}
'''


def _reads(expression: str, name: str) -> bool:
    """Whether an array is read in what is loaded; `?` there is any letter."""
    return any(fnmatch(name, pattern) for pattern in re.findall(r'"([^"]+)"', expression))


def _trained(written: Written) -> str:
    """The parameters that an optimizer is given."""
    frozen = any(
        "requires_grad_(False)" in line for layer in written.layers for line in layer.build
    )
    return (
        "[p for p in network.parameters() if p.requires_grad]" if frozen else "network.parameters()"
    )


@TARGETS.register(
    "pytorch", title="PyTorch", filename="layerlab-pytorch.zip", media_type="application/zip",
    group="Code",
    help="An nn.Module with its weights, and a script that trains it as here.",
)  # fmt: skip
def pytorch(run: Run) -> dict[str, bytes]:
    written = Written.of(run, WORDS, arranged)
    values = facts(run, written) | {
        "framework": "PyTorch",
        "given": {"points": "features(points)", "images": "images / 255"}.get(run.many, run.many),
        "rebuilt": "labels / 255" if run.form == "image" else "labels",
        "measure": "loss_where_asked" if run.classes and run.label_shape else "loss_of",
        "targets": "labels" if run.classes and run.label_shape else "targets_of(labels)",
        "costs": "".join(f" + network.{name}.cost" for name in drawn(run)),
        "trained": _trained(written),
        "penalised": [
            f"network.{to}"
            for layer in written.layers
            for to, array in layer.load.items()
            if any(_reads(array, name) for name in penalised(run))
        ],
    }
    body = render(_BODY, **values)
    model = render(_MODEL, body=body, **values)
    return program(
        "PyTorch", run, model, render(_TRAIN, **values), ["numpy", "safetensors", "torch"]
    )
