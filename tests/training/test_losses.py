"""What every registered loss promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import server.layers
import server.training  # noqa: F401 - registers
from server.experiment.live import live_values, with_live
from server.experiment.registry import ACTIVATIONS, LOSSES
from server.experiment.task import Task
from server.training.targets import encode, output_units, target_low

REQUIRED = {
    "squared_error", "absolute_error", "huber", "binary_crossentropy",
    "categorical_crossentropy", "hinge",
}  # fmt: skip


TASKS = {
    "two": Task("two", "classification", 2, ()),
    "four": Task("four", "classification", 4, ()),
    "values": Task("values", "regression", 0, ()),
    "pictures": Task("pictures", "regression", 0, (4, 4), 3, rebuilds=True),
}
CASES = [
    (loss, dataset)
    for loss in LOSSES
    for dataset, value in TASKS.items()
    if LOSSES.validate(loss).fits(value) and not value.rebuilds
]


def problem(loss_name: str, dataset_name: str):
    """A loss with its default output activation and six examples' targets."""
    loss, dataset = LOSSES.validate(loss_name), TASKS[dataset_name]
    activation = loss.default_activation(dataset)
    units = output_units(dataset, activation)
    labels = np.arange(6) % max(dataset.classes, 2)
    targets = encode(labels.astype(np.float32), dataset, units, target_low(loss, activation))
    return loss, ACTIVATIONS[activation].function, jnp.asarray(targets)


def test_required_losses_are_registered():
    assert set(LOSSES) >= REQUIRED


@pytest.mark.parametrize(("name", "dataset"), CASES)
def test_one_loss_per_example_finite_and_never_negative(name, dataset):
    loss, activate, targets = problem(name, dataset)

    @jax.jit
    def losses_and_slopes(z):
        losses, back = jax.vjp(lambda z: loss.per_example(z, activate(z), targets), z)
        return losses, back(jnp.ones_like(losses))[0]

    noise = np.random.default_rng(0).normal(size=targets.shape)
    for scale in (0, 1, 100, 1e4):
        z = (scale * noise).astype(np.float32)
        losses, slopes = losses_and_slopes(z)
        assert losses.shape == (len(targets),)
        assert losses.dtype == jnp.float32
        assert np.isfinite(losses).all()
        assert (losses >= 0).all()
        assert np.isfinite(slopes).all()
        np.testing.assert_array_equal(losses, losses_and_slopes(z)[0])


@pytest.mark.parametrize(("name", "dataset"), CASES)
def test_descending_it_brings_the_outputs_to_the_targets(name, dataset):
    loss, activate, targets = problem(name, dataset)

    def mean(z):
        return loss.per_example(z, activate(z), targets).mean()

    @jax.jit
    def descend(z):
        rate = 0.1 * len(targets)
        return jax.lax.fori_loop(0, 2000, lambda _, z: z - rate * jax.grad(mean)(z), z)

    start = jnp.zeros(targets.shape) + 0.01
    end = descend(start)
    assert float(mean(end)) < 0.1 * float(mean(start))


@pytest.mark.parametrize(("name", "dataset"), CASES)
def test_default_activation_is_one_the_loss_accepts(name, dataset):
    loss = LOSSES.validate(name)
    loss.check(TASKS[dataset], None)
    loss.check(TASKS[dataset], loss.default_activation(TASKS[dataset]))


@pytest.mark.parametrize("name", [n for n in LOSSES if live_values(LOSSES.validate(n))])
def test_live_fields_may_be_traced(name):
    loss, activate, targets = problem(name, "two")
    z = jnp.linspace(-2, 2, targets.size).reshape(targets.shape)

    def cost(loss):
        # what a discriminator pays beside its verdicts is its own number
        extra = getattr(loss, "slope_rate", None)
        return loss.per_example(z, activate(z), targets) + (0.0 if extra is None else extra)

    @jax.jit
    def run(live):
        return cost(with_live(loss, live))

    expected = cost(loss)
    np.testing.assert_allclose(run(live_values(loss)), expected, rtol=1e-5)
    moved = {path: 0.5 * value + 0.1 for path, value in live_values(loss).items()}
    assert not np.allclose(run(moved), expected)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy", "hinge"])
def test_a_classifiers_loss_refuses_regression(name):
    with pytest.raises(ValueError, match=r"training\.loss.*choose 'squared_error'"):
        LOSSES.validate(name).check(TASKS["values"], None)


@pytest.mark.parametrize(
    ("name", "activation"),
    [("binary_crossentropy", "tanh"), ("categorical_crossentropy", "sigmoid"), ("hinge", "relu")],
)
def test_an_unfit_output_activation_is_refused_with_the_mend(name, activation):
    with pytest.raises(ValueError, match=r"network\.output\.activation.*choose that, or null"):
        LOSSES.validate(name).check(TASKS["two"], activation)


def test_softmax_of_a_single_value_is_refused():
    with pytest.raises(ValueError, match="always 1; choose 'linear'"):
        LOSSES.validate("squared_error").check(TASKS["values"], "softmax")
    LOSSES.validate("squared_error").check(TASKS["values"], "sigmoid")


def test_squared_error_is_halved_unless_told_otherwise():
    outputs, targets = jnp.asarray([[3.0]]), jnp.asarray([[1.0]])
    half, whole = LOSSES["squared_error"](), LOSSES["squared_error"](half=False)
    assert half.per_example(outputs, outputs, targets) == 2
    assert whole.per_example(outputs, outputs, targets) == 4
