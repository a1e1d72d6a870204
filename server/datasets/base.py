"""What a dataset is: a kind that draws examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from server.experiment.network import MAX_UNITS
from server.experiment.registry import Kind, setting

from .preparation import prepared_shapes

Problem = Literal["classification", "regression"]
#: what an example is: a point of a plane or line, a picture (height, width, channels),
#: numbers over time (time, features), tokens (time,), or a row of a table (columns,)
Form = Literal["points", "image", "sequence", "tokens", "table"]

#: every input lies in [-DOMAIN, DOMAIN] for display, as in TensorFlow Playground
DOMAIN = 6.0
MAX_SAMPLES = 5000


@dataclass(frozen=True)
class Points:
    """The examples of a dataset.

    inputs: (N, *input_shape): float32, or uint8 for pictures (0 to 255, which the network is
        given as 0 to 1), or int32 for tokens.
    labels: float32 (N, *label_shape), class indices or values; -1 is a class not asked for.
    test: how many of the last are the dataset's own test part (0: it has none).
    rows: which of `inputs` the examples are, (N,), where that is an array that everybody
        shares; None: all of them, in their order.
    """

    inputs: NDArray[Any]
    labels: NDArray[np.float32]
    test: int = 0
    rows: NDArray[np.int32] | None = None

    @classmethod
    def of(cls, inputs: ArrayLike, labels: ArrayLike) -> Self:
        return cls(np.asarray(inputs, np.float32), np.asarray(labels, np.float32))


@dataclass(frozen=True)
class Mixture:
    """The clouds that points are drawn from: their centres (K, 2), and the standard deviation of
    each."""

    centres: NDArray[np.float64]
    deviation: float


class Dataset(Kind):
    """Base of every dataset. `classes` is 0 for regression."""

    problem: ClassVar[Problem] = "classification"
    form: ClassVar[Form] = "points"
    #: inputs of a point; 0 where examples are none
    dimensions: ClassVar[int] = 2
    #: whether the answer (at the last step) is what comes next, so that a network which is fed
    #: its own answers goes on by itself
    continues: ClassVar[bool] = False
    #: of such tokens those that begin and end a text
    begin: ClassVar[int | None] = None
    end: ClassVar[int | None] = None
    #: what a step of a sequence is, and what its numbers are measured in
    step_name: ClassVar[str] = "step"
    unit: ClassVar[str] = ""
    #: how many of the last examples are its own test part, whatever the split says
    test: ClassVar[int] = 0
    #: under which terms the examples may be passed on, where they were not drawn by us
    licence: ClassVar[str] = ""
    #: what nobody should use an answer for, in a sentence
    caution: ClassVar[str] = ""
    #: its name in TensorFlow Playground, if it has one
    tf: ClassVar[str] = ""
    if TYPE_CHECKING:
        classes: ClassVar[int]  # in some kinds a setting; where not said, filled in below

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "kind" not in cls.model_fields:
            return
        shown = {
            "problem": cls.usual_problem(),
            "form": cls.form,
            "continues": cls.continues,
            "marks": None if cls.end is None else {"begin": cls.begin, "end": cls.end},
            "step": cls.step_name if cls.form == "sequence" else None,
            "unit": cls.unit,
            "dimensions": cls.dimensions,
            "licence": cls.licence,
            "own-test": bool(cls.test),
            "tf": cls.tf or None,
        }
        cls.hints = cls.hints | {key: value for key, value in shown.items() if value}
        if not ("classes" in cls.model_fields or hasattr(cls, "classes")):
            cls.classes = 2 if cls.problem == "classification" else 0

    @classmethod
    def usual_problem(cls) -> Problem:
        """That of the dataset with its defaults."""
        return cls.problem

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return (self.dimensions,)

    @property
    def label_shape(self) -> tuple[int, ...]:
        """The shape of an example's label: () for one, (time,) for one at every step."""
        return ()

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """What each token is written as; empty where examples are no tokens."""
        return ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called."""
        return tuple(str(c) for c in range(self.classes))

    @property
    def mixture(self) -> Mixture | None:
        """The clouds that its points are drawn from, where it is made of such."""
        return None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Of a table its columns, the answer's among them."""
        return ()

    def preparation(self) -> tuple[dict[str, Any], ...]:
        """The steps that a network can be given its examples by, with no other choice made: of a
        table's rows there are some."""
        return ()

    def prepared_shape(self, steps: tuple[Any, ...]) -> tuple[int, ...]:
        """The shape of one example after these steps. Raises ValueError, with the path of the
        step and the mend, where one cannot be done."""
        if self.form == "image":
            return prepared_shapes(steps, self.input_shape)[-1]
        if steps:
            raise ValueError(
                f"preparation: steps are for the columns of a table, or for pictures, and "
                f"{self.name()!r} has none; leave them out"
            )
        return self.input_shape

    def suggestion(self) -> dict[str, Any]:
        """An experiment that learns it well, as a merge patch of `network` and `training`:
        taken where the network at hand cannot read the examples."""
        return {}

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        """A few examples of the dataset with its defaults, for the picture it is chosen by."""
        return cls().generate(rng)

    def rebuilding(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """An autoencoder, as `suggestion`, that goes through two numbers. shape: that of an
        example once it is prepared."""
        return autoencoder(shape)

    def generating(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Two networks that learn to make such examples, as `suggestion`, with the room
        `generator`."""
        return adversaries(shape)

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        """What the colours of labels and outputs span: the class indices, or the values."""
        return (0.0, self.classes - 1.0) if self.classes else (-1.0, 1.0)

    def generate(self, rng: np.random.Generator) -> Points:
        """Draw the examples, in the order in which they are then split.

        Equal specs and equal generators give equal examples. Raises RuntimeError with the mend
        where what the dataset is read from is missing.
        """
        raise NotImplementedError


def samples_setting(default: int) -> Any:
    return setting(
        default, title="Samples", ge=20, le=MAX_SAMPLES, scale="log",
        choices=[50, 100, 200, 500, 1000, 1200, 2000, 5000],
        help="How many points are drawn, before the split.",
    )  # fmt: skip


class Sampled(Dataset):
    """Points drawn from a distribution."""

    samples: int = samples_setting(500)
    noise: float = setting(
        0, title="Noise", ge=0, le=100, choices=list(range(0, 55, 5)),
        help="How far points stray from their true place, in percent.",
    )  # fmt: skip

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        return cls(samples=100).generate(rng)

    @property
    def noise_share(self) -> float:
        """The noise as a fraction, 0.5 for 50 %."""
        return self.noise / 100


def class_sizes(samples: int, classes: int) -> list[int]:
    """Points per class: as equal as can be, the first classes take the remainder."""
    return [samples // classes + (c < samples % classes) for c in range(classes)]


def autoencoder(shape: tuple[int, ...]) -> dict[str, Any]:
    """A network that squeezes pictures (height, width, channels), or sequences (time, features),
    through two numbers, and how it is trained."""
    picture = len(shape) == 3
    encoder, decoder = _convolutions(shape) if picture else _flattened(shape)
    wide = {"kind": "dense", "units": 64, "activation": "relu", "initializer": "he_uniform"}
    latent = {"kind": "dense", "units": 2, "activation": "linear", "initializer": "glorot_uniform"}
    return {
        "network": {
            "layers": [*encoder, {"kind": "flatten"}, wide, latent, wide, *decoder],
            "output": {"initializer": "glorot_uniform", "bias": 0},
        },
        "training": {
            "loss": "binary_crossentropy" if picture else "squared_error",
            "optimizer": "adam",
            "learning_rate": 0.002,
            "batch_size": 64,
        },
    }


def _convolutions(shape: tuple[int, ...]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two convolutions that halve a picture, and two that double what comes out again."""
    small, times = _halved(shape)
    relu: dict[str, Any] = {"activation": "relu", "initializer": "he_uniform", "padding": "same"}
    half = {"kernel_size": 3, "stride": 2} | relu
    encoder = [{"kind": "conv2d", "filters": 8} | half, {"kind": "conv2d", "filters": 16} | half]
    double = {"kind": "conv2d_transpose", "filters": 8} | half
    return encoder, [_dense(small), {"kind": "reshape", "target_shape": small}, *[double] * times]


def _halved(shape: tuple[int, ...]) -> tuple[list[int], int]:
    """What a picture begins as that is made from a row of numbers, (height, width, channels), and
    how often its sides then double: twice, if they can be halved so often, and more where a dense
    layer could not give so many numbers."""
    height, width, _ = shape
    times = 0
    while height % 2 == width % 2 == 0 and (times < 2 or height * width * 4 > MAX_UNITS):
        height, width, times = height // 2, width // 2, times + 1
    return [height, width, max(1, min(4, MAX_UNITS // (height * width)))], times


def _flattened(shape: tuple[int, ...]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [], [_dense(list(shape)), {"kind": "reshape", "target_shape": list(shape)}]


def _dense(shape: list[int]) -> dict[str, Any]:
    units = int(np.prod(shape))
    return {"kind": "dense", "units": units, "activation": "relu", "initializer": "he_uniform"}


def adversaries(shape: tuple[int, ...]) -> dict[str, Any]:
    """A discriminator and a generator of points or of pictures (height, width, channels), and how
    they are trained (after Radford and others, 2015)."""
    picture = len(shape) == 3
    judge, maker = _judging(shape) if picture else (_rows("leaky_relu"), _rows("relu"))
    adam = {"kind": "adam", "beta_1": 0.5}
    output = {"initializer": "glorot_uniform", "bias": 0}
    return {
        "network": {"layers": judge, "output": output},
        "training": {
            # which covers all clouds where others leave some out (docs/performance.md)
            "loss": "non_saturating" if picture else "wasserstein",
            "optimizer": adam,
            "learning_rate": 0.001 if picture else 0.002,
            "batch_size": 64 if picture else 100,
        },
        "generator": {
            "latent": 16 if picture else 2,
            "layers": maker,
            "output": output,
            "optimizer": adam,
            "learning_rate": 0.001,
            "discriminator_updates": 1 if picture else 2,
        },
    }


def _rows(activation: str) -> list[dict[str, Any]]:
    layer = {"kind": "dense", "units": 16, "activation": activation, "initializer": "he_uniform"}
    return [layer, layer]


def _judging(shape: tuple[int, ...]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two convolutions that halve a picture, and two that double what is made of the noise."""
    small, times = _halved(shape)
    half: dict[str, Any] = {
        "kernel_size": 3,
        "stride": 2,
        "padding": "same",
        "activation": "leaky_relu",
        "initializer": "he_uniform",
    }
    judge = [
        {"kind": "conv2d", "filters": 8} | half,
        {"kind": "conv2d", "filters": 16} | half,
        {"kind": "flatten"},
    ]
    double = {"kind": "conv2d_transpose", "filters": 8} | half | {"kernel_size": 4}
    reshape = {"kind": "reshape", "target_shape": small}
    doubles = [*[double] * (times - 1), *[double | {"filters": 4}] * min(times, 1)]
    return judge, [_dense(small), reshape, *doubles]
