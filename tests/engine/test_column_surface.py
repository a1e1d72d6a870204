"""What two columns do to the answers together, beside rows sent one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()
NETWORK = {"layers": [{"kind": "dense", "units": 6, "activation": "tanh"}]}
SIZE = 7


def trained(steps: int, **data: Any) -> Session:
    document = {"data": data, "network": NETWORK, "training": {"optimizer": "adam"}}
    return run(Session(Experiment.model_validate(document), PROGRAMS), steps)


@pytest.mark.parametrize(
    ("x", "y"), [("bill length", "flipper length"), ("body mass", "island"), ("sex", "island")]
)
def test_a_surface_is_what_the_rows_are_predicted_as(x: str, y: str) -> None:
    """Of a classifier, with gaps, categories and steps that bend."""
    live = trained(150, dataset="penguins")
    asked = {"kind": "column_surface", "x": x, "y": y, "size": SIZE, "fixed": "row", "index": 3}
    found = looked_at(live, asked)["column_surface"]
    prepared = live.loaded.prepared
    assert prepared is not None
    frame = prepared.frames[0].take(prepared.kept[prepared.part == 2][3:4])
    base = {
        v.name: None if np.isnan(c[0]) else v.categories[int(c[0])] if v.categories else float(c[0])
        for v, c in zip(frame.variables, frame.columns, strict=True)
    }
    rows = [
        base | {x: cell(found["x"], i), y: cell(found["y"], SIZE - 1 - j)}
        for j in range(SIZE)
        for i in range(SIZE)
    ]
    expected = live.predict_rows(rows).T.reshape(-1, SIZE, SIZE)
    assert found["values"].shape == (3, SIZE, SIZE) and np.ptp(found["values"]) > 0.01
    np.testing.assert_allclose(found["values"], expected, rtol=1e-4, atol=1e-6)
    training = prepared.frames[0].take(prepared.kept[prepared.part == 0])
    known = ~np.isnan(training[x]) & ~np.isnan(training[y])
    np.testing.assert_array_equal(found["labels"], prepared.labels[prepared.part == 0][known])


def cell(axis: dict[str, Any], i: int) -> Any:
    at = axis["low"] + (axis["high"] - axis["low"]) * i / (SIZE - 1)
    names = axis["categories"]
    return names[min(max(round(at), 0), len(names) - 1)] if names else at


def test_a_typical_row_has_medians_and_the_most_frequent_categories() -> None:
    """Of a regression, in the unit of the answer; what a step leaves out is no part of it."""
    live = trained(60, dataset="diabetes")
    asked = {"kind": "column_surface", "x": "bmi", "y": "s5", "size": SIZE}
    found = looked_at(live, asked)["column_surface"]
    prepared = live.loaded.prepared
    assert prepared is not None
    training = prepared.frames[0].take(prepared.part == 0)
    base: dict[str, Any] = {
        v.name: float(np.median(training[v.name])) for v in training.variables if v.name != "sex"
    }
    base["sex"] = str(1 + np.bincount(training["sex"].astype(int)).argmax())
    rows = [
        base | {"bmi": cell(found["x"], i), "s5": cell(found["y"], SIZE - 1 - j)}
        for j in range(SIZE)
        for i in range(SIZE)
    ]
    mean, deviation = prepared.scale
    ours = found["values"] * deviation + mean
    np.testing.assert_allclose(ours[0], live.predict_rows(rows).reshape(SIZE, SIZE), rtol=1e-4)
    axis = found["x"]
    assert axis["unit"] == "kg/m²" and axis["low"] == training["bmi"].min()
    np.testing.assert_array_equal(found["rows"][:, 0], training["bmi"][:400].astype(np.float32))


@pytest.mark.parametrize("asked", [("bmi", "bmi"), ("bmi", "height"), ("", "bmi")])
def test_there_is_no_surface_of_columns_that_there_are_not(asked: tuple[str, str]) -> None:
    x, y = asked
    live = Session(Experiment.model_validate({"data": {"dataset": "diabetes"}}), PROGRAMS)
    assert looked_at(live, {"kind": "column_surface", "x": x, "y": y}) == {}
