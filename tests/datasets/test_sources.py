"""Built-in data as it was collected: against who else has it, and what is known of it."""

from __future__ import annotations

import hashlib
import math
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import datasets as sklearn_datasets
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from server.datasets import packs, sources
from server.datasets.sources import TABLES, Column, Field, Table, column, columns
from tests.conftest import ROOT

#: rows, columns and missing values
SHAPES = {
    "iris": (150, 5, {}),
    "wine": (178, 14, {}),
    "breast_cancer": (569, 31, {}),
    "diabetes": (442, 11, {}),
    "penguins": (
        344,
        8,
        {"bill length": 2, "bill depth": 2, "flipper length": 2, "body mass": 2, "sex": 11},
    ),
    "titanic": (
        1309,
        14,
        {
            "age": 263,
            "fare": 1,
            "cabin": 1014,
            "embarked": 2,
            "boat": 823,
            "body": 1188,
            "home or destination": 564,
        },
    ),
    "sentences": (3000, 3, {}),
    "co2": (2284, 2, {"co2": 59}),
    "airline": (144, 2, {}),
}
CLASSES = {
    "iris": {"setosa": 50, "versicolor": 50, "virginica": 50},
    "wine": {"class 0": 59, "class 1": 71, "class 2": 48},
    "breast_cancer": {"malignant": 212, "benign": 357},
    "penguins": {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124},
    "titanic": {"no": 809, "yes": 500},
    "sentences": {"negative": 1500, "positive": 1500},
}
DTYPES = {"number": "float64", "category": "int32", "text": "object", "time": "datetime64[D]"}

every_table = pytest.mark.parametrize("name", TABLES)


def counts(found: Column) -> dict[str, int]:
    known = found.values[~found.missing]
    return {found.categories[code]: count for code, count in Counter(known.tolist()).items()}


def numbers(table: Table) -> np.ndarray:
    """(rows, columns): what is a number."""
    return np.stack([c.values for c in table.columns if c.kind == "number"], axis=1)


def test_every_table_is_known_here():
    assert set(SHAPES) == set(TABLES)


@every_table
def test_counts_and_missing_values(name):
    table = TABLES[name]()
    rows, width, missing = SHAPES[name]
    assert (table.rows, len(table.columns)) == (rows, width)
    found = {c.name: int(c.missing.sum()) for c in table.columns}
    assert {each: count for each, count in found.items() if count} == missing


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_as_many_as_known(name):
    table = TABLES[name]()
    assert counts(table[table.target]) == CLASSES[name]


@every_table
def test_every_column_is_told_and_cannot_be_written(name):
    table = TABLES[name]()
    assert table is TABLES[name]()
    source = TABLES[name]
    assert source.title and source.help.endswith(".") and source.source and source.licence
    assert len({c.name for c in table.columns}) == len(table.columns)
    for c in table.columns:
        assert re.fullmatch(r"[A-Z0-9].*\.", c.help), c.name
        assert c.values.shape == (table.rows,) and c.values.dtype == DTYPES[c.kind]
        assert bool(c.categories) == (c.kind == "category")
        if c.categories:
            assert set(c.values.tolist()) - {-1} == set(range(len(c.categories)))
        with pytest.raises(ValueError, match="read-only"):
            c.values[0] = c.values[1]


def test_a_column_has_its_name():
    assert sources.iris()["species"].categories == ("setosa", "versicolor", "virginica")
    with pytest.raises(KeyError):
        sources.iris()["colour"]


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_what_scikit_learn_ships_is_as_it_reads_it(name):
    table, theirs = TABLES[name](), getattr(sklearn_datasets, f"load_{name}")()
    np.testing.assert_array_equal(numbers(table), theirs.data)
    np.testing.assert_array_equal(table[table.target].values, theirs.target)
    ours = [c.name for c in table.columns[:-1]]
    told = [str(each).removesuffix(" (cm)").replace("_", " ") for each in theirs.feature_names]
    assert ours == told


def test_diabetes_is_as_it_was_measured():
    table, theirs = sources.diabetes(), sklearn_datasets.load_diabetes(scaled=False)
    for at, name in enumerate(theirs.feature_names):
        found = table[name]
        values = found.values + 1 if found.kind == "category" else found.values
        np.testing.assert_array_equal(values, theirs.data[:, at])
    np.testing.assert_array_equal(table["progression"].values, theirs.target)


def test_penguins_are_those_of_the_islands():
    """By the means that the R package's documentation shows."""
    table = sources.penguins()
    means = {"bill length": 43.92193, "bill depth": 17.15117, "flipper length": 200.9152}
    for name, mean in (means | {"body mass": 4201.754}).items():
        assert np.nanmean(table[name].values) == pytest.approx(mean, rel=1e-6)
    assert counts(table["island"]) == {"Biscoe": 168, "Dream": 124, "Torgersen": 52}
    assert counts(table["sex"]) == {"female": 165, "male": 168}
    assert Counter(table["year"].values.tolist()) == {2007: 110, 2008: 114, 2009: 120}


def test_titanic_is_the_published_one():
    """By the MD5 that OpenML names for its file."""
    content = packs.unpacked("titanic.arff.gz")
    assert hashlib.md5(content).hexdigest() == "60ac7205eee0ba5045c90b3bba95b1c4"
    table = sources.titanic()
    assert counts(table["class"]) == {"first": 323, "second": 277, "third": 709}
    assert counts(table["sex"]) == {"female": 466, "male": 843}
    assert counts(table["embarked"]) == {"Cherbourg": 270, "Queenstown": 123, "Southampton": 914}
    first = [c.values[0] for c in table.columns]
    assert first[2] == "Allen, Miss. Elisabeth Walton" and first[4] == 29
    assert 'Bradley, Mr. George ("George Arthur Brayton")'.replace('"', "'") in table["name"].values
    survived, women = table["survived"].values == 1, table["sex"].values == 0
    assert survived[women].mean() == pytest.approx(339 / 466)
    assert np.nanmean(table["age"].values) == pytest.approx(29.8811, abs=1e-4)
    assert np.nanmax(table["fare"].values) == pytest.approx(512.3292)


def test_co2_is_weekly_and_its_gaps_are_there():
    table = sources.co2()
    weeks, ppm = table["week"].values, table["co2"].values
    assert (weeks[0], weeks[-1]) == (np.datetime64("1958-03-29"), np.datetime64("2001-12-29"))
    assert set(np.diff(weeks).astype(int)) == {7}
    assert (ppm[0], ppm[-1]) == (316.1, 371.5)
    gaps = re.findall("1+", "".join("01"[gone] for gone in table["co2"].missing.astype(int)))
    assert max(map(len, gaps)) == 18
    assert 310 < np.nanmin(ppm) < np.nanmax(ppm) < 375


def test_airline_is_box_and_jenkins_series_g():
    table = sources.airline()
    passengers, months = table["passengers"].values, table["month"].values.astype("M8[M]")
    assert months[0] == np.datetime64("1949-01") and set(np.diff(months).astype(int)) == {1}
    assert passengers[:12].tolist() == [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118]
    assert passengers[-12:].tolist() == [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432]
    assert passengers.mean() == pytest.approx(280.2986, abs=1e-4)


def test_sentences_are_whole_and_balanced():
    table = sources.sentences()
    assert counts(table["site"]) == {"products": 1000, "films": 1000, "restaurants": 1000}
    for site in range(3):
        assert table["sentiment"].values[table["site"].values == site].sum() == 500
    texts = table["sentence"].values
    assert all(text == text.strip() and text.isprintable() for text in texts)
    positive = set(texts[table["sentiment"].values == 1])
    assert "Wow... Loved this place." in positive and "The mic is great." in positive
    assert any("–" in text for text in texts) and any("fiancé" in text for text in texts)


def test_shakespeare_is_plain_text():
    found = sources.shakespeare()
    text = found.content
    assert found is sources.shakespeare() and found.source and found.licence and found.help
    assert text.isascii() and len(set(text)) == 65 and 800_000 < len(text) < 900_000
    assert not re.search(r"[*_#\\\t]| \n|\n\n\n", text)
    assert "\nHAMLET:\nTo be, or not to be: that is the question:\n" in text
    assert "\nMACBETH:\n" in text and text.count("\nACT ") == 30
    assert "\nHAMLET:\n[Aside]\nA little more than kin, and less than kind.\n" in text
    assert not re.search(r"\[[^\]]*\[|\][^\[]*\]", text)
    assert max(map(len, re.findall(r"\[[^\]]*\]", text))) < 800


def test_spoken_digits_are_balanced_and_padded():
    found = sources.spoken_digits()
    assert found is sources.spoken_digits() and found.source and found.licence and found.help
    assert found.features.shape == (3000, 92, 13) and found.features.dtype == np.float32
    assert np.bincount(found.labels).tolist() == [300] * 10 == [300] * len(found.class_names)
    assert (found.lengths.min(), found.lengths.max(), found.lengths.sum()) == (6, 92, 53_999)
    spoken = np.arange(92) < found.lengths[:, None]
    assert not found.features[~spoken].any()
    assert np.isfinite(found.features).all() and found.features[spoken].all(1).all()
    for array in (found.features, found.lengths, found.labels):
        assert not array.flags.writeable


def test_spoken_digits_sound_like_their_labels():
    """The mean of four quarters of each is enough for neighbours to tell them apart."""
    found = sources.spoken_digits()
    pairs = zip(found.features, found.lengths, strict=True)
    quarters = [
        np.concatenate([part.mean(0) for part in np.array_split(sound[:length], 4)])
        for sound, length in pairs
    ]
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(3))
    assert cross_val_score(model, np.stack(quarters), found.labels, cv=3).mean() > 0.9


def test_what_is_not_packed_is_told_with_the_mend(tmp_path):
    code = (
        "import sys, pathlib\n"
        "from server.datasets import packs, sources\n"
        "packs.PACKED = pathlib.Path(sys.argv[1])\n"
        "packed = ('penguins', 'titanic', 'sentences', 'co2', 'airline')\n"
        "for name in (*packed, 'shakespeare', 'spoken_digits'):\n"
        "    try: getattr(sources, name)()\n"
        "    except RuntimeError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = done.stdout.splitlines()
    assert len(told) == 7
    assert all("is not packed yet; run `python hatch_build.py`" in line for line in told)


cells = st.one_of(st.none(), st.floats(allow_nan=False))


@given(st.lists(cells))
def test_numbers_come_back_as_they_were_written(written):
    found = column(Field("x"), ["?" if c is None else repr(c) for c in written], missing="?")
    assert found.missing.tolist() == [c is None for c in written]
    back = [None if math.isnan(value) else value for value in found.values.tolist()]
    assert back == written


@given(st.lists(st.sampled_from(["a", "b", ""])))
def test_categories_come_back_under_their_names(written):
    described = Field("x", "category", categories={"b": "B", "a": "A"})
    found = column(described, written)
    assert found.missing.tolist() == [not c for c in written]
    back = [found.categories[code] if code >= 0 else "" for code in found.values]
    assert back == [c.upper() for c in written]


def test_a_missing_date_and_a_missing_word():
    found = columns(
        (Field("t", "time"), Field("w", "text")), [("2001-02-03", "-"), ("-", "a")], "-"
    )
    assert [c.missing.tolist() for c in found] == [[False, True], [True, False]]
    assert found[0].values[0] == np.datetime64("2001-02-03") and found[1].values[1] == "a"


@pytest.mark.parametrize(
    ("kind", "cell", "error"),
    [("number", "one", ValueError), ("time", "1.5.", ValueError), ("category", "c", KeyError)],
)
def test_a_wrong_cell_is_an_error(kind, cell, error):
    with pytest.raises(error):
        column(Field("x", kind, categories={"a": "a"} if kind == "category" else {}), [cell])


def test_ragged_rows_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        columns((Field("a"), Field("b")), [("1", "2"), ("3",)])
    with pytest.raises(ValueError, match="zip"):
        columns((Field("a"),), [("1", "2")])
