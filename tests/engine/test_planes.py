"""Where any layer puts the examples, beside scikit-learn's principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()
LAYERS = [{"kind": "dense", "units": units, "activation": "tanh"} for units in (6, 2, 1)]
POINTS = {"dataset": {"kind": "spiral", "samples": 150}, "features": ["x", "y", "sin_x"]}


@pytest.fixture(scope="module", params=["penguins", "points"])
def live(request: Any) -> Session:
    data = POINTS if request.param == "points" else {"dataset": request.param}
    document = {"data": data, "network": {"layers": LAYERS}, "training": {"optimizer": "adam"}}
    return run(Session(Experiment.model_validate(document), PROGRAMS), 40)


def outputs(live: Session, layer: int) -> np.ndarray:
    """(N, units): what a layer answers to what the network is given, in NumPy."""
    h = np.asarray(live.arrays.tree["inputs"], np.float64) if points(live) else live.loaded.inputs
    h = h[: len(live.loaded.part)]
    for params in live.parameters()[0][: layer + 1]:
        h = np.tanh(h @ params["w"].astype(np.float64) + params["b"])
    return h


def points(live: Session) -> bool:
    return live.experiment.data.dataset.form == "points"


@pytest.mark.parametrize("layer", [0, 1])
def test_a_plane_is_that_of_scikit_learns_components(live: Session, layer: int) -> None:
    found = looked_at(live, {"kind": "latent", "layer": layer})["latent"]
    h = outputs(live, layer)
    assert found["rows"].tolist() == list(range(len(h)))
    np.testing.assert_array_equal(found["split"], live.loaded.part)
    np.testing.assert_allclose(found["labels"], live.loaded.labels)
    if h.shape[1] <= 2:
        np.testing.assert_allclose(found["places"][:, : h.shape[1]], h, atol=1e-5)
        return
    oracle = PCA(2, svd_solver="full").fit(h)
    expected = oracle.transform(h)
    sign = np.sign((expected * found["places"]).sum(0))
    np.testing.assert_allclose(found["places"] * sign, expected, atol=1e-4)
    np.testing.assert_allclose(found["share"], oracle.explained_variance_ratio_, rtol=1e-3)
