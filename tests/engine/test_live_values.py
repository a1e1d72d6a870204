"""The live numbers of an experiment: taken out, put back, and what is left without them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.training  # noqa: F401 - fills the registries
from server.experiment import Experiment
from server.experiment.live import live_values, static_form, with_live
from server.experiment.registry import LAYERS, OPTIMIZERS, SCHEDULES
from tests.families import with_layer

OPTIONS = {"clip_norm": 1.0, "early_stopping": {}}


def experiment(**training: object) -> Experiment:
    return Experiment.model_validate({"training": OPTIONS | training})


def every_kind() -> list[Experiment]:
    """An experiment for every registered optimizer, schedule and layer."""
    found = [experiment(optimizer=kind) for kind in OPTIMIZERS]
    found += [experiment(schedule=kind) for kind in SCHEDULES]
    found += [Experiment.model_validate(with_layer({"kind": k})) for k in LAYERS]
    return found


def name(e: Experiment) -> str:
    return f"{e.training.optimizer.kind}-{e.training.schedule.kind}-{len(e.network.layers)}"


@pytest.mark.parametrize("e", every_kind(), ids=name)
def test_put_back_they_give_the_same_experiment(e: Experiment) -> None:
    assert with_live(e, live_values(e)) == e


@pytest.mark.parametrize("e", every_kind(), ids=name)
def test_each_of_them_moves_alone_and_leaves_the_form(e: Experiment) -> None:
    values = live_values(e)
    for path in values:
        moved = with_live(e, values | {path: 0.123})
        assert live_values(moved) == values | {path: 0.123}, path
        assert static_form(moved) == static_form(e), path


def test_they_have_paths_into_the_document() -> None:
    values = live_values(experiment(learning_rate=0.5))
    assert values["/training/learning_rate"] == 0.5
    assert values["/training/clip_norm"] == 1.0
    assert "/training/early_stopping/patience" in values
    assert "/training/batch_size" not in values and "/seed" not in values
    for path in values:
        place: object = experiment().model_dump(mode="json")
        for key in path[1:].split("/"):
            place = place[int(key)] if isinstance(place, list) else place[key]
        assert isinstance(place, int | float)


def test_an_option_that_is_off_has_none() -> None:
    assert "/training/clip_norm" not in live_values(experiment(clip_norm=None))
    assert static_form(experiment(clip_norm=None)) != static_form(experiment())


RATES = st.floats(0, 10).map(lambda x: round(x, 4))


@given(
    a=st.tuples(RATES, RATES, st.integers(1, 50), st.just("squared_error")),
    b=st.tuples(RATES, RATES, st.integers(1, 50), st.just("squared_error")),
)
def test_forms_are_equal_exactly_when_only_live_numbers_differ(a, b) -> None:
    one, two = (
        experiment(learning_rate=rate, l2=l2, batch_size=batch, loss=loss)
        for rate, l2, batch, loss in (a, b)
    )
    same_static = a[2:] == b[2:]
    assert (static_form(one) == static_form(two)) == same_static
