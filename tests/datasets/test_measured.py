"""Series that were measured, speech, and text that people wrote."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.datasets  # noqa: F401 - registers
from server.datasets import sources
from server.datasets.split import load
from server.experiment.registry import DATASETS
from server.experiment.spec import Data

RNG = np.random.default_rng(0)
SERIES = [("co2", "change"), ("co2", "level"), ("airline", "change"), ("airline", "level")]


@pytest.mark.parametrize(("kind", "of"), SERIES)
@given(length=st.integers(5, 60))
def test_windows_follow_each_other_and_the_future_is_the_test(kind, of, length):
    dataset = DATASETS[kind](of=of, length=length)
    points, series = dataset.generate(RNG), dataset.series()
    count = len(points.labels)
    assert count == len(series) - length and points.test == dataset.test
    np.testing.assert_allclose(points.labels, series[length:], rtol=1e-6)
    for i in (0, count // 2, count - 1):
        np.testing.assert_allclose(points.inputs[i, :, 0], series[i : i + length], rtol=1e-6)
    found = load(Data.model_validate({"dataset": dataset, "split": {"train": 70}}))
    order = np.argsort(np.argsort(found.rows))
    assert order[found.part == 2].min() > order[found.part == 0].max()


def test_carbon_dioxide_is_the_mean_of_the_weeks_of_a_month():
    level = DATASETS["co2"](of="level").series() * 20 + 340
    table = sources.co2()
    weeks, ppm = table["week"].values.astype("M8[M]"), table["co2"].values
    january = np.nanmean(ppm[weeks == np.datetime64("1990-01")])
    place = (np.datetime64("1990-01") - weeks[0]).astype(int)
    assert level[place] == pytest.approx(january)
    # no week of these three months was measured
    gap = np.arange(np.datetime64("1964-02"), np.datetime64("1964-05"))
    assert all(np.isnan(ppm[weeks == month]).all() for month in gap)
    first = (gap[0] - weeks[0]).astype(int)
    np.testing.assert_allclose(np.diff(level[first - 1 : first + 4], 2), 0, atol=1e-9)
    np.testing.assert_allclose(np.diff(level), DATASETS["co2"]().series(), atol=1e-9)


def test_passengers_as_they_were_counted():
    level = DATASETS["airline"](of="level").series() * 100
    assert level[:3].round().tolist() == [112, 118, 132] and level[-1].round() == 432
    change = DATASETS["airline"]().series()
    np.testing.assert_allclose(100 * 1.12 * np.exp(change.cumsum() / 10), level[1:], rtol=1e-9)


@given(length=st.integers(5, 92))
def test_a_recording_ends_at_the_last_step(length):
    points = DATASETS["spoken_digits"](length=length, samples=20).generate(np.random.default_rng(1))
    found = sources.spoken_digits()
    chosen = np.sort(np.random.default_rng(1).permutation(3000)[:20])
    for row, place in zip(points.inputs, chosen, strict=True):
        steps = found.features[place, : found.lengths[place]]
        level = (steps - steps.mean(0)) / steps.std(0)
        heard = min(length, len(level))
        np.testing.assert_allclose(row[-heard:], level[-heard:], rtol=1e-3, atol=1e-4)
        assert not row[: length - heard].any()
    np.testing.assert_array_equal(points.labels, found.labels[chosen])


@given(length=st.integers(8, 64), seed=st.integers(0, 99))
def test_letters_are_followed_by_the_next(length, seed):
    dataset = DATASETS["shakespeare"](length=length, samples=200)
    points = dataset.generate(np.random.default_rng(seed))
    letters, text = dataset.vocabulary, sources.shakespeare().content
    assert len(points.labels) == 700 and len(set(letters)) == 65
    np.testing.assert_array_equal(points.inputs[:, 1:], points.labels[:, :-1])
    written = ["".join(letters[i] for i in row).replace("↵", "\n") for row in points.inputs]
    assert all(stretch in text for stretch in written[:20])
    held = text[-80_000:]
    assert all(stretch in held for stretch in written[-500::50])
    border = len(text) - 80_000
    assert all(text.find(stretch) < border for stretch in written[:20])


def test_sentences_are_read_to_their_end():
    dataset = DATASETS["sentences"](words=100, length=6)
    points, table = dataset.generate(RNG), sources.sentences()
    words = dataset.vocabulary
    assert len(words) == 102 and len(points.labels) == 3000
    place = list(table["sentence"].values).index("Wow... Loved this place.")
    read = [words[i] for i in points.inputs[place]]
    assert read[:2] == ["·", "·"] and read[-2:] == ["this", "place"] and points.labels[place] == 1
    assert all("…" in words[1] and row.max() < 102 for row in points.inputs[:10])
