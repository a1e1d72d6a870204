"""What holds for every registered dataset."""

import json
import math
import pkgutil
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

import server.datasets
import server.layers
import server.training
from server.datasets.base import DOMAIN, MAX_SAMPLES, Dataset, Sampled
from server.datasets.preview import preview
from server.experiment.registry import DATASETS
from server.experiment.spec import Data, Experiment

#: of which the nearest neighbour mostly tells the class
NEAR = [
    "moons", "rings", "pinwheel", "blobs", "checkerboard", "ring_of_gaussians", "grid_of_gaussians",
]  # fmt: skip
CLOUDS = {"gauss", "blobs"}  # their tails have no bound

every_kind = pytest.mark.parametrize("kind", DATASETS.values(), ids=list(DATASETS))
every_planar = pytest.mark.parametrize(
    "kind", [k for k in DATASETS.values() if k.form == "points"], ids=lambda kind: kind.name()
)
sampled_kinds = [kind for kind in DATASETS.values() if issubclass(kind, Sampled)]
every_sampled = pytest.mark.parametrize("kind", sampled_kinds, ids=lambda kind: kind.name())

SOME_POINTS = ((-1.5, 2.0, 0), (3.0, -6.0, 1), (0.0, 0.25, 1))


def example(kind: Any) -> Dataset:
    return kind(points=SOME_POINTS) if kind.name() == "drawn" else kind()


def generate(dataset: Dataset, seed=0):
    return dataset.generate(np.random.default_rng(seed))


#: what inputs are of, by form
INPUTS = {
    "points": np.float32,
    "image": np.uint8,
    "sequence": np.float32,
    "tokens": np.int32,
    "table": np.float32,
}


def settings_to_try():
    for kind in sampled_kinds:
        yield kind(samples=20)
        yield kind(samples=501, noise=50)
        yield kind(samples=MAX_SAMPLES, noise=100)
    for kind in DATASETS.values():
        for name, field in kind.model_fields.items():
            extra = field.json_schema_extra
            choices: Any = extra.get("x-choices", []) if isinstance(extra, dict) else []
            yield from (kind(**{name: choice}) for choice in choices)
    yield from (example(kind) for kind in DATASETS.values())
    yield DATASETS["copy_task"](symbols=26, length=20, delay=50)
    yield DATASETS["drawn"](classes=6, points=((1, 1, 5),))


@pytest.mark.parametrize("dataset", list(settings_to_try()), ids=str)
def test_examples_are_well_formed(dataset):
    points = generate(dataset)
    count = len(points.labels)
    rows = np.arange(count) if points.rows is None else points.rows
    inputs = points.inputs[rows]
    assert inputs.shape == (count, *dataset.input_shape)
    assert points.labels.shape == (count, *dataset.label_shape)
    assert inputs.dtype == INPUTS[dataset.form]
    assert points.labels.dtype == np.float32
    assert np.isfinite(inputs).all() or dataset.form == "table"  # which may have gaps
    assert np.isfinite(points.labels).all()
    assert points.test == dataset.test < max(count, 1)
    if "samples" in type(dataset).model_fields:
        assert count - points.test <= dataset.samples
    if isinstance(dataset, Sampled):
        assert count == dataset.samples
    if dataset.form == "tokens":
        assert len(set(dataset.vocabulary)) == len(dataset.vocabulary)
        assert inputs.min() >= 0 and inputs.max() < len(dataset.vocabulary)
    else:
        assert dataset.vocabulary == ()
    if dataset.problem == "classification":
        asked = points.labels[points.labels != -1] if dataset.label_shape else points.labels
        assert set(asked) <= set(range(dataset.classes))
        assert len(dataset.class_names) == dataset.classes


@every_kind
def test_equal_generators_give_equal_points(kind):
    first, again = generate(example(kind)), generate(example(kind))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)
    if first.rows is not None:
        np.testing.assert_array_equal(first.rows, again.rows)


@every_sampled
def test_another_seed_draws_other_points(kind):
    first, second = generate(kind(noise=10), 1), generate(kind(noise=10), 2)
    assert (first.inputs != second.inputs).any() or (first.labels != second.labels).any()


@every_sampled
def test_noise_changes_something(kind):
    calm, noisy = generate(kind(noise=0)), generate(kind(noise=50))
    assert (calm.inputs != noisy.inputs).any() or (calm.labels != noisy.labels).any()


@every_planar
def test_without_noise_points_lie_in_the_domain(kind):
    inputs = generate(example(kind)).inputs
    outside = np.abs(inputs).max(axis=1) > DOMAIN
    assert outside.mean() <= (0.01 if kind.name() in CLOUDS else 0)
    assert np.ptp(inputs, axis=0).min() > 4  # and fill a good part of it


@every_sampled
def test_every_class_has_its_share(kind):
    numbers = range(2, 7) if "classes" in kind.model_fields else [None]
    for number in numbers:
        dataset = kind() if number is None else kind(classes=number)
        if dataset.problem == "regression":
            continue
        shares = np.bincount(generate(dataset).labels.astype(int)) / dataset.samples
        assert len(shares) == dataset.classes
        np.testing.assert_allclose(shares, 1 / dataset.classes, atol=0.06)


def test_the_classes_of_the_design_are_all_there():
    planar = {n: k() for n, k in DATASETS.items() if k.form == "points"}
    assert {n: k.classes for n, k in planar.items() if k.problem == "classification"} == {
        "circle": 2, "xor": 2, "gauss": 2, "spiral": 2, "moons": 2, "rings": 3, "pinwheel": 3,
        "blobs": 3, "checkerboard": 2, "drawn": 2, "ring_of_gaussians": 2, "grid_of_gaussians": 2,
        "line": 2,
    }  # fmt: skip
    assert {n for n, k in planar.items() if k.problem == "regression"} == {
        "reg_plane", "reg_gauss", "ripple", "saddle", "function",
    }  # fmt: skip
    assert all(k().classes == 0 for k in DATASETS.values() if k().problem == "regression")


@pytest.mark.parametrize("kind", NEAR)
def test_without_noise_near_points_share_their_class(kind):
    """The designs can be learned: the nearest neighbour mostly tells the class."""
    points = generate(DATASETS[kind](samples=2000))
    fresh = generate(DATASETS[kind](samples=300), seed=1)
    distance = np.linalg.norm(fresh.inputs[:, None] - points.inputs[None], axis=2)
    guess = points.labels[distance.argmin(axis=1)]
    assert (guess == fresh.labels).mean() > 0.9


@every_kind
def test_json_round_trip(kind):
    dataset = example(kind)
    data = Data.model_validate({"dataset": dataset.model_dump(mode="json")})
    assert data.dataset == dataset
    assert Data.model_validate_json(data.model_dump_json()) == data
    assert Data.model_validate({"dataset": kind.name()}).dataset == kind()


@every_kind
def test_the_schema_says_what_a_form_needs(kind):
    options = TypeAdapter(Data).json_schema()["properties"]["dataset"]["oneOf"]
    schema = next(o for o in options if o["properties"]["kind"]["const"] == kind.name())
    assert "$ref" not in json.dumps(schema)
    assert schema["title"]
    assert schema["description"].endswith(".")
    assert schema["x-problem"] == kind.usual_problem()
    assert schema["x-form"] == kind.form
    assert schema.get("x-dimensions", 0) == kind.dimensions
    assert (kind.dimensions > 0) == (kind.form == "points")
    assert schema.get("x-own-test", False) == (bool(kind.test))
    assert schema.get("x-licence", "") == kind.licence
    assert schema.get("x-tf", "") == kind.tf
    for name, field in schema["properties"].items():
        assert name == "kind" or (field["title"] and field["description"].endswith("."))


@every_kind
def test_the_preview_shows_examples_of_the_dataset(kind):
    points = np.array(preview(kind))
    if kind.name() == "drawn":
        assert points.size == 0
        return
    assert points.shape[1] == math.prod(kind().input_shape) + 1
    if kind.form != "points":
        assert 1 <= len(points) <= 20
        return
    assert len(points) == 100
    if kind.usual_problem() == "classification":
        assert set(points[:, -1]) == set(range(kind().classes))


@pytest.mark.parametrize("dataset", [d for d in settings_to_try() if d.form != "points"], ids=str)
def test_the_network_that_is_suggested_reads_the_examples(dataset):
    """With any settings; and with the most that a step may cost."""
    data = {"dataset": dataset.model_dump(mode="json")}
    experiment = Experiment.model_validate({"data": data, **dataset.suggestion()})
    assert experiment.data.dataset == dataset
    loss = experiment.training.loss
    assert dataset.problem in loss.problems


@every_kind
def test_labels_lie_in_their_range(kind):
    labels = generate(example(kind)).labels
    labels = labels[labels >= 0] if kind.form == "tokens" else labels
    low, high = example(kind).label_range(labels)
    assert low < high
    slack = 0.2 if kind.name() == "reg_plane" else 0  # as in TensorFlow Playground
    assert low - slack <= labels.min() <= labels.max() <= high + slack


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"kind": "circle", "samples": 19}, "samples"),
        ({"kind": "circle", "samples": MAX_SAMPLES + 1}, "samples"),
        ({"kind": "circle", "noise": -1}, "noise"),
        ({"kind": "circle", "noise": 101}, "noise"),
        ({"kind": "circle", "noise": float("nan")}, "noise"),
        ({"kind": "circle", "radius": 2}, "radius"),
        ({"kind": "rings", "classes": 7}, "classes"),
        ({"kind": "rings", "classes": 1}, "classes"),
        ({"kind": "checkerboard", "cells": 9}, "cells"),
        ({"kind": "drawn", "points": [[0, 6.5, 0]]}, "points"),
        ({"kind": "drawn", "points": [[0, 0, 0.5]]}, "points"),
        ({"kind": "drawn", "points": [[0, 0]]}, "points"),
        ({"kind": "drawn", "points": [[0, 0, 0]] * 2001}, "points"),
        ({"kind": "function", "low": -7}, "low"),
        ({"kind": "function", "expression": "sen(x)"}, "expression"),
        ({"kind": "function", "expression": "x" * 201}, "expression"),
    ],
)
def test_bad_settings_are_refused_at_their_path(settings, path):
    with pytest.raises(ValidationError) as caught:
        Data.model_validate({"dataset": settings})
    assert path in caught.value.errors()[0]["loc"]


def test_every_file_of_the_room_is_imported():
    for module in pkgutil.iter_modules(server.datasets.__path__):
        assert f"server.datasets.{module.name}" in sys.modules


class TestDrawn:
    def test_points_are_kept_as_drawn(self):
        points = generate(DATASETS["drawn"](points=SOME_POINTS))
        np.testing.assert_array_equal(points.inputs, [[-1.5, 2], [3, -6], [0, 0.25]])
        np.testing.assert_array_equal(points.labels, [0, 1, 1])

    def test_it_may_be_empty(self):
        points = generate(DATASETS["drawn"]())
        assert points.inputs.shape == (0, 2)
        assert points.labels.shape == (0,)

    def test_a_class_that_is_not_there_is_refused_with_the_mend(self):
        with pytest.raises(ValidationError, match=r"points/1: class 4 .* raise classes to 5"):
            DATASETS["drawn"](classes=3, points=((0, 0, 2), (0, 0, 4)))


class TestFunction:
    def test_labels_are_the_curve(self):
        points = generate(DATASETS["function"](expression="x^2/6 - 3", low=-2, high=5))
        x = points.inputs[:, 0].astype(float)
        assert -2 <= x.min() < -1.5
        assert 4.5 < x.max() <= 5
        np.testing.assert_allclose(points.labels, x**2 / 6 - 3, atol=1e-6)

    def test_noise_is_a_share_of_half_the_height(self):
        settings = {"expression": "x", "samples": 5000, "low": -3.0, "high": 3.0}
        calm = generate(DATASETS["function"](**settings))
        noisy = generate(DATASETS["function"](noise=20, **settings))
        assert (noisy.labels - calm.labels).std() == pytest.approx(0.2 * 3, rel=0.05)

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"expression": "log(x)"}, "no finite value at x = -6"),
            ({"expression": "1/x"}, "no finite value at x = 0;"),
            ({"expression": "sqrt(2 - x)"}, "no finite value at x = 2"),
            ({"expression": "exp(exp(x))"}, "at x = 2.62793 is 1.03e[+]06"),
            ({"low": 3, "high": 2}, "at least 0.1 above low"),
        ],
    )
    def test_a_curve_without_values_is_refused(self, settings, words):
        with pytest.raises(ValidationError, match=words):
            DATASETS["function"](**settings)

    def test_the_interval_can_mend_it(self):
        labels = generate(DATASETS["function"](expression="log(x)", low=0.5)).labels
        assert np.log(0.5) - 1e-6 <= labels.min()

    def test_gaps_between_the_checked_places_are_never_drawn(self):
        """NaN in a sliver that no checked place lies in: no point may either."""
        labels = generate(
            DATASETS["function"](expression="sqrt(abs(x - 0.0007) - 0.0005)", samples=5000)
        ).labels
        assert np.isfinite(labels).all()

    def test_a_level_curve_has_a_range(self):
        dataset = DATASETS["function"](expression="2")
        assert dataset.label_range(generate(dataset).labels) == (1.0, 3.0)
