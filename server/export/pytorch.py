"""PyTorch: a module, its weights, and a training loop."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from . import pytorch_adversarial
from .adversarial_code import GENERATE, duel_facts
from .base import TARGETS, Run, Words
from .python_code import PARTS, Costs, Net, Written, facts, penalised, program, render
from .pytorch_layers import LAYER_WORDS, arranged
from .pytorch_optimizers import OPTIMIZERS, playground

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

_TAKEN_FOR_REAL, _TAKEN_FOR_MADE = "F.softplus(-logits).mean()", "F.softplus(logits).mean()"
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
    "pytorch",
    "PyTorch",
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

_MODEL = """
{% include about %}

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

#: what the network is given of a point
_GIVEN = '''
def features({{ many }}: Tensor) -> Tensor:
    """{{ points }} -> (N, {{ width }}): what the network is given of each."""
{% if dimensions == 2 %}
    x, y = {{ many }}.unbind(dim=1)
{% else %}
    x = {{ many }}[:, 0]
{% endif %}
    {{ call("columns = [", written.features, 4, "]") }}
    return torch.stack(columns, dim=1)
'''

_NETWORK = '''
class {{ name }}(nn.Module):
    """{{ doc }}"""

    def __init__(self) -> None:
        super().__init__()
{% for layer in net.layers %}
{% for line in layer.build %}
        {{ line }}
{% endfor %}
{% endfor %}

    def forward(self, {{ taken }}: Tensor) -> Tensor:
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
{% for line in net.layers[-1].logits[:-1] %}
        {{ line }}
{% endfor %}
{% if activated and net.activation != "z" %}
        {{ net.layers[-1].logits[-1] }}
        return {{ net.activation }}
{% else %}
        {{ net.layers[-1].logits[-1] | replace("z = ", "return ") }}
{% endif %}
'''

_BODY = '''
{% if features %}
{{ features }}


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
{{ network }}


def activate(z: Tensor) -> Tensor:
    """Logits -> outputs."""
    return {{ written.network.activation }}


def load(path: Path = WEIGHTS) -> Network:
    """The network with the weights of a file, where every matrix is (inputs, units)."""
    arrays = load_file(path)
    network = Network()
    network.load_state_dict(
        {
{% for to, array in written.network.loads %}
            "{{ to }}": {{ array }},
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

PARTS["pytorch.penalty"] = '''{% if l1 or l2 or decay %}
def weights({{ owner }}: {{ owner | title }}) -> list[Tensor]:
    """The matrices; biases are not {{ "penalised" if l1 or l2 else "shrunk" }}."""
    {{ call("return [", penalised, 4, "]") }}


{% endif %}
{% if l1 or l2 %}
def penalty({{ owner }}: {{ owner | title }}) -> Tensor:
    """What large weights cost."""
{% if l1 and l2 %}
    return sum(L1 * w.abs().sum() + L2 / 2 * (w**2).sum() for w in weights({{ owner }}))
{% elif l1 %}
    return sum(L1 * w.abs().sum() for w in weights({{ owner }}))
{% else %}
    return sum(L2 / 2 * (w**2).sum() for w in weights({{ owner }}))
{% endif %}


{% endif %}
'''

_TRAIN = '''
{% include "train.about" %}
import sys
from pathlib import Path

import torch
{% if "F." in written.loss or classes > 2 or outputs > 1 and classes %}
import torch.nn.functional as F
{% endif %}
{% if augments %}
from augmentation import augmented
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
{% include "pytorch.penalty" %}
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


{% if augments %}
def changed(images: Tensor, answers: Tensor) -> tuple[Tensor, ...]:
    """A batch as it is trained on."""
    return tuple(map(torch.from_numpy, augmented(images.numpy(), answers.numpy())))


{% endif %}
def main(epochs: int) -> None:
    network = load()
    optimizer = make_optimizer(network)
    {{ many }}, labels = read_{{ many }}("train")
{% include "train.before" %}
    for epoch in range(epochs):
        batches = torch.randperm(len({{ many }})).split(BATCH_SIZE)
        for i, rows in enumerate(batches):
{% if augments %}
            batch = changed({{ many }}[rows], labels[rows])
{% endif %}
            train_step(network, optimizer, {{ batch }}, epoch + i / len(batches))
        loss = evaluate(network, {{ many }}{{ few }}, labels{{ few }})
{% if held_out %}
        held = evaluate(network, *{{ held_rows }})
{% endif %}
{% include "train.epoch_end" %}
'''


def _reads(expression: str, name: str) -> bool:
    """Whether an array is read in what is loaded; `?` there is any letter."""
    return any(fnmatch(name, pattern) for pattern in re.findall(r'"([^"]+)"', expression))


def _trained(net: Net, name: str) -> str:
    """The parameters of a network that an optimizer is given."""
    if any("requires_grad_(False)" in line for layer in net.layers for line in layer.build):
        return f"[p for p in {name}.parameters() if p.requires_grad]"
    return f"{name}.parameters()"


def _penalised(run: Run, net: Net, name: str) -> list[str]:
    """The matrices of the network that penalties apply to."""
    return [
        f"{name}.{to}"
        for to, array in net.loads
        if any(_reads(array, matrix) for matrix in penalised(run))
    ]


@TARGETS.register(
    "pytorch", title="PyTorch", filename="layerlab-pytorch.zip", media_type="application/zip",
    group="Code",
    help="An nn.Module with its weights, and a script that trains it as here.",
)  # fmt: skip
def pytorch(run: Run) -> dict[str, bytes]:
    written = Written.of(run, WORDS, arranged)
    values = facts(run, written) | {"framework": "PyTorch"}
    values["features"] = render(_GIVEN, **values).strip() if run.form == "points" else ""
    scripts = (_alone if written.generator is None else _against_each_other)(run, values)
    return program("PyTorch", run, scripts, ["numpy", "safetensors", "torch"])


def _alone(run: Run, values: dict[str, Any]) -> dict[str, str]:
    """The scripts of a network by itself."""
    net = values["written"].network
    values |= {
        "rebuilt": "labels / 255" if run.form == "image" else "labels",
        "measure": "loss_where_asked" if run.classes and run.label_shape else "loss_of",
        "targets": "labels" if run.classes and run.label_shape else "targets_of(labels)",
        "costs": "".join(f" + network.{name}.cost" for name in net.drawn),
        "trained": _trained(net, "network"),
        "penalised": _penalised(run, net, "network"),
        "owner": "network",
    }
    given = {"points": "features(points)", "images": "images / 255"}.get(run.many, run.many)
    doc = (
        f"{values['points']} -> {values['shaped']} logits: the output layer before its activation."
    )
    about = {"name": "Network", "doc": doc, "net": net, "taken": run.many, "given": given}
    network = render(_NETWORK, **values, **about, activated=False).strip()
    body = render(_BODY, **values, network=network)
    model = render(_MODEL, body=body, about="model.about", **values)
    return {"model.py": model, "train.py": render(_TRAIN, **values)}


def _against_each_other(run: Run, values: dict[str, Any]) -> dict[str, str]:
    """Those of a discriminator and a generator."""
    written, duel = values["written"], duel_facts(run, values["written"])
    rule = written.generator.rule
    arguments = [a.replace("lr=LEARNING", "lr=GENERATOR_LEARNING") for a in rule.arguments]
    own = replace(rule, arguments=arguments)
    judge, maker = duel["judge_averages"], duel["maker_averages"]
    imported = ["Discriminator", "Generator", "draw", "generate", "load"]
    values |= duel | {
        "imported": sorted([*imported, *["features"] * (run.form == "points")]),
        "judge_aside": lambda x: f"aside(discriminator, {x})" if judge else f"discriminator({x})",
        "maker_aside": lambda x: f"aside(generator, {x})" if maker else f"generator({x})",
        "judge_costs": "".join(f" + discriminator.{n}.cost" for n in written.network.drawn),
        "maker_costs": "".join(f" + generator.{n}.cost" for n in written.generator.drawn),
        "maker": "generator",
        "noise_of_some": f"draw({duel['made_count']})",
        "noise_of_count": "draw(count)",
        "judging": written.rule.make("judging = ", 4, _trained(written.network, "discriminator")),
        "making": own.make("making = ", 4, _trained(written.generator, "generator")),
        "penalised": _penalised(run, written.network, "discriminator"),
        "owner": "discriminator",
    }
    values["networks"] = [
        render(
            _NETWORK, **values | {"given": "h"}, name=name, doc=values[f"{role}_doc"], net=net,
            taken="h", activated=role == "generator",
        ).strip()
        for name, role, net in (
            ("Discriminator", "discriminator", written.network),
            ("Generator", "generator", written.generator),
        )
    ]  # fmt: skip
    body = render(pytorch_adversarial.BODY, **values)
    return {
        "model.py": render(_MODEL, body=body, about="duel.about", **values),
        "train.py": render(pytorch_adversarial.TRAIN, **values),
        "generate.py": render(GENERATE, **values),
    }
