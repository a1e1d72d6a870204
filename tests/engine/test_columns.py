"""What the columns of a table do to the answers, beside scikit-learn and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.engine import commands as c
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import VIEWS
from server.experiment import Experiment
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()
PENGUINS = {
    "data": {"dataset": {"kind": "penguins", "answer": "body mass"}, "split": {"train": 60}},
    "network": {"layers": [{"kind": "dense", "units": 6, "activation": "tanh"}]},
    "training": {"batch_size": 32, "optimizer": "adam", "learning_rate": 0.01},
}


def trained(steps: int, **rooms: Any) -> Session:
    return run(Session(Experiment.model_validate(PENGUINS | rooms), PROGRAMS), steps)


class Ours(RegressorMixin, BaseEstimator):
    """The session as an estimator of scikit-learn's."""

    def __init__(self, live: Any) -> None:
        self.live, self.fitted_ = live, True

    def fit(self, x: Any, y: Any) -> Ours:
        return self

    def predict(self, x: Any) -> Any:
        return self.live.predict(np.asarray(x, np.float32))[:, 0]


@pytest.mark.parametrize("column", [0, 2, 5])
def test_dependence_is_scikit_learns(column: int) -> None:
    live = trained(200)
    loaded = live.loaded
    rows = loaded.pool[loaded.part == 2].astype(np.float64)
    view = {"kind": "dependence", "column": column, "size": 9}
    found = looked_at(live, view)["dependence"]
    expected = partial_dependence(
        Ours(live), rows, [column], kind="both", grid_resolution=9, percentiles=(0.02, 0.98)
    )
    mean = [
        live.predict(_with(rows, column, value).astype(np.float32)).mean()
        for value in found["values"]
    ]
    np.testing.assert_allclose(found["means"][:, 0], mean, rtol=1e-4, atol=1e-5)
    if len(np.unique(rows[:, column])) > 9:  # of few values scikit-learn's grid is these
        np.testing.assert_allclose(found["values"], expected["grid_values"][0], rtol=1e-3)
        np.testing.assert_allclose(
            found["means"][:, 0], expected["average"][0], rtol=1e-3, atol=1e-4
        )
        lines = expected["individual"][0][:30].T
        np.testing.assert_allclose(found["lines"][..., 0], lines, rtol=1e-3, atol=1e-3)


def _with(rows: Any, column: int, value: float) -> Any:
    changed = rows.copy()
    changed[:, column] = value
    return changed


def test_of_a_linear_network_importance_is_the_slope_squared_times_the_variance() -> None:
    """Dealing a column anew leaves an error of w (x' - x) more, whose square is 2 w² var x in the
    mean, half of which is the loss's; less what the errors have to do with the column."""
    live = trained(600, network={"layers": []})
    loaded, found = (
        live.loaded,
        looked_at(live, {"kind": "importance", "part": "train"})["importance"],
    )
    rows = loaded.pool[loaded.part == 0].astype(np.float64)
    w = live.parameters()[0][0]["w"][:, 0]
    error = live.predict(rows.astype(np.float32))[:, 0] - loaded.labels[loaded.part == 0]
    bound = np.array([np.cov(rows[:, j], error)[0, 1] for j in range(rows.shape[1])])
    expected = w**2 * rows.var(0) - w * bound
    np.testing.assert_allclose(found["rises"], expected, atol=0.15 * np.abs(expected).max())
    assert found["loss"] == pytest.approx(live.metrics()["train"]["loss"], rel=1e-4)


def test_a_column_without_weight_has_no_importance() -> None:
    live = trained(1)
    for unit in range(6):
        live.act(c.Edit(layer=0, param="w", index=(1, unit), value=0))
    found = looked_at(live, {"kind": "importance"})["importance"]
    assert found["rises"][1] == 0 and np.abs(found["rises"]).max() > 0


def test_everybody_sees_what_they_asked_for() -> None:
    """Two people on one session, each with a column of their own; one function answers both."""
    live = trained(20)
    views = [VIEWS.validate({"kind": "dependence", "column": column}) for column in (0, 2)]
    watchers = [Watcher(lambda: None, {view.key: view}) for view in views]
    for watcher in watchers:
        live.watch(watcher)
    live.turn()
    found = [live.snapshot.views[view.key]["means"] for view in views]
    assert np.abs(found[0] - found[1]).max() > 0
    for view, means in zip(views, found, strict=True):
        np.testing.assert_array_equal(
            looked_at(live, view.model_dump())["dependence"]["means"], means
        )
