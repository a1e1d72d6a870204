"""Sequences and tokens that are drawn: every label can be computed again from its inputs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from server.datasets.split import load
from server.experiment.registry import DATASETS
from server.experiment.spec import Data

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(5, 100)
few = settings(max_examples=30, deadline=None)


def generate(kind, seed, **options):
    return DATASETS[kind](**options).generate(np.random.default_rng(seed))


@few
@given(seeds, lengths)
def test_adding_is_the_sum_of_the_two_marked(seed, length):
    points = generate("adding", seed, length=length, samples=40)
    values, marks = points.inputs[..., 0], points.inputs[..., 1]
    assert values.min() >= 0 and values.max() < 1
    assert set(np.unique(marks)) == {0, 1}
    assert (marks[:, : length // 2].sum(1) == 1).all() and (marks.sum(1) == 2).all()
    for sequence, label in zip(points.inputs.tolist(), points.labels, strict=True):
        np.testing.assert_allclose(sum(v for v, mark in sequence if mark), label, rtol=1e-6)


def test_adding_is_not_solved_by_a_guess():
    """The mean squared error of always answering 1 is a sixth, as everybody's is."""
    points = generate("adding", 0, samples=20_000)
    np.testing.assert_allclose(((points.labels - 1) ** 2).mean(), 1 / 6, rtol=0.03)


@few
@given(seeds, lengths)
def test_parity_is_counted_anew(seed, length):
    points = generate("parity", seed, length=length, samples=20)
    for bits, labels in zip(points.inputs[..., 0].tolist(), points.labels.tolist(), strict=True):
        assert set(bits) <= {0, 1}
        assert labels == [sum(bits[: step + 1]) % 2 for step in range(length)]


@few
@given(seeds, lengths)
def test_waves_label_every_step_with_the_next(seed, length):
    points = generate("sines", seed, length=length, samples=20)
    np.testing.assert_array_equal(points.inputs[:, 1:, 0], points.labels[:, :-1])
    assert np.abs(points.labels).max() <= 1
    # two sines solve v[s+2] + v[s-2] = a (v[s+1] + v[s-1]) + b v[s]
    wave = np.concatenate([points.inputs[0, :, 0], points.labels[0, -1:]]).astype(float)
    if length < 20:
        return
    rows = np.stack([wave[3:-1] + wave[1:-3], wave[2:-2]], axis=1)
    after = wave[4:] + wave[:-4]
    left = after - rows @ np.linalg.lstsq(rows, after, rcond=None)[0]
    assert np.abs(left).max() < 1e-3


def test_noise_of_waves_is_in_what_is_measured_alone():
    calm = generate("sines", 3, samples=500)
    noisy = generate("sines", 3, samples=500, noise=20)
    np.testing.assert_array_equal(calm.labels, noisy.labels)
    np.testing.assert_allclose((noisy.inputs - calm.inputs).std(), 0.2, rtol=0.02)


@few
@given(seeds, st.integers(2, 26), st.integers(1, 20), st.integers(0, 50))
def test_the_copy_is_of_what_came_before_the_signal(seed, symbols, length, delay):
    dataset = DATASETS["copy_task"](symbols=symbols, length=length, delay=delay, samples=20)
    points = dataset.generate(np.random.default_rng(seed))
    words = dataset.vocabulary
    for row, labels in zip(points.inputs, points.labels.astype(int), strict=True):
        written = "".join(words[token] for token in row)
        told, _, asked = written.partition(">")
        assert asked == "·" * length and told[length:] == "·" * delay
        answer = "".join(dataset.class_names[label] for label in labels if label >= 0)
        assert answer == told[:length]
        assert (labels[:-length] == -1).all() and (labels[-length:] >= 0).all()


@few
@given(seeds, st.integers(5, 113))
def test_modular_addition_has_every_pair_once(seed, modulus):
    dataset = DATASETS["modular_addition"](modulus=modulus)
    points = dataset.generate(np.random.default_rng(seed))
    words = dataset.vocabulary
    asked = {tuple(words[token] for token in row): int(c) for row, c in
             zip(points.inputs, points.labels, strict=True)}  # fmt: skip
    assert len(asked) == modulus**2 == len(points.labels)
    assert all(
        sign == "=" and (int(a) + int(b)) % modulus == c for (a, b, sign), c in asked.items()
    )


def test_the_split_decides_which_sums_are_seen():
    data = Data.model_validate({"dataset": "modular_addition", "split": {"train": 40}})
    found = load(data)
    assert found.counts == {"train": 1392, "validation": 0, "test": 2089}
    seen = {tuple(row) for row in found.inputs[found.part == 0]}
    assert not seen & {tuple(row) for row in found.inputs[found.part == 2]}
    assert len(set(found.labels[found.part == 0])) == 59


def test_gaussians_have_their_modes_in_equal_shares_and_classes_in_turn():
    ring = generate("ring_of_gaussians", 0, samples=800)
    angle = np.arctan2(*ring.inputs.T.astype(float)) / (2 * np.pi / 8)
    mode = np.rint(angle).astype(int) % 8
    assert np.bincount(mode).tolist() == [100] * 8
    np.testing.assert_array_equal(ring.labels, mode % 2)
    np.testing.assert_allclose(np.hypot(*ring.inputs.T), 4, atol=0.8)
    grid = generate("grid_of_gaussians", 0, samples=2500, side=5)
    place = np.rint(grid.inputs / 2 + 2).astype(int)
    assert np.bincount(place @ [1, 5]).tolist() == [100] * 25
    np.testing.assert_array_equal(grid.labels, place.sum(1) % 2)
    np.testing.assert_allclose((grid.inputs - (place - 2) * 2).std(), 0.15, rtol=0.05)
