"""A session with any kind of layer in it trains."""

from __future__ import annotations

import numpy as np
import pytest

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.engine import commands as c
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from server.experiment.registry import LAYERS
from tests.families import with_layer


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_trains(kind: str) -> None:
    document = with_layer({"kind": kind}, {"learning_rate": 0.001, "batch_size": 32})
    live = Session(Experiment.model_validate(document), Programs())
    before = live.digest()
    live.act(c.Advance(steps=2))
    while not live.done.is_set():
        live.turn()
    assert live.status == "paused" and live.digest() != before
    params, stats = live.parameters()
    assert all(np.isfinite(a).all() for tree in (*params, *stats) for a in tree.values())
    scores = live.metrics()
    assert all(np.isfinite(scores[part]["loss"]) for part in ("train", "test"))
    assert live.equation()
