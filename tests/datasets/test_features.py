"""Features against their formulas, and what they say they use."""

import math

import numpy as np
import pytest

from server.datasets.features import transform
from server.experiment.registry import FEATURES

FORMULAS = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "x_squared": lambda x, y: x * x,
    "y_squared": lambda x, y: y * y,
    "xy": lambda x, y: x * y,
    "sin_x": lambda x, y: math.sin(x),
    "sin_y": lambda x, y: math.sin(y),
    "cos_x": lambda x, y: math.cos(x),
    "cos_y": lambda x, y: math.cos(y),
    "radius": lambda x, y: math.sqrt(x * x + y * y),
    "gauss": lambda x, y: math.exp(-(x * x + y * y) / 8),
}
every_feature = pytest.mark.parametrize("name", list(FEATURES))


def inputs(dimensions=2, count=50):
    return np.random.default_rng(0).uniform(-6, 6, (count, dimensions)).astype(np.float32)


@every_feature
def test_formula(name):
    points = inputs()
    wanted = [FORMULAS[name](float(x), float(y)) for x, y in points]
    values = FEATURES[name].function(points)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-6)


@every_feature
def test_uses_is_true(name):
    points = inputs()
    for axis, letter in enumerate("xy"):
        moved = points.copy()
        moved[:, axis] += 0.5
        same = np.array_equal(FEATURES[name].function(moved), FEATURES[name].function(points))
        assert same == (letter not in FEATURES[name].hints["uses"])


def test_those_of_the_playground_come_first_in_its_order():
    assert [entry.hints.get("tf") for entry in FEATURES.values()][:7] == [
        "x", "y", "xSquared", "ySquared", "xTimesY", "sinX", "sinY",
    ]  # fmt: skip


def test_transform_keeps_the_order_of_the_names():
    points = inputs()
    columns = transform(["xy", "x"], points)
    assert columns.shape == (50, 2)
    assert columns.dtype == np.float32
    np.testing.assert_array_equal(columns[:, 1], points[:, 0])
    np.testing.assert_array_equal(columns[:, 0], points[:, 0] * points[:, 1])


def test_transform_of_nothing_and_of_one_dimension():
    assert transform(["x", "y"], inputs(count=0)).shape == (0, 2)
    one = [name for name, entry in FEATURES.items() if entry.hints["uses"] == ["x"]]
    assert transform(one, inputs(1)).shape == (50, 4)
