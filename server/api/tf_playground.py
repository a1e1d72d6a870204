"""TensorFlow Playground addresses, as experiments and back.

An address is the fragment that the playground keeps its settings in. It is read as the
playground reads it: an unknown name or choice counts for nothing, a blank value leaves the
default, a repeated key is taken from its last place, and a boolean is true unless it says
"false". Where an experiment cannot follow (the playground breaks on what is not a number)
the nearest sensible value is taken and `view["notes"]` says so.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import server.datasets  # noqa: F401 - fills the registries of datasets and features
from server.experiment.network import MAX_LAYERS, MAX_UNITS
from server.experiment.registry import DATASETS, FEATURES
from server.experiment.spec import MAX_BATCH, Experiment

Json = dict[str, Any]

SUFFIX = "_hide"
CONTROLS = (
    "showTestData", "discretize", "playButton", "stepButton", "resetButton", "learningRate",
    "activation", "regularization", "regularizationRate", "problem", "dataset", "percTrainData",
    "noise", "batchSize", "numHiddenLayers",
)  # fmt: skip
#: the first of each is the default
ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear")
REGULARIZATIONS = ("none", "L1", "L2")
DATASET_KEY = {"classification": "dataset", "regression": "regDataset"}
SAMPLES = {"classification": 500, "regression": 1200}
OUTPUTS = {"classification": "tanh", "regression": "linear"}
DEFAULT_SHAPE = (4, 2)
DEFAULT_FEATURES = ("x", "y")


def translate(query: str) -> tuple[Json, Json]:
    """An address, fragment or query string -> (experiment, view), both as JSON.

    view: problem, discretize, show_test_data, hide_text (bool), hide ({playground name: true}),
    tutorial and seed (str or None), notes (sentences on what could not be carried over).
    """
    address = _Address.parse(query)
    problem = address.choice("problem", tuple(DATASET_KEY))
    hide = address.hidden()
    experiment = {
        "version": 1,
        "data": _data(address, problem, hide),
        "network": _network(address, problem),
        "training": _training(address),
        "seed": _seed(address.text("seed")),
    }
    _warn_of_large_batch(address, experiment)
    view = {
        "problem": problem,
        "discretize": address.flag("discretize"),
        "show_test_data": address.flag("showTestData"),
        "hide_text": address.flag("hideText"),
        "hide": hide,
        "tutorial": _tutorial(address),
        "seed": address.text("seed"),
        "notes": address.notes,
    }
    return experiment, view


def to_tf(experiment: Experiment, view: Mapping[str, Any]) -> str | None:
    """The fragment that gives this experiment and view, or None if no address can.

    The seeds are carried where they come from `view["seed"]`, else left out: the playground
    draws other numbers from them than we do.
    """
    query = _write(experiment, view)
    if query is None:
        return None
    again = Experiment.model_validate(translate(query)[0])
    return query if _without_seeds(again) == _without_seeds(experiment) else None


def number(text: str) -> float:
    """A number by JavaScript's rules; NaN for what is none."""
    text = text.strip()
    if text == "":
        return 0.0
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+", text):
        return float(int(text, 0))
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?Infinity", text):
        return float(text)
    return math.nan


@dataclass
class _Address:
    """The keys of an address and what they say; `notes` collects what had to give way."""

    values: dict[str, str | None]
    notes: list[str] = field(default_factory=list[str])

    @classmethod
    def parse(cls, query: str) -> _Address:
        fragment = query.partition("#")[2] if "#" in query else query.removeprefix("?")
        values: dict[str, str | None] = {}
        for pair in fragment.split("&"):
            name, *rest = pair.split("=")
            values[unquote(name)] = unquote(rest[0]) if rest else None
        return cls(values)

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return value if value is not None and value.strip() else None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name)
        return default if value is None else value != "false"

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name)
        return value if value in choices else choices[0]

    def number(self, name: str, default: float, low: float, high: float) -> float:
        text = self.text(name)
        if text is None:
            return default
        value = number(text)
        if math.isnan(value):
            self.notes.append(f"{name}: {text!r} is not a number; {default:g} is used.")
            return default
        used = min(max(value, low), high)
        if used != value:
            self.notes.append(
                f"{name}: {text} is not within {low:g} to {high:g}; {used:g} is used."
            )
        return used

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.number(name, default, low, high)
        if value != round(value):
            self.notes.append(f"{name}: {value:g} is not whole; {round(value)} is used.")
        return round(value)

    def hidden(self) -> dict[str, bool]:
        """What the address hides, by the playground's names: controls, then features."""
        return {name: True for name in _hide_names() if self.values.get(name + SUFFIX) == "true"}


def _hide_names() -> tuple[str, ...]:
    return (*CONTROLS, *_feature_names())


def _feature_names() -> dict[str, str]:
    """The playground's feature names, in its order, to ours."""
    return {entry.hints["tf"]: name for name, entry in FEATURES.items() if "tf" in entry.hints}


def _dataset_names(problem: str) -> dict[str, str]:
    """The playground's names of a problem's datasets, the default first, to ours."""
    return {d.tf: name for name, d in DATASETS.items() if d.tf and d.problem == problem}


def _seed(text: str | None) -> int:
    return 0 if text is None else zlib.crc32(text.encode())


def _data(address: _Address, problem: str, hide: dict[str, bool]) -> Json:
    names = _dataset_names(problem)
    return {
        "dataset": {
            "kind": names[address.choice(DATASET_KEY[problem], tuple(names))],
            "samples": SAMPLES[problem],
            "noise": _noise(address),
        },
        "features": _features(address, hide),
        "split": {"train": address.integer("percTrainData", 50, 1, 99), "validation": 0},
        "seed": _seed(address.text("seed")),
    }


def _noise(address: _Address) -> float:
    noise = address.number("noise", 0, -math.inf, math.inf)
    return 50.0 if noise > 80 else max(noise, 0.0)


def _features(address: _Address, hide: dict[str, bool]) -> list[str]:
    """The features that are on; a hidden one is off, whatever its key says."""
    chosen = [
        ours
        for name, ours in _feature_names().items()
        if address.flag(name, default=name in DEFAULT_FEATURES) and name not in hide
    ]
    if chosen:
        return chosen
    for name in DEFAULT_FEATURES:
        hide.pop(name, None)
    address.notes.append("No feature is on; x and y are used.")
    return list(DEFAULT_FEATURES)


def _network(address: _Address, problem: str) -> Json:
    zero = address.flag("initZero")
    start: Json = {"initializer": "zeros" if zero else "uniform_half", "bias": 0.0 if zero else 0.1}
    activation = address.choice("activation", ACTIVATIONS)
    return {
        "layers": [
            {"kind": "dense", "units": units, "activation": activation, **start}
            for units in _shape(address)
        ],
        "output": {"activation": OUTPUTS[problem], **start},
    }


def _shape(address: _Address) -> list[int]:
    text = address.values.get("networkShape", "4,2")
    if text is None:
        address.notes.append("networkShape: has no value; 4,2 is used.")
        return list(DEFAULT_SHAPE)
    items = text.split(",") if text.strip() else []
    shape = [units for item in items if (units := _units(address, item)) is not None]
    if len(shape) > MAX_LAYERS:
        address.notes.append(
            f"networkShape: the first {MAX_LAYERS} of {len(shape)} layers are used."
        )
    return shape[:MAX_LAYERS]


def _units(address: _Address, item: str) -> int | None:
    """A layer's size; like the playground a fraction is rounded up."""
    value = number(item)
    if not value > 0:
        address.notes.append(f"networkShape: a layer of {item!r} neurons is left out.")
        return None
    if value > MAX_UNITS:
        address.notes.append(
            f"networkShape: {item} neurons are more than {MAX_UNITS}; that is used."
        )
        return MAX_UNITS
    return math.ceil(value)


def _training(address: _Address) -> Json:
    rate = address.number("regularizationRate", 0, 0, 100)
    regularization = address.choice("regularization", REGULARIZATIONS)
    return {
        "loss": {"kind": "squared_error", "half": True},
        "optimizer": {"kind": "sgd"},
        "learning_rate": address.number("learningRate", 0.03, 0, 100),
        "batch_size": address.integer("batchSize", 10, 1, MAX_BATCH),
        "l1": rate if regularization == "L1" else 0.0,
        "l2": rate if regularization == "L2" else 0.0,
        "rules": "tf_playground",
    }


def _warn_of_large_batch(address: _Address, experiment: Json) -> None:
    data, batch = experiment["data"], experiment["training"]["batch_size"]
    train = data["dataset"]["samples"] * data["split"]["train"] // 100
    if batch > train:
        address.notes.append(
            f"batchSize: {batch} is more than the {train} training points, with which the "
            "playground never changes a weight; here it is the full batch."
        )


def _tutorial(address: _Address) -> str | None:
    tutorial = address.text("tutorial")
    if tutorial is None or re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tutorial):
        return tutorial
    address.notes.append("tutorial: a name has letters, digits, - and _ only; none is shown.")
    return None


def _write(experiment: Experiment, view: Mapping[str, Any]) -> str | None:
    """An address for the experiment, true to it in all that an address can say."""
    data, network, training = experiment.data, experiment.network, experiment.training
    problem, dataset = data.dataset.problem, data.dataset.tf
    if not dataset or any(layer.kind != "dense" for layer in network.layers):
        return None
    pairs: dict[str, Any] = {
        "activation": network.layers[0].activation if network.layers else ACTIVATIONS[0],
        "regularization": "L1" if training.l1 else "L2" if training.l2 else "none",
        "batchSize": training.batch_size,
        DATASET_KEY[problem]: dataset,
        "learningRate": training.learning_rate,
        "regularizationRate": training.l1 or training.l2,
        "noise": data.dataset.noise,
        "networkShape": ",".join(str(layer.units) for layer in network.layers),
        "percTrainData": data.split.train,
        "problem": problem,
        "initZero": network.output.initializer == "zeros",
    }
    pairs |= {name: ours in data.features for name, ours in _feature_names().items()}
    pairs |= _view_pairs(view)
    if view.get("seed") and experiment.seed == data.seed == _seed(view["seed"]):
        pairs["seed"] = view["seed"]
    return "&".join(f"{name}={_text(value)}" for name, value in pairs.items())


def _view_pairs(view: Mapping[str, Any]) -> Json:
    keys = {"discretize": "discretize", "show_test_data": "showTestData", "hide_text": "hideText"}
    pairs: Json = {theirs: bool(view.get(ours)) for ours, theirs in keys.items()}
    if view.get("tutorial"):
        pairs["tutorial"] = view["tutorial"]
    hide = view.get("hide") or {}
    return pairs | {name + SUFFIX: True for name in _hide_names() if hide.get(name)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(f"{value!r}".removesuffix(".0") if isinstance(value, float) else str(value), ",")


def _without_seeds(experiment: Experiment) -> Json:
    """All of an experiment but its seeds, with the output activation written out."""
    form = experiment.model_dump(mode="json")
    form["seed"] = form["data"]["seed"] = 0
    form["network"]["output"]["activation"] = experiment.output_activation
    return form
