"""How labels become targets and outputs become classes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.layers
import server.training  # noqa: F401 - registers
from server.experiment import Experiment
from server.experiment.registry import ACTIVATIONS, LOSSES
from server.experiment.task import Task
from server.training.targets import (
    encode,
    output_range,
    output_units,
    predicted_classes,
    target_low,
)


def labelled(classes: int = 2) -> Task:
    return Task("classes", "classification", classes, ())


VALUES = Task("values", "regression", 0, ())
PICTURES = Task("pictures", "regression", 0, (4, 4), 3, rebuilds=True)
CLASSIFIERS = [n for n, loss in LOSSES.items() if "classification" in loss.problems]


@pytest.mark.parametrize(
    ("dataset", "activation", "units"),
    [
        (labelled(), "tanh", 1),
        (labelled(), "sigmoid", 1),
        (labelled(), "softmax", 2),
        (labelled(3), "tanh", 3),
        (labelled(6), "softmax", 6),
        (VALUES, "linear", 1),
        (PICTURES, "sigmoid", 3),
    ],
)
def test_output_units(dataset, activation, units):
    assert output_units(dataset, activation) == units


@pytest.mark.parametrize(
    ("loss", "activation", "low"),
    [
        ("squared_error", "tanh", -1),
        ("squared_error", "linear", -1),
        ("squared_error", "sigmoid", 0),
        ("squared_error", "relu", 0),
        ("squared_error", "silu", 0),
        ("squared_error", "softmax", 0),
        ("huber", "softsign", -1),
        ("hinge", "linear", -1),
        ("hinge", "tanh", -1),
        ("binary_crossentropy", "sigmoid", 0),
        ("categorical_crossentropy", "softmax", 0),
    ],
)
def test_target_low(loss, activation, low):
    assert target_low(LOSSES.validate(loss), activation) == low


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_targets_are_within_reach_of_the_activation(activation):
    line = jnp.linspace(-100, 100, 40_001, dtype=jnp.float32)
    out = ACTIVATIONS[activation].function(jnp.stack([line, jnp.zeros_like(line)], 1))
    low = target_low(LOSSES.validate("squared_error"), activation)
    assert float(out.min()) <= low + 0.02
    assert float(out.max()) >= 1 - 0.02


def fit(loss: Any, classes: int) -> list[str]:
    """The activations that the loss accepts, as an output for so many classes."""
    return [a for a in ACTIVATIONS if not loss.activations or a in loss.activations]


@pytest.mark.parametrize("name", CLASSIFIERS)
@given(
    classes=st.integers(2, 6),
    choice=st.integers(0, 100),
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=20),
)
def test_targets_are_predicted_back(name, classes, choice, labels):
    loss, dataset = LOSSES.validate(name), labelled(classes)
    fitting = fit(loss, classes)
    activation = fitting[choice % len(fitting)]
    units, low = output_units(dataset, activation), target_low(loss, activation)
    truth = np.array(labels, np.float32) % classes
    targets = encode(truth, dataset, units, low)
    assert targets.shape == (len(labels), units)
    assert targets.dtype == np.float32
    assert set(np.unique(targets)) <= {np.float32(low), np.float32(1)}
    classes_again = predicted_classes(targets, dataset, low)
    assert classes_again.dtype == np.int32
    np.testing.assert_array_equal(classes_again, truth)


@pytest.mark.parametrize(("classes", "units"), [(2, 1), (2, 2), (4, 4)])
def test_traced_jax_gives_what_numpy_gives(classes, units):
    dataset, labels = labelled(classes), np.array([0, 1, 1, classes - 1], np.float32)
    targets = encode(labels, dataset, units, -1.0)
    compiled = jax.jit(lambda x: encode(x, dataset, units, -1.0))(labels)
    np.testing.assert_array_equal(compiled, targets)
    outputs = np.random.default_rng(0).normal(size=(50, units)).astype(np.float32)
    again = jax.jit(lambda o: predicted_classes(o, dataset, -1.0))(outputs)
    assert again.dtype == jnp.int32
    np.testing.assert_array_equal(again, predicted_classes(outputs, dataset, -1.0))


def test_threshold_lies_halfway_between_the_targets():
    outputs = np.array([[-0.1], [0.1], [0.4], [0.6]], np.float32)
    np.testing.assert_array_equal(predicted_classes(outputs, labelled(), -1.0), [0, 1, 1, 1])
    np.testing.assert_array_equal(predicted_classes(outputs, labelled(), 0.0), [0, 0, 0, 1])


def test_values_are_their_own_targets():
    labels = np.array([0.25, -3], np.float32)
    np.testing.assert_array_equal(encode(labels, VALUES, 1, -1.0), [[0.25], [-3]])


@pytest.mark.parametrize(
    ("training", "span"),
    [({}, (-1, 1)), ({"loss": "binary_crossentropy"}, (0, 1)), ({"loss": "hinge"}, (-1, 1))],
)
def test_output_range_of_a_classifier_is_its_targets(training, span):
    experiment = Experiment.model_validate({"training": training})
    assert output_range(experiment, (0.0, 1.0)) == span


def test_output_range_of_a_regression_is_its_values():
    experiment = Experiment.model_validate({"data": {"dataset": "reg_plane"}})
    assert output_range(experiment, (-2.0, 3.0)) == (-2.0, 3.0)
