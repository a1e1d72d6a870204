"""Schedules against PyTorch's at whole epochs."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as S

import server.training  # noqa: F401 - registers
from server.experiment.registry import SCHEDULES

LENGTH = 20

#: name, settings, PyTorch's scheduler. Its one-cycle counts the first and the last step
#: among `total_steps`, so LENGTH epochs are LENGTH + 1 of them, 0.3 LENGTH + 1 rising.
CASES = [
    ("constant", {}, lambda o: S.ConstantLR(o, factor=1)),
    ("step", {"every": 6, "gamma": 0.4}, lambda o: S.StepLR(o, 6, 0.4)),
    ("exponential", {"gamma": 0.9}, lambda o: S.ExponentialLR(o, 0.9)),
    ("cosine", {"epochs": LENGTH, "floor": 0.1}, lambda o: S.CosineAnnealingLR(o, LENGTH, 0.1)),
    (
        "cosine_restarts", {"every": 7, "floor": 0.05},
        lambda o: S.CosineAnnealingWarmRestarts(o, 7, eta_min=0.05),
    ),
    ("warmup", {"epochs": 8, "start": 0.2}, lambda o: S.LinearLR(o, 0.2, 1, 8)),
    (
        "warmup_cosine", {"warmup": 5, "epochs": 15, "floor": 0.1},
        lambda o: S.SequentialLR(
            o, [S.LinearLR(o, 1e-12, 1, 5), S.CosineAnnealingLR(o, 15, 0.1)], [5]
        ),
    ),
    (
        "one_cycle", {"epochs": LENGTH, "rise": 0.3, "start_divisor": 10, "final_divisor": 50},
        lambda o: S.OneCycleLR(
            o, 1, LENGTH + 1, pct_start=(0.3 * LENGTH + 1) / (LENGTH + 1), div_factor=10,
            final_div_factor=50, cycle_momentum=False,
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "build"), CASES, ids=[c[0] for c in CASES])
@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
def test_at_whole_epochs(name, fields, build):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = build(optimizer)
    schedule = SCHEDULES[name](**fields)
    for epoch in range(LENGTH + 1):
        expected = optimizer.param_groups[0]["lr"]
        factor = schedule.factor(jnp.float32(epoch))
        np.testing.assert_allclose(factor, expected, rtol=1e-5, atol=1e-7, err_msg=str(epoch))
        optimizer.step()
        if epoch < LENGTH:
            scheduler.step()


@pytest.mark.parametrize("name", ["cosine", "warmup", "warmup_cosine", "one_cycle"])
def test_stays_where_it_ended(name):
    fields = next(fields for n, fields, _ in CASES if n == name)
    schedule = SCHEDULES[name](**fields)
    end, later = (schedule.factor(jnp.float32(e)) for e in (LENGTH, 50 * LENGTH))
    np.testing.assert_allclose(end, later, rtol=1e-5)


def test_every_required_schedule_has_an_oracle():
    assert {name for name, *_ in CASES} == {
        "constant", "step", "exponential", "cosine", "cosine_restarts", "warmup",
        "warmup_cosine", "one_cycle",
    }  # fmt: skip
