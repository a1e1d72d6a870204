"""The numbers under the microscope are those of PyTorch, and add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from server.engine.program import Programs
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.views import VIEWS
from server.experiment import Experiment

PROGRAMS = Programs()
CONV = {"kind": "conv2d", "filters": 4, "kernel_size": 3, "activation": "linear", "bias": 0.3}


def looked(layers: list[Any], **place: int) -> tuple[Session, dict[str, Any], dict[str, Any]]:
    """A session, the view, and the activations of the same example."""
    document = {
        "data": {"dataset": {"kind": "digits", "samples": 200}},
        "network": {"layers": [*layers, "flatten"]},
    }
    session = Session(Experiment.model_validate(document), PROGRAMS)
    views = [
        VIEWS.validate({"kind": "microscope", "index": 3} | place),
        VIEWS.validate({"kind": "activations", "index": 3}),
    ]
    session.watch(Watcher(wake=lambda: None, views={view.key: view for view in views}))
    session.turn()
    found = session.snapshot.views
    return session, *(found[view.key] for view in views)


@pytest.mark.parametrize("layer", [{}, {"padding": "same"}, {"stride": 2}, {"dilation": 2}])
def test_sums_of_products_are_pytorchs(layer: dict[str, Any]) -> None:
    session, seen, passed = looked([CONV | layer], unit=2, y=1, x=2)
    params = session.weights()["layers"][0]["params"]
    w, b = (torch.tensor(params[name], dtype=torch.float64) for name in ("w", "b"))
    x = torch.tensor(np.array(passed["input"])).double().permute(2, 0, 1)[None] / 255
    options = {"stride": layer.get("stride", 1), "dilation": layer.get("dilation", 1)}
    padding = 1 if layer.get("padding") == "same" else 0
    z = torch.nn.functional.conv2d(x, w.permute(3, 2, 0, 1), b, padding=padding, **options)
    assert seen["place"] == [1, 2]
    assert seen["sum"] + seen["bias"] == pytest.approx(float(z[0, 2, 1, 2]), abs=1e-5)
    assert seen["output"] == pytest.approx(float(z[0, 2, 1, 2]), abs=1e-5)


def test_it_adds_up_behind_groups_and_normalization() -> None:
    layer = CONV | {"groups": 2, "normalization": "batch"}
    _, seen, _ = looked([CONV, layer], layer=1, unit=3, y=0, x=1)
    assert seen["channel"] == 2 and seen["patch"].shape == (3, 3, 2)
    products = (seen["patch"].astype(float) * seen["kernel"]).sum((0, 1))
    assert products == pytest.approx(seen["sums"], abs=1e-5)
    assert products.sum() == pytest.approx(seen["sum"], abs=1e-5)
    assert seen["output"] == pytest.approx(seen["normalized"], abs=1e-4)


def test_a_pooling_shows_its_window_and_what_came_of_it() -> None:
    _, seen, _ = looked([CONV, "max_pooling2d"], layer=1, unit=1, y=2, x=0)
    assert seen["patch"].shape == (2, 2, 1) and seen["corner"] == [4, 0]
    assert seen["output"] == pytest.approx(float(seen["patch"].max()), abs=1e-6)


def test_a_place_beyond_the_last_is_the_last_and_padding_is_marked() -> None:
    _, seen, _ = looked([CONV | {"padding": "same"}], unit=99, y=99, x=99)
    assert seen["place"] == [7, 7] and seen["unit"] == 3
    assert seen["seen"].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
