"""Numbers over time: to sum up, to answer at every step, to foresee."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from .base import Dataset, Points

MAX_SEQUENCES = 20_000


def sequences_setting(default: int) -> Any:
    return setting(
        default, title="Samples", ge=20, le=MAX_SEQUENCES, scale="log",
        choices=[500, 1000, 2000, 5000, 10_000, 20_000],
        help="How many sequences are drawn, before the split.",
    )  # fmt: skip


def length_setting(default: int) -> Any:
    return setting(
        default, title="Length", ge=5, le=100, choices=[5, 10, 20, 30, 50, 75, 100],
        help="How many steps a sequence has.",
    )  # fmt: skip


def recurrent(layer: str, units: int, loss: str, *, every_step: bool) -> dict[str, Any]:
    """One recurrent layer, trained to answer at the last or at every step."""
    layers: list[dict[str, Any]] = [{"kind": layer, "units": units, "return_sequences": every_step}]
    return {
        "network": {
            "layers": layers,
            "output": {"initializer": "glorot_uniform", "bias": 0},
        },
        "training": {
            "loss": loss,
            "optimizer": "adam",
            "learning_rate": 0.003,
            "batch_size": 64,
            "clip_norm": 1,
        },
    }


def foreseeing() -> dict[str, Any]:
    """A small network that tells the next step of a short series."""
    found = recurrent("lstm", 16, "squared_error", every_step=False)
    return {**found, "training": {**found["training"], "batch_size": 16}}


def windows(series: NDArray[np.float64], length: int, test: int) -> Points:
    """Every stretch of `length` steps with the step after as its label, in the order of time; the
    last `test` are the test part, so that the future is told from the past alone."""
    found = np.lib.stride_tricks.sliding_window_view(series, length + 1)
    points = Points.of(found[:, :-1, None], found[:, -1])
    return Points(points.inputs, points.labels, test)


class SequenceDataset(Dataset):
    """Sequences of `length` steps with one number each."""

    form = "sequence"
    dimensions = 0

    length: int = length_setting(50)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length, 1)

    @classmethod
    def examples(cls, rng: np.random.Generator) -> Points:
        """Four of them."""
        points = cls().generate(rng)
        return Points(points.inputs[:4], points.labels[:4])


@DATASETS.register
class Adding(SequenceDataset):
    """Inputs (length, 2): a value in 0 to 1, and 1 where it is marked, which is once in each
    half. The label is the sum of the two values that are marked."""

    kind: Literal["adding"] = "adding"
    title = "Adding problem"
    help = "Numbers over time, two of them marked; the label is the sum of the two."
    formula = r"t = \textstyle\sum_s m_s v_s,\ m_s \in \{0, 1\}"
    source = "Hochreiter and Schmidhuber, Long Short-Term Memory, 1997"
    problem = "regression"

    samples: int = sequences_setting(5000)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length, 2)

    def generate(self, rng: np.random.Generator) -> Points:
        values = rng.random((self.samples, self.length), np.float32)
        half, row = self.length // 2, np.arange(self.samples)
        marks = np.zeros_like(values)
        marks[row, rng.integers(0, half, self.samples)] = 1
        marks[row, rng.integers(half, self.length, self.samples)] = 1
        return Points.of(np.stack([values, marks], axis=2), (values * marks).sum(1))

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        return 0.0, 2.0

    def suggestion(self) -> dict[str, Any]:
        return recurrent("lstm", 32, "squared_error", every_step=False)


@DATASETS.register
class Parity(SequenceDataset):
    """Inputs (length, 1): bits. Labels (length,): whether the ones so far are odd in number."""

    kind: Literal["parity"] = "parity"
    title = "Running parity"
    help = "Bits over time; at every step, whether the ones so far are odd in number."
    formula = r"c_s = \bigl(\textstyle\sum_{r \le s} b_r\bigr) \bmod 2"

    length: int = length_setting(20)
    samples: int = sequences_setting(2000)

    @property
    def label_shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def class_names(self) -> tuple[str, ...]:
        return ("even", "odd")

    def generate(self, rng: np.random.Generator) -> Points:
        bits = rng.integers(0, 2, (self.samples, self.length))
        return Points.of(bits[:, :, None], bits.cumsum(1) % 2)

    def suggestion(self) -> dict[str, Any]:
        return recurrent("gru", 16, "binary_crossentropy", every_step=True)


@DATASETS.register
class Sines(SequenceDataset):
    """Inputs (length, 1): a wave, 16 steps of it a unit of time. Labels (length,): the same wave
    one step on, so that a network that is fed its own answers goes on with the wave."""

    kind: Literal["sines"] = "sines"
    continues = True
    title = "Waves"
    help = "Sums of two sine waves; at every step, the value of the next one."
    formula = r"v_s = \tfrac12 \sin(\omega_1 s + \phi_1) + \tfrac12 \sin(\omega_2 s + \phi_2)"
    problem = "regression"

    samples: int = sequences_setting(1000)
    noise: float = setting(
        0, title="Noise", ge=0, le=100, choices=list(range(0, 55, 5)),
        help="How far what is measured strays from the wave, in percent of its height.",
    )  # fmt: skip

    @property
    def label_shape(self) -> tuple[int, ...]:
        return (self.length,)

    def generate(self, rng: np.random.Generator) -> Points:
        period = rng.uniform(8, 40, (self.samples, 2, 1))
        phase = rng.uniform(0, 2 * np.pi, (self.samples, 2, 1))
        waves = np.sin(2 * np.pi * np.arange(self.length + 1) / period + phase).mean(1)
        stray = rng.standard_normal(waves.shape) * self.noise / 100
        return Points.of((waves + stray)[:, :-1, None], waves[:, 1:])

    def suggestion(self) -> dict[str, Any]:
        return recurrent("lstm", 32, "squared_error", every_step=True)


#: mean number of sunspots of every year, 1700 to 2008: in the public domain, as in statsmodels
# fmt: off
SUNSPOTS = (
    5, 11, 16, 23, 36, 58, 29, 20, 10, 8, 3, 0, 0, 2, 11, 27, 47, 63, 60, 39, 28, 26, 22, 11,
    21, 40, 78, 122, 103, 73, 47, 35, 11, 5, 16, 34, 70, 81, 111, 101, 73, 40, 20, 16, 5, 11,
    22, 40, 60, 80.9, 83.4, 47.7, 47.8, 30.7, 12.2, 9.6, 10.2, 32.4, 47.6, 54, 62.9, 85.9, 61.2,
    45.1, 36.4, 20.9, 11.4, 37.8, 69.8, 106.1, 100.8, 81.6, 66.5, 34.8, 30.6, 7, 19.8, 92.5,
    154.4, 125.9, 84.8, 68.1, 38.5, 22.8, 10.2, 24.1, 82.9, 132, 130.9, 118.1, 89.9, 66.6, 60,
    46.9, 41, 21.3, 16, 6.4, 4.1, 6.8, 14.5, 34, 45, 43.1, 47.5, 42.2, 28.1, 10.1, 8.1, 2.5, 0,
    1.4, 5, 12.2, 13.9, 35.4, 45.8, 41.1, 30.1, 23.9, 15.6, 6.6, 4, 1.8, 8.5, 16.6, 36.3, 49.6,
    64.2, 67, 70.9, 47.8, 27.5, 8.5, 13.2, 56.9, 121.5, 138.3, 103.2, 85.7, 64.6, 36.7, 24.2,
    10.7, 15, 40.1, 61.5, 98.5, 124.7, 96.3, 66.6, 64.5, 54.1, 39, 20.6, 6.7, 4.3, 22.7, 54.8,
    93.8, 95.8, 77.2, 59.1, 44, 47, 30.5, 16.3, 7.3, 37.6, 74, 139, 111.2, 101.6, 66.2, 44.7,
    17, 11.3, 12.4, 3.4, 6, 32.3, 54.3, 59.7, 63.7, 63.5, 52.2, 25.4, 13.1, 6.8, 6.3, 7.1, 35.6,
    73, 85.1, 78, 64, 41.8, 26.2, 26.7, 12.1, 9.5, 2.7, 5, 24.4, 42, 63.5, 53.8, 62, 48.5, 43.9,
    18.6, 5.7, 3.6, 1.4, 9.6, 47.4, 57.1, 103.9, 80.6, 63.6, 37.6, 26.1, 14.2, 5.8, 16.7, 44.3,
    63.9, 69, 77.8, 64.9, 35.7, 21.2, 11.1, 5.7, 8.7, 36.1, 79.7, 114.4, 109.6, 88.8, 67.8,
    47.5, 30.6, 16.3, 9.6, 33.2, 92.6, 151.6, 136.3, 134.7, 83.9, 69.4, 31.5, 13.9, 4.4, 38,
    141.7, 190.2, 184.8, 159, 112.3, 53.9, 37.6, 27.9, 10.2, 15.1, 47, 93.8, 105.9, 105.5,
    104.5, 66.6, 68.9, 38, 34.5, 15.5, 12.6, 27.5, 92.5, 155.4, 154.6, 140.4, 115.9, 66.6, 45.9,
    17.9, 13.4, 29.4, 100.2, 157.6, 142.6, 145.7, 94.3, 54.6, 29.9, 17.5, 8.6, 21.5, 64.3, 93.3,
    119.6, 111, 104, 63.7, 40.4, 29.8, 15.2, 7.5, 2.9,
)
# fmt: on


@DATASETS.register
class Sunspots(SequenceDataset):
    """Every window of `length` years, in hundreds of sunspots, with the year after as its label.

    In the order of time: the windows whose label is one of the last 60 years, 1949 to 2008,
    are the test part, so that the future is told from the past alone; training and validation
    are drawn at random from the windows before.
    """

    kind: Literal["sunspots"] = "sunspots"
    continues = True
    step_name, unit = "year", "hundreds of sunspots"
    title = "Sunspots"
    help = "Sunspots of 1700 to 2008, to be foreseen a year ahead; the last 60 years are the test."
    source = "NOAA National Geophysical Data Center, yearly mean sunspot numbers, 1700 to 2008"
    licence = "public domain"
    problem = "regression"
    test = 60

    length: int = setting(
        22, title="Length", ge=5, le=100, choices=[5, 11, 22, 33, 44],
        help="How many years are looked back on; a cycle of the sun lasts about 11.",
    )  # fmt: skip

    def generate(self, rng: np.random.Generator) -> Points:
        return windows(np.asarray(SUNSPOTS) / 100, self.length, self.test)

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        return 0.0, 2.0

    def suggestion(self) -> dict[str, Any]:
        return foreseeing()
