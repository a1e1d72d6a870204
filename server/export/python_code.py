"""What the targets that write Python have in common: text, schedules, the files beside it."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import jinja2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from server.datasets.split import load
from server.experiment.registry import FEATURES, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES

from . import augmentation_code, preparation_code
from .base import Run, Stack, Words
from .experiment_file import experiment_json
from .weights_file import WEIGHTS, pack

WIDTH = 100
SPLIT = ("train", "validation", "test")
#: the file of examples that are no points, and bytes that it may have
DATA, MAX_DATA = "data.safetensors", 8_000_000

#: what the emitted code is tested with
PINS = {
    "fastapi": "0.165.0",
    "jax": "0.10.2",
    "keras": "3.15.1",
    "numpy": "2.4.6",
    "onnxruntime": "1.32.0",
    "optax": "0.2.8",
    "pillow": "13.0.0",
    "safetensors": "0.8.0",
    "scikit-learn": "1.9.1",
    "torch": "2.13.0",
    "uvicorn": "0.54.0",
}

#: what scripts have in common, by the name that their templates include
PARTS = {
    # what a model is
    "model.about": '''"""A network from Layerlab, in {{ framework }}.

{{ summary }}.
What it answers {{ asked_at }}:

    python model.py {{ example }}
"""
''',
    # what a model says that is called
    "model.answer": """    print("outputs", answer[0].tolist())
{% if classes %}
{% if labelled == "(N,)" %}
    print("class", classify(answer).item())
{% else %}
    print("classes", classify(answer)[0].tolist())
{% endif %}
{% endif %}
""",
    # the beginning of a training script: what it is, and its imports
    "train.about": '''"""Trains the network of model.py by the rules it had in Layerlab.

It goes on from weights.safetensors, with the {{ many }} of {{ data_file }}, for so many epochs:

    python train.py 100
{% if augmentation %}

{{ augmentation }}
{% endif %}
"""

{% if form == "points" %}
import csv
{% endif %}
{% if "math." in written.schedule.code ~ written.schedule.body | join ~ written.rules_code %}
import math
{% endif %}
''',
    "train.settings": """{% if form == "points" %}
POINTS = Path(__file__).with_name("{{ data_file }}")
{% else %}
DATA = Path(__file__).with_name("{{ data_file }}")
PARTS = ("train", "validation", "test")
{% endif %}
BATCH_SIZE = {{ training.batch_size }}
LEARNING_RATE = {{ training.learning_rate }}
{% if l1 %}
L1 = {{ l1 }}
{% endif %}
{% if l2 %}
L2 = {{ l2 }}
{% endif %}
{% if decay %}
WEIGHT_DECAY = {{ decay }}
{% endif %}
{% if clip is not none %}
CLIP_NORM = {{ clip }}
{% endif %}
{% if stopping %}
PATIENCE = {{ stopping.patience }}
MIN_DELTA = {{ stopping.min_delta }}
{% endif %}
""",
    "train.rate": '''{% if written.schedule.code %}
{{ written.schedule.code.strip() }}


{% endif %}
def learning_rate(epoch: float) -> float:
    """{{ schedule_help }}"""
{% for line in written.schedule.body %}
    {{ line }}
{% endfor %}
''',
    "train.rule": """{% for code in written.rules_code %}
{{ code }}


{% endfor %}
""",
    "train.read": '''    """The {{ many }} and labels of a part: train, validation or test."""
{% if form == "points" %}
    with POINTS.open() as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == part]
{% else %}
    data = load_file(DATA)
    chosen = data["part"] == PARTS.index(part)
{% endif %}
''',
    # what goes before the first epoch, once there are points and labels
    "train.before": """    if len({{ many }}) == 0:
        sys.exit("{{ data_file }} has no training {{ many }}")
{% if held_out %}
    held_out = read_{{ many }}("{{ held_out }}")
{% endif %}
{% if stopping %}
    best, waited = float("inf"), 0
{% endif %}
""",
    # what an epoch says and when it is the last; how the script is called
    "train.epoch_end": """{% if held_out %}
        print(f"epoch {epoch + 1}: loss {loss:.4f}, {{ held_out }} loss {held:.4f}")
{% else %}
        print(f"epoch {epoch + 1}: loss {loss:.4f}")
{% endif %}
{% if stopping %}
        best, waited = (held, 0) if held < best - MIN_DELTA else (best, waited + 1)
        if waited >= PATIENCE:
            break
{% endif %}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
""",
}

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.DictLoader(PARTS),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # it writes Python, of names and numbers that are ours
)


def render(template: str, **values: Any) -> str:
    """One of our templates with these values."""
    return _ENVIRONMENT.from_string(template.lstrip("\n")).render(values)


def call(head: str, arguments: Sequence[str], indent: int, tail: str = ")") -> str:
    """`head(a, b)`, an argument a line where one line is too short. `head` has the bracket;
    `indent` is that of its line."""
    line = f"{head}{', '.join(arguments)}{tail}"
    if indent + len(line) <= WIDTH:
        return line
    pad = " " * indent
    return "\n".join([head, *(f"{pad}    {one}," for one in arguments), f"{pad}{tail}"])


def number(value: float) -> str:
    """A number as a person writes it: 25 rather than 25.0."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def requirements(*names: str) -> bytes:
    """A requirements.txt of these packages, pinned."""
    return "".join(f"{name}=={PINS[name]}\n" for name in names).encode()


# -- words -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """How a layer is written.

    build: lines that make it. logits: lines from its input `h` to its weighted sums `z`.
    activate: lines from `z` to `h`; of a layer without weighted sums, all its lines. load: where
    arrays go in the framework -> what they are. needs: definitions that the lines use.
    channels: whether it wants the channels last, or first, where its framework has them so;
    `any` where it does not matter.
    """

    build: Sequence[str] = ()
    logits: Sequence[str] = ()
    activate: Sequence[str] = ()
    load: Mapping[str, Any] = field(default_factory=dict[str, Any])
    needs: Sequence[str] = ()
    channels: Literal["last", "first", "any"] = "last"

    @property
    def lines(self) -> list[str]:
        return [*self.logits, *self.activate]


@dataclass(frozen=True)
class Rule:
    """How an optimizer is written: `name(arguments)`, and what must be defined before it."""

    name: str
    arguments: Sequence[str] = ()
    code: str = ""

    def make(self, head: str, indent: int, *first: str) -> str:
        """`head` and the call, with these arguments first."""
        return call(f"{head}{self.name}(", [*first, *self.arguments], indent)


@dataclass(frozen=True)
class Schedule:
    """How a schedule is written: the body of `learning_rate(epoch)`, and what it needs."""

    body: Sequence[str]
    code: str = ""


@dataclass(frozen=True)
class Costs:
    """How the losses of two networks that work against each other are written: each the mean over
    a batch, of the discriminator's `logits`.

    real, made: what they cost the discriminator on real and on made examples. maker: what they
    cost the generator. sloped: whether a slope other than 1 costs the discriminator.
    """

    real: str
    made: str
    maker: str
    sloped: bool = False


def kept(stack: Stack, layers: list[Layer]) -> list[Layer]:
    """The layers, each followed by what keeps its output, where another comes back to it."""
    return [
        replace(layer, activate=[*layer.activate, f"{place.name} = h"]) if place.kept else layer
        for place, layer in zip(stack.places, layers, strict=True)
    ]


Arranged = Callable[[Stack, list[Layer]], list[Layer]]


@dataclass(frozen=True)
class Net:
    """A network in a target's words. rule: what moves it."""

    stack: Stack
    layers: Sequence[Layer]
    activation: str
    rule: Rule

    @classmethod
    def of(cls, stack: Stack, say: Words, arranged: Arranged, rule: Rule) -> Net:
        layers = [say.of(LAYERS, p.layer.kind, p.path)(say, p) for p in stack.places]
        return cls(stack, arranged(stack, layers), say.activation(stack.output), rule)

    @property
    def loads(self) -> list[tuple[str, Any]]:
        """Where arrays go in the framework, and what they are."""
        return [entry for layer in self.layers for entry in layer.load.items()]

    @property
    def drawn(self) -> list[str]:
        """The layers that draw their outputs, and add to the loss."""
        return [place.name for place in self.stack.places if hasattr(place.layer, "divergence")]


@dataclass(frozen=True)
class Written:
    """An experiment in a target's words. generator: where it has one; then `loss` are `Costs`."""

    features: Sequence[str]
    network: Net
    generator: Net | None
    loss: Any
    schedule: Schedule
    #: whether the penalties and the decay are the rule's own affair
    playground: bool

    @property
    def rule(self) -> Rule:
        """What moves the network."""
        return self.network.rule

    @property
    def nets(self) -> list[Net]:
        return [self.network, *([self.generator] if self.generator else ())]

    @property
    def needs(self) -> list[str]:
        """Every definition that the layers need, once."""
        layers = [layer for net in self.nets for layer in net.layers]
        return list(dict.fromkeys(code.strip() for layer in layers for code in layer.needs))

    @property
    def rules_code(self) -> list[str]:
        """Every definition that the rules need, once."""
        codes = (net.rule.code.strip() for net in self.nets)
        return list(dict.fromkeys(filter(None, codes)))

    @classmethod
    def of(cls, run: Run, say: Words, arranged: Arranged = kept) -> Written:
        """arranged: what is done to the layers as a whole. Raises Unsupported where the target
        has no words."""
        data, training = run.experiment.data, run.experiment.training
        playground = training.rules == "tf_playground" and training.l1 > 0
        where = "/experiment/training"

        def written(registry: Any, kind: Any, path: str) -> Any:
            return say.of(registry, kind.kind, path)(kind)

        rule = (
            say.tables["rules"]["tf_playground"](training)
            if playground
            else written(OPTIMIZERS, training.optimizer, f"{where}/optimizer")
        )
        generator = None
        if run.generator is not None and run.experiment.generator is not None:
            optimizer = run.experiment.generator.optimizer
            own = written(OPTIMIZERS, optimizer, "/experiment/generator/optimizer")
            generator = Net.of(run.generator, say, arranged, own)
        return cls(
            features=[
                say.of(FEATURES, name, f"/experiment/data/features/{i}")
                for i, name in enumerate(data.features)
            ],
            network=Net.of(run.network, say, arranged, rule),
            generator=generator,
            loss=written(LOSSES, training.loss, f"{where}/loss"),
            schedule=SCHEDULE_WORDS.of(SCHEDULES, training.schedule.kind, f"{where}/schedule")(
                training.schedule
            ),
            playground=playground,
        )


_COSINE = '''
def cosine(start: float, end: float, part: float) -> float:
    """From `start` at part 0 to `end` at part 1 along half a cosine wave; level outside."""
    part = min(max(part, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
'''
_RATE = "return LEARNING_RATE * "


def _warmup_cosine(s: Any) -> Schedule:
    fall = f"cosine(1, {number(s.floor)}, (epoch - {s.warmup}) / {s.epochs})"
    rise = [f"if epoch < {s.warmup}:", f"    {_RATE}epoch / {s.warmup}"]
    return Schedule([*rise, f"{_RATE}{fall}"], _COSINE)


def _one_cycle(s: Any) -> Schedule:
    start = f"1 / {number(s.start_divisor)}"
    fall = f"cosine(1, {start} / {number(s.final_divisor)}, (part - {s.rise!r}) / (1 - {s.rise!r}))"
    return Schedule(
        [
            f"part = epoch / {s.epochs}",
            f"if part < {s.rise!r}:",
            f"    {_RATE}cosine({start}, 1, part / {s.rise!r})",
            f"{_RATE}{fall}",
        ],
        _COSINE,
    )


def _line(s: Any) -> Schedule:
    part = f"min(epoch / {s.epochs}, 1)"
    return Schedule([f"{_RATE}({number(s.start)} + (1 - {number(s.start)}) * {part})"])


_SCHEDULES: dict[str, Callable[[Any], Schedule]] = {
    "constant": lambda s: Schedule(["return LEARNING_RATE"]),
    "step": lambda s: Schedule([f"{_RATE}{s.gamma!r} ** (epoch // {s.every})"]),
    "exponential": lambda s: Schedule([f"{_RATE}{s.gamma!r}**epoch"]),
    "cosine": lambda s: Schedule(
        [f"{_RATE}cosine(1, {number(s.floor)}, epoch / {s.epochs})"], _COSINE
    ),
    "cosine_restarts": lambda s: Schedule(
        [f"{_RATE}cosine(1, {number(s.floor)}, epoch / {s.every} % 1)"], _COSINE
    ),
    "warmup": _line,
    "warmup_cosine": _warmup_cosine,
    "one_cycle": _one_cycle,
}
#: the learning rate is Python's affair in every framework
SCHEDULE_WORDS = Words("python", "Python", {"schedule": _SCHEDULES})


# -- the files of a program ----------------------------------------------------------------------


def facts(run: Run, written: Written) -> dict[str, Any]:
    """What the templates of every framework read."""
    training, points = run.experiment.training, run.form == "points"
    counts = load(run.experiment.data).counts
    penalised = not written.playground  # there the penalties are the rule's own affair
    rebuilds = run.experiment.task.rebuilds
    answers = run.shape if rebuilds else run.label_shape
    return about(run) | {
        "call": call,
        "written": written,
        "training": training,
        "form": run.form,
        "coordinates": ", ".join(f'float(row["{c}"])' for c in ("x", "y")[: run.dimensions]),
        "dimensions": run.dimensions,
        "points": f"(N, {sizes(run.shape)}) {run.many}",
        "shape": f"{run.shape}",
        "dtype": run.dtype,
        "width": len(written.features),
        "outputs": run.output.units,
        "shaped": f"(N, {sizes(run.output.output_shape)})",
        "labelled": f"(N, {sizes(answers)})" if answers else "(N,)",
        # whether there are answers that are not asked for
        "some_asked": bool(run.classes and run.label_shape),
        "low": run.low,
        "threshold": (run.low + 1) / 2,
        "label": "int" if run.classes else "float",
        "schedule_help": training.schedule.help,
        "l1": training.l1 if penalised else 0.0,
        "l2": training.l2 if penalised else 0.0,
        "decay": training.weight_decay,
        "clip": training.clip_norm,
        "stopping": training.early_stopping if sum(counts.values()) > 1 else None,
        # what is held out and not empty, validation before test
        "held_out": next((part for part in SPLIT[1:] if counts[part]), None),
        # rows that are looked at after an epoch
        "rebuilds": rebuilds,
        "batch": "*batch" if augmentation_code.files_of(run) else f"{run.many}[rows], labels[rows]",
        "few": "" if points else "[:1000]",
        "held_rows": "held_out" if points else "(rows[:1000] for rows in held_out)",
    }


def about(run: Run) -> dict[str, Any]:
    """What is said of an experiment and its data."""
    points = run.form == "points"
    coordinates = "1.5 -2" if run.dimensions == 2 else "1.5"
    return {
        "summary": run.wrapped_summary(),
        "described": run.described(),
        "generates": run.generator is not None,
        "many": run.many,
        "classes": run.classes,
        "purpose": run.purpose,
        "data_file": "points.csv" if points else DATA,
        "answers": run.many if run.experiment.task.rebuilds else "labels",
        "example": coordinates if points else "0",
        "augmentation": textwrap.fill(augmentation_code.told_of(run), WIDTH),
        "augments": bool(augmentation_code.files_of(run)),
        "asked_at": "at a point" if points else f"for an example of {DATA}, by its number",
    }


def sizes(shape: Sequence[int]) -> str:
    """8, 8, 16."""
    return ", ".join(map(str, shape))


def penalised(run: Run) -> list[str]:
    """The arrays that penalties apply to, by their names in the file."""
    places = run.network.places
    named = [f"{place.name}.{name}" for place in places for name in place.layer.regularized]
    return [name for name in named if name in run.arrays]


_README = """
# A network from Layerlab, in {{ framework }}

{{ described }}

    pip install -r requirements.txt
{% if generates %}
    python model.py {{ example }}    # what the discriminator answers {{ asked_at }}
    python generate.py      # makes {{ many }} of noise
    python train.py 20      # trains both on, by the rules they had in Layerlab
{% else %}
    python model.py {{ example }}    # what it answers {{ asked_at }}
    python train.py 20      # trains on, by the rules it had in Layerlab
{% endif %}

In `model.py` {{ are }}, in `train.py` {{ learned_by }} and schedule.
`weights.safetensors` holds the weights, `{{ data_file }}` the data and its parts, `experiment.json`
{% if generates %}
every setting. The order of the batches and the noise are others, so runs differ as those of two
seeds do.
{% else %}
every setting. The order of the batches is another one, so runs differ as those of two seeds do.
{% endif %}
{% if left_out %}

`{{ data_file }}` holds the first examples of every part, {{ held }} of {{ all }}, so that it stays
small; training on them alone generalises less well.
{% endif %}
{% if prepared %}

{{ prepared }}
{% endif %}
{% if augmentation %}

{{ augmentation }}
{% endif %}
{% if source %}

{{ source }}
{% endif %}
"""


def program(
    framework: str, run: Run, scripts: Mapping[str, str], packages: Sequence[str]
) -> dict[str, bytes]:
    """A folder with a model, its training, its weights and its data."""
    points, generates = run.form == "points", run.generator is not None
    more = ["pillow"] if generates and run.form == "image" else []
    more += ["scikit-learn"] if run.form == "table" else []
    rows, count = ((), 0) if points else _rows(run)
    readme = render(
        _README,
        framework=framework,
        learned_by="losses, optimizers" if generates else "loss, optimizer",
        are=("are the features and the " if points else "are the " if generates else "is the ")
        + ("networks" if generates else "network"),
        left_out=len(rows) < count,
        held=len(rows),
        all=count,
        source=_source(run),
        prepared=textwrap.fill(preparation_code.told_of(run), WIDTH),
        **about(run),
    )
    return {
        "README.md": readme.encode(),
        **{name: script.encode() for name, script in scripts.items()},
        WEIGHTS: pack(run),
        **({"points.csv": points_csv(run)} if points else {DATA: data_safetensors(run)}),
        **preparation_code.files_of(run),
        **augmentation_code.files_of(run),
        "experiment.json": experiment_json(run.experiment),
        "requirements.txt": requirements(*sorted([*packages, *more])),
    }


def points_csv(run: Run) -> bytes:
    """Every point of the experiment: coordinates, label (a class or a value; none where points
    are made), part."""
    loaded = load(run.experiment.data)
    labels = loaded.labels.astype(int) if run.classes else loaded.labels
    labelled = run.generator is None
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*("x", "y")[: run.dimensions], *["label"] * labelled, "part"])
    for inputs, label, part in zip(loaded.inputs, labels, loaded.part, strict=True):
        # each in the fewest digits that say it
        table.writerow([*inputs, *[label] * labelled, SPLIT[part]])
    return text.getvalue().encode()


def data_safetensors(run: Run) -> bytes:
    """The examples, their labels and parts (0 train, 1 validation, 2 test), as many of each part
    as `MAX_DATA` leaves room for."""
    loaded, (rows, _) = load(run.experiment.data), _rows(run)
    arrays = {
        run.many: np.ascontiguousarray(loaded.pool[loaded.rows[rows]]),
        "part": loaded.part[rows],
    }
    if run.generator is None and not run.experiment.task.rebuilds:
        arrays["labels"] = loaded.labels[rows].astype(np.int32 if run.classes else np.float32)
    return save(arrays)


def _rows(run: Run) -> tuple[NDArray[np.int64], int]:
    """Which examples a file of the data holds, and how many there are."""
    loaded = load(run.experiment.data)
    count = len(loaded.part)
    size = loaded.pool[:1].nbytes + loaded.labels[:1].nbytes + 1
    share = min(1.0, MAX_DATA / (size * count))
    places = [np.flatnonzero(loaded.part == part) for part in range(len(SPLIT))]
    return np.concatenate([p[: int(len(p) * share)] for p in places]), count


def _source(run: Run) -> str:
    """Whose the data is, where it was not drawn here."""
    dataset = run.experiment.data.dataset
    if not dataset.licence:
        return ""
    return "\n".join(textwrap.wrap(f"The data: {dataset.source}; licence: {dataset.licence}.", 98))
