"""The same experiment and seed give the same weights, bit for bit, however it is run."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.engine import commands as c
from server.engine.program import Programs
from server.engine.scheduler import Engine
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import VIEWS
from server.experiment import Experiment

PROGRAMS = Programs()

DROPOUT = {
    "network": {
        "layers": [
            {"kind": "dense", "units": 5, "dropout": 0.3, "activation": "relu"},
            {"kind": "dense", "units": 3, "normalization": "batch"},
        ]
    },
    "training": {"optimizer": "adam", "batch_size": 7, "learning_rate": 0.01},
}
PLAYGROUND = {"training": {"rules": "tf_playground", "batch_size": 7, "l1": 0.003}}
STOPPING = {"training": {"early_stopping": {"patience": 3}, "learning_rate": 0.3}}
EXPERIMENTS = {"default": {}, "dropout": DROPOUT, "playground": PLAYGROUND, "stopping": STOPPING}


def session(experiment: dict) -> Session:
    return Session(Experiment.model_validate(experiment), PROGRAMS)


def run(live: Session, steps: int) -> None:
    """Train in the caller's thread."""
    live.act(c.Advance(steps=steps))
    while not live.done.is_set():
        live.turn()


@pytest.mark.parametrize("name", EXPERIMENTS)
@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 97), min_size=1, max_size=6))
def test_cuts_change_no_bit(name: str, cuts: list[int]) -> None:
    whole, parts = session(EXPERIMENTS[name]), session(EXPERIMENTS[name])
    run(whole, sum(cuts))
    for cut in cuts:
        if parts.status != "stopped":
            run(parts, cut)
    assert parts.step == whole.step
    assert parts.digest() == whole.digest()


def test_watchers_and_neighbours_change_no_bit() -> None:
    alone = session(DROPOUT)
    run(alone, 3000)
    engine = Engine(train_workers=2)
    try:
        watched = engine.create(Experiment.model_validate(DROPOUT))
        crowd = [engine.create(Experiment.model_validate({"seed": i, **DROPOUT})) for i in range(6)]
        for s in [watched, *crowd]:
            s.watch(Watcher(wake=lambda: None, views=_views("surface", "units", "histograms")))
        for s in crowd:
            s.act(c.Play(steps=None))
        watched.act(c.Play(steps=3000))
        assert watched.done.wait(120)
        assert watched.step == 3000
        assert watched.digest() == alone.digest()
        assert watched.digest() not in {s.digest() for s in crowd}
    finally:
        engine.stop()


def _views(*names: str) -> dict:
    views = [VIEWS.validate(name) for name in names]
    return {view.key: view for view in views}


def test_another_seed_gives_other_weights_and_the_same_seed_the_first_ones() -> None:
    live = session({})
    first = live.digest()
    run(live, 40)
    assert live.digest() != first
    live.act(c.Reset(seed=None))
    assert live.digest() == first and live.step == 0
    live.act(c.Reset(seed=9))
    assert live.digest() != first
    live.act(c.Reset(seed=0))
    assert live.digest() == first


def test_reading_from_many_threads_changes_no_bit() -> None:
    alone, read = session({}), session({})
    run(alone, 500)
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            read.curve()
            read.weights()

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    run(read, 500)
    stop.set()
    for reader in readers:
        reader.join()
    assert read.digest() == alone.digest()
