"""The picture of a link: what is in it can be read off its pixels."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from server.experiment.registry import DATASETS, LAYERS
from server.sharing import Share, draw
from server.sharing.picture import CLASSES, NEGATIVE, NETWORK, OUTCOME, POSITIVE
from tests.families import with_layer

SIZE = 10


def share(experiment: dict[str, Any], **moment: Any) -> Share:
    given = {"step": 1, "digest": "0" * 64, "platform": "", "curve": {"columns": [], "rows": []}}
    return Share.model_validate(
        {"experiment": experiment, "moment": given | moment if moment else None}
    )


def pixels(picture: bytes) -> np.ndarray:
    """(height, width, 3)"""
    image = Image.open(io.BytesIO(picture))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    return np.asarray(image.convert("RGB"))


def count(picture: bytes, box: tuple, colour: tuple[int, int, int]) -> int:
    """How many pixels of a box have a colour."""
    x0, y0, x1, y1 = map(int, box)
    return int((pixels(picture)[y0:y1, x0:x1] == colour).all(-1).sum())


def layers(*units: int) -> dict[str, Any]:
    return {"layers": [{"kind": "dense", "units": n, "activation": "linear"} for n in units]}


def constant(*values: int) -> dict[str, Any]:
    """A surface whose outputs are the same everywhere."""
    maps = [base64.b64encode(bytes([value]) * SIZE**2).decode() for value in values]
    return {"range": [-1, 1], "size": SIZE, "maps": maps}


#: no points at all: what is drawn is the surface
EMPTY = {"dataset": {"kind": "drawn", "points": []}}


@pytest.mark.parametrize(("byte", "colour"), [(0, NEGATIVE), (255, POSITIVE)])
def test_one_output_is_shown_on_the_scale_of_values(byte: int, colour: Any) -> None:
    picture = draw(share({"data": EMPTY}, surface=constant(byte)))
    x0, y0, x1, y1 = OUTCOME
    assert count(picture, OUTCOME, colour) > 0.99 * (x1 - x0) * (y1 - y0)


def test_several_outputs_are_shown_by_the_winning_class() -> None:
    picture = draw(share({"data": EMPTY}, surface=constant(3, 10, 255)))
    assert count(picture, OUTCOME, CLASSES[2]) > 1e5


@pytest.mark.parametrize(
    ("sign", "shown", "absent"), [(1, POSITIVE, NEGATIVE), (-1, NEGATIVE, POSITIVE)]
)
def test_links_have_the_colour_of_their_weight(sign: int, shown: Any, absent: Any) -> None:
    weights = [{"w": np.full((2, 3), 2.0 * sign).tolist(), "b": [0.0] * 3}]
    weights.append({"w": np.full((3, 1), 2.0 * sign).tolist(), "b": [0.0]})
    picture = draw(share({"data": EMPTY, "network": layers(3)}, weights=weights))
    between = (150, NETWORK[1], 310, NETWORK[3])  # between the features and the hidden layer
    assert count(picture, between, shown) > 500
    assert count(picture, between, absent) == 0


def test_a_units_tile_shows_what_it_answers() -> None:
    """A unit that copies the first feature is orange at the left and blue at the right."""
    weights = [{"w": [[9.0], [0.0]], "b": [0.0]}, {"w": [[1.0]], "b": [0.0]}]
    picture = draw(share({"data": EMPTY, "network": layers(1)}, weights=weights))
    right = int(NETWORK[2])
    row = pixels(picture)[330 - 20, right - 62 : right]
    assert tuple(row[8]) == NEGATIVE and tuple(row[-8]) == POSITIVE


def test_without_a_moment_the_points_and_the_structure_are_shown() -> None:
    picture = draw(share({"data": {"dataset": "circle"}, "network": layers(5, 3)}))
    assert min(count(picture, OUTCOME, colour) for colour in (NEGATIVE, POSITIVE)) > 500
    assert draw(share({"data": {"dataset": "circle"}, "network": layers(5, 3)})) == picture
    assert draw(share({"data": {"dataset": "circle"}, "network": layers(5, 4)})) != picture


def test_what_was_changed_on_the_way_is_shown() -> None:
    def picture(experiment: dict[str, Any], *log: Any) -> bytes:
        events = [{"step": 1, "command": command} for command in log]
        return draw(share(experiment, step=2).model_copy(update={"log": log_of(events)}))

    patch = {"training": {"learning_rate": 0.1}, "data": {"seed": 4}}
    now = picture({"training": {"learning_rate": 0.1}, "data": {"seed": 4}})
    assert picture({}, {"kind": "patch", "experiment": patch}) == now
    assert picture({}) != now
    # a log that never was does no harm
    odd: list[Any] = [None, 3, {"seed": -1}, {"training": {"optimizer": "none"}}]
    assert picture({}, *({"kind": "patch", "experiment": one} for one in odd)) == picture({})


def log_of(events: list[Any]) -> Any:
    return Share.model_validate({"experiment": {}, "log": events}).log


@pytest.mark.parametrize("kind", DATASETS)
def test_every_dataset_has_a_picture(kind: str) -> None:
    pixels(draw(share({"data": {"dataset": kind}})))


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_has_a_picture(kind: str) -> None:
    pixels(draw(share(with_layer({"kind": kind}))))


@pytest.mark.parametrize("count", [0, 1, 16])
def test_any_number_of_layers_has_a_picture(count: int) -> None:
    pixels(draw(share({"network": {"layers": ["dense"] * count}})))


@pytest.mark.parametrize(
    "weights",
    [
        [],
        [{"w": 1.0}],
        [{}, {}, {}],
        [{"w": [[1.0]], "b": [1.0]}] * 3,
        [{"w": [[1e38] * 4] * 2, "b": [0.0] * 4}, {"w": [[1e38] * 2] * 4}, {"w": [[1.0]] * 2}],
    ],
)
def test_weights_of_another_network_do_no_harm(weights: list[Any]) -> None:
    pixels(draw(share({}, weights=weights, surface=constant(7))))


def duel(layer: dict[str, Any]) -> dict[str, Any]:
    """Nothing real; noise goes through one layer, and comes out as it is."""
    return {"data": EMPTY, "network": layers(1), "generator": {"latent": 2, "layers": [layer]}}


def copied(scale: float, place: float) -> list[dict[str, Any]]:
    """Weights of the discriminator, and of a generator that makes `scale` times its noise around
    a place at the right or the left."""
    judge = [{"w": [[1.0], [0.0]], "b": [0.0]}, {"w": [[1.0]], "b": [0.0]}]
    same = {"w": [[1.0, 0.0], [0.0, 1.0]], "b": [0.0, 0.0]}
    return [*judge, same, {"w": [[scale, 0.0], [0.0, scale]], "b": [place, 0.0]}]


@pytest.mark.parametrize("place", [-3.0, 3.0])
def test_what_a_generator_makes_is_shown_where_it_lies(place: float) -> None:
    plain = {"kind": "dense", "units": 2, "activation": "linear"}
    moment = {"weights": copied(0.2, place), "surface": constant(255)}
    picture = draw(share(duel(plain), **moment))
    x0, y0, x1, y1 = OUTCOME
    left, right = (x0, y0, (x0 + x1) / 2, y1), ((x0 + x1) / 2, y0, x1, y1)
    here, there = (left, right) if place < 0 else (right, left)
    assert count(picture, here, NEGATIVE) > 500 and count(picture, there, NEGATIVE) == 0


@pytest.mark.parametrize(
    "weights", [[], copied(1, 0)[:3], copied(1e38, 1e38), [{}] * 4, copied(1, 0) * 2]
)
def test_a_generator_of_unknown_weights_does_no_harm(weights: list[Any]) -> None:
    normalized = {"kind": "dense", "units": 2, "normalization": "batch"}
    for layer in (normalized, {"kind": "dense", "units": 2}):
        pixels(draw(share(duel(layer), weights=weights, surface=constant(7))))


def test_real_points_of_a_duel_have_the_colour_of_what_is_real() -> None:
    data = {"dataset": {"kind": "drawn", "points": [[-3, 0, 0], [3, 0, 1]] * 4}}
    picture = draw(share({"data": data, "generator": {}}))
    assert count(picture, OUTCOME, POSITIVE) > 50 and count(picture, OUTCOME, NEGATIVE) == 0


def test_both_stacks_of_a_duel_of_pictures_are_drawn() -> None:
    alone = {"data": {"dataset": "digits"}}
    x0, y0, x1, y1 = NETWORK
    gap = ((x0 + x1) / 2 - 4, y0, (x0 + x1) / 2 + 4, y1)
    for experiment, split in ((alone, False), (alone | {"generator": {}}, True)):
        found = pixels(draw(share(experiment)))
        ax, ay, bx, by = map(int, gap)
        assert (found[ay:by, ax:bx] == 255).all() == split
