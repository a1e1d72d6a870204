"""What an export target is, and what it is given."""

from __future__ import annotations

import io
import textwrap
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.experiment import Experiment
from server.experiment.registry import ACTIVATIONS, Entries, Registry
from server.layers.base import Layer
from server.layers.dense import Dense
from server.training.targets import output_units, target_low

Arrays = dict[str, NDArray[np.float32]]
#: curves as `GET …/metrics` answers them: `columns`, names, and `rows`, a list of numbers each
History = Mapping[str, Sequence[Any]]

#: Targets: functions of a `Run` that return their files, name -> content. Hints of an entry:
#: `filename` and `media_type` of what is downloaded (files of an application/zip are packed),
#: and its `group` in a menu.
TARGETS = Entries("export target")
GROUPS = ("Code", "Model", "Records")


class Unsupported(ValueError):
    """This cannot be exported. `path` names the field, the message ends with what would be
    right."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class File:
    """Something to download."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Place:
    """A layer where it stands: its name in what is exported, its path in the experiment, and
    its (inputs,) and (units,)."""

    name: str
    path: str
    layer: Any
    inputs: int
    units: int


@dataclass(frozen=True)
class Run:
    """What is exported: an experiment and its weights, output layer last.

    params, stats: a dict of float32 arrays per layer, as the layer's `init` gives them.
    """

    experiment: Experiment
    params: Sequence[Arrays]
    stats: Sequence[Arrays]
    history: History | None = None

    @cached_property
    def places(self) -> list[Place]:
        """The hidden layers and the output layer."""
        experiment = self.experiment
        activation = experiment.output_activation
        units = output_units(experiment.data.dataset, activation)
        network = "/experiment/network"
        named: list[tuple[str, str, Layer]] = [
            (f"hidden_{i + 1}", f"{network}/layers/{i}", layer)
            for i, layer in enumerate(experiment.network.layers)
        ]
        last = Dense(units=units, activation=activation)
        named.append(("output", f"{network}/output", last))
        places: list[Place] = []
        shape = (len(experiment.data.features),)
        for name, path, layer in named:
            following = layer.output_shape(shape)
            places.append(Place(name, path, layer, shape[0], following[0]))
            shape = following
        return places

    @property
    def hidden(self) -> list[Place]:
        return self.places[:-1]

    @property
    def output(self) -> Place:
        return self.places[-1]

    @property
    def dimensions(self) -> int:
        """Inputs of a raw point: 1 or 2."""
        return self.experiment.data.dataset.dimensions

    @property
    def classes(self) -> int:
        """Classes to tell apart; 0 for a regression."""
        return self.experiment.data.dataset.classes

    @property
    def low(self) -> float:
        """The target of a class that is not the example's."""
        return target_low(self.experiment.training.loss, self.experiment.output_activation)

    @cached_property
    def arrays(self) -> Arrays:
        """Every array by its name in a file: `hidden_1.w`, …, `output.b`."""
        return {
            f"{place.name}.{name}": np.ascontiguousarray(array, np.float32)
            for place, *trees in zip(self.places, self.params, self.stats, strict=True)
            for tree in trees
            for name, array in tree.items()
        }

    def summary(self) -> str:
        """The network in a line: `2 features -> 4 tanh -> 1 tanh`."""
        count = len(self.experiment.data.features)
        parts = [f"{count} feature{'s' * (count > 1)}"]
        for place in self.places:
            parts.append(f"{place.units} {getattr(place.layer, 'activation', place.layer.kind)}")
        return " -> ".join(parts)

    def wrapped_summary(self) -> str:
        """The same in lines that a text of 100 columns takes."""
        return "\n".join(textwrap.wrap(self.summary(), 98))


@dataclass(frozen=True)
class Words:
    """How a target writes activations, layers, losses …: a table per noun.

    A thing that has words of its own for `target` (`written`) brings them along, so that one
    file adds it with its exports.
    """

    target: str
    title: str
    tables: Mapping[str, Mapping[str, Any]]

    def of(self, registry: Registry[Any], name: str, path: str) -> Any:
        """The words for a registered thing. Raises Unsupported, naming what there are."""
        table = self.tables.get(registry.noun, {})
        words = registry[name].written.get(self.target, table.get(name))
        if words is None:
            known = [n for n in registry if n in table or self.target in registry[n].written]
            raise self.unsupported(path, f"the {registry.noun} {name!r}", known)
        return words

    def activation(self, place: Place) -> Any:
        """The words for a layer's activation."""
        return self.of(ACTIVATIONS, place.layer.activation, f"{place.path}/activation")

    def unsupported(self, path: str, thing: str, known: Sequence[str]) -> Unsupported:
        """The sentence for a thing without words."""
        return Unsupported(
            path, f"{self.title} export has no words for {thing}; it has: {', '.join(known)}"
        )


def targets() -> list[dict[str, str]]:
    """Every target with its words, group by group, for a menu."""
    entries = sorted(TARGETS.values(), key=lambda entry: GROUPS.index(entry.hints["group"]))
    return [
        {"target": entry.name, "title": entry.title, "help": entry.help, **entry.hints}
        for entry in entries
    ]


def files(
    target: str,
    experiment: Experiment,
    params: Sequence[Arrays],
    stats: Sequence[Arrays],
    history: History | None = None,
) -> dict[str, bytes]:
    """The files of a target, name -> content, as they lie in a folder.

    params, stats: a dict of float32 arrays per layer, output last. Raises ValueError for a
    target that there is not, and Unsupported for what the target cannot say.
    """
    entry = TARGETS[TARGETS.validate(target)]
    return entry.function(Run(experiment, params, stats, history))


def export(
    target: str,
    experiment: Experiment,
    params: Sequence[Arrays],
    stats: Sequence[Arrays],
    history: History | None = None,
) -> File:
    """One file to download: that of the target, or its files packed. Equal arguments give
    equal bytes. Raises as `files`."""
    written = files(target, experiment, params, stats, history)
    hints = TARGETS[target].hints
    if hints["media_type"] == "application/zip":
        content = _packed(written, hints["filename"].removesuffix(".zip"))
    else:
        (content,) = written.values()
    return File(hints["filename"], hints["media_type"], content)


def _packed(contents: Mapping[str, bytes], folder: str) -> bytes:
    """A zip of one folder; its dates are zip's first, so that equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
