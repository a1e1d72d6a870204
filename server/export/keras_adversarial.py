"""Keras: a discriminator and a generator, and their training against each other, which takes
gradients of gradients, and so a backend: PyTorch."""

REST = '''
{% for network in networks %}
{{ network }}


{% endfor %}
def activate(z):
    """Logits -> outputs."""
    return {{ written.network.activation }}


def load(path: Path = WEIGHTS) -> tuple[keras.Model, keras.Model]:
    """The discriminator and the generator with the weights of a file."""
    arrays = load_file(path)
    discriminator = build_discriminator()
{% for to, weights in written.network.loads %}
    {{ call("put(", ["discriminator", '"' ~ to ~ '"'] + weights, 4) }}
{% endfor %}
    makers = [name for name in arrays if name.startswith("generator.")]
    arrays = {name.removeprefix("generator."): arrays[name] for name in makers}
    generator = build_generator()
{% for to, weights in written.generator.loads %}
    {{ call("put(", ["generator", '"' ~ to ~ '"'] + weights, 4) }}
{% endfor %}
    return discriminator, generator


def put(network: keras.Model, layer: str, *weights: np.ndarray) -> None:
    network.get_layer(layer).set_weights(weights)


def draw(count: int):
    """Noise (count, {{ latent }})."""
{% if uniform %}
    return keras.random.uniform((count, {{ latent }}), minval=-1)
{% else %}
    return keras.random.normal((count, {{ latent }}))
{% endif %}


def generate(generator: keras.Model, noise) -> np.ndarray:
    """(N, {{ latent }}) noise -> {{ points }}{{ ", colours from 0 to 1" if form == "image" }}."""
    return ops.convert_to_numpy(generator(noise, training=False))


def predict(discriminator: keras.Model, {{ many }}: np.ndarray) -> np.ndarray:
    """{{ points }} -> {{ shaped }} outputs."""
    logits = discriminator({{ given }}, training=False)
    return ops.convert_to_numpy(activate(logits))


def classify(outputs: np.ndarray) -> np.ndarray:
    """{{ shaped }} outputs -> {{ labelled }} classes: 1 for a real one, 0 for a made one."""
    return (outputs[..., 0] > {{ threshold }}).astype(int)


if __name__ == "__main__":
    discriminator, _ = load()
{% if form == "points" %}
    point = np.array([[float(number) for number in sys.argv[1:]]], np.float32)
    answer = predict(discriminator, point)
{% else %}
    {{ many }} = load_file(WEIGHTS.with_name("{{ data_file }}"))["{{ many }}"]
    answer = predict(discriminator, {{ many }}[[int(sys.argv[1])]])
{% endif %}
{% include "model.answer" %}
'''

TRAIN = '''
{% include "duel.train_about" %}
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"  # which the gradients are taken with

import keras
import numpy as np
import torch
from generate import save
from keras import ops
from model import draw, {{ "features, " if form == "points" }}generate, load
{% if form != "points" %}
from safetensors.numpy import load_file
{% endif %}

{% include "duel.settings" %}

Optimizers = tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]


{% include "duel.rate" %}


def loss_of_real(logits):
    """What the verdicts on real {{ many }} cost the discriminator, the mean over a batch."""
    return {{ written.loss.real }}


def loss_of_made(logits):
    """What those on made {{ many }} cost it."""
    return {{ written.loss.made }}


def loss_of_generator(logits):
    """What those on made {{ many }} cost the generator."""
    return {{ written.loss.maker }}


{% if written.loss.sloped %}
def gradient_penalty(discriminator: keras.Model, real, made):
    """How far the slope of the verdict is from 1, between real and made {{ many }}."""
    share = keras.random.uniform((len(real), *[1] * (real.ndim - 1)))
    mixed = (share * real + (1 - share) * made).requires_grad_()
    verdicts = {{ judge_aside("mixed") }}
    (slope,) = torch.autograd.grad(verdicts.sum(), mixed, create_graph=True)
    steepness = ops.sqrt(ops.sum(ops.reshape(slope, (len(real), -1)) ** 2, axis=1) + 1e-12)
    return ops.mean((steepness - 1) ** 2)


{% endif %}
{% if judge_averages or maker_averages %}
def aside(network: keras.Model, given):
    """What a network answers in training, but its running averages stay as they are."""
    averages = network.non_trainable_weights
    before = [ops.copy(average) for average in averages]
    answer = network(given, training=True)
    for average, value in zip(averages, before):
        average.assign(value)
    return answer


{% endif %}
{% include "keras.weights" %}
{% if l1 or l2 %}
def penalty(discriminator: keras.Model):
    """What large weights cost."""
{% if l1 and l2 %}
    costs = (L1 * ops.sum(ops.abs(w)) + L2 / 2 * ops.sum(w**2) for w in weights(discriminator))
{% elif l1 %}
    costs = (L1 * ops.sum(ops.abs(w)) for w in weights(discriminator))
{% else %}
    costs = (L2 / 2 * ops.sum(w**2) for w in weights(discriminator))
{% endif %}
    return sum(costs)


{% endif %}
{% include "train.rule" %}
def make_optimizers() -> Optimizers:
    """What moves the discriminator, and what the generator."""
    {{ judging }}
    {{ making }}
    return judging, making


def move(network: keras.Model, optimizer: keras.optimizers.Optimizer, loss, rate: float) -> None:
    """Move the weights of a network against the gradient of a loss."""
    optimizer.learning_rate = rate
    weights = network.trainable_weights
    gradients = torch.autograd.grad(loss, [w.value for w in weights])
    with torch.no_grad():
        optimizer.apply(gradients, weights)


def update_discriminator(
    discriminator: keras.Model,
    generator: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    real: torch.Tensor,
    rate: float,
) -> None:
    """An update of the discriminator on real {{ many }} and as many made ones."""
    with torch.no_grad():
        made = {{ maker_aside("draw(BATCH_SIZE)") }}
        made = {{ seen_part }}
    loss = loss_of_real(discriminator(real, training=True)){{ judge_costs }}
    loss = loss + loss_of_made(discriminator(made, training=True)){{ judge_costs }}
{% if written.loss.sloped %}
    loss = loss + GRADIENT_PENALTY * gradient_penalty(discriminator, real, made)
{% endif %}
{% if decay %}
    before = [ops.convert_to_numpy(w).copy() for w in weights(discriminator)]
{% endif %}
    move(discriminator, optimizer, loss{{ " + penalty(discriminator)" if l1 or l2 }}, rate)
{% if decay %}
    for w, old in zip(weights(discriminator), before):
        w.assign_sub(rate * WEIGHT_DECAY * old)
{% endif %}


def update_generator(
    discriminator: keras.Model,
    generator: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    rate: float,
) -> None:
    """An update of the generator."""
    made = generator(draw(BATCH_SIZE), training=True)
{% if maker_costs %}
    loss = sum(generator.losses)
    loss = loss + loss_of_generator({{ judge_aside(seen) }})
{% else %}
    loss = loss_of_generator({{ judge_aside(seen) }})
{% endif %}
    move(generator, optimizer, loss, rate)


def train_step(
    discriminator: keras.Model,
    generator: keras.Model,
    optimizers: Optimizers,
    batch: torch.Tensor,
    real: torch.Tensor,
    epoch: float,
) -> None:
    """One step at a time in epochs: the updates of the discriminator, the first on a batch,
    others on {{ many }} drawn from all real ones, then those of the generator.

    batch, real: {{ given_shape }}, what the discriminator is given of them.
    """
{% include "duel.updates" %}


@torch.no_grad()
def evaluate(
    discriminator: keras.Model, generator: keras.Model, real: torch.Tensor
) -> tuple[float, float]:
    """The losses of the discriminator and of the generator, on real {{ many }} and as many made
    ones."""
    made = ops.convert_to_tensor(generate(generator, draw(len(real))))
    on_real = discriminator(real, training=False)
    on_made = discriminator({{ seen }}, training=False)
    judged = loss_of_real(on_real) + loss_of_made(on_made)
    return float(judged), float(loss_of_generator(on_made))


def read_{{ many }}(part: str) -> np.ndarray:
{% include "duel.read" %}
{% if form == "points" %}
    return np.array([[{{ coordinates }}] for row in rows], np.float32)
{% else %}
    return data["{{ many }}"][chosen]
{% endif %}


def main(epochs: int) -> None:
    discriminator, generator = load()
    optimizers = make_optimizers()
    {{ many }} = read_{{ many }}("train")
{% include "duel.none" %}
    real = ops.convert_to_tensor({{ given }})
    for epoch in range(epochs):
        batches = torch.randperm(len(real)).split(BATCH_SIZE)
        for i, rows in enumerate(batches):
            time = epoch + i / len(batches)
            train_step(discriminator, generator, optimizers, real[rows], real, time)
        judged, fooled = evaluate(discriminator, generator, real[:1000])
{% include "duel.end" %}
'''
