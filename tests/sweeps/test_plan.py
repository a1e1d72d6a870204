"""From a sweep to its runs, and what is refused with path and mend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.engine.commands import Refused
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from server.sweeps import Sweep, plan
from server.sweeps.plan import steps_per_epoch

RATE = "/training/learning_rate"
UNITS = "/network/layers/0/units"


def sweep(**fields) -> Sweep:
    return Sweep.model_validate({"steps": 10} | fields)


def over(path: str, **what) -> dict:
    return {"path": path, **what}


def test_a_grid_is_every_level_with_every_other_and_every_seed() -> None:
    axes = [over(RATE, values=[0.01, 0.1]), over(UNITS, values=[1, 2, 3])]
    found = plan(sweep(axes=axes, seeds=2, experiment={"seed": 7}))
    assert found.settings == tuple((r, u) for r in (0.01, 0.1) for u in (1, 2, 3))
    assert found.titles == ("Learning rate", "Layer 1: Units")
    assert [run.index for run in found.runs] == list(range(12))
    for run in found.runs:
        rate, units = found.settings[run.setting]
        assert run.values == (rate, units)
        assert run.experiment.training.learning_rate == rate
        assert run.experiment.network.layers[0].units == units
        assert run.experiment.seed == 7 + run.index % 2
        assert run.experiment.network.layers[1] == Experiment.model_validate({}).network.layers[1]


def test_without_axes_there_are_the_seeds() -> None:
    found = plan(sweep(seeds=5))
    assert found.settings == ((),) and [r.experiment.seed for r in found.runs] == [0, 1, 2, 3, 4]


def test_a_logarithmic_range_multiplies_and_a_whole_number_stays_whole() -> None:
    rates = over(RATE, range={"low": 0.001, "high": 1, "scale": "log", "count": 4})
    units = over(UNITS, range={"low": 1, "high": 3, "count": 9})
    found = plan(sweep(axes=[rates, units]))
    assert [r for r, u in found.settings if u == 1] == [0.001, 0.01, 0.1, 1.0]
    assert sorted({u for _, u in found.settings}) == [1, 2, 3]


@given(
    low=st.floats(1e-5, 1),
    factor=st.floats(1.5, 1e4),
    scale=st.sampled_from(["linear", "log"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_random_search_stays_in_its_range_and_is_the_same_again(low, factor, scale, seed) -> None:
    high = min(low * factor, 100)
    one = sweep(
        axes=[over(RATE, range={"low": low, "high": high, "scale": scale})],
        mode={"kind": "random", "count": 8, "seed": seed},
    )
    values = [value for (value,) in plan(one).settings]
    assert values == [value for (value,) in plan(one).settings]
    assert len(values) == 8
    assert all(low * (1 - 1e-5) <= value <= high * (1 + 1e-5) for value in values)


def test_what_hangs_on_a_dataset_follows_it() -> None:
    found = plan(sweep(axes=[over("/data/dataset", values=["circle", "reg_plane", "function"])]))
    losses = [run.experiment.training.loss.kind for run in found.runs]
    assert losses[1:] == ["squared_error"] * 2
    assert found.runs[2].experiment.data.features == ("x",)


def test_kinds_and_absent_values_are_values_too() -> None:
    axes = [
        over("/training/optimizer", values=["sgd", {"kind": "adam", "beta_1": 0.5}]),
        over("/training/clip_norm", values=[None, 1.0]),
    ]
    found = plan(sweep(axes=axes))
    assert [r.experiment.training.optimizer.kind for r in found.runs] == ["sgd"] * 2 + ["adam"] * 2
    assert [r.experiment.training.clip_norm for r in found.runs] == [None, 1.0] * 2


@pytest.mark.parametrize("rules", ["standard", "tf_playground"])
@pytest.mark.parametrize("batch", [1, 7, 10, 250, 5000])
def test_epochs_are_the_engine_s(rules, batch) -> None:
    experiment = Experiment.model_validate({"training": {"batch_size": batch, "rules": rules}})
    session = Session(experiment, Programs())
    count = session.loaded.counts["train"]
    assert steps_per_epoch(experiment, count) == session.steps_per_epoch


def test_the_validation_part_decides_where_every_run_has_one() -> None:
    held = {"data": {"split": {"train": 50, "validation": 20}}}
    axis = over("/data/split/validation", values=[0, 20])
    assert plan(sweep(experiment=held)).part == "validation"
    assert plan(sweep()).part == "test"
    assert plan(sweep(experiment=held, axes=[axis])).part == "test"


REFUSED = [
    ({"axes": [over("/training/speed", values=[1])]}, "/axes/0/path", "learning_rate"),
    ({"axes": [over("/network/layers/7/units", values=[1])]}, "/axes/0/path", "0 to 1"),
    (
        {"axes": [over("/training/early_stopping/patience", values=[1])]},
        "/axes/0/path",
        "set it in the experiment",
    ),
    ({"axes": [over(RATE, values=[0.1, -1])]}, "/axes/0", "greater than or equal to 0"),
    ({"axes": [over(UNITS, values=[4]), over(RATE, values=[200])]}, "/axes/1", "less than"),
    (
        {"axes": [over("/network/layers/0/activation", range={"low": 1, "high": 2})]},
        "/axes/0/range",
        "give values",
    ),
    (
        {"axes": [over(RATE, range={"low": 0, "high": 1, "count": 64})], "seeds": 5},
        "/axes",
        "at most 256",
    ),
    ({"axes": [over(RATE, values=[1, 2])], "steps": 40_000_000}, "/steps", "lower it"),
    ({"steps": None, "epochs": 1_000_000, "seeds": 256}, "/epochs", "lower it"),
    (
        {"experiment": {"data": {"dataset": {"kind": "drawn", "points": []}}}},
        "/experiment/data/dataset",
        "draw some",
    ),
]


@pytest.mark.parametrize(("fields", "path", "words"), REFUSED)
def test_what_makes_no_runs_is_refused_with_the_mend(fields, path, words) -> None:
    with pytest.raises(Refused) as caught:
        plan(sweep(**fields))
    assert caught.value.path == path and words in str(caught.value)


MALFORMED = [
    {"axes": [over(RATE)]},
    {"axes": [over(RATE, values=[1], range={"low": 0, "high": 1})]},
    {"axes": [over(RATE, values=[1, 1])]},
    {"axes": [over("/seed", values=[1])]},
    {"axes": [over("training", values=[1])]},
    {"axes": [over(RATE, values=[1]), over(RATE, values=[2])]},
    {"axes": [over("/training", values=[1]), over(RATE, values=[2])]},
    {"axes": [over(RATE, values=[1]) for _ in range(4)]},
    {"axes": [over(RATE, range={"low": 1, "high": 1})]},
    {"axes": [over(RATE, range={"low": 0, "high": 1, "scale": "log"})]},
    {"mode": "random"},
    {"epochs": 3},
    {"steps": None},
]


@pytest.mark.parametrize("fields", MALFORMED)
def test_what_contradicts_itself_is_no_sweep(fields) -> None:
    with pytest.raises(ValidationError):
        sweep(**fields)
