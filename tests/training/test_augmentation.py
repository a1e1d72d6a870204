"""Augmentation: pictures against SciPy, PyTorch and closed forms, and what holds for all kinds."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from pydantic import ValidationError
from scipy import ndimage, stats

from server.experiment import Experiment
from server.experiment.live import live_values, static_form, with_live
from server.experiment.patch import effect, patched
from server.experiment.registry import AUGMENTATIONS
from server.training.augmentation import Batch, augmented
from server.training.augmentation.colours import erased
from server.training.augmentation.geometric import (
    flipped,
    magnification,
    rotation,
    translation,
    warped,
)
from server.training.augmentation.mixing import symmetric_beta

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (4, 9, 12, 2)).astype(np.float32)
TARGETS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
MODES = {"constant": "grid-constant", "nearest": "nearest", "reflect": "reflect"}
NUMBERS = RNG.uniform(-1, 1, 4)
MATRICES = {
    "rotation": rotation(jnp.array(3 * NUMBERS)),
    "translation": translation(jnp.array(4 * NUMBERS), jnp.array(-7 * NUMBERS)),
    "zoom": magnification(jnp.array(1 + 0.9 * NUMBERS)),
}


def batch(rebuilds: bool = False, real: int = 4) -> Batch:
    targets = IMAGES if rebuilds else TARGETS
    there = jnp.asarray(np.arange(4) < real, jnp.float32)
    return Batch(jnp.asarray(IMAGES), jnp.asarray(targets), there, rebuilds)


def step(kind: str, **said: Any) -> Any:
    return AUGMENTATIONS.validate({"kind": kind, **said})


@pytest.mark.parametrize("fill", MODES)
@pytest.mark.parametrize("name", MATRICES)
def test_pictures_are_warped_as_scipy_does_it(name: str, fill: Any) -> None:
    matrices = np.asarray(MATRICES[name], np.float64)
    found = warped(jnp.asarray(IMAGES), MATRICES[name], fill)
    middle = np.array([4, 5.5])
    for picture, matrix, got in zip(IMAGES, matrices, found, strict=True):
        linear = matrix[:, :2]
        offset = middle + matrix[:, 2] - linear @ middle
        for channel in range(2):
            expected = ndimage.affine_transform(
                picture[..., channel].astype(np.float64), linear, offset,
                order=1, mode=MODES[fill], cval=0.0,
            )  # fmt: skip
            np.testing.assert_allclose(got[..., channel], expected, atol=2e-4)


def test_a_turn_is_anticlockwise_as_pytorch_samples_it() -> None:
    square = IMAGES[:, :, :9]
    found = warped(jnp.asarray(square), rotation(jnp.full(4, 0.5)))
    tensor = torch.tensor(square).permute(0, 3, 1, 2)
    # in (x, y): where what is seen at a place comes from
    turn = torch.tensor([[np.cos(0.5), -np.sin(0.5), 0], [np.sin(0.5), np.cos(0.5), 0]])
    grid = torch.nn.functional.affine_grid(
        turn.float().expand(4, 2, 3), list(tensor.shape), align_corners=False
    )
    expected = torch.nn.functional.grid_sample(tensor, grid, align_corners=False)
    np.testing.assert_allclose(found, expected.permute(0, 2, 3, 1), atol=1e-4)
    quarter = warped(jnp.asarray(square), rotation(jnp.full(4, np.pi / 2)))
    np.testing.assert_allclose(quarter, np.rot90(square, 1, (1, 2)), atol=1e-4)


def test_flips_are_exact() -> None:
    rows, columns = jnp.array([0, 1, 0, 1], bool), jnp.array([0, 0, 1, 1], bool)
    found = flipped(jnp.asarray(IMAGES), rows, columns)
    expected = [IMAGES[0], IMAGES[1, ::-1], IMAGES[2, :, ::-1], IMAGES[3, ::-1, ::-1]]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("mode", "axes"), [("horizontal", {(2,)}), ("vertical", {(1,)}),
                       ("horizontal_and_vertical", {(1,), (2,), (1, 2)})],
)  # fmt: skip
def test_a_flip_is_in_a_direction_that_was_said(mode: str, axes: set[tuple[int, ...]]) -> None:
    flip, seen = step("random_flip", mode=mode, probability=1), set[tuple[int, ...]]()
    for key in range(8):
        found = flip.apply(jax.random.key(key), batch()).images
        for before, after in zip(IMAGES, found, strict=True):
            (how,) = [
                axis for axis in ((1,), (2,), (1, 2))
                if np.array_equal(np.flip(before, [a - 1 for a in axis]), after)
            ]  # fmt: skip
            seen.add(how)
    assert seen == axes


@given(st.integers(-6, 10), st.integers(-6, 13), st.integers(1, 14))
@settings(max_examples=25)
def test_a_square_is_cut_out_as_far_as_it_lies_inside(top: int, left: int, length: int) -> None:
    ones = jnp.ones((1, 9, 12, 1))
    found = erased(ones, jnp.array([top]), jnp.array([left]), jnp.array(length))
    rows = max(0, min(9, top + length) - max(0, top))
    columns = max(0, min(12, left + length) - max(0, left))
    assert (found == 0).sum() == rows * columns


def test_noise_has_the_moments_that_are_said() -> None:
    grey = Batch(jnp.full((50, 20, 20, 1), 0.5), jnp.zeros((50, 1)), jnp.ones(50))
    noise = step("gaussian_noise", stddev=0.1).apply(jax.random.key(0), grey).images - 0.5
    assert abs(float(noise.mean())) < 4 * 0.1 / np.sqrt(20_000)
    assert abs(float(noise.std()) / 0.1 - 1) < 0.02


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 10.0])
def test_the_shares_of_a_mix_are_of_the_beta_distribution(alpha: float) -> None:
    found = np.asarray(symmetric_beta(jax.random.key(0), alpha, 20_000), np.float64)
    assert found.min() >= 0 and found.max() <= 1
    # where float32 has no numbers between a share and 1, the share is rounded to it
    inside = np.linspace(0.01, 0.99, 50)
    below = (found[:, None] <= inside).mean(0)
    assert np.abs(below - stats.beta(alpha, alpha).cdf(inside)).max() < 1.63 / np.sqrt(20_000)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.2, 1.0, 10.0]), st.integers(1, 4))
@settings(max_examples=20)
def test_a_mixed_example_lies_between_two_that_are_there(key: int, alpha: float, real: int) -> None:
    found = step("mixup", alpha=alpha).apply(jax.random.key(key), batch(real=real))
    for i in range(real):
        # of the three-fold targets and of the pictures the share is the same
        fits = False
        for j in range(real):
            gap = IMAGES[i] - IMAGES[j]
            share = float((gap * (found.images[i] - IMAGES[j])).sum() / max((gap**2).sum(), 1e-9))
            mixed = [share * a[i] + (1 - share) * a[j] for a in (IMAGES, TARGETS)]
            close = [np.allclose(m, f, atol=1e-4) for m, f in
                     zip(mixed, (found.images[i], found.targets[i]), strict=True)]  # fmt: skip
            fits |= all(close) and -1e-4 <= share <= 1 + 1e-4
        assert fits
        assert float(found.targets[i].sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_pictures_stay_pictures_and_equal_keys_give_equal_ones(kind: str) -> None:
    drawn = jax.jit(step(kind, probability=1).apply)
    first, again = drawn(jax.random.key(7), batch()), drawn(jax.random.key(7), batch())
    np.testing.assert_array_equal(first.images, again.images)
    others = drawn(jax.random.key(8), batch()).images
    assert first.images.shape == IMAGES.shape and first.images.dtype == jnp.float32
    assert first.targets.shape == TARGETS.shape
    for found in (first.images, others):
        assert float(found.min()) >= 0 and float(found.max()) <= 1
    assert not np.array_equal(first.images, others) or kind == "random_flip"


jax.tree_util.register_dataclass(Batch, ["images", "targets", "real"], ["rebuilds"])


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_at_no_probability_nothing_changes(kind: str) -> None:
    found = step(kind, probability=0).apply(jax.random.key(1), batch())
    np.testing.assert_allclose(found.images, IMAGES, atol=1e-6)
    np.testing.assert_allclose(found.targets, TARGETS, atol=1e-6)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_what_is_to_be_rebuilt_moves_along_and_is_clean(kind: str) -> None:
    found = step(kind, probability=1).apply(jax.random.key(3), batch(rebuilds=True))
    if kind in ("gaussian_noise", "cutout"):
        np.testing.assert_array_equal(found.targets, IMAGES)
        assert not np.array_equal(found.images, IMAGES)
    else:
        np.testing.assert_array_equal(found.targets, found.images)


def test_steps_are_done_one_after_the_other() -> None:
    flip = step("random_flip", probability=1)
    found = augmented((flip, flip), jax.random.key(0), batch())
    np.testing.assert_array_equal(found.images, IMAGES)


# -- as part of an experiment -------------------------------------------------------------


def experiment(*steps: Any, **more: Any) -> Experiment:
    said = {"data": {"dataset": "digits", "augmentation": list(steps)} | more}
    return Experiment.model_validate(said)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_its_numbers_are_live(kind: str) -> None:
    e = experiment(kind)
    values = live_values(e.data)
    numbers = {
        name for name, field in AUGMENTATIONS[kind].model_fields.items()
        if field.annotation in (int, float)
    }  # fmt: skip
    assert {path.rpartition("/")[2] for path in values} == numbers
    moved = with_live(e.data, dict.fromkeys(values, 0.125))
    assert static_form(moved) == static_form(e.data)


def test_without_it_the_digest_is_what_it_was() -> None:
    plain = Experiment.model_validate({"data": {"dataset": "digits"}})
    assert experiment().digest() == plain.digest() and "augmentation" not in plain.canonical()


def test_it_comes_and_goes_while_the_weights_stay() -> None:
    none, one = experiment(), experiment("random_flip")
    often = experiment({"kind": "random_flip", "probability": 0.25})
    assert effect(none, one) == effect(one, none) == "keep"
    assert effect(one, experiment("mixup")) == "keep"
    assert effect(one, often) == "live"
    assert effect(one, experiment({"kind": "random_flip", "mode": "vertical"})) == "keep"


def test_other_data_leaves_it_behind() -> None:
    one = experiment("random_flip")
    assert len(patched(one, {"data": {"dataset": "mnist"}}).data.augmentation) == 1
    assert patched(one, {"data": {"dataset": "iris"}}).data.augmentation == ()
    assert patched(one, {"generator": {}}).data.augmentation == ()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"data": {"augmentation": ["mixup"]}}, "augmentation: it changes pictures, and 'circle'"),
        (
            {"data": {"dataset": "digits", "augmentation": ["mixup"]}, "generator": {}},
            "data.augmentation: a generator would learn to make the changed pictures",
        ),
        ({"data": {"dataset": "digits", "augmentation": ["blur"]}}, "no such augmentation 'blur'"),
    ],
)
def test_where_it_makes_no_sense_it_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Experiment.model_validate(said)
