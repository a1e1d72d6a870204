"""How sure a classifier is, against how right, beside scikit-learn's metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.engine import commands as c
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.views.thresholds import calibration, curves
from server.experiment import Experiment
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()


@given(data=st.data(), coarse=st.booleans())
def test_curves_are_scikit_learns(data: Any, coarse: bool) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    count = data.draw(st.integers(2, 150))
    right = rng.random(count) < 0.4
    right[:2] = [True, False]
    scores = rng.random(count)
    scores = scores.round(1) if coarse else scores
    found = curves(scores, right)
    false, rate, thresholds = roc_curve(right, scores, drop_intermediate=False)
    np.testing.assert_allclose(found["roc"]["false_positive_rate"], false[1:], atol=1e-12)
    np.testing.assert_allclose(found["roc"]["true_positive_rate"], rate[1:], atol=1e-12)
    np.testing.assert_allclose(found["roc"]["thresholds"], thresholds[1:])
    assert found["roc"]["auc"] == pytest.approx(roc_auc_score(right, scores))
    precision, recall, _ = precision_recall_curve(right, scores)
    np.testing.assert_allclose(found["precision_recall"]["precision"], precision[-2::-1])
    np.testing.assert_allclose(found["precision_recall"]["recall"], recall[-2::-1])
    expected = average_precision_score(right, scores)
    assert found["precision_recall"]["average_precision"] == pytest.approx(expected)
    told = calibration(scores, right, 10)
    assert told is not None and told["brier"] == pytest.approx(brier_score_loss(right, scores))
    if not coarse:  # whose scores lie on the borders
        true, said = calibration_curve(right, scores, n_bins=10)
        np.testing.assert_allclose(told["true"], true)
        np.testing.assert_allclose(told["said"], said)
    assert sum(told["count"]) == count


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_area() -> None:
    rng = np.random.default_rng(0)
    scores, right = rng.random(5000), rng.random(5000) < 0.3
    found = curves(scores, right)
    assert len(found["roc"]["thresholds"]) == 200
    assert found["roc"]["true_positive_rate"][-1] == found["roc"]["false_positive_rate"][-1] == 1
    assert found["roc"]["auc"] == pytest.approx(roc_auc_score(right, scores))


def test_scores_that_are_no_probabilities_are_not_calibrated() -> None:
    assert calibration(np.array([-0.5, 2.0]), np.array([False, True]), 10) is None


def test_answers_that_are_no_numbers_have_no_curves() -> None:
    """Weights so large that two units are infinite, and their difference nothing."""
    layers = [{"kind": "dense", "units": 2, "activation": "linear"}] * 7
    live = Session(Experiment.model_validate({"network": {"layers": layers}}), PROGRAMS)
    for layer in range(7):
        for index in ((0, 0), (0, 1), (1, 0), (1, 1)):
            live.act(c.Edit(layer=layer, param="w", index=index, value=1e6))
    for unit, value in enumerate((1e6, -1e6)):
        live.act(c.Edit(layer=7, param="w", index=(unit, 0), value=value))
    found = looked_at(live, "thresholds")["thresholds"]
    assert found["roc"] is found["precision_recall"] is found["calibration"] is None


CASES = {
    "two classes, softmax": {"data": {"dataset": "breast_cancer", "split": {"train": 60}}},
    "two classes, one output": {},
    "three classes": {"data": {"dataset": "iris"}},
}


@pytest.mark.parametrize("name", CASES)
def test_a_session_is_seen_as_scikit_learn_sees_it(name: str) -> None:
    live = run(Session(Experiment.model_validate(CASES[name]), PROGRAMS), 60)
    loaded = live.loaded
    inputs = loaded.inputs[loaded.part == 2]
    labels = loaded.labels[loaded.part == 2].astype(int)
    outputs = live.predict(inputs)
    for truth in range(live.experiment.task.classes):
        found = looked_at(live, {"kind": "thresholds", "truth": truth})["thresholds"]
        share = outputs[:, min(truth, outputs.shape[1] - 1)]
        if outputs.shape[1] == 1:  # tanh, of -1 and 1
            share = (share + 1) / 2 if truth else (1 - share) / 2
        right = labels == truth
        assert (found["count"], found["positive"]) == (len(right), right.sum())
        assert found["roc"]["auc"] == pytest.approx(roc_auc_score(right, share), abs=1e-4)
        assert found["calibration"]["brier"] == pytest.approx(
            np.square(share - right).mean(), abs=1e-4
        )
