"""Steps that prepare pictures, against Pillow and PyTorch."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from PIL import Image
from pydantic import ValidationError

from server.datasets.preparation import prepared_pictures, prepared_shapes
from server.datasets.split import load
from server.experiment import Experiment
from server.experiment.patch import patched
from server.experiment.registry import PREPARATIONS

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (3, 9, 12, 3), dtype=np.uint8)
#: as PyTorch has them: channels first, float
TENSOR = torch.tensor(COLOURS).permute(0, 3, 1, 2).float()


def step(kind: str, **said: Any) -> Any:
    return PREPARATIONS.validate({"kind": kind, **said})


def data(*steps: Any, dataset: Any = "digits", **more: Any) -> dict[str, Any]:
    return {"data": {"dataset": dataset, "preparation": list(steps), **more}}


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(4, 5), (18, 24), (9, 6)])
def test_resizing_is_that_of_pytorch_with_antialiasing(mode: str, size: tuple[int, int]) -> None:
    found = step("resize", height=size[0], width=size[1], interpolation=mode).apply(COLOURS)
    tensor = TENSOR.to(torch.uint8)
    expected = torch.nn.functional.interpolate(tensor, size, mode=mode, antialias=True)
    # a rounding to bytes after each of the two directions
    assert np.abs(found - expected.permute(0, 2, 3, 1).numpy().astype(float)).max() <= 1


def test_the_nearest_pixel_is_one_that_there_was() -> None:
    found = step("resize", height=18, width=24, interpolation="nearest").apply(COLOURS)
    np.testing.assert_array_equal(found, COLOURS.repeat(2, 1).repeat(2, 2))


def test_grey_is_the_luma_of_three_colours() -> None:
    found = step("grey").apply(COLOURS)
    expected = COLOURS @ np.array([0.299, 0.587, 0.114])
    assert found.shape == (3, 9, 12, 1)
    assert np.abs(found[..., 0] - expected).max() <= 0.51
    by_pillow = [np.asarray(Image.fromarray(picture).convert("L")) for picture in COLOURS]
    np.testing.assert_array_equal(found[..., 0], by_pillow)


def test_a_grey_picture_stays_as_it_is() -> None:
    np.testing.assert_array_equal(step("grey").apply(COLOURS[..., :1]), COLOURS[..., :1])


def test_a_border_is_that_of_pytorch() -> None:
    found = step("pad", padding=3, value=7).apply(COLOURS)
    expected = torch.nn.functional.pad(TENSOR, (3, 3, 3, 3), value=7)
    np.testing.assert_array_equal(found, expected.permute(0, 2, 3, 1).numpy())


STEPS = st.lists(
    st.one_of(
        st.builds(
            lambda h, w, how: step("resize", height=h, width=w, interpolation=how),
            st.integers(4, 20), st.integers(4, 20),
            st.sampled_from(["nearest", "bilinear", "bicubic"]),
        ),
        st.just(step("grey")),
        st.builds(lambda n, v: step("pad", padding=n, value=v),
                  st.integers(1, 5), st.integers(0, 255)),
    ),
    max_size=4,
)  # fmt: skip


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_pictures_come_to_the_shape_that_is_said_each_by_itself(steps: list[Any]) -> None:
    shapes = prepared_shapes(steps, COLOURS.shape[1:])
    found = prepared_pictures(steps, COLOURS)
    assert found.shape == (3, *shapes[-1]) and found.dtype == np.uint8
    np.testing.assert_array_equal(prepared_pictures(steps, COLOURS[1:2]), found[1:2])


def test_a_network_is_given_the_prepared_pictures() -> None:
    small = {"kind": "resize", "height": 6, "width": 5}
    experiment = Experiment.model_validate(data(small, {"kind": "pad", "padding": 1}))
    loaded, raw = load(experiment.data), load(Experiment.model_validate(data()).data)
    assert experiment.input_shape == loaded.pool.shape[1:] == (8, 7, 1)
    np.testing.assert_array_equal(loaded.labels, raw.labels)
    steps = experiment.data.preparation
    np.testing.assert_array_equal(loaded.inputs[:9], prepared_pictures(steps, raw.inputs[:9]))
    assert load(experiment.data).pool is loaded.pool  # one for all who have the same


def test_only_the_pictures_that_are_examples_are_prepared() -> None:
    few = {"kind": "digits", "samples": 20}
    pool = load(Experiment.model_validate(data("grey", dataset=few)).data).pool
    assert pool.shape == (20, 8, 8, 1)


def test_networks_that_make_pictures_make_prepared_ones() -> None:
    large = {"kind": "pad", "padding": 4}
    rebuilds = Experiment.model_validate(data(large, target="input"))
    assert rebuilds.task.label_shape == (16, 16)
    odd = {"kind": "resize", "height": 14, "width": 11}
    Experiment.model_validate(data(odd, target="input"))
    Experiment.model_validate({**data(odd), "generator": {}})
    Experiment.model_validate({**data(large), "generator": {}})


def test_without_steps_the_digest_is_what_it_was() -> None:
    plain = Experiment.model_validate({"data": {"dataset": "digits"}})
    assert plain.digest() == Experiment.model_validate(data()).digest()
    assert '"preparation"' not in plain.canonical()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (data("standardise"), "preparation.0: 'standardise' is for tables, and these are pictures"),
        (data("resize", dataset="iris"), "preparation.0: 'resize' is for pictures"),
        (data(*[{"kind": "pad", "padding": 32}] * 2), "preparation.1: a picture would be 136×136"),
        (data({"kind": "resize", "height": 2}), "greater than or equal to 4"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_path(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Experiment.model_validate(given)


def test_more_than_fits_is_refused_when_it_is_loaded() -> None:
    large = data({"kind": "resize", "height": 128, "width": 128}, dataset="mnist")
    with pytest.raises(ValueError, match=r"preparation\.0: 70,000 pictures .* take fewer samples"):
        load(Experiment.model_validate(large).data)


def test_another_dataset_comes_with_its_own_preparation() -> None:
    padded = Experiment.model_validate(data({"kind": "pad"}))
    assert patched(padded, {"data": {"dataset": "mnist"}}).data.preparation == ()
    assert len(patched(padded, {"data": {"seed": 3}}).data.preparation) == 1
