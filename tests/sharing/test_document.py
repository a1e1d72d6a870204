"""What a link carries: every version opens, one thing has one form, nonsense is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.experiment import Experiment
from server.experiment.network import MAX_LAYERS
from server.sharing import Share, document, draw, read
from server.sharing.document import VERSION

FIXTURES = Path(__file__).parent.parent / "store" / "fixtures"


def stored(version: int) -> dict:
    """A document as Layerlab kept it when that version was the newest."""
    return json.loads((FIXTURES / f"v{version}.json").read_text())


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_document_of_every_version_is_read(version: int) -> None:
    share = read(stored(version))
    assert share.title == "Two spirals" and share.notes.startswith("# Try this")
    assert [layer.units for layer in share.experiment.network.layers] == [8, 8]
    assert share.moment is not None and share.moment.step == 300
    assert share.hide == ("batchSize", "noise") and share.view.discretize
    assert share.log[0].step == 100
    assert draw(share).startswith(b"\x89PNG")


def test_todays_document_is_read_back_as_it_was_written() -> None:
    """What was stored says the same, though it has not the fields that are newer."""
    share = read(stored(VERSION))
    written = document(share)
    assert read(written) == share and document(read(written)) == written


def test_a_newer_version_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="version 99 is of a newer Layerlab"):
        read({"version": 99})


def test_what_is_said_or_left_out_is_one_document() -> None:
    short = Share.model_validate({"experiment": {}})
    long = Share.model_validate(
        {
            "experiment": Experiment.model_validate({}).model_dump(mode="json"),
            "title": "  ",
            "notes": "",
            "hide": [],
            "view": {"discretize": False},
        }
    )
    assert document(short) == document(long)
    assert set(document(short)) == {"version", "experiment"}


@given(names=st.lists(st.sampled_from(["noise", "playButton", "xTimesY"])))
def test_the_order_of_what_is_hidden_says_nothing(names: list[str]) -> None:
    share = Share.model_validate({"experiment": {}, "hide": names})
    assert share.hide == tuple(sorted(set(names)))


MOMENT = {"step": 1, "digest": "0" * 64, "platform": "cpu", "curve": {"columns": [], "rows": []}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "x" * 121}, "at most 120 characters"),
        ({"notes": "x" * 10_001}, "at most 10000 characters"),
        ({"experiment": {"seed": -1}}, "greater than or equal to 0"),
        ({"hide": ["<script>"]}, "should match pattern"),
        ({"extra": 1}, "Extra inputs"),
        ({"moment": MOMENT | {"digest": "0"}}, "should match pattern"),
        ({"moment": MOMENT | {"curve": {"columns": ["a"], "rows": [[1, 2]]}}}, "row 0 must have 1"),
        ({"moment": MOMENT | {"weights": [{"w": [[0.0] * 200] * 200}]}}, "at most 20000 numbers"),
        ({"moment": MOMENT | {"weights": [{"w": [[1.0, 2.0], [3.0]]}]}}, "must be of one length"),
        ({"moment": MOMENT | {"surface": {"range": [-1, 1], "size": 9}}}, "either maps or lines"),
        (
            {"moment": MOMENT | {"surface": {"range": [-1, 1], "size": 9, "maps": ["AAAA"]}}},
            "every map must be base64 of 81 bytes",
        ),
        (
            {"moment": MOMENT | {"surface": {"range": [-1, 1], "size": 9, "lines": [[1.0]]}}},
            "every line must have 9 values",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Share.model_validate({"experiment": {}} | change)


@given(st.binary(min_size=16, max_size=16))
def test_a_surface_is_its_bytes(content: bytes) -> None:
    text = base64.b64encode(content).decode()
    surface = {"range": [-1, 1], "size": 4, "maps": [text, text]}
    share = Share.model_validate({"experiment": {}, "moment": MOMENT | {"surface": surface}})
    assert share.moment is not None and share.moment.surface is not None
    planes = share.moment.surface.planes()
    assert planes.shape == (2, 4, 4) and planes[1].tobytes() == content


def test_a_moment_holds_the_weights_of_two_networks_as_deep_as_there_are() -> None:
    layers = [{"kind": "dense", "units": 1}] * MAX_LAYERS
    experiment = {"network": {"layers": layers}, "generator": {"layers": layers}}
    weights = [{"w": [[1.0]], "b": [0.0]}] * 2 * (MAX_LAYERS + 1)
    share = Share.model_validate(
        {"experiment": experiment, "moment": MOMENT | {"weights": weights}}
    )
    assert read(document(share)) == share
