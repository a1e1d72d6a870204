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
from server.experiment.shapes import layer_shapes
from server.layers.base import Merge, Shape
from server.layers.dense import Dense
from server.layers.windows import Window, window
from server.training.targets import output_units, target_low

Arrays = dict[str, NDArray[np.float32]]
#: curves as `GET …/metrics` answers them: `columns`, names, and `rows`, a list of numbers each
History = Mapping[str, Sequence[Any]]

#: Targets: functions of a `Run` that return their files, name -> content. Hints of an entry:
#: `filename` and `media_type` of what is downloaded (files of an application/zip are packed, and
#: several where a target has one as a rule), and its `group` in a menu.
TARGETS = Entries("export target")
GROUPS = ("Code", "Model", "Records")
ZIP = "application/zip"


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


#: what the network's input is called where a later layer comes back to it
GIVEN = "given"
#: what many examples are called, and their type, by the form that they have
EXAMPLES = {
    "points": ("points", "float32"),
    "image": ("images", "uint8"),
    "sequence": ("series", "float32"),
    "tokens": ("tokens", "int32"),
    "table": ("records", "float32"),
}


@dataclass(frozen=True)
class Place:
    """A layer where it stands: its name in what is exported, its path in the experiment, and
    the shapes of an example before and after it.

    other, other_shape: name and shape of what it merges with, where it does. kept: whether a
    later layer comes back to its output. owner: what its name in a file of all weights begins
    with.
    """

    name: str
    path: str
    layer: Any
    input_shape: Shape
    output_shape: Shape
    other: str = ""
    other_shape: Shape = ()
    kept: bool = False
    owner: str = ""

    @property
    def inputs(self) -> int:
        """Numbers along the last axis that comes in."""
        return self.input_shape[-1]

    @property
    def units(self) -> int:
        """Numbers along the last axis that goes out."""
        return self.output_shape[-1]


def windows(place: Place) -> list[Window]:
    """How the windows of a convolution or pooling slide, axis by axis."""
    layer = place.layer
    size = getattr(layer, "kernel_size", 0) or layer.pool_size
    dilation = getattr(layer, "dilation", 1)
    return [
        window("", length, size, layer.stride or size, dilation, layer.padding)
        for length in place.input_shape[:-1]
    ]


def painted(layer: Any) -> tuple[int, int, int]:
    """Of a transposed convolution: what is cut off before and after what its kernels paint,
    and what is added after it, where they paint too little."""
    over = max(layer.kernel_size - layer.stride, 0) if layer.padding == "same" else 0
    return over // 2, over - over // 2, max(layer.stride - layer.kernel_size, 0)


@dataclass(frozen=True)
class Stack:
    """The layers of a network, the output layer last."""

    places: Sequence[Place]

    @classmethod
    def of(
        cls,
        hidden: Sequence[Any],
        output: Dense,
        input_shape: Shape,
        path: str,
        owner: str = "",
    ) -> Stack:
        """The layers of the field of the experiment at `path`."""
        layers = (*hidden, output)
        shapes = layer_shapes(layers, input_shape)
        names = [GIVEN, *(f"hidden_{i + 1}" for i in range(len(hidden))), "output"]
        paths = [*(f"{path}/layers/{i}" for i in range(len(hidden))), f"{path}/output"]
        # what a merging layer comes back to, as a place in `names` and `shapes`
        back = {i: i - layer.back for i, layer in enumerate(layers) if isinstance(layer, Merge)}
        return cls([
            Place(
                names[i + 1], paths[i], layer, shapes[i], shapes[i + 1],
                other=names[back[i]] if i in back else "",
                other_shape=shapes[back[i]] if i in back else (),
                kept=i + 1 in back.values(),
                owner=owner,
            )
            for i, layer in enumerate(layers)
        ])  # fmt: skip

    @property
    def keeps_given(self) -> bool:
        """Whether a layer comes back to the network's input."""
        return any(place.other == GIVEN for place in self.places)

    @property
    def hidden(self) -> Sequence[Place]:
        return self.places[:-1]

    @property
    def output(self) -> Place:
        return self.places[-1]

    @property
    def input_shape(self) -> Shape:
        return self.places[0].input_shape

    def summary(self, given: str) -> str:
        """The network in a line: `2 features -> 4 tanh -> 1 tanh`."""
        return " -> ".join([given, *map(_said, self.places)])


@dataclass(frozen=True)
class Run:
    """What is exported: an experiment and its weights, output layer last, and after those of the
    network those of a generator.

    params, stats: a dict of float32 arrays per layer, as the layer's `init` gives them.
    """

    experiment: Experiment
    params: Sequence[Arrays]
    stats: Sequence[Arrays]
    history: History | None = None

    @cached_property
    def network(self) -> Stack:
        """The network; beside a generator it is the discriminator."""
        experiment = self.experiment
        activation = experiment.output_activation
        output = Dense(units=output_units(experiment.task, activation), activation=activation)
        shape = experiment.input_shape
        return Stack.of(experiment.network.layers, output, shape, "/experiment/network")

    @cached_property
    def generator(self) -> Stack | None:
        generator = self.experiment.generator
        if generator is None:
            return None
        output = Dense(units=self.shape[-1], activation=self.experiment.made_activation)
        path, owner = "/experiment/generator", "generator."
        return Stack.of(generator.layers, output, (generator.latent,), path, owner)

    @property
    def places(self) -> list[Place]:
        """The layers of all networks, in the order of their weights."""
        return [*self.network.places, *(self.generator.places if self.generator else ())]

    @property
    def output(self) -> Place:
        return self.network.output

    @property
    def dimensions(self) -> int:
        """Inputs of a raw point: 1 or 2."""
        return self.experiment.data.dataset.dimensions

    @property
    def form(self) -> str:
        """What an example is: see `server.datasets.base.Form`."""
        return self.experiment.data.dataset.form

    @property
    def many(self) -> str:
        """What examples are called: points, images …"""
        return EXAMPLES[self.form][0]

    @property
    def dtype(self) -> str:
        """The type of what is given."""
        return EXAMPLES[self.form][1]

    @property
    def shape(self) -> Shape:
        """The shape of an example as it is given, before any feature."""
        return self.experiment.data.example_shape

    @property
    def label_shape(self) -> Shape:
        """The shape of an example's answer without its numbers: (), or (time,) where every step
        has one."""
        return self.experiment.task.label_shape

    @property
    def classes(self) -> int:
        """Classes to tell apart; 0 for a regression."""
        return self.experiment.task.classes

    @property
    def purpose(self) -> str:
        """What the network is for."""
        if self.generator is not None:
            return f"tell real {self.many} from made ones"
        if self.experiment.task.rebuilds:
            return f"rebuild {self.many}"
        return "tell classes apart" if self.classes else "predict a value"

    @property
    def low(self) -> float:
        """The target of a class that is not the example's."""
        return target_low(self.experiment.training.loss, self.experiment.output_activation)

    @cached_property
    def arrays(self) -> Arrays:
        """Every array by its name in a file: `hidden_1.w`, …, `output.b`, `generator.output.b`."""
        return {
            f"{place.owner}{place.name}.{name}": np.ascontiguousarray(array, np.float32)
            for place, *trees in zip(self.places, self.params, self.stats, strict=True)
            for tree in trees
            for name, array in sorted(tree.items())
        }

    def arrays_of(self, stack: Stack) -> Arrays:
        """Those of one of the networks by their names in it: `hidden_1.w`, …, `output.b`."""
        owner = stack.output.owner
        found = (name for name in self.arrays if name.startswith(owner))
        return {name.removeprefix(owner): self.arrays[name] for name in found}

    @property
    def given(self) -> str:
        """What the network is given, in a summary."""
        count = len(self.experiment.data.features)
        plural = "s" * (count > 1)
        return f"{count} feature{plural}" if count else f"{size_text(self.shape)} {self.many}"

    def summary(self) -> str:
        """The network in a line."""
        return self.network.summary(self.given)

    def wrapped_summary(self) -> str:
        """The same in lines that a text of 100 columns takes."""
        return "\n".join(textwrap.wrap(self.summary(), 98))

    def described(self) -> str:
        """What there is and what it is for, in such lines."""
        if self.generator is None:
            return f"{self.wrapped_summary()}, to {self.purpose}."
        (latent,) = self.generator.input_shape
        numbers = f"{latent} random number{'s' * (latent > 1)}"
        said = (
            f"The discriminator tells real {self.many} from made ones: {self.summary()}.",
            f"The generator makes {self.many} of noise: {self.generator.summary(numbers)}.",
        )
        return "\n".join(line for text in said for line in textwrap.wrap(text, 98))


def _said(place: Place) -> str:
    """A layer in the summary: `4 tanh`, `8×8×16 conv2d relu`."""
    kind = "" if place.layer.kind == "dense" else place.layer.kind
    activation = "" if kind == "activation" else getattr(place.layer, "activation", "")
    if kind == "activation":
        kind = place.layer.activation
    return " ".join(filter(None, (size_text(place.output_shape), kind, activation)))


def size_text(shape: Shape) -> str:
    """8×8×16."""
    return "×".join(map(str, shape))


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
    """One file to download: that of the target, or its files packed, as they are too where
    there are several. Equal arguments give equal bytes. Raises as `files`."""
    written = files(target, experiment, params, stats, history)
    hints = TARGETS[target].hints
    if hints["media_type"] != ZIP and len(written) == 1:
        (content,) = written.values()
        return File(hints["filename"], hints["media_type"], content)
    name = hints["filename"] if hints["media_type"] == ZIP else f"layerlab-{target}.zip"
    return File(name, ZIP, _packed(written, name.removesuffix(".zip")))


def _packed(contents: Mapping[str, bytes], folder: str) -> bytes:
    """A zip of one folder; its dates are zip's first, so that equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
