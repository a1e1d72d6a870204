"""Plain JAX: a discriminator and a generator, and their training against each other."""

REST = '''
class Network(NamedTuple):
    """What a network has learned and its running averages, by name; a matrix is (inputs, units)."""

    params: Arrays
    stats: Arrays


{% for network in networks %}
{{ network }}


{% endfor %}
def activate(z: jax.Array) -> jax.Array:
    """Logits -> outputs."""
    return {{ written.network.activation }}


def load(path: Path = WEIGHTS) -> tuple[Network, Network]:
    """The discriminator and the generator of a file."""
    arrays = {name: jnp.asarray(array) for name, array in load_file(path).items()}
    makers = [name for name in arrays if name.startswith("generator.")]
    made = {name.removeprefix("generator."): arrays.pop(name) for name in makers}
    return parted(arrays), parted(made)


def parted(arrays: Arrays) -> Network:
    averages = [name for name in arrays if name.endswith((".mean", ".var"))]
    stats = {name: arrays.pop(name) for name in averages}
    return Network(arrays, stats)


def draw(key: jax.Array, count: int) -> jax.Array:
    """Noise (count, {{ latent }})."""
{% if uniform %}
    return jax.random.uniform(key, (count, {{ latent }}), minval=-1.0)
{% else %}
    return jax.random.normal(key, (count, {{ latent }}))
{% endif %}


def generate(maker: Network, noise: jax.Array) -> jax.Array:
    """(N, {{ latent }}) noise -> {{ points }}{{ ", colours from 0 to 1" if form == "image" }}."""
    made, _ = generator(*maker, noise)
    return made


def predict(judge: Network, {{ many }}: jax.Array) -> jax.Array:
    """{{ points }} -> {{ shaped }} outputs."""
    logits, _ = discriminator(*judge, {{ given }})
    return activate(logits)


def classify(outputs: jax.Array) -> jax.Array:
    """{{ shaped }} outputs -> {{ labelled }} classes: 1 for a real one, 0 for a made one."""
    return (outputs[..., 0] > {{ threshold }}).astype(int)


if __name__ == "__main__":
    judge, _ = load()
{% if form == "points" %}
    point = jnp.array([[float(number) for number in sys.argv[1:]]])
    answer = predict(judge, point)
{% else %}
    {{ many }} = load_file(WEIGHTS.with_name("{{ data_file }}"))["{{ many }}"]
    answer = predict(judge, {{ many }}[[int(sys.argv[1])]])
{% endif %}
{% include "model.answer" %}
'''

TRAIN = '''
{% include "duel.train_about" %}
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
{% if "optax." in optimizers | join ~ written.rules_code | join %}
import optax
{% endif %}
from generate import save
{% if "ravel_pytree" in written.rules_code | join %}
from jax.flatten_util import ravel_pytree
{% endif %}
from model import {{ imported | join(", ") }}
{% if form != "points" %}
from safetensors.numpy import load_file
{% endif %}

{% include "duel.settings" %}
{% include "jax.weights" %}


class State(NamedTuple):
    """What training changes."""

    discriminator: Network
    generator: Network
    judging: Any
    making: Any
    key: jax.Array


{% include "duel.rate" %}


def loss_of_real(logits: jax.Array) -> jax.Array:
    """What the verdicts on real {{ many }} cost the discriminator, the mean over a batch."""
    return {{ written.loss.real }}


def loss_of_made(logits: jax.Array) -> jax.Array:
    """What those on made {{ many }} cost it."""
    return {{ written.loss.made }}


def loss_of_generator(logits: jax.Array) -> jax.Array:
    """What those on made {{ many }} cost the generator."""
    return {{ written.loss.maker }}


{% if written.loss.sloped %}
def gradient_penalty(
    judge: Network, real: jax.Array, made: jax.Array, share_key: jax.Array, key: jax.Array
) -> jax.Array:
    """How far the slope of the verdict is from 1, between real and made {{ many }}."""
    share = jax.random.uniform(share_key, (len(real), *[1] * (real.ndim - 1)))

    def verdicts(given: jax.Array) -> jax.Array:
        return discriminator(*judge, given, training=True, key=key)[0].sum()

    slope = jax.grad(verdicts)(share * real + (1 - share) * made)
    steepness = jnp.sqrt((slope.reshape(len(real), -1) ** 2).sum(1) + 1e-12)
    return ((steepness - 1) ** 2).mean()


{% endif %}
{% include "jax.penalty" %}
{% include "train.rule" %}
#: gradients -> a direction, which the learning rate is then multiplied by
{% for optimizer in optimizers %}
{{ optimizer }}
{% endfor %}


def begin() -> State:
    """The state before the first step."""
    judge, maker = load()
    judging = DISCRIMINATOR_OPTIMIZER.init(judge.params)
    making = GENERATOR_OPTIMIZER.init(maker.params)
    return State(judge, maker, judging, making, jax.random.key(0))


@jax.jit
def update_discriminator(state: State, real: jax.Array, rate: float) -> State:
    """The state after an update of the discriminator, on real {{ many }} and as many made ones."""
    key, noise_key, share_key, real_key, made_key = jax.random.split(state.key, 5)
    noise = draw(noise_key, BATCH_SIZE)
    made, _ = generator(*state.generator, noise, training=True, key=made_key)
    made = {{ seen_part }}
    before = state.discriminator

    def objective(params: Arrays) -> tuple[jax.Array, Arrays]:
        logits, stats = discriminator(params, before.stats, real, training=True, key=real_key)
        loss = loss_of_real(logits){{ judge_costs }}
        logits, stats = discriminator(params, stats, made, training=True, key=made_key)
        loss += loss_of_made(logits){{ judge_costs }}
{% if written.loss.sloped %}
        judge = Network(params, before.stats)
        loss += GRADIENT_PENALTY * gradient_penalty(judge, real, made, share_key, real_key)
{% endif %}
        return loss{{ " + penalty(params)" if l1 or l2 }}, stats

    gradients, stats = jax.grad(objective, has_aux=True)(before.params)
    direction, judging = DISCRIMINATOR_OPTIMIZER.update(gradients, state.judging, before.params)
    params = {name: w - rate * direction[name] for name, w in before.params.items()}
{% if decay %}
    for name in WEIGHTS:
        params[name] -= rate * WEIGHT_DECAY * before.params[name]
{% endif %}
    judge = Network(params, stats)
    return state._replace(discriminator=judge, judging=judging, key=key)


@jax.jit
def update_generator(state: State, rate: float) -> State:
    """The state after an update of the generator."""
    key, noise_key, made_key, judge_key = jax.random.split(state.key, 4)
    noise, before = draw(noise_key, BATCH_SIZE), state.generator

    def objective(params: Arrays) -> tuple[jax.Array, Arrays]:
        made, stats = generator(params, before.stats, noise, training=True, key=made_key)
        seen = {{ seen }}
        logits, _ = discriminator(*state.discriminator, seen, training=True, key=judge_key)
        return loss_of_generator(logits){{ maker_costs }}, stats

    gradients, stats = jax.grad(objective, has_aux=True)(before.params)
    direction, making = GENERATOR_OPTIMIZER.update(gradients, state.making, before.params)
    params = {name: w - rate * direction[name] for name, w in before.params.items()}
    return state._replace(generator=Network(params, stats), making=making, key=key)


def train_step(state: State, batch: jax.Array, real: jax.Array, epoch: float) -> State:
    """One step at a time in epochs: the updates of the discriminator, the first on a batch,
    others on {{ many }} drawn from all real ones, then those of the generator.

    batch, real: {{ given_shape }}, what the discriminator is given of them.
    """
    if TURN != "generator":
        rate = scheduled(LEARNING_RATE, epoch)
        for i in range(DISCRIMINATOR_UPDATES):
            key = jax.random.fold_in(state.key, i)
            others = jax.random.randint(key, (BATCH_SIZE,), 0, len(real))
            seen = batch if i == 0 else real[others]
            state = update_discriminator(state, seen, rate)
    if TURN != "discriminator":
        rate = scheduled(GENERATOR_LEARNING_RATE, epoch)
        for _ in range(GENERATOR_UPDATES):
            state = update_generator(state, rate)
    return state


def evaluate(state: State, real: jax.Array) -> tuple[float, float]:
    """The losses of the discriminator and of the generator, on real {{ many }} and as many made
    ones."""
    made = generate(state.generator, draw(state.key, len(real)))
    on_real, _ = discriminator(*state.discriminator, real)
    on_made, _ = discriminator(*state.discriminator, {{ seen }})
    judged = loss_of_real(on_real) + loss_of_made(on_made)
    return float(judged), float(loss_of_generator(on_made))


def read_{{ many }}(part: str) -> jax.Array:
{% include "duel.read" %}
{% if form == "points" %}
    return jnp.array([[{{ coordinates }}] for row in rows])
{% else %}
    return jnp.asarray(data["{{ many }}"][chosen])
{% endif %}


def main(epochs: int) -> None:
    state = begin()
    {{ many }} = read_{{ many }}("train")
{% include "duel.none" %}
    real = {{ given }}
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        order = rng.permutation(len(real))
        batches = [order[i : i + BATCH_SIZE] for i in range(0, len(order), BATCH_SIZE)]
        for i, rows in enumerate(batches):
            state = train_step(state, real[rows], real, epoch + i / len(batches))
        judged, fooled = evaluate(state, real[:1000])
{% include "duel.end" %}
'''
