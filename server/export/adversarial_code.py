"""What the programs of a discriminator and a generator have in common, in every framework."""

from __future__ import annotations

from typing import Any

from .base import Run
from .python_code import PARTS, Written, sizes

#: examples that a program makes in the end
MADE = {"points": ("made.csv", 200), "image": ("made.png", 16)}

PARTS |= {
    "duel.about": '''"""Two networks from Layerlab that work against each other, in {{ framework }}.

{{ described }}
What the discriminator answers {{ asked_at }}:

    python model.py {{ example }}
"""
''',
    "duel.train_about": '''"""Trains both networks of model.py, by the rules they had in Layerlab.

They go on from weights.safetensors, with the {{ many }} of {{ data_file }}, for so many epochs, and
make {{ many }} in the end:

    python train.py 100
"""

{% if form == "points" %}
import csv
{% endif %}
{% if "math." in written.schedule.code ~ written.schedule.body | join ~ written.rules_code %}
import math
{% endif %}
''',
    "duel.settings": """{% include "train.settings" %}
GENERATOR_LEARNING_RATE = {{ generator.learning_rate }}
#: in a step; the discriminator's are each on other {{ many }}
DISCRIMINATOR_UPDATES = {{ generator.discriminator_updates }}
GENERATOR_UPDATES = {{ generator.updates }}
#: who learns: both, discriminator or generator
TURN = "{{ generator.turn }}"
{% if written.loss.sloped %}
GRADIENT_PENALTY = {{ training.loss.gradient_penalty }}
{% endif %}
""",
    "duel.rate": '''{% if written.schedule.code %}
{{ written.schedule.code.strip() }}


{% endif %}
def scheduled(rate: float, epoch: float) -> float:
    """A learning rate at a time in epochs.

    {{ schedule_help }}
    """
{% for line in written.schedule.body %}
    {{ line | replace("LEARNING_RATE", "rate") }}
{% endfor %}
''',
    "duel.read": '''    """The {{ many }} of a part: train, validation or test."""
{% if form == "points" %}
    with POINTS.open() as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == part]
{% else %}
    data = load_file(DATA)
    chosen = data["part"] == PARTS.index(part)
{% endif %}
''',
    # of PyTorch's tensors, which Keras trains on, too
    "duel.updates": """    judging, making = optimizers
    if TURN != "generator":
        rate = scheduled(LEARNING_RATE, epoch)
        for i in range(DISCRIMINATOR_UPDATES):
            others = torch.randint(len(real), (BATCH_SIZE,))
            seen = batch if i == 0 else real[others]
            update_discriminator(discriminator, generator, judging, seen, rate)
    if TURN != "discriminator":
        rate = scheduled(GENERATOR_LEARNING_RATE, epoch)
        for _ in range(GENERATOR_UPDATES):
            update_generator(discriminator, generator, making, rate)
""",
    "duel.none": """    if len({{ many }}) == 0:
        sys.exit("{{ data_file }} has no training {{ many }}")
""",
    "duel.end": """\
        print(f"epoch {epoch + 1}: discriminator {judged:.4f}, generator {fooled:.4f}")
    save(generate({{ maker }}, {{ noise_of_some }}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
""",
}

GENERATE = '''
"""Makes {{ many }} of noise with the generator of model.py.

They are written to {{ made_file }}:

    python generate.py {{ made_count }}
"""

{% if form == "points" %}
import csv
{% endif %}
import sys
from pathlib import Path
from typing import Any

{% if framework == "plain JAX" %}
import jax
{% endif %}
import numpy as np
from model import draw, generate, load
{% if form == "image" %}
from PIL import Image
{% endif %}

MADE = Path(__file__).with_name("{{ made_file }}")


{% if form == "points" %}
def save({{ many }}: Any, path: Path = MADE) -> None:
    """{{ points }}, as a table."""
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\\n")
        table.writerow(["x", "y"])
        table.writerows(np.asarray({{ many }}).tolist())
{% else %}
def save({{ many }}: Any, path: Path = MADE) -> None:
    """{{ points }} with colours from 0 to 1, as one picture, up to eight in a row."""
    columns = min(len(images), 8)
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * columns, {{ shape_text }}), np.uint8)
    sheet[: len(images)] = np.clip(np.round(np.asarray(images) * 255), 0, 255)
    sheet = sheet.reshape(rows, columns, {{ shape_text }}).swapaxes(1, 2)
    sheet = sheet.reshape({{ sheet_text }})
    Image.fromarray(sheet).save(path)
{% endif %}
    print(len({{ many }}), "{{ many }} in", path.name)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else {{ made_count }}
    _, generator = load()
    save(generate(generator, {{ noise_of_count }}))
'''


def duel_facts(run: Run, written: Written) -> dict[str, Any]:
    """What the templates of two networks read beside `facts`."""
    generator, points = run.experiment.generator, run.form == "points"
    assert generator is not None and written.generator is not None
    made_file, made_count = MADE[run.form]
    judged = f"features of {run.many}" if points else f"{run.many} with colours from 0 to 1"
    height, width, channels = (0, 0, 0) if points else run.shape
    sheet = [f"rows * {height}", f"columns * {width}", str(channels)]
    judges = len(run.network.places)
    return {
        # whether there are running averages that some passes must not move
        "judge_averages": any(run.stats[:judges]),
        "maker_averages": any(run.stats[judges:]),
        "generator": generator,
        "latent": generator.latent,
        "uniform": generator.noise == "uniform",
        "given": "features(points)" if points else "images / 255",
        "given_shape": f"(N, {sizes(run.network.input_shape)})",
        "seen": "features(made)" if points else "made",
        "seen_part": "features(made[: len(real)])" if points else "made[: len(real)]",
        "discriminator_doc": f"(N, {sizes(run.network.input_shape)}) {judged} -> "
        f"(N, {run.output.units}) logits, before the activation.",
        "generator_doc": f"(N, {generator.latent}) noise -> (N, {sizes(run.shape)}) {run.many}.",
        "made_file": made_file,
        "made_count": made_count,
        "shape_text": sizes(run.shape),
        "sheet_text": ", ".join(sheet if channels > 1 else sheet[:2]),
    }
