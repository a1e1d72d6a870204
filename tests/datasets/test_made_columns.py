"""Columns that are worked out, looked back for, or counted of text, beside other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.datasets import profile
from server.datasets.formula import FormulaError, parse
from server.datasets.preparation import Frame, Pipeline, Variable, prepared_variables
from server.datasets.split import Prepared, load
from server.engine.commands import Refused
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from server.experiment.registry import DATASETS, PREPARATIONS
from server.experiment.spec import Data

ORDERED = {"method": "ordered", "train": 60, "validation": 20}
TEXTS = ["name", "ticket", "cabin", "boat", "home or destination"]


def prepared(dataset: str, *steps: Any, **data: Any) -> Prepared:
    document = {"dataset": dataset, "preparation": steps, "split": {"train": 60}} | data
    found = load(Data.model_validate(document)).prepared
    assert found is not None
    return found


def names(found: Prepared) -> list[str]:
    return [v.name for v in found.pipeline.variables[-1]]


# -- formulas ------------------------------------------------------------------------------


def formula(expression: str, column: str = "made") -> dict[str, Any]:
    return {"kind": "formula", "column": column, "expression": expression}


def test_a_formula_is_what_numpy_makes_of_the_columns() -> None:
    text = "log(`petal length`) * `sepal width`^2 - max(`petal width`, 1) / `sepal length`"
    found = prepared("iris", formula(text), {"kind": "impute"})
    raw = found.frames[0]
    length, width = raw["petal length"], raw["sepal width"]
    expected = np.log(length) * width**2 - np.maximum(raw["petal width"], 1) / raw["sepal length"]
    made = found.frames[1]
    np.testing.assert_array_equal(made["made"], expected)
    assert {v.name for v in made.variables} == {v.name for v in raw.variables} | {"made"}
    for v in raw.variables:
        np.testing.assert_array_equal(made[v.name], raw[v.name])


def test_where_a_formula_has_no_value_it_is_missing() -> None:
    steps = [{"kind": "drop_columns", "columns": TEXTS}, {"kind": "impute"}]
    after = prepared("titanic", *steps, formula("log(fare)"), {"kind": "impute"}, "one_hot")
    gone = after.frames[2]["fare"] == 0
    assert gone.sum() > 10
    np.testing.assert_array_equal(np.isnan(after.frames[3]["made"]), gone)
    with pytest.raises(ValidationError, match="values of 'made' are missing; add 'impute'"):
        prepared("titanic", *steps, formula("log(fare)"), "one_hot")
    # a sum has a value everywhere
    assert np.isfinite(prepared("titanic", *steps, formula("fare + age"), "one_hot").inputs).all()


NUMBERS = st.floats(-1e12, 1e12) | st.sampled_from([0.0, -0.0, 1.0, 1e12])
ATOMS = st.sampled_from(["a", "`b c`", "2", "0.5", "pi", "e"])


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "^"]), inner)
    functions = ["sin", "exp", "log", "sqrt", "abs", "tanh", "sigmoid", "relu", "step", "gauss"]
    return (
        two.map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda text: f"-{text}")
        | st.tuples(st.sampled_from(functions), inner).map(lambda t: f"{t[0]}({t[1]})")
        | st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        )
    )


@settings(max_examples=80, deadline=None)
@given(
    text=st.recursive(ATOMS, joined, max_leaves=8).filter(lambda text: len(text) < 200),
    a=st.lists(NUMBERS, min_size=3, max_size=3),
    b=st.lists(NUMBERS, min_size=3, max_size=3),
)
def test_any_formula_has_values_or_says_that_some_are_missing(
    text: str, a: list[float], b: list[float]
) -> None:
    """And what is written of it for NumPy comes to the same."""
    frame = Frame((Variable("a"), Variable("b c")), (np.array(a), np.array(b)))
    step = PREPARATIONS.validate(formula(text))
    parsed = parse(text, ["a", "b c"])
    again = parse(str(parsed), ["a", "b c"])
    given = {"a": np.array(a), "b c": np.array(b)}
    np.testing.assert_array_equal(parsed.of(given, (3,)), again.of(given, (3,)))
    if not parsed.variables:
        with pytest.raises(ValueError, match="of no column"):
            step.after(frame.variables)
        return
    variables = prepared_variables((step,), frame.variables)[-1]
    _, frames, _ = Pipeline.fit((step,), frame, np.zeros(3, np.uint8))
    made, gaps = frames[-1]["made"], next(v.gaps for v in variables if v.name == "made")
    assert np.isfinite(made).all() or (gaps and not np.isinf(made).any())
    code = parsed.python({"a": "a", "b c": "b"})
    space = {"np": np, "a": np.array(a), "b": np.array(b)}
    with np.errstate(all="ignore"):
        written = np.broadcast_to(eval(code, space), 3)  # ours, of a tree, and only in this test
    np.testing.assert_allclose(written, parsed.of(given, (3,)), rtol=1e-12)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("height + 1", "unknown name 'height'"),
        ("`petal height`", "there is no 'petal height'; there are 'sepal length'"),
        ("`petal width", "this ` is not closed"),
        ("petal width", "unknown name 'petal'"),
        ("__import__(1)", "unknown name '__import__'"),
        ("1 + 1", "it is of no column"),
        ("`petal width` +", "a value is wanted"),
    ],
)  # fmt: skip
def test_a_wrong_formula_is_refused_where_it_is_wrong(expression: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        prepared("iris", formula(expression))
    assert says in str(refused.value) and "preparation.0: expression" in str(refused.value)
    with pytest.raises(ValidationError, match="'island' is a category"):
        prepared("penguins", formula("island + 1"))
    with pytest.raises(ValidationError, match="two columns 'petal width'"):
        prepared("iris", formula("2*`petal width`", "petal width"))
    with pytest.raises(FormulaError, match="unknown name 'y'"):
        parse("x + y")


# -- the rows before -----------------------------------------------------------------------


def test_a_window_has_the_rows_before() -> None:
    found = prepared("diabetes", {"kind": "window", "lags": 3}, "one_hot", split=ORDERED)
    raw = found.frames[0]
    made = found.frames[1]
    assert len(found.labels) == raw.rows - 3 and found.pipeline.past == 3
    for v in raw.variables:
        column = raw[v.name]
        np.testing.assert_array_equal(made[v.name], column[3:])
        for k in (1, 2, 3):
            np.testing.assert_array_equal(made[f"{v.name} −{k}"], column[3 - k : len(column) - k])
    # in the order of the table, training before test; only the first rows are gone
    np.testing.assert_array_equal(found.kept, np.arange(3, 442))
    assert (np.diff(found.part.astype(int)) >= 0).all()


def test_rows_from_outside_are_looked_back_on_in_their_order() -> None:
    steps = [{"kind": "window", "columns": ["bmi"], "lags": 2}, {"kind": "standardise"}, "one_hot"]
    data = {"dataset": "diabetes", "preparation": steps, "split": ORDERED}
    live = Session(Experiment.model_validate({"data": data}), Programs())
    table = DATASETS["diabetes"]().table()
    rows = [
        {c.name: c.categories[c.values[i]] if c.categories else float(c.values[i])
         for c in table.columns if c.name != "progression"}
        for i in range(6)
    ]  # fmt: skip
    outputs = live.predict_rows(rows)
    mean, deviation = live.loaded.prepared.scale  # pyright: ignore[reportOptionalMemberAccess]
    expected = live.predict(live.loaded.inputs[:4]) * deviation + mean
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
    with pytest.raises(Refused, match=r"a row needs the 2 before it.*bring 3 or more"):
        live.predict_rows(rows[:2])


def test_a_window_is_for_rows_in_order() -> None:
    with pytest.raises(ValidationError, match=r"preparation\.0: .*choose split\.method 'ordered'"):
        prepared("diabetes", {"kind": "window"}, "one_hot")
    with pytest.raises(ValidationError, match="two columns 'age −1'"):
        prepared("diabetes", "window", "window", "one_hot", split=ORDERED)


# -- words ---------------------------------------------------------------------------------

WEIGHTS = {
    "count": CountVectorizer(max_features=12),
    "there": CountVectorizer(max_features=12, binary=True),
    "tfidf": TfidfVectorizer(max_features=12),
}


@pytest.mark.parametrize("weights", WEIGHTS)
def test_words_are_counted_as_scikit_learn_does(weights: str) -> None:
    found = prepared(
        "titanic",
        {"kind": "drop_columns", "columns": [v for v in TEXTS if v != "name"]},
        {"kind": "bag_of_words", "words": 12, "weights": weights},
        {"kind": "impute"},
        "one_hot",
    )
    texts, training = found.frames[0]["name"], found.part == 0
    oracle = WEIGHTS[weights].fit(texts[training])
    expected = oracle.transform(texts).toarray().astype(np.float32)
    at = [names(found).index(f"name: word {i}") for i in range(1, 13)]
    np.testing.assert_array_equal(found.inputs[:, at], expected)
    told = {c["name"]: c["about"] for c in profile.stages(found)[2]["columns"]}
    words = oracle.get_feature_names_out()
    assert [told[f"name: word {i}"] for i in (1, 12)] == [f"“{words[0]}”", f"“{words[11]}”"]
    assert "mr" in words and told["age"] == ""


def test_a_text_with_fewer_words_leaves_columns_empty() -> None:
    step = PREPARATIONS.validate({"kind": "bag_of_words", "words": 3})
    variables = (Variable("said", "text"), Variable("nothing", "text"))
    cells = (np.array(["yes", "no", "yes yes"], object), np.array(["", "!", "a"], object))
    _, frames, _ = Pipeline.fit((step,), Frame(variables, cells), np.zeros(3, np.uint8))
    found = frames[-1].matrix([v.name for v in frames[-1].variables])
    assert found.tolist() == [[0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 2, 0, 0, 0, 0]]
