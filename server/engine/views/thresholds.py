"""How sure a classifier is, against how right: at every threshold, and in every range of
probability."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.experiment import Experiment
from server.training.targets import target_low

from ..arrays import Tree
from ..program import Probe
from ..scores import answers, scored_rows
from ..shape import PARTS
from .base import VIEWS, Scene, View, option

#: points of a curve that are sent
MOST = 200


@VIEWS.register
class Thresholds(View):
    """One class against the rest."""

    kind: Literal["thresholds"] = "thresholds"
    title = "Thresholds"
    help = "What is found and what is falsely said of a class wherever the line is drawn."
    seldom = True
    part: Literal["train", "validation", "test"] = Field(
        "test", description="On the examples of which part."
    )
    truth: int = option(1, 0, 10_000, "Which class; beyond the last, the last.")
    bins: int = option(10, 2, 50, "Ranges of probability.")

    @property
    def needs(self) -> tuple[str, ...]:
        return ("sureness",)

    def fits(self, experiment: Experiment) -> bool:
        task = experiment.task
        one_each = task.problem == "classification" and not task.label_shape
        return super().fits(experiment) and one_each

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def sureness(state: Tree, live: Any, data: Tree) -> Tree:
            rows = scored_rows(shape, data)
            outputs = answers(shape, state, live, rows).outputs
            return {"outputs": outputs, "labels": rows["labels"], "part": rows["part"]}

        return Probe("sureness", sureness, quick=True)

    def look(self, scene: Scene) -> Any:
        found, experiment = scene.find("sureness"), scene.experiment
        truth = min(self.truth, experiment.task.classes - 1)
        mine = found["part"] == PARTS.index(self.part)
        right = found["labels"][mine].astype(np.int64) == truth
        scores = _scores(found["outputs"][mine].astype(np.float64), truth, _low(experiment))
        told: dict[str, Any] = {"truth": truth, "count": len(right), "positive": int(right.sum())}
        if not 0 < right.sum() < len(right) or not np.isfinite(scores).all():
            return told | {"roc": None, "precision_recall": None, "calibration": None}
        return told | curves(scores, right) | {"calibration": calibration(scores, right, self.bins)}


def _low(experiment: Experiment) -> float:
    return target_low(experiment.training.loss, experiment.output_activation)


def _scores(outputs: NDArray[np.float64], truth: int, low: float) -> NDArray[np.float64]:
    """(N, K) outputs -> how much each speaks for the class, from 0 to 1 where outputs are
    probabilities, or go from `low` to 1."""
    share = (outputs - low) / (1.0 - low)
    if outputs.shape[1] > 1:
        return share[:, truth]
    return share[:, 0] if truth == 1 else 1.0 - share[:, 0]


def curves(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    """ROC and precision against recall of scores (N,) and whether they are of the class (N,), of
    which there are both; with the areas, as scikit-learn's `roc_auc_score` and
    `average_precision_score`."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)  # of equal scores
    found = np.cumsum(right[order])[last]
    told = last + 1
    positive, negative = found[-1], told[-1] - found[-1]
    rate, false = found / positive, (told - found) / negative
    precision = found / told
    area = np.trapezoid(np.append(0.0, rate), np.append(0.0, false))
    average = float((np.diff(np.append(0.0, rate)) * precision).sum())
    some = _thinned(len(last))
    return {
        "roc": {
            "thresholds": ordered[last][some].tolist(),
            "true_positive_rate": rate[some].tolist(),
            "false_positive_rate": false[some].tolist(),
            "auc": float(area),
        },
        "precision_recall": {
            "precision": precision[some].tolist(),
            "recall": rate[some].tolist(),
            "average_precision": average,
        },
    }


def _thinned(count: int) -> NDArray[np.int64]:
    """At most MOST of so many places, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST)).round().astype(np.int64))


def calibration(
    scores: NDArray[np.float64], right: NDArray[np.bool_], bins: int
) -> dict[str, Any] | None:
    """Of every range of probability that has any: the mean probability, the share that is of the
    class, and how many; and the Brier score. None where scores are no probabilities."""
    if scores.min() < 0 or scores.max() > 1:
        return None
    place = np.minimum((scores * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    there = count > 0
    return {
        "said": (np.bincount(place, scores, bins)[there] / count[there]).tolist(),
        "true": (np.bincount(place, right, bins)[there] / count[there]).tolist(),
        "count": count[there].tolist(),
        "brier": float(np.square(scores - right).mean()),
    }
