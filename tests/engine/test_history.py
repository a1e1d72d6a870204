"""The log of a run: gone back in, branched from, and done again to the same bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine import commands as c
from server.engine.commands import Refused
from server.engine.history import MOMENTS, Log
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.experiment import Experiment
from server.experiment.patch import difference, merge

PROGRAMS = Programs()

#: what a person may do in the middle of a run, by a command
DEEDS: dict[str, c.Command] = {
    "rate": c.Patch(experiment={"training": {"learning_rate": 0.1}}),
    "rate back": c.Patch(experiment={"training": {"learning_rate": 0.03}}),
    "points": c.Patch(experiment={"data": {"seed": 4}}),
    "stopping": c.Patch(experiment={"training": {"early_stopping": {"patience": 1000}}}),
    "clip": c.Patch(experiment={"training": {"clip_norm": 0.5}}),
    "weight": c.Edit(layer=0, param="w", index=(0, 1), value=0.75),
    "bias": c.Edit(layer=1, param="b", index=(0,), value=-1.0),
}
DEED = st.tuples(st.integers(1, 90), st.sampled_from(list(DEEDS)))


def begun(document: dict[str, Any] | None = None) -> Session:
    return Session(Experiment.model_validate(document or {}), PROGRAMS)


def finish(live: Session) -> None:
    while not live.done.is_set():
        live.turn()


def train(live: Session, steps: int) -> None:
    live.act(c.Advance(steps=steps))
    finish(live)


def seek(live: Session, step: int) -> None:
    live.act(c.Seek(step=step))
    finish(live)


def replayed(log: Log) -> Session:
    live = begun()
    live.replay(Log.model_validate_json(log.model_dump_json()))
    finish(live)
    return live


@settings(max_examples=15, deadline=None)
@given(deeds=st.lists(DEED, min_size=1, max_size=5), last=st.integers(1, 60), to=st.floats(0, 1))
def test_a_run_can_be_gone_back_in_and_done_again(deeds, last: int, to: float) -> None:
    live = begun()
    seen = {0: live.digest()}
    for steps, deed in deeds:
        train(live, steps)
        live.metrics()  # as a screen does: moments are kept where somebody looks
        live.act(DEEDS[deed])
        seen[live.step] = live.digest()
    train(live, last)
    end, digest, experiment = live.step, live.digest(), live.experiment
    log = live.log()

    again = replayed(log)
    assert (again.step, again.digest(), again.experiment) == (end, digest, experiment)
    assert again.reproduced is True

    steps = sorted(seen)
    past = steps[min(len(steps) - 1, int(to * len(steps)))]
    seek(live, past)
    assert live.step == past and live.digest() == seen[past] and not live.playing
    assert replayed(live.log()).digest() == seen[past]
    seek(live, end)
    assert (live.digest(), live.experiment) == (digest, experiment)
    assert live.log() == log


def test_going_on_from_the_past_is_another_branch() -> None:
    live = begun()
    train(live, 100)
    live.act(DEEDS["rate"])
    train(live, 100)
    seek(live, 50)
    assert live.experiment.training.learning_rate == 0.03
    assert live.snapshot.frame["end"] == 200
    live.act(c.Edit(layer=0, param="b", index=(0,), value=2.0))
    train(live, 10)
    assert live.step == live.snapshot.frame["end"] == 60
    log = live.log()
    assert [entry.kind for entry in log.entries] == ["edited"]
    assert replayed(log).reproduced is True
    seek(live, 10_000)
    assert live.step == 60


def test_the_curve_is_whole_while_one_is_in_the_past() -> None:
    live = begun()
    for _ in range(4):
        train(live, 50)
        live.metrics()
    rows = live.curve()["rows"]
    seek(live, 60)
    assert live.step == 60 and live.curve()["rows"] == rows
    train(live, 5)
    steps = [row[0] for row in live.curve()["rows"]]
    assert steps == [row[0] for row in rows if row[0] < 60] + [65]


def test_what_is_shown_is_of_one_moment() -> None:
    live, shown = begun(), list[dict[str, Any]]()
    live.watch(Watcher(wake=lambda: shown.append(live.snapshot.frame)))
    live.turn()
    for act in (*[c.Advance(steps=20)] * 3, c.Seek(step=20), c.Seek(step=41), c.Reset()):
        live.act(act)
        finish(live)
        live.turn()
    scores = {
        (f["step"], f["epoch"], f["metrics"]["train"]["loss"]) for f in shown if "metrics" in f
    }
    assert {step for step, _, _ in scores} >= {0, 20, 40, 41, 60}
    assert len({step for step, _, _ in scores}) == len(scores)


def steps_of(live: Session) -> list[float]:
    return [row[0] for row in live.record().rows.tolist()]


@pytest.mark.parametrize(("epochs", "every"), [(7, 1), (250, 2), (1000, 5)])
def test_a_run_has_rows_where_nobody_looks(epochs: int, every: int) -> None:
    """At ends of epochs, however it is cut into turns; and so has one that is done again."""
    live = begun()
    live.act(c.Advance(epochs=epochs))
    rows = [n * every * live.steps_per_epoch for n in range(1, epochs // every + 1)]
    while not live.done.is_set():
        live.turn(seconds=0.001)
    again = replayed(live.log())
    for run in (live, again):
        assert set(rows) <= set(steps_of(run)) and len(run.record().rows) <= len(rows) + 3
        assert {m.step for m in run.history.moments} & set(rows[:-1])


def test_what_is_said_of_the_past_is_taken_back() -> None:
    live = begun()
    train(live, 60)
    again = replayed(live.log())
    assert again.snapshot.session["reproduced"] is True
    again.act(DEEDS["rate"])
    assert again.snapshot.session["reproduced"] is None


def test_early_stopping_taken_up_again_is_part_of_the_log() -> None:
    live = begun({"training": {"early_stopping": {"patience": 3}, "learning_rate": 0.3}})
    train(live, 100_000)
    assert live.status == "stopped"
    first = live.step
    train(live, 100_000)
    assert live.status == "stopped" and live.step > first
    again = replayed(live.log())
    assert again.digest() == live.digest() and again.reproduced is True
    seek(live, first)
    assert live.step == first


def test_a_long_run_keeps_few_moments_and_reaches_all_of_them() -> None:
    live = begun()
    live.watch(Watcher(wake=lambda: None))
    digests: dict[int, str] = {}
    for i in range(3 * MOMENTS):
        train(live, 3)
        if i % 97 == 0:
            digests[live.step] = live.digest()
    assert len(live.history.moments) <= MOMENTS
    for step, digest in reversed(digests.items()):
        seek(live, step)
        assert (live.step, live.digest()) == (step, digest)


def test_another_result_is_told_apart() -> None:
    live = begun()
    train(live, 30)
    log = live.log().model_copy(update={"digest": "0" * 64})
    assert replayed(log).reproduced is False


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"kind": "changed", "step": 0, "patch": {"training": {"learning_rate": -1}}}, "patch"),
        ({"kind": "changed", "step": 0, "patch": {"seed": 3}}, "patch"),
        (
            {
                "kind": "edited",
                "step": 5,
                "edit": {"layer": 9, "param": "w", "index": [0, 0], "value": 1},
            },
            "edit/layer",
        ),
    ],
)
def test_a_log_that_cannot_have_been_is_refused(entry: dict[str, Any], path: str) -> None:
    log = Log.model_validate({"experiment": {}, "entries": [entry], "step": 10})
    live = begun()
    digest = live.digest()
    with pytest.raises(Refused) as refused:
        live.replay(log)
    assert refused.value.path == f"/log/entries/0/{path}"
    assert live.digest() == digest


@pytest.mark.parametrize("steps", [[5, 3], [3, 11]])
def test_entries_stand_in_order_and_within_the_run(steps: list[int]) -> None:
    entries = [{"kind": "resumed", "step": step} for step in steps]
    with pytest.raises(ValueError, match="order of their steps"):
        Log.model_validate({"experiment": {}, "entries": entries, "step": 10})


VALUES = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.fixed_dictionaries({"kind": st.integers(0, 1)}, optional={"a": inner, "b": inner})
    ),
    max_leaves=12,
)
OBJECTS = st.fixed_dictionaries({"kind": st.just(0)}, optional={"a": VALUES, "b": VALUES})


@given(old=OBJECTS, new=OBJECTS)
def test_a_difference_merged_gives_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert merge(old, difference(old, new)) == new


@pytest.mark.parametrize("readable", [True, False])
def test_a_session_is_begun_again_from_its_record(readable: bool) -> None:
    live = begun()
    train(live, 120)
    live.act(DEEDS["clip"])
    train(live, 30)
    live.metrics()
    record = live.record()
    if not readable:
        record = replace(record, layout="of another version")
    train(live, 50)
    again = begun()
    again.recall(record)
    finish(again)
    assert (again.step, again.digest()) == (150, record.log.digest)
    assert again.reproduced is (None if readable else True)
    np.testing.assert_array_equal(again.record().rows, record.rows)
    train(again, 50)
    assert again.digest() == live.digest() and again.log() == live.log()
    seek(again, 60)
    seek(live, 60)
    assert again.digest() == live.digest()


def test_who_was_training_trains_on() -> None:
    live = begun()
    screen = Watcher(wake=lambda: None)
    live.watch(screen)
    live.act(c.Play(steps=None))
    while live.step < 100:
        live.turn()
    record = live.record()
    again = begun()
    again.recall(record)
    again.watch(Watcher(wake=lambda: None))
    assert again.playing and again.step == record.log.step
    again.turn()  # it is shown first
    again.turn()
    assert again.step > record.log.step


STOPPING = {"training": {"early_stopping": {"patience": 3}, "learning_rate": 0.3}}
DIVERGING = {
    "data": {"dataset": {"kind": "reg_plane"}},
    "network": {"layers": [{"kind": "dense", "units": 1, "activation": "linear"}]},
    "training": {"learning_rate": 1.0},
}


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize(("document", "status"), [(STOPPING, "stopped"), (DIVERGING, "diverged")])
def test_how_a_run_had_ended_is_known_again(
    document: dict[str, Any], status: str, readable: bool
) -> None:
    live = begun(document)
    train(live, 100_000)
    assert live.status == status
    record = live.record()
    if not readable:
        record = replace(record, layout="of another version")
    again = begun()
    again.recall(record)
    finish(again)
    assert (again.status, again.message) == (live.status, live.message)
    train(live, 50)
    train(again, 50)
    assert (again.digest(), again.log()) == (live.digest(), live.log())
