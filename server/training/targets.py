"""How labels become targets, and outputs become classes.

One output (K = 1) codes two classes as `low` and 1, or holds a regression's value; K > 1
outputs have one column per class, 1 for the example's class and `low` for the others.
Every function takes NumPy or (traced) JAX arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from server.experiment.registry import ACTIVATIONS

if TYPE_CHECKING:
    from server.experiment import Experiment
    from server.experiment.task import Task

    from .base import Loss


def output_units(task: Task, activation: str) -> int:
    """Units K of the output layer: one per class, but one per value, and a single one for two
    classes unless the activation makes the outputs share a sum (softmax)."""
    joint = ACTIVATIONS[activation].hints.get("joint", False)
    if not task.classes:
        return task.values
    return task.classes if task.classes > 2 or (task.classes == 2 and joint) else 1


def target_low(loss: Loss, activation: str) -> float:
    """The target that stands for "not this class": the loss's own, else -1 where the output
    activation reaches it and 0 where it does not."""
    if loss.low is not None:
        return loss.low
    hints = ACTIVATIONS[activation].hints
    return -1.0 if hints["negative"] and hints.get("minimum", -1.0) <= -1.0 else 0.0


def encode(labels: Any, task: Task, units: int, low: float) -> Any:
    """(N, ...) class indices or values -> (N, ..., units) float32 targets."""
    if task.problem == "regression":
        return labels[..., None].astype(np.float32)
    if task.problem == "generation":  # all that there are examples of is real
        return (labels[..., None] * 0 + 1).astype(np.float32)
    classes = np.arange(units) if units > 1 else np.ones(1)
    hit = labels[..., None] == classes.astype(np.float32)
    return hit.astype(np.float32) * np.float32(1 - low) + np.float32(low)


def predicted_classes(outputs: Any, task: Task, low: float) -> Any:
    """(N, ..., K) outputs of a classifier -> (N, ...) int32 classes."""
    if outputs.shape[-1] == 1:
        return (outputs[..., 0] > (low + 1) / 2).astype(np.int32)
    return outputs.argmax(-1).astype(np.int32)


def output_range(experiment: Experiment, label_range: tuple[float, float]) -> tuple[float, float]:
    """What the colours of the outputs span: the two targets of a class, or what the dataset's
    values span (`Loaded.label_range`)."""
    if experiment.task.rebuilds:
        return (0.0, 1.0) if experiment.data.dataset.form == "image" else (-1.0, 1.0)
    if experiment.task.problem == "regression":
        return label_range
    return target_low(experiment.training.loss, experiment.output_activation), 1.0
