"""A small file of every sort, as people may bring one: to try a reader, and to see the form."""

from __future__ import annotations

import csv
import io
import wave
import zipfile
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WEATHER = ("sunny", "cloudy", "rainy")
SAID = ("fresh bread", "new cups", "market day", "the piano was played", "a dog came by")
CALM = ("quiet", "slow", "empty tables", "few guests", "time to read", *SAID)
BUSY = ("long queue", "full house", "all tables taken", "loud", "cake sold out", *SAID)
SHAPES = ("circle", "square", "triangle")
TONES = ("falling", "level", "rising")
RATE = 8000
#: in a zip, so that equal content is an equal file
WHEN = (2026, 1, 1, 0, 0, 0)
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def cafe() -> bytes:
    """A year of a café as CSV: dates, categories, numbers with gaps, remarks, and whether the day
    was busy."""
    rng, file = _random(1), io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["date", "weather", "temperature", "visitors", "remark", "busy"])
    for day in range(365):
        when = date(2025, 1, 1) + timedelta(day)
        weather = WEATHER[rng.integers(3)]
        warm = 11 - 11 * np.cos(2 * np.pi * day / 365) + rng.normal(0, 2.5)
        weekend = when.weekday() >= 5
        level = 60 + 2 * warm + 45 * weekend - 15 * WEATHER.index(weather)
        visitors = max(5, int(level + rng.normal(0, 8)))
        busy = visitors > 85
        remark = ", ".join(rng.permutation(BUSY if busy else CALM)[:3])
        measured = "" if rng.random() < 0.06 else f"{warm:.1f}"
        table.writerow([when, weather, measured, visitors, remark, "yes" if busy else "no"])
    return file.getvalue().encode()


def counting() -> bytes:
    """The numbers to 399 in words, a line each."""
    return "".join(f"{_in_words(number)}\n" for number in range(1, 400)).encode()


def shapes() -> bytes:
    """40 circles, squares and triangles each as PNG, in a zip of three folders."""
    rng = _random(2)
    files = {f"{shape}/{i:02}.png": _shape(shape, rng) for shape in SHAPES for i in range(40)}
    return _zipped(files)


def tones() -> bytes:
    """30 tones each that fall, stay and rise, of half a second: WAV in a zip of three folders."""
    rng = _random(3)
    return _zipped({f"{tone}/{i:02}.wav": _tone(tone, rng) for tone in TONES for i in range(30)})


#: the name of the file, and what makes it, by what it becomes
SAMPLES = {
    "table": ("cafe.csv", cafe),
    "text": ("counting.txt", counting),
    "pictures": ("shapes.zip", shapes),
    "recordings": ("tones.zip", tones),
}


def _in_words(number: int) -> str:
    if number < 20:
        return ONES[number]
    if number < 100:
        rest = f"-{ONES[number % 10]}" if number % 10 else ""
        return TENS[number // 10 - 2] + rest
    rest = f" and {_in_words(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"


def _shape(shape: str, rng: np.random.Generator) -> bytes:
    picture = Image.new("L", (24, 24))
    draw, size = ImageDraw.Draw(picture), int(rng.integers(9, 17))
    left, top = (int(at) for at in rng.integers(1, 23 - size, 2))
    box, light = (left, top, left + size, top + size), int(rng.integers(150, 256))
    match shape:
        case "circle":
            draw.ellipse(box, light)
        case "square":
            draw.rectangle(box, light)
        case _:
            draw.polygon([(left, top + size), (left + size, top + size), (left + size // 2, top)],
                         light)  # fmt: skip
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _tone(tone: str, rng: np.random.Generator) -> bytes:
    way = {"falling": 0.5, "level": 1.0, "rising": 2.0}[tone]
    time = np.arange(RATE // 2) / RATE
    pitch = rng.uniform(400, 900) * way ** (2 * time)
    sound = 0.6 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + rng.normal(0, 0.02, len(time))
    return _wav(sound)


def _wav(sound: NDArray[np.float64]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def _zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, WHEN), content)
    return file.getvalue()


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, 0], np.uint64)))
