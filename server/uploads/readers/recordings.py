"""Recordings (WAV) in a zip file, in a folder for each class, as what is heard in each 25 ms."""

from __future__ import annotations

import io
import math
import struct
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.uploads.notes import Progress, Unreadable

from .archive import Member, about, content, labelled, members, unzipped
from .said import Said

FEATURES, LENGTHS, LABELS = "features.npy", "lengths.npy", "labels.npy"
RATE, WINDOW, HOP, BANDS, COEFFICIENTS = 8000, 400, 200, 128, 13
#: seconds of one recording, and steps that are kept of it
LONGEST, STEPS = 60, 200


def read(path: Path, said: Said, folder: Path, progress: Progress) -> dict[str, Any]:
    """Keep float32 (N, T, 13), zero after a recording's end. Raises Unreadable."""
    with unzipped(path) as archive:
        found, notes = members(archive, (".wav",), "recordings")
        heard: list[NDArray[np.float32]] = []
        for i, member in enumerate(found):
            heard.append(coefficients(_sound(content(archive, member), member))[-STEPS:])
            if i % 20 == 0:
                progress(0.95 * i / len(found), f"recording {i + 1:,} of {len(found):,}")
    lengths = np.array([len(steps) for steps in heard], np.int32)
    features = np.zeros((len(heard), lengths.max(), COEFFICIENTS), np.float32)
    for row, steps in zip(features, heard, strict=True):
        row[: len(steps)] = steps
    classes, labels = labelled(found)
    for name, array in ((FEATURES, features), (LENGTHS, lengths), (LABELS, labels)):
        np.save(folder / name, array, allow_pickle=False)
    return {
        "about": about(found, "recordings"),
        "count": len(found),
        "classes": classes,
        "steps": int(lengths.max()),
        "notes": [note.told() for note in notes],
    }


def coefficients(sound: NDArray[np.float64]) -> NDArray[np.float32]:
    """(samples,) of 8 kHz between -1 and 1 -> (T, 13): as those of the spoken digits
    (datasets/sources/speech.py says how)."""
    from scipy.fft import dct

    around = np.pad(sound, WINDOW // 2, mode="reflect" if len(sound) > WINDOW // 2 else "constant")
    windows = np.lib.stride_tricks.sliding_window_view(around, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW + 1)[:-1])) ** 2
    loud = 10 * np.log10(np.maximum(power @ bands(), 1e-10))
    loud = np.maximum(loud, loud.max() - 80)
    return np.asarray(dct(loud, norm="ortho"), np.float32)[:, :COEFFICIENTS]


@cache
def bands() -> NDArray[np.float64]:
    """(frequencies, bands): triangles that are equally wide on the mel scale of HTK, to 4 kHz."""
    mels = np.linspace(0, 2595 * math.log10(1 + RATE / 2 / 700), BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    places = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rising = (places - corners[:-2]) / np.diff(corners)[:-1]
    falling = (corners[2:] - places) / np.diff(corners)[1:]
    return np.maximum(0, np.minimum(rising, falling))


def _sound(data: bytes, member: Member) -> NDArray[np.float64]:
    """One channel of 8 kHz between -1 and 1."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, samples = wavfile.read(io.BytesIO(data))
    except (ValueError, EOFError, OSError, KeyError, IndexError, struct.error):
        raise Unreadable(
            f"{member.name} is no WAV file that can be read; save it again as 16-bit PCM"
        ) from None
    if not 1000 <= rate <= 200_000 or len(samples) > LONGEST * rate:
        raise Unreadable(f"{member.name} lasts more than {LONGEST} seconds; cut it")
    sound = _between(samples)
    if sound.ndim == 2:
        sound = sound.mean(axis=1)
    if len(sound) < rate // 20 or not np.isfinite(sound).all():
        raise Unreadable(f"{member.name} has no sound to speak of; remove it")
    return sound if rate == RATE else _resampled(sound, rate)


def _resampled(sound: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    from scipy.signal import resample_poly  # which takes long to import

    shared = math.gcd(rate, RATE)
    return resample_poly(sound, RATE // shared, rate // shared)


def _between(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Samples as numbers between -1 and 1."""
    if samples.dtype == np.uint8:
        return samples.astype(np.float64) / 128 - 1
    if samples.dtype.kind == "i":
        return samples.astype(np.float64) / -float(np.iinfo(samples.dtype).min)
    return samples.astype(np.float64)
