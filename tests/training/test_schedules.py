"""What every registered schedule promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import server.training  # noqa: F401 - registers
from server.experiment.live import live_values, with_live
from server.experiment.registry import SCHEDULES

REQUIRED = {
    "constant", "step", "exponential", "cosine", "cosine_restarts", "warmup", "warmup_cosine",
    "one_cycle",
}  # fmt: skip
EPOCHS = np.array([0, 0.04, 0.5, 1, 9.99, 10, 55.5, 60, 199.9, 200, 1e4, 1e6], np.float32)


def test_required_schedules_are_registered():
    assert set(SCHEDULES) >= REQUIRED


@pytest.fixture(params=list(SCHEDULES))
def schedule(request: pytest.FixtureRequest):
    return SCHEDULES.validate(request.param)


def test_factor_is_a_finite_share_of_the_rate(schedule):
    factors = np.array([schedule.factor(jnp.float32(e)) for e in EPOCHS])
    assert np.isfinite(factors).all()
    assert (factors >= 0).all()
    assert (factors <= 1 + 1e-6).all()
    assert schedule.factor(jnp.float32(3)).shape == ()
    assert schedule.factor(jnp.float32(3)).dtype == jnp.float32


def test_live_fields_and_epoch_may_be_traced(schedule):
    @jax.jit
    def run(live, epochs):
        return with_live(schedule, live).factor(epochs)

    expected = schedule.factor(jnp.asarray(EPOCHS))
    actual = run(live_values(schedule), EPOCHS)
    # A phase of 1e6 epochs is only known to a few hundredths of a wave in float32.
    np.testing.assert_allclose(actual[:-2], expected[:-2], rtol=1e-5, atol=1e-6)
    for path, value in live_values(schedule).items():
        moved = run(live_values(schedule) | {path: 0.5 * value + 0.1}, EPOCHS)
        assert not np.allclose(moved, actual, rtol=1e-3, atol=1e-9), path


def test_every_field_is_live(schedule):
    """A schedule is a number in a running program: moving it restarts nothing."""
    fields = set(type(schedule).model_fields) - {"kind"}
    assert {f"/{name}" for name in fields} == set(live_values(schedule))


@pytest.mark.parametrize("field", ["every", "epochs", "warmup", "rise", "gamma"])
def test_the_smallest_values_stay_finite(field):
    least = {"every": 1, "epochs": 1, "warmup": 1, "rise": 0.01, "gamma": 1e-6}[field]
    with_field = [k for k in SCHEDULES.values() if field in k.model_fields]
    assert with_field
    for kind in with_field:
        factors = kind(**{field: least}).factor(jnp.asarray(EPOCHS))
        assert np.isfinite(factors).all()
        assert (factors >= 0).all()
