"""The state before the first step."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from server.experiment.registry import OPTIMIZERS

PROGRAMS = Programs()


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_the_optimizer_begins_as_its_library_says(kind: str) -> None:
    """Though it is not asked about arrays of this shape."""
    network = {"layers": [{"kind": "dense", "units": 3}, {"kind": "dense", "units": 2}]}
    training = {"optimizer": {"kind": kind}}
    experiment = Experiment.model_validate({"network": network, "training": training})
    session = Session(experiment, PROGRAMS)
    params, _ = session.parameters()
    expected = experiment.training.optimizer.transform().init(params)
    found = session.program.read(session.state)["optimizer"]
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(ours, np.asarray(theirs))
        assert ours.shape == theirs.shape and ours.dtype == np.asarray(theirs).dtype
