"""PyTorch: a discriminator and a generator, and their training against each other."""

BODY = '''
{% if features %}
{{ features }}


{% endif %}
{% for code in written.needs %}
{{ code }}


{% endfor %}
{% for network in networks %}
{{ network }}


{% endfor %}
def activate(z: Tensor) -> Tensor:
    """Logits -> outputs."""
    return {{ written.network.activation }}


def load(path: Path = WEIGHTS) -> tuple[Discriminator, Generator]:
    """Both networks with the weights of a file, where every matrix is (inputs, units)."""
    arrays = load_file(path)
    discriminator = Discriminator()
    discriminator.load_state_dict(
        {
{% for to, array in written.network.loads %}
            "{{ to }}": {{ array }},
{% endfor %}
        }
    )
    makers = [name for name in arrays if name.startswith("generator.")]
    arrays = {name.removeprefix("generator."): arrays[name] for name in makers}
    generator = Generator()
    generator.load_state_dict(
        {
{% for to, array in written.generator.loads %}
            "{{ to }}": {{ array }},
{% endfor %}
        }
    )
    return discriminator.eval(), generator.eval()


def draw(count: int) -> Tensor:
    """Noise (count, {{ latent }})."""
{% if uniform %}
    return 2 * torch.rand(count, {{ latent }}) - 1
{% else %}
    return torch.randn(count, {{ latent }})
{% endif %}


@torch.no_grad()
def generate(generator: Generator, noise: Tensor) -> Tensor:
    """(N, {{ latent }}) noise -> {{ points }}{{ ", colours from 0 to 1" if form == "image" }}."""
    return generator.eval()(noise)


@torch.no_grad()
def predict(discriminator: Discriminator, {{ many }}: Tensor) -> Tensor:
    """{{ points }} -> {{ shaped }} outputs."""
    return activate(discriminator.eval()({{ given }}))


def classify(outputs: Tensor) -> Tensor:
    """{{ shaped }} outputs -> {{ labelled }} classes: 1 for a real one, 0 for a made one."""
    return (outputs[..., 0] > {{ threshold }}).long()


if __name__ == "__main__":
    discriminator, _ = load()
{% if form == "points" %}
    point = torch.tensor([[float(number) for number in sys.argv[1:]]])
    answer = predict(discriminator, point)
{% else %}
    {{ many }} = load_file(WEIGHTS.with_name("{{ data_file }}"))["{{ many }}"]
    answer = predict(discriminator, {{ many }}[[int(sys.argv[1])]])
{% endif %}
{% include "model.answer" %}
'''

TRAIN = '''
{% include "duel.train_about" %}
import sys
from pathlib import Path

import torch
{% if "F." in written.loss.real %}
import torch.nn.functional as F
{% endif %}
from generate import save
from model import {{ imported | join(", ") }}
{% if form != "points" %}
from safetensors.torch import load_file
{% endif %}
from torch import Tensor{{ ", nn" if judge_averages or maker_averages }}

{% include "duel.settings" %}

Optimizers = tuple[torch.optim.Optimizer, torch.optim.Optimizer]


{% include "duel.rate" %}


def loss_of_real(logits: Tensor) -> Tensor:
    """What the verdicts on real {{ many }} cost the discriminator, the mean over a batch."""
    return {{ written.loss.real }}


def loss_of_made(logits: Tensor) -> Tensor:
    """What those on made {{ many }} cost it."""
    return {{ written.loss.made }}


def loss_of_generator(logits: Tensor) -> Tensor:
    """What those on made {{ many }} cost the generator."""
    return {{ written.loss.maker }}


{% if written.loss.sloped %}
def gradient_penalty(discriminator: Discriminator, real: Tensor, made: Tensor) -> Tensor:
    """How far the slope of the verdict is from 1, between real and made {{ many }}."""
    share = torch.rand(len(real), *[1] * (real.ndim - 1))
    mixed = (share * real + (1 - share) * made).requires_grad_()
    verdicts = {{ judge_aside("mixed") }}
    (slope,) = torch.autograd.grad(verdicts.sum(), mixed, create_graph=True)
    steepness = (slope.flatten(1).square().sum(1) + 1e-12).sqrt()
    return (steepness - 1).square().mean()


{% endif %}
{% if judge_averages or maker_averages %}
def aside(network: nn.Module, given: Tensor) -> Tensor:
    """What a network answers in training, but its running averages stay as they are."""
    averages = {name: buffer.clone() for name, buffer in network.named_buffers()}
    return torch.func.functional_call(network, averages, (given,))


{% endif %}
{% include "pytorch.penalty" %}
{% include "train.rule" %}
def make_optimizers(discriminator: Discriminator, generator: Generator) -> Optimizers:
    """What moves the one, and the other."""
    {{ judging }}
    {{ making }}
    return judging, making


def move(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    """Move the weights of an optimizer against the gradient of a loss."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
{% if clip is not none %}
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], CLIP_NORM)
{% endif %}
    optimizer.step()


def update_discriminator(
    discriminator: Discriminator,
    generator: Generator,
    optimizer: torch.optim.Optimizer,
    real: Tensor,
    rate: float,
) -> None:
    """An update of the discriminator on real {{ many }} and as many made ones."""
    with torch.no_grad():
        made = {{ maker_aside("draw(BATCH_SIZE)") }}
        made = {{ seen_part }}
    loss = loss_of_real(discriminator(real)){{ judge_costs }}
    loss = loss + loss_of_made(discriminator(made)){{ judge_costs }}
{% if written.loss.sloped %}
    loss = loss + GRADIENT_PENALTY * gradient_penalty(discriminator, real, made)
{% endif %}
{% if decay %}
    shrinkage = [rate * WEIGHT_DECAY * w.detach() for w in weights(discriminator)]
{% endif %}
    move(optimizer, loss{{ " + penalty(discriminator)" if l1 or l2 }}, rate)
{% if decay %}
    with torch.no_grad():
        for w, amount in zip(weights(discriminator), shrinkage):
            w -= amount
{% endif %}


def update_generator(
    discriminator: Discriminator,
    generator: Generator,
    optimizer: torch.optim.Optimizer,
    rate: float,
) -> None:
    """An update of the generator."""
    made = generator(draw(BATCH_SIZE))
    loss = loss_of_generator({{ judge_aside(seen) }}){{ maker_costs }}
    move(optimizer, loss, rate)


def train_step(
    discriminator: Discriminator,
    generator: Generator,
    optimizers: Optimizers,
    batch: Tensor,
    real: Tensor,
    epoch: float,
) -> None:
    """One step at a time in epochs: the updates of the discriminator, the first on a batch,
    others on {{ many }} drawn from all real ones, then those of the generator.

    batch, real: {{ given_shape }}, what the discriminator is given of them.
    """
    discriminator.train()
    generator.train()
{% include "duel.updates" %}


@torch.no_grad()
def evaluate(
    discriminator: Discriminator, generator: Generator, real: Tensor
) -> tuple[float, float]:
    """The losses of the discriminator and of the generator, on real {{ many }} and as many made
    ones."""
    made = generate(generator, draw(len(real)))
    verdicts = discriminator.eval()({{ seen }})
    judged = loss_of_real(discriminator(real)) + loss_of_made(verdicts)
    return judged.item(), loss_of_generator(verdicts).item()


def read_{{ many }}(part: str) -> Tensor:
{% include "duel.read" %}
{% if form == "points" %}
    return torch.tensor([[{{ coordinates }}] for row in rows])
{% else %}
    return data["{{ many }}"][chosen]
{% endif %}


def main(epochs: int) -> None:
    discriminator, generator = load()
    optimizers = make_optimizers(discriminator, generator)
    {{ many }} = read_{{ many }}("train")
{% include "duel.none" %}
    real = {{ given }}
    for epoch in range(epochs):
        batches = torch.randperm(len(real)).split(BATCH_SIZE)
        for i, rows in enumerate(batches):
            time = epoch + i / len(batches)
            train_step(discriminator, generator, optimizers, real[rows], real, time)
        judged, fooled = evaluate(discriminator, generator, real[:1000])
{% include "duel.end" %}
'''
