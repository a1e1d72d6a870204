"""Preparation steps against scikit-learn's own pipelines, and what they may know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.datasets import profile
from server.datasets.preparation import Frame, Pipeline, Variable, prepared_variables
from server.datasets.preparation.pipeline import numbers
from server.datasets.split import Loaded, Prepared, load
from server.experiment import Experiment
from server.experiment.registry import DATASETS, PREPARATIONS
from server.experiment.spec import Data

TABLES = [name for name, kind in DATASETS.items() if kind.form == "table"]
SPLIT = {"train": 60, "validation": 20}


def loaded(**data: Any) -> Loaded:
    return load(Data.model_validate({"split": SPLIT} | data))


def prepared(**data: Any) -> Prepared:
    found = loaded(**data).prepared
    assert found is not None
    return found


def raw(found: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """The rows as they came, of columns that are all numbers, and which are for training."""
    frame = found.frames[0]
    names = [v.name for v in frame.variables]
    return frame.matrix(names), found.part == 0


# -- against scikit-learn ----------------------------------------------------------------

NUMBERS = [
    ({"kind": "standardise"}, StandardScaler()),
    ({"kind": "min_max", "low": -1, "span": 2}, MinMaxScaler((-1, 1))),
    ({"kind": "robust"}, RobustScaler()),
    ({"kind": "polynomial", "degree": 3}, PolynomialFeatures(3, include_bias=False)),
    (
        {"kind": "polynomial", "interaction_only": True},
        PolynomialFeatures(2, interaction_only=True, include_bias=False),
    ),
    ({"kind": "pca", "components": 3}, PCA(3, svd_solver="full")),
    ({"kind": "pca", "components": 2, "whiten": True}, PCA(2, whiten=True, svd_solver="full")),
]


@pytest.mark.parametrize("dataset", ["iris", "wine"])
@pytest.mark.parametrize(("step", "oracle"), NUMBERS, ids=lambda value: str(value))
def test_a_step_is_scikit_learns(dataset: str, step: dict[str, Any], oracle: Any) -> None:
    found = prepared(dataset=dataset, preparation=[step], seed=4)
    matrix, training = raw(found)
    expected = oracle.fit(matrix[training]).transform(matrix)
    np.testing.assert_array_equal(found.inputs, expected.astype(np.float32))
    names = [v.name for v in found.pipeline.variables[-1]]
    assert len(set(names)) == found.inputs.shape[1]


def test_a_whole_pipeline_is_scikit_learns() -> None:
    steps = [
        {"kind": "drop_columns", "columns": ["year"]},
        {"kind": "impute", "strategy": "knn", "neighbors": 3},
        {"kind": "impute", "strategy": "most_frequent", "columns": ["sex"]},
        {"kind": "standardise", "columns": ["bill length", "bill depth", "flipper length"]},
        {"kind": "bins", "bins": 4, "columns": ["body mass"]},
        {"kind": "one_hot"},
    ]
    found = prepared(dataset="penguins", preparation=steps, seed=1)
    frame, training = found.frames[0], found.part == 0
    sizes = ["bill length", "bill depth", "flipper length"]
    matrix = frame.matrix([*sizes, "body mass", "island", "sex"])
    first = ColumnTransformer(
        [
            ("measures", KNNImputer(n_neighbors=3), [0, 1, 2, 3]),
            ("island", "passthrough", [4]),
            ("sex", SimpleImputer(strategy="most_frequent"), [5]),
        ]
    )
    bins = KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    codes: Any = [np.arange(3.0), np.arange(2.0)]
    second = ColumnTransformer(
        [
            ("scaled", StandardScaler(), [0, 1, 2]),
            ("binned", bins, [3]),
            ("coded", OneHotEncoder(categories=codes, sparse_output=False), [4, 5]),
        ]
    )
    expected = make_pipeline(first, second).fit(matrix[training]).transform(matrix)
    names = [v.name for v in found.pipeline.variables[-1]]
    order = [
        *sizes,
        *(f"body mass = interval {i}" for i in range(1, 5)),
        *(f"island = {name}" for name in ("Biscoe", "Dream", "Torgersen")),
        *(f"sex = {name}" for name in ("female", "male")),
    ]
    ours = found.inputs[:, [names.index(name) for name in order]]
    # the order of a sum of doubles hangs on how they lie in memory
    np.testing.assert_allclose(ours, expected.astype(np.float32), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant", "knn"])
def test_missing_values_are_imputed_and_marked(strategy: str) -> None:
    age = "age"
    unused = [v.name for v in DATASETS["titanic"]().variables if v.name not in (age, "fare")]
    steps = [
        {"kind": "drop_columns", "columns": unused},
        {"kind": "impute", "strategy": strategy, "indicator": True, "fill": 7},
    ]
    found = prepared(dataset="titanic", preparation=steps)
    matrix, training = found.frames[1].matrix([age, "fare"]), found.part == 0
    oracle: Any = KNNImputer()
    if strategy != "knn":
        oracle = SimpleImputer(strategy=strategy, fill_value=7)
    expected = oracle.fit(matrix[training]).transform(matrix).astype(np.float32)
    np.testing.assert_array_equal(found.inputs[:, ::2], expected)
    np.testing.assert_array_equal(found.inputs[:, 1::2], np.isnan(matrix))
    assert np.isnan(matrix).any()


def test_outliers_are_clipped_at_tukeys_fences() -> None:
    found = prepared(dataset="wine", preparation=[{"kind": "clip_outliers", "factor": 1}])
    matrix, training = raw(found)
    low, high = np.percentile(matrix[training], [25, 75], axis=0)
    expected = np.clip(matrix, low - (high - low), high + (high - low))
    np.testing.assert_allclose(found.inputs, expected, rtol=1e-6)
    assert (found.inputs != matrix.astype(np.float32)).any()


def test_the_logarithm_keeps_the_sign() -> None:
    found = prepared(dataset="iris", preparation=[{"kind": "standardise"}, {"kind": "log"}])
    z = found.frames[1].matrix([v.name for v in found.frames[1].variables])
    expected = np.sign(z) * np.log(1 + np.abs(z))
    np.testing.assert_allclose(found.inputs, expected, rtol=1e-6)


# -- what is known of what ---------------------------------------------------------------


@pytest.mark.parametrize("dataset", TABLES)
def test_what_is_tested_on_has_no_part_in_the_fit(dataset: str) -> None:
    """The numbers of the training rows hang on training rows alone."""
    whole = prepared(dataset=dataset)
    frame, training = whole.frames[0], whole.part == 0
    kept = training[: len(whole.kept)]
    again, frames, _ = type(whole.pipeline).fit(
        whole.pipeline.steps, frame.take(training), np.zeros(training.sum(), np.uint8)
    )
    names = [v.name for v in frames[-1].variables]
    alone = frames[-1].matrix(names).astype(np.float32)
    np.testing.assert_array_equal(alone, whole.inputs[kept])
    shown = again.transform(frame.take(~training)).matrix(names).astype(np.float32)
    np.testing.assert_array_equal(shown, whole.inputs[~kept])


@pytest.mark.parametrize("dataset", TABLES)
@pytest.mark.parametrize("kind", [k for k in PREPARATIONS if PREPARATIONS[k].form == "table"])
def test_the_columns_are_known_beforehand(dataset: str, kind: str) -> None:
    """Whatever a step can be used for: what it says of the columns is what comes of them."""
    table = DATASETS[dataset]()
    options: dict[str, Any] = {"pca": {"components": 1}}.get(kind, {})
    filled = [{"kind": "impute"}, {"kind": "impute", "strategy": "most_frequent"}]
    steps = [*filled, {"kind": kind} | options]
    parsed = tuple(PREPARATIONS.validate(step) for step in steps)
    frame, _ = table.rows()
    expected = prepared_variables(parsed, table.variables)
    _, frames, left = Pipeline.fit(parsed, frame, np.zeros(frame.rows, np.uint8))
    for variables, found in zip(expected, frames, strict=True):
        assert found.variables == variables
        for v, column in zip(variables, found.columns, strict=True):
            if v.kind == "text":
                continue
            assert v.gaps or not np.isnan(column).any()
            if v.kind == "category":
                known = column[~np.isnan(column)]
                assert set(known) <= set(range(len(v.categories)))
    assert [each.rows for each in frames] == [len(rows) for rows in left]


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_rows_from_outside_are_prepared_as_those_in_the_table(data: Any) -> None:
    found = prepared(dataset="titanic")
    table, frame = DATASETS["titanic"](), found.frames[0]
    rows = data.draw(st.lists(st.integers(0, frame.rows - 1), min_size=1, max_size=5))
    sent = [_as_sent(frame, row) for row in rows]
    again = found.pipeline.transform(table.frame_of(sent))
    names = [v.name for v in again.variables]
    np.testing.assert_array_equal(again.matrix(names).astype(np.float32), found.inputs[rows])


def _as_sent(frame: Frame, row: int) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for v, column in zip(frame.variables, frame.columns, strict=True):
        value = column[row]
        if v.kind == "text":
            sent[v.name] = value
        elif not np.isnan(value):
            sent[v.name] = v.categories[int(value)] if v.kind == "category" else float(value)
    return sent


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"sepal length": 1}, "row 0: 'sepal width' is missing"),
        ({"height": 1}, "there is no column 'height'"),
        (dict.fromkeys(("sepal length", "sepal width"), "=1+1"), "send a number"),
        ({"sepal length": 1e300}, "send a number"),
    ],
)
def test_rows_that_cannot_be_read_are_refused(row: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DATASETS["iris"]().frame_of([row])
    with pytest.raises(ValueError, match="it is one of 'female', 'male'"):
        DATASETS["titanic"]().frame_of([{"class": "first", "sex": "x"}])


# -- rows left out -----------------------------------------------------------------------


def test_rows_with_gaps_and_repeated_rows_go() -> None:
    sizes = ["bill length", "bill depth", "flipper length", "body mass"]
    steps = [
        {"kind": "drop_missing", "columns": sizes},
        {"kind": "drop_columns", "columns": ["sex"]},
    ]
    found = prepared(dataset="penguins", preparation=[*steps, {"kind": "ordinal"}])
    assert len(found.labels) == 342 and found.frames[0].rows == 344
    whole = Frame((Variable("a"), Variable("b", "text")), (np.array([1, 1, np.nan, np.nan, 1.0]),
                  np.array(["x", "x", "", "", "y"], object)))  # fmt: skip
    kept = PREPARATIONS["drop_duplicates"]().kept(whole)
    assert kept.tolist() == [True, False, True, False, True]


def test_the_first_test_rows_are_told_of_as_they_were_collected() -> None:
    steps = [{"kind": "drop_missing", "columns": ["bmi"]}, {"kind": "pca"}, "one_hot"]
    found = prepared(dataset="diabetes", preparation=steps)
    told, table = profile.tested(found, (), "test"), DATASETS["diabetes"]().table()
    rows = {tuple(row) for row in zip(*(_cells(c) for c in table.columns), strict=True)}
    examples = zip(told["examples"], told["answers"], strict=True)
    assert {(*row, answer) for row, answer in examples} <= rows
    frame = DATASETS["diabetes"]().frame_of(
        [dict(zip([c.name for c in table.columns], told["examples"][0], strict=False))]
    )
    first = found.inputs[found.part == 2][0]
    np.testing.assert_array_equal(numbers(found.pipeline.transform(frame))[0], first)


def test_a_column_loses_its_unit_where_it_is_scaled() -> None:
    steps = [{"kind": "standardise", "columns": ["age"]}, {"kind": "clip_outliers"}, "one_hot"]
    found = prepared(dataset="diabetes", preparation=steps).pipeline.variables[-1]
    units = {v.name: v.unit for v in found}
    assert units["age"] == "" and units["bmi"] == "kg/m²"


def _cells(column: Any) -> list[Any]:
    cells = column.values.tolist()
    return [column.categories[c] for c in cells] if column.categories else cells


# -- the split ---------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    method=st.sampled_from(["random", "stratified", "grouped", "ordered"]),
    train=st.integers(1, 80),
    validation=st.integers(0, 19),
    folds=st.none() | st.integers(2, 10),
    seed=st.integers(0, 100),
)
def test_every_row_is_in_one_part(
    method: str, train: int, validation: int, folds: int | None, seed: int
) -> None:
    split: dict[str, Any] = {"train": train, "validation": validation, "method": method}
    if folds is not None and method != "ordered":
        split |= {"folds": folds, "fold": seed % folds}
    if method in ("grouped", "ordered"):
        split["column"] = "ticket" if method == "grouped" else "fare"
    found = loaded(dataset="titanic", split=split, seed=seed)
    assert sum(found.counts.values()) == 1309 and (np.diff(found.part.astype(int)) >= 0).all()
    assert found.counts["train"] > 0 and found.prepared is not None
    first = found.prepared.frames[0]
    if "folds" in split and method != "grouped":
        assert abs(found.counts["test"] - 1309 / split["folds"]) <= 2
    elif method in ("random", "ordered"):
        assert found.counts["train"] == 1309 * train // 100
    if method == "stratified":
        shares = [found.labels[found.part == p].mean() for p in (0, 2)]
        assert found.counts["train"] < 50 or abs(shares[0] - shares[1]) < 0.05
    if method == "grouped":
        tickets = [set(first["ticket"][found.part == part]) for part in range(3)]
        assert not (tickets[0] & tickets[1] or tickets[0] & tickets[2] or tickets[1] & tickets[2])
    if method == "ordered":
        fare = np.nan_to_num(first["fare"], nan=np.inf)
        assert fare[found.part == 0].max() <= fare[found.part == 2].min()


PERSON = ("name", "ticket", "age")


def test_every_row_is_the_test_once_in_all_folds() -> None:
    tested: list[str] = []
    for fold in range(5):
        split = {"method": "stratified", "folds": 5, "fold": fold}
        found = loaded(dataset="titanic", split=split)
        assert found.prepared is not None
        rows = found.prepared.frames[0].take(found.part == 2)
        tested += [f"{a} {b} {c}" for a, b, c in zip(*(rows[n] for n in PERSON), strict=True)]
    everyone, _ = DATASETS["titanic"]().rows()
    names = zip(*(everyone[n] for n in PERSON), strict=True)
    assert sorted(tested) == sorted(f"{a} {b} {c}" for a, b, c in names)


def test_numbers_are_asked_for_by_their_mean_and_deviation() -> None:
    found = prepared(dataset="diabetes", split=SPLIT)
    training = found.labels[found.part == 0].astype(np.float64)
    assert training.mean() == pytest.approx(0, abs=1e-5)
    assert training.std() == pytest.approx(1, abs=1e-5)
    mean, deviation = found.scale
    answers = found.labels * deviation + mean
    assert (answers.min(), answers.max()) == (
        pytest.approx(25, abs=0.01),
        pytest.approx(346, abs=0.01),
    )


# -- experiments -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"dataset": "penguins", "preparation": []}, "'island' is a category; add 'one_hot'"),
        ({"dataset": "titanic", "preparation": ["one_hot"]}, "'name' is text"),
        (
            {"dataset": "penguins", "preparation": ["one_hot"]},
            "values of 'bill length' are missing; add 'impute'",
        ),
        ({"dataset": "penguins", "preparation": ["pca"]}, "preparation.0: values of"),
        (
            {"dataset": "iris", "preparation": [{"kind": "log", "columns": ["height"]}]},
            "preparation.0: columns: there is no column 'height'",
        ),
        (
            {"dataset": "iris", "preparation": [{"kind": "one_hot", "columns": ["petal width"]}]},
            "is a number, and 'one_hot' is for a category",
        ),
        (
            {"dataset": "iris", "preparation": [{"kind": "log", "columns": ["petal width"] * 2}]},
            "remove the repeated one",
        ),
        ({"dataset": "iris", "preparation": [{"kind": "pca", "components": 9}]}, "there are 4"),
        (
            {"dataset": "breast_cancer", "preparation": [{"kind": "polynomial", "degree": 4}]},
            "46,375 columns",
        ),
        ({"dataset": "circle", "preparation": ["log"]}, "steps are for the columns of a table"),
        ({"dataset": "iris", "answer": "colour"}, "no column 'colour'"),
        ({"dataset": "iris", "split": {"column": "colour"}}, "no column 'colour'"),
        ({"dataset": "iris", "split": {"method": "grouped"}}, "name the one"),
        ({"dataset": "diabetes", "split": {"method": "stratified"}}, "choose 'random'"),
        ({"dataset": "iris", "split": {"folds": 3, "fold": 3}}, "count from 0"),
        ({"dataset": "iris", "split": {"folds": 3, "method": "ordered"}}, "another method"),
        ({"dataset": "mnist", "split": {"folds": 3}}, "a test part of its own"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_mend(data: dict[str, Any], says: str) -> None:
    dataset = data["dataset"]
    if "answer" in data:
        data = {"dataset": {"kind": dataset, "answer": data["answer"]}}
    with pytest.raises(ValidationError) as refused:
        Experiment.model_validate({"data": data})
    assert says in str(refused.value)


def test_experiments_without_preparation_keep_their_digest() -> None:
    plain = Experiment()
    assert "preparation" not in plain.canonical() and "method" not in plain.canonical()
    table = Experiment.model_validate({"data": {"dataset": "iris"}})
    assert "standardise" in table.canonical()
    assert Experiment.model_validate_json(table.canonical()) == table


@pytest.mark.parametrize("dataset", TABLES)
def test_any_column_of_numbers_or_categories_can_be_the_answer(dataset: str) -> None:
    for column in DATASETS[dataset]().table().columns:
        if column.kind not in ("number", "category"):
            continue
        chosen = {"kind": dataset, "answer": column.name}
        experiment = Experiment.model_validate({"data": {"dataset": chosen}})
        problem = "classification" if column.kind == "category" else "regression"
        assert experiment.task.problem == problem
        found = load(experiment.data)
        assert len(found.labels) == (~column.missing).sum()
        assert np.isfinite(found.inputs).all() and np.isfinite(found.labels).all()
