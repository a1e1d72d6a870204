"""Augmentation as NumPy code, which the programs of every framework train with."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from .base import Run

SCRIPT = "augmentation.py"
#: columns of a line
WIDTH = 100

_TEMPLATE = '''"""Augmentation, by the rules it had in Layerlab: what train.py does to pictures.

Each is changed at random every time that the network learns from it.
"""

import numpy as np

rng = np.random.default_rng(0)


{functions}\
# one after the other: what is done, to which share of the pictures, how, and whether pixels move
STEPS = [
{steps}
]


def augmented(images, answers):
    """Images (B, height, width, channels) of bytes and their answers -> the same after STEPS."""
    images = np.asarray(images, np.float32) / 255
{begin}    for change, probability, settings, moves in STEPS:
        chosen = (rng.random(len(images)) < probability)[:, None, None, None]
{middle}    return as_bytes(images), {end}


def as_bytes(images):
    return np.rint(images * 255).astype(np.uint8)
'''

_LABELLED = """\
        images = np.where(chosen, change(images, **settings), images)
"""
#: what is to be rebuilt moves along, and is without noise
_REBUILT = """\
        both = np.concatenate([images, answers], -1) if moves else images
        both = np.where(chosen, change(both, **settings), both)
        images, answers = np.split(both, 2, -1) if moves else (both, answers)
"""

_WARPED = '''def warped(images, matrices, fill_mode):
    """What is seen at (y, x) from the middle is what was at matrices (B, 2, 3) @ (y, x, 1)."""
    count, height, width, _ = images.shape
    middle = np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    offsets = np.indices((height, width)) - middle
    ones = np.ones((1, height, width))
    places = np.einsum("bij,jyx->biyx", matrices, np.concatenate([offsets, ones])) + middle
    low, total = np.floor(places).astype(int), 0
    share = places - low
    for down in (0, 1):
        for right in (0, 1):
            row, column = low[:, 0] + down, low[:, 1] + right
            part = (share[:, 0] if down else 1 - share[:, 0]) * (
                share[:, 1] if right else 1 - share[:, 1]
            )
            total = total + part[..., None] * pixels(images, row, column, fill_mode)
    return np.clip(total, 0, 1).astype(np.float32)


def pixels(images, row, column, fill_mode):
    """The pixels at these rows and columns (B, height, width), be they outside."""
    _, height, width, _ = images.shape
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    if fill_mode == "reflect":
        row, column = mirrored(row, height), mirrored(column, width)
    picture = np.arange(len(images))[:, None, None]
    found = images[picture, np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    return np.where(inside[..., None], found, 0) if fill_mode == "constant" else found


def mirrored(place, size):
    return np.minimum(place % (2 * size), 2 * size - 1 - place % (2 * size))


def matrices_of(a, b, c, d, e, f):
    """(B, 2, 3) of [[a, b, c], [d, e, f]]."""
    return np.stack(np.broadcast_arrays(a, b, c, d, e, f), -1).reshape(-1, 2, 3)


'''

_FLIP = """def random_flip(images, mode):
    which = rng.integers(0, 3, (len(images), 1, 1, 1))  # one, the other, both
    rows = (mode == "vertical") | (mode == "horizontal_and_vertical") & (which != 0)
    columns = (mode == "horizontal") | (mode == "horizontal_and_vertical") & (which != 1)
    images = np.where(rows, images[:, ::-1], images)
    return np.where(columns, images[:, :, ::-1], images)


"""

_ROTATION = """def random_rotation(images, degrees, fill_mode):
    angle = np.deg2rad(degrees) * rng.uniform(-1, 1, len(images))
    cos, sin = np.cos(angle), np.sin(angle)
    return warped(images, matrices_of(cos, sin, 0, -sin, cos, 0), fill_mode)


"""

_TRANSLATION = """def random_translation(images, height_factor, width_factor, fill_mode):
    count, height, width, _ = images.shape
    down = height_factor * height * rng.uniform(-1, 1, count)
    right = width_factor * width * rng.uniform(-1, 1, count)
    return warped(images, matrices_of(1, 0, -down, 0, 1, -right), fill_mode)


"""

_ZOOM = """def random_zoom(images, factor, fill_mode):
    part = 1 / (1 + factor * rng.uniform(-1, 1, len(images)))
    return warped(images, matrices_of(part, 0, 0, 0, part, 0), fill_mode)


"""

_NOISE = """def gaussian_noise(images, stddev):
    return np.clip(images + stddev * rng.standard_normal(images.shape, np.float32), 0, 1)


"""

_CUTOUT = """def cutout(images, length):
    count, height, width, _ = images.shape
    top = rng.integers(0, height, (count, 1, 1, 1)) - length // 2
    left = rng.integers(0, width, (count, 1, 1, 1)) - length // 2
    row, column = np.arange(height)[:, None, None], np.arange(width)[:, None]
    hit = (row >= top) & (row < top + length) & (column >= left) & (column < left + length)
    return np.where(hit, 0, images)


"""

#: by kind, a function of images from 0 to 1 and the settings
FUNCTIONS = {
    "random_flip": _FLIP,
    "random_rotation": _ROTATION,
    "random_translation": _TRANSLATION,
    "random_zoom": _ZOOM,
    "gaussian_noise": _NOISE,
    "cutout": _CUTOUT,
}


def told_of(run: Run) -> str:
    """What is said of augmentation, in a paragraph; empty where there is none."""
    steps = run.experiment.data.augmentation
    written, left_out = _written(run), [s.kind for s in steps if not _function(s)]
    said = ""
    if written:
        said = f"`{SCRIPT}` changes the pictures of every batch at random, as Layerlab did. "
    if left_out:
        said += (
            f"NOT WRITTEN: {', '.join(left_out)}, which changed the batches in Layerlab as well "
            "(experiment.json has the settings); without it the network may generalise less well."
        )
    return said.strip()


def files_of(run: Run) -> dict[str, bytes]:
    """The script that changes pictures; none where nothing does, or nothing that is written."""
    return {SCRIPT: script(run).encode()} if _written(run) else {}


def script(run: Run) -> str:
    """The program that changes pictures as the experiment says."""
    steps, rebuilds = _written(run), run.experiment.task.rebuilds
    functions = dict.fromkeys(_function(step) for step in steps)
    warps = any("warped(" in code for code in functions)
    return _TEMPLATE.format(
        steps=textwrap.indent("\n".join(_line(step) for step in steps), "    "),
        functions=_WARPED * warps + "".join(functions),
        begin="    answers = np.asarray(answers, np.float32) / 255\n" if rebuilds else "",
        middle=_REBUILT if rebuilds else _LABELLED,
        end="as_bytes(answers)" if rebuilds else "answers",
    )


def _function(step: Any) -> str:
    return FUNCTIONS.get(step.kind) or step.written.get("numpy", "")


def _written(run: Run) -> list[Any]:
    return [step for step in run.experiment.data.augmentation if _function(step)]


def _line(step: Any) -> str:
    settings = json.dumps(step.model_dump(mode="json", exclude={"kind", "probability"}))
    parts = (step.kind, str(step.probability), settings, str(step.moves))
    line = f"({', '.join(parts)}),"
    return line if len(line) <= WIDTH - 4 else "\n".join(["(", *(f"    {p}," for p in parts), "),"])
