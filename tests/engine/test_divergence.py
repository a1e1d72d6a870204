"""A loss that stops being a number: the run goes back to its last good weights."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine import commands as c
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment

PROGRAMS = Programs()


def diverging(rate: float, batch: int = 10, hidden: int = 1, **training: object) -> Session:
    """Linear units on a plane: a large learning rate makes the weights grow without end,
    slowly (some hundred steps) where there is no hidden layer."""
    experiment = {
        "data": {"dataset": "reg_plane"},
        "network": {"layers": [{"kind": "dense", "activation": "linear"}] * hidden},
        "training": {"learning_rate": rate, "batch_size": batch, **training},
    }
    return Session(Experiment.model_validate(experiment), PROGRAMS)


def run(live: Session, steps: int) -> None:
    """Train in the caller's thread."""
    live.act(c.Advance(steps=steps))
    while not live.done.is_set():
        live.turn()


def end(live: Session) -> tuple[int, str, str | None]:
    assert live.status == "diverged"
    return live.step, live.digest(), live.message


def whole(**options: float) -> tuple[int, str, str | None]:
    live = diverging(**options)
    run(live, 5000)
    return end(live)


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 0.4},
        {"rate": 100.0},
        {"rate": 0.2, "hidden": 0, "batch": 50},
        {"rate": 0.5, "batch": 5000},
        {"rate": 1.0, "batch": 7, "rules": "tf_playground"},
        {"rate": 0.3, "optimizer": "momentum"},
    ],
    ids=str,
)
@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_the_end_does_not_depend_on_the_cuts(options, cuts: list[int]) -> None:
    expected = whole(**options)
    assert 1 <= expected[0] < 5000
    parts = diverging(**options)
    for i in range(5000):
        run(parts, cuts[i % len(cuts)])
        if parts.status == "diverged":
            break
    assert end(parts) == expected


@pytest.mark.parametrize("rate", [0.5, 1.0, 100.0])
def test_the_weights_kept_are_the_last_with_a_loss(rate: float) -> None:
    live = diverging(rate, batch=5000)
    run(live, 5000)
    step, _, message = end(live)
    assert math.isfinite(live.metrics()["train"]["loss"])
    assert f"at step {step + 1};" in (message or "")
    beyond = diverging(rate, batch=5000)
    run(beyond, step + 1)
    assert beyond.status == "paused"
    assert beyond.metrics()["train"]["loss"] is None


def test_the_curve_ends_where_the_run_does() -> None:
    live = diverging(100.0)
    while live.status != "diverged":
        run(live, 1)
        live.turn()
        live.curve()
    steps = [row[0] for row in live.curve()["rows"]]
    assert steps == sorted(set(steps)) and steps[-1] == live.step


def test_going_on_from_there_ends_there_again() -> None:
    live = diverging(0.4)
    run(live, 5000)
    first = end(live)
    run(live, 1)
    assert live.status == "paused" and live.step == first[0] + 1
    run(live, 5000)
    assert end(live) == first


def test_a_smaller_learning_rate_mends_it() -> None:
    live = diverging(0.4)
    run(live, 5000)
    live.act(c.Reset(seed=None))
    live.act(c.Patch(experiment={"training": {"learning_rate": 0.001}}))
    run(live, 500)
    assert live.status == "paused" and live.metrics()["train"]["loss"] < 0.05


@pytest.mark.parametrize("cuts", [(5000,), (1, 5000)])
def test_an_edit_is_not_undone(cuts: tuple[int, ...]) -> None:
    live = diverging(0.001)
    run(live, 30)
    for param, index in (("w", (0, 0)), ("b", (0,))):
        for layer in (0, 1):
            live.act(c.Edit(layer=layer, param=param, index=index, value=1e6))
    live.act(c.Patch(experiment={"training": {"learning_rate": 100.0}}))
    edited = live.digest()
    for steps in cuts:
        if live.status != "diverged":
            run(live, steps)
    step, digest, _ = end(live)
    assert step >= 30
    assert step > 30 or digest == edited


def test_weights_that_never_had_a_loss_stay_as_they_were_edited() -> None:
    live = Session(
        Experiment.model_validate(
            {
                "data": {"dataset": "reg_plane"},
                "network": {"layers": [{"kind": "dense", "units": 1, "activation": "linear"}] * 4},
            }
        ),
        PROGRAMS,
    )
    run(live, 30)
    for layer in range(5):
        live.act(c.Edit(layer=layer, param="w", index=(0, 0), value=1e6))
    edited = live.digest()
    run(live, 1)
    assert end(live)[:2] == (30, edited)
    assert "edit" in live.message or "reset" in live.message
    live.act(c.Edit(layer=0, param="w", index=(0, 0), value=0.0))
    assert live.status == "paused" and live.message is None


def test_other_data_in_between_keep_the_weights() -> None:
    live = diverging(0.4)
    good = whole(rate=0.4)[0]
    run(live, good + 1)  # these weights have no loss any more, but no step has met it
    kept = live.digest()
    live.act(c.Patch(experiment={"data": {"seed": 1}}))
    run(live, 1)
    assert end(live)[:2] == (good + 1, kept)


def test_a_learning_rate_moved_in_between_hinders_nothing() -> None:
    good, digest, _ = whole(rate=0.4)
    live = diverging(0.4)
    run(live, good + 1)
    live.act(c.Patch(experiment={"training": {"learning_rate": 0.001}}))
    run(live, 1)
    assert end(live)[:2] == (good, digest)
