"""Whatever table somebody brings can be learned from, or is refused in words."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.datasets.proposals import profiled, proposals
from server.datasets.split import Loaded, load
from server.experiment import Experiment
from server.uploads import shelf
from server.uploads.notes import Unreadable
from server.uploads.readers import Said, read

numbers = st.one_of(st.integers(-5, 5), st.floats(-1e14, 1e14), st.just("1e400"), st.just("nan"))
words = st.sampled_from(["red", "blue", "a longer text of some words", "=1+2", "<b>", "x\ny", "é"])
dates = st.dates().map(str)
column = st.one_of(*(st.lists(st.one_of(one, st.just("")), min_size=25, max_size=25)
                     for one in (numbers, words, dates, st.just("same"))))  # fmt: skip
KINDS = ("number", "category", "text", "time")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A shelf of the test's own."""
    before = shelf._place.root
    shelf.configure(tmp_path_factory.mktemp("shelf"))
    yield shelf.root()
    shelf._place.root = before


def brought(columns: list[list[object]]) -> tuple[str, dict]:
    """The digest and the facts of a table of these columns."""
    rows = [[f"c{i}" for i in range(len(columns))], *zip(*columns, strict=True)]
    lines = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\n".join(lines).encode()
    digest = hashlib.sha256(content).hexdigest()
    folder = shelf.workplace()
    path = folder / "file"
    path.write_bytes(content)
    (folder / "read").mkdir()
    facts = read(path, Said("a.csv"), folder / "read", lambda share, doing: None)
    (folder / "read" / shelf.FACTS).write_text(json.dumps(facts))
    shelf.keep(folder / "read", digest)
    return digest, facts


def learned(dataset: dict) -> tuple[Experiment, Loaded] | None:
    """What it is learned from as; None where it is refused."""
    try:
        profiled(dataset)
        experiment = Experiment.model_validate({"data": {"dataset": dataset}})
        return experiment, load(experiment.data)
    except (ValidationError, ValueError):  # and nothing else
        return None


@settings(max_examples=60, deadline=None)
@given(st.lists(column, min_size=2, max_size=4), st.data())
def test_a_table_is_learned_from_or_refused(place, columns, data):
    try:
        file, facts = brought(columns)
    except Unreadable:
        return
    name = st.sampled_from([c["name"] for c in facts["columns"]])
    types = data.draw(st.lists(st.tuples(name, st.sampled_from(KINDS)), max_size=2))
    for dataset in proposals(file, facts):
        changed = dataset | {"types": [{"column": c, "kind": kind} for c, kind in types]}
        found = learned(changed)
        if found is None:
            continue
        experiment, loaded = found
        assert len(loaded.labels) and np.isfinite(loaded.labels).all()
        assert np.isfinite(loaded.pool.astype(np.float32)).all()
        task = experiment.task
        if task.classes and not task.label_shape:
            assert loaded.labels.min() >= 0 and loaded.labels.max() < task.classes


def test_a_plain_table_is_learned_from(place):
    file, facts = brought(
        [list(range(30)), ["a", "b"] * 15, [f"{i} words or so" for i in range(30)]]
    )
    kinds = [dataset["kind"] for dataset in proposals(file, facts)]
    assert kinds == ["own_table", "own_sentences", "own_series"]
    assert all(learned(dataset) for dataset in proposals(file, facts))


def test_texts_alone_are_learned_from_by_their_words(place):
    kinds = ["calm", "busy"] * 15
    texts = [f"a {kind} day, number {i} of them" for i, kind in enumerate(kinds)]
    file, facts = brought([texts, kinds])
    found = {dataset["kind"]: learned(dataset) for dataset in proposals(file, facts)}
    assert list(found) == ["own_sentences", "own_table"] and all(found.values())
