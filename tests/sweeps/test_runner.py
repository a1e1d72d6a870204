"""Sweeps in an engine: the same weights as alone, few at a time, cancelled and resumed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from server.engine.commands import Play
from server.engine.scheduler import Engine
from server.engine.snapshot import Watcher
from server.experiment import Experiment
from server.sweeps import Study, Sweep, Sweeps, TooMany, runner
from server.sweeps.surface import SIZE

PATIENCE = 100
AXES = [
    {"path": "/training/learning_rate", "values": [0.003, 0.03, 0.3]},
    {"path": "/training/optimizer", "values": ["sgd", "adam"]},
]
#: too long to end in a test
LONG = {"steps": 10_000_000, "seeds": 3}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.stop()


@pytest.fixture
def sweeps(engine) -> Iterator[Sweeps]:
    made = Sweeps(engine)
    yield made
    made.stop()
    left = list(engine.sessions.values())
    for session in left:
        engine.delete(session)
    assert not left, "a sweep leaves nothing behind"


def begun(sweeps: Sweeps, **fields) -> Study:
    return sweeps.begin(Sweep.model_validate(fields))[0]


def until(condition) -> None:
    """Wait for it, without a moment that anybody has to guess."""
    for _ in range(PATIENCE * 50):
        if condition():
            return
        threading.Event().wait(0.02)
    pytest.fail("it did not come about")


def trained_alone(engine: Engine, experiment: Experiment, steps: int) -> str:
    session = engine.create(experiment)
    session.act(Play(steps=steps))
    assert session.done.wait(PATIENCE)
    digest = session.digest()
    engine.delete(session)
    return digest


def test_runs_come_to_the_weights_that_they_come_to_alone(engine, sweeps) -> None:
    study = begun(sweeps, axes=AXES, seeds=2, epochs=8)
    assert sweeps.wait(study, PATIENCE)
    summary = study.summary()
    assert summary["state"] == "done" and summary["progress"]["fraction"] == 1
    assert [run["status"] for run in summary["runs"]] == ["done"] * 12
    assert {run["step"] for run in summary["runs"]} == {200}
    for run in (study.runs[0], study.runs[5], study.runs[11]):
        alone = trained_alone(engine, run.planned.experiment, 200)
        assert summary["runs"][run.planned.index]["digest"] == alone
    losses = [run["loss"] for run in summary["runs"]]
    assert losses[summary["best"]] == min(losses)
    assert 0 < sum(summary["importance"]["axes"]) <= 1


def test_a_finished_run_has_its_curve_its_surface_and_a_log_that_reproduces_it(
    engine, sweeps
) -> None:
    study = begun(sweeps, steps=100)
    assert sweeps.wait(study, PATIENCE)
    detail = study.detail(study.runs[0])
    assert detail["curve"]["rows"][-1][0] == 100
    assert detail["surface"]["size"] == SIZE and len(detail["surface"]["maps"]) == 1
    result = study.runs[0].result
    assert result is not None
    session = engine.create(result.log.experiment)
    session.replay(result.log)
    assert session.done.wait(PATIENCE)
    with session.lock:  # until the turn is over
        assert session.reproduced is True
    engine.delete(session)


def test_an_ensemble_is_mean_and_deviation_over_the_seeds(sweeps) -> None:
    study = begun(sweeps, steps=50, seeds=4)
    assert study.ensemble(0)["mean"] is None or study.ensemble(0)["members"]
    assert sweeps.wait(study, PATIENCE)
    found = study.ensemble(0)
    assert found["members"] == 4
    stack = np.stack([run.outputs for run in study.runs])
    top = found["spread"]["range"][1]
    assert top == pytest.approx(stack.std(0).max(), rel=1e-4)
    losses = [run.result.loss for run in study.runs if run.result]
    assert found["loss"] == pytest.approx(np.mean(losses))
    assert found["deviation"] == pytest.approx(np.std(losses))
    assert found["spread"]["size"] == SIZE


def test_one_input_gives_lines(sweeps) -> None:
    study = begun(sweeps, experiment={"data": {"dataset": "function"}}, steps=20)
    assert sweeps.wait(study, PATIENCE)
    surface = study.detail(study.runs[0])["surface"]
    assert len(surface["lines"]) == 1 and len(surface["lines"][0]) == surface["size"]


def test_cancelled_it_keeps_what_is_finished_and_resumed_it_does_the_rest(engine, sweeps) -> None:
    axes = [{"path": "/training/batch_size", "values": [10, 250]}]
    study = begun(sweeps, axes=axes, seeds=20, epochs=2000)
    until(lambda: any(run.over for run in study.runs))
    sweeps.cancel(study)
    kept = {run.planned.index: run.result for run in study.runs if run.over}
    assert study.summary()["state"] == "cancelled"
    assert not any(run.status == "training" for run in study.runs)
    until(lambda: not engine.sessions)
    sweeps.resume(study)
    assert sweeps.wait(study, PATIENCE)
    assert all(run.status == "done" for run in study.runs)
    assert all(study.runs[i].result is result for i, result in kept.items())


def test_surfaces_are_those_that_are_new(sweeps) -> None:
    study = begun(sweeps, steps=20, seeds=2)
    assert sweeps.wait(study, PATIENCE)
    first = study.surfaces(0)
    assert sorted(first["surfaces"]) == ["0", "1"]
    assert study.surfaces(first["version"])["surfaces"] == {}


def test_running_trainings_are_drawn_while_somebody_looks(sweeps) -> None:
    study = begun(sweeps, **LONG)
    until(lambda: study.surfaces(0)["surfaces"])
    assert not any(run.over for run in study.runs)


def test_divergence_and_early_stopping_are_ends_too(sweeps) -> None:
    wild = {
        "data": {"dataset": "reg_plane"},
        "network": {"layers": [{"kind": "dense", "activation": "linear"}]},
    }
    axes = [{"path": "/training/learning_rate", "values": [0.01, 100]}]
    study = begun(sweeps, experiment=wild, axes=axes, steps=2000)
    stopping = {"training": {"early_stopping": {"patience": 3}, "learning_rate": 0.3}}
    other = begun(sweeps, experiment=stopping, steps=100_000)
    assert sweeps.wait(study, PATIENCE) and sweeps.wait(other, PATIENCE)
    assert [run.status for run in study.runs] == ["done", "diverged"]
    assert "learning rate" in str(study.runs[1].message).lower()
    assert study.summary()["best"] == 0 and study.summary()["runs"][1]["loss"] is None
    assert other.runs[0].status == "stopped" and other.runs[0].step < 100_000


def test_people_come_first(engine, sweeps) -> None:
    """Where somebody watches a training, a sweep trains few at a time."""
    mine = engine.create(Experiment.model_validate({}))
    mine.watch(Watcher(wake=lambda: None))
    mine.act(Play(steps=None))
    study = begun(sweeps, steps=10_000_000, seeds=5)
    until(lambda: sum(run.status == "training" for run in study.runs) == runner.SHARED)
    engine.delete(mine)
    until(lambda: sum(run.status == "training" for run in study.runs) == 5)
    again = engine.create(Experiment.model_validate({}))
    again.watch(Watcher(wake=lambda: None))
    again.act(Play(steps=None))
    until(lambda: sum(session.playing for session in engine.sessions.values()) == runner.SHARED + 1)
    engine.delete(again)
    until(lambda: sum(session.playing for session in engine.sessions.values()) == 5)
    sweeps.cancel(study)


def test_a_nearly_full_house_has_no_room_for_sweeps(engine) -> None:
    sweeps = Sweeps(engine, room=2)
    study = begun(sweeps, **LONG)
    until(lambda: sum(run.status == "training" for run in study.runs) == 2)
    assert len(engine.sessions) == 2
    sweeps.stop()
    assert not engine.sessions


def test_sweeps_are_bounded_in_number(engine, monkeypatch) -> None:
    monkeypatch.setattr(runner, "MAX_STUDIES", 2)
    sweeps = Sweeps(engine)
    first, second = begun(sweeps, steps=10), begun(sweeps, **LONG)
    assert sweeps.wait(first, PATIENCE)
    third = begun(sweeps, **LONG)
    assert sweeps.get(first.id) is None and sweeps.get(third.id) is third
    with pytest.raises(TooMany):
        begun(sweeps, **LONG)
    sweeps.delete(second)
    assert sweeps.get(second.id) is None
    sweeps.stop()


def test_its_secret_controls_a_sweep(sweeps) -> None:
    study, secret = sweeps.begin(Sweep.model_validate({"steps": 10}))
    assert sweeps.allowed(study, secret)
    assert not sweeps.allowed(study, None) and not sweeps.allowed(study, "wröng")


def test_a_run_that_cannot_begin_fails_and_the_others_are_trained(
    engine, sweeps, monkeypatch
) -> None:
    create = engine.create

    def sometimes(experiment: Experiment):
        if experiment.seed == 1:
            raise RuntimeError("no such luck")
        return create(experiment)

    monkeypatch.setattr(engine, "create", sometimes)
    study = begun(sweeps, steps=10, seeds=3)
    assert sweeps.wait(study, PATIENCE)
    assert [run.status for run in study.runs] == ["done", "failed", "done"]
    assert "log says why" in str(study.runs[1].message)


def test_runs_of_pictures_are_trained_and_have_no_surface(sweeps) -> None:
    experiment = {
        "data": {"dataset": {"kind": "digits", "samples": 100}},
        "network": {"layers": ["flatten"]},
    }
    study = begun(sweeps, experiment=experiment, seeds=2, steps=20)
    assert sweeps.wait(study, PATIENCE)
    assert {run["status"] for run in study.summary()["runs"]} == {"done"}
    assert study.surfaces(0)["surfaces"] == {}
    assert study.ensemble(0)["mean"] is None
