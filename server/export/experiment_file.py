"""The experiment itself."""

from __future__ import annotations

import json

from server.experiment import Experiment

from .base import TARGETS, Run


def experiment_json(experiment: Experiment) -> bytes:
    """The experiment with every field, as a person reads it."""
    document = experiment.model_dump(mode="json")
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


@TARGETS.register(
    "experiment", title="Experiment", filename="experiment.json", media_type="application/json",
    group="Records",
    help="Every setting as JSON, as a server and the command layerlab export take it.",
)  # fmt: skip
def experiment(run: Run) -> dict[str, bytes]:
    return {"experiment.json": experiment_json(run.experiment)}
