"""Augmentation in training: which bits it changes, and what of it is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from server.engine import commands as c
from server.engine.history import Log
from server.engine.program import Programs
from server.engine.run import Run
from server.engine.session import Session
from server.engine.views import VIEWS
from server.experiment import Experiment
from tests.engine.looking import run

PROGRAMS = Programs()
STEPS = [{"kind": "random_translation"}, {"kind": "cutout", "length": 3}, {"kind": "mixup"}]
LAYERS = [{"kind": "flatten"}, {"kind": "dense", "units": 8, "activation": "relu"}]


def experiment(*steps: Any, **data: Any) -> Experiment:
    said = {
        "data": {"dataset": {"kind": "digits", "samples": 100}, "augmentation": list(steps)} | data,
        "network": {"layers": LAYERS},
        "training": {"batch_size": 16},
    }
    return Experiment.model_validate(said)


def session(*steps: Any) -> Session:
    return Session(experiment(*steps), PROGRAMS)


def seen(live: Session, **options: Any) -> dict[str, Any]:
    """What the view shows, and nothing else compiled."""
    view = VIEWS.validate({"kind": "augmented", "count": 3, "draws": 2} | options)
    scene = live.scene()
    scene.ask({probe.question: probe for probe in view.asked(scene)})
    return view.look(scene)


@pytest.fixture(scope="module")
def at_once() -> Session:
    return run(session(*STEPS), 11)


def test_cutting_a_run_elsewhere_changes_no_bit(at_once: Session) -> None:
    again = session(*STEPS)
    for steps in (1, 3, 2, 5):
        run(again, steps)
    assert again.step == at_once.step == 11
    assert again.digest() == at_once.digest()


def test_a_replay_comes_to_the_same_bits(at_once: Session) -> None:
    again = session(*STEPS)
    run(again, 4)
    moved = [{"kind": "random_translation", "width_factor": 0.3}, *STEPS[1:]]
    again.act(c.Patch(experiment={"data": {"augmentation": moved}}))
    run(again, 7)
    assert again.digest() != at_once.digest()
    log = again.log()
    replayed = Session(log.experiment, PROGRAMS)
    replayed.replay(Log.model_validate_json(log.model_dump_json()))
    while not replayed.done.is_set():
        replayed.turn()
    assert replayed.digest() == again.digest()


def test_a_number_that_is_moved_compiles_nothing_and_keeps_the_weights(at_once: Session) -> None:
    before, program = at_once.digest(), at_once.program
    stronger = [STEPS[0], STEPS[1] | {"length": 6, "probability": 1}, STEPS[2] | {"alpha": 2}]
    at_once.act(c.Patch(experiment={"data": {"augmentation": stronger}}))
    assert at_once.program is program and at_once.digest() == before
    at_once.act(c.Patch(experiment={"data": {"augmentation": STEPS}}))


def test_without_it_training_is_as_it_was_and_keeps_its_form() -> None:
    plain = session()
    assert "augmentation" not in plain.experiment.canonical()
    assert Run(experiment(), PROGRAMS).program is plain.program
    assert Run(experiment(*STEPS), PROGRAMS).program is not plain.program


def test_what_is_scored_is_not_augmented(at_once: Session) -> None:
    plain = session()
    plain.state = plain.program.changed(
        plain.state, params=at_once.parameters()[0], stats=at_once.parameters()[1]
    )
    scores = [s.evaluate("train") for s in (plain, at_once)]
    assert scores[0]["loss"] == scores[1]["loss"]


def test_augmented_pictures_are_seen_beside_the_raw_ones(at_once: Session) -> None:
    found = seen(at_once)
    raw = at_once.loaded.inputs[:3]
    np.testing.assert_array_equal(found["inputs"], raw)
    assert found["draws"].shape == (3, 2, 8, 8, 1) and found["draws"].dtype == np.uint8
    assert found["targets"].shape == (3, 2, 10)
    np.testing.assert_allclose(found["targets"].sum(-1), 1, atol=1e-5)
    others = seen(at_once, seed=1)
    assert not np.array_equal(found["draws"], others["draws"])
    still = [step | {"probability": 0} for step in STEPS]
    at_once.act(c.Patch(experiment={"data": {"augmentation": still}}))
    calm = seen(at_once)
    np.testing.assert_array_equal(calm["draws"], np.repeat(raw[:, None], 2, 1))


def test_there_is_nothing_to_see_where_nothing_is_augmented() -> None:
    view = VIEWS.validate("augmented")
    assert view.fits(experiment("mixup")) and not view.fits(experiment())
