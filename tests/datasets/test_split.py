"""The split: exact parts, one shuffle, equal data for equal seeds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.datasets.base import Points
from server.datasets.split import Loaded, load, parts, shuffle, sizes
from server.experiment.registry import DATASETS
from server.experiment.spec import Data, Split

counts = st.integers(0, 5000)
splits = st.integers(1, 99).flatmap(
    lambda train: st.builds(
        Split, train=st.just(train), validation=st.integers(0, min(90, 99 - train))
    )
)


@given(counts, splits)
def test_sizes_follow_the_rule(count, split):
    train, validation, test = sizes(count, split)
    assert train + validation + test == count
    assert min(train, validation, test) >= 0
    if count * split.train >= 100:
        assert train == math.floor(count * split.train / 100)
        assert train + validation == math.floor(count * (split.train + split.validation) / 100)
    elif count:
        assert train == 1


@given(counts, splits)
def test_parts_are_in_order_and_of_those_sizes(count, split):
    part = parts(count, split)
    assert part.dtype == np.uint8
    assert part.shape == (count,)
    assert (np.diff(part.astype(int)) >= 0).all()
    assert tuple(np.bincount(part, minlength=3)) == sizes(count, split)


@given(counts, st.integers(0, 2**32 - 1))
def test_shuffle_is_a_permutation(count, seed):
    order = shuffle(count, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(order), np.arange(count))


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_a_point_added_at_the_end_leaves_the_order_of_the_others(count, seed):
    before = shuffle(count, np.random.default_rng(seed))
    after = shuffle(count + 1, np.random.default_rng(seed))
    np.testing.assert_array_equal(after[after < count], before)


def test_shuffle_is_uniform():
    rng = np.random.default_rng(0)
    orders = np.array([shuffle(5, rng) for _ in range(5000)])
    for place in range(5):
        shares = np.bincount(orders[:, place], minlength=5) / 5000
        np.testing.assert_allclose(shares, 0.2, atol=0.025)


@given(st.integers(1, 5000), st.integers(1, 5000), splits)
def test_a_test_part_of_its_own_stays_and_the_others_are_divided(own, test, split):
    train, validation, left = sizes(own + test, split, test)
    assert (train + validation, left) == (own, test)
    assert train == max(own * split.train // (split.train + split.validation), 1)
    part = parts(own + test, split, test)
    assert (part[own:] == 2).all() and (np.diff(part.astype(int)) >= 0).all()


def loaded(**data) -> Loaded:
    return load(Data.model_validate(data))


@pytest.mark.parametrize("kind", DATASETS)
def test_loaded_examples_are_those_generated(kind):
    found = loaded(dataset=kind, split={"train": 60, "validation": 20}, seed=3)
    dataset = DATASETS[kind]()
    count = len(found.labels)
    assert sum(found.counts.values()) == count == len(found.part) == len(found.rows)
    assert found.inputs.shape == (count, *Data.model_validate({"dataset": kind}).input_shape)
    assert found.labels.shape == (count, *dataset.label_shape)
    assert found.labels.dtype == np.float32
    assert found.part.dtype == np.uint8
    assert not found.pool.flags.writeable
    low, high = found.label_range
    assert low < high


#: whose examples are not drawn, or not only
OTHERS = ["drawn", *(name for name, kind in DATASETS.items() if kind.form == "table")]


@pytest.mark.parametrize("kind", [kind for kind in DATASETS if kind not in OTHERS])
def test_rows_and_labels_stay_together(kind):
    """Shuffled or not, every example keeps the label it was drawn with."""
    found = loaded(dataset=kind, seed=5)
    points = found.points
    assert isinstance(points, Points)
    drawn = np.arange(len(points.labels)) if points.rows is None else points.rows
    np.testing.assert_array_equal(np.sort(found.rows), np.sort(drawn))
    order = np.argsort(drawn)
    place = order[np.searchsorted(drawn[order], found.rows)]
    np.testing.assert_array_equal(points.labels[place], found.labels)
    if points.test:
        assert set(found.rows[-points.test :]) == set(drawn[-points.test :])
        assert found.counts["test"] == points.test


def test_who_draws_alike_shares_the_examples():
    first, moved = loaded(dataset="spiral"), loaded(dataset="spiral", split={"train": 70})
    assert moved.pool is first.pool
    assert loaded(dataset="spiral", seed=1).pool is not first.pool


def test_counts():
    assert loaded().counts == {"train": 250, "validation": 0, "test": 250}
    assert loaded(split={"train": 33, "validation": 33}).counts == {
        "train": 165, "validation": 165, "test": 170,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["spiral", "function", "reg_gauss"])
def test_equal_data_give_equal_arrays(kind):
    first, again = loaded(dataset=kind, seed=7), loaded(dataset=kind, seed=7)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)
    other = loaded(dataset=kind, seed=8)
    assert (first.inputs != other.inputs).any()


def test_the_shuffle_mixes_the_classes():
    labels = loaded(dataset="spiral").labels[:250]
    assert 100 < labels.sum() < 150


def test_moving_the_split_or_the_noise_keeps_the_order():
    first = loaded(dataset="spiral")
    moved = loaded(dataset="spiral", split={"train": 70})
    np.testing.assert_array_equal(first.inputs, moved.inputs)
    noisy = loaded(dataset={"kind": "spiral", "noise": 5})
    assert 0 < np.abs(first.inputs - noisy.inputs).max() <= 0.05 + 1e-6


def test_few_drawn_points_still_give_one_to_train_on():
    assert loaded(dataset={"kind": "drawn"}).counts == {"train": 0, "validation": 0, "test": 0}
    one = {"kind": "drawn", "points": [[1, 2, 1]]}
    assert loaded(dataset=one).counts == {"train": 1, "validation": 0, "test": 0}
    three = {"kind": "drawn", "points": [[1, 2, 1], [2, 2, 0], [3, 3, 0]]}
    assert loaded(dataset=three, split={"train": 10}).counts == {
        "train": 1, "validation": 0, "test": 2,
    }  # fmt: skip


def test_a_seed_means_the_same_points_for_good():
    """Links carry seeds: should this fail, old links show other points."""
    found = loaded(dataset="xor", seed=1)
    np.testing.assert_allclose(
        found.inputs[:2], [[3.522058, -4.302379], [-0.727329, 4.444766]], atol=1e-5
    )
