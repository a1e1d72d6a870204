"""Networks of every kind of layer, on pictures, sequences and tokens, trained and looked at."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.api.live import pack
from server.engine import commands as c
from server.engine.commands import Refused
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.views import VIEWS
from server.experiment import Experiment
from server.experiment.patch import patched
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()
TRAINING = {"batch_size": 16, "optimizer": "adam", "learning_rate": 0.003}
SMALL = {"activation": "tanh", "initializer": "glorot_uniform"}
FAMILIES: dict[str, dict[str, Any]] = {
    "image": {
        "data": {"dataset": {"kind": "digits", "samples": 120}},
        "network": {
            "layers": [
                {"kind": "conv2d", "filters": 3, "padding": "same", "normalization": "batch"},
                {"kind": "conv2d", "filters": 3, "padding": "same", "dropout": 0.2},
                {"kind": "add", "back": 1},
                {"kind": "max_pooling2d"},
                {"kind": "flatten"},
            ]
        },
        "training": TRAINING | {"early_stopping": {"patience": 50}},
    },
    "sequence": {
        "data": {"dataset": {"kind": "sines", "samples": 60, "length": 8}},
        "network": {"layers": [{"kind": "lstm", "units": 4, "return_sequences": True}]},
        "training": TRAINING,
    },
    "variational": {
        "data": {"dataset": {"kind": "digits", "samples": 120}, "target": "input"},
        "network": {
            "layers": [
                {"kind": "flatten"},
                {"kind": "sampling", "units": 3},
                {"kind": "dense", "units": 64} | SMALL,
                {"kind": "reshape", "target_shape": [8, 8, 1]},
            ]
        },
        "training": TRAINING | {"loss": "binary_crossentropy"},
    },
    "tokens": {
        "data": {"dataset": {"kind": "names", "samples": 70, "length": 6}},
        "network": {
            "layers": [
                {"kind": "embedding", "tokens": 28, "units": 8},
                {"kind": "position_embedding"},
                {"kind": "transformer_block", "heads": 2, "hidden_units": 8, "causal": True},
            ]
        },
        "training": TRAINING | {"loss": "categorical_crossentropy"},
    },
    "table": {
        "data": {"dataset": "penguins", "split": {"method": "stratified", "train": 60}},
        "network": {"layers": [SMALL | {"kind": "dense", "units": 5, "dropout": 0.2}]},
        "training": TRAINING | {"loss": "categorical_crossentropy"},
    },
}


def session(document: dict[str, Any]) -> Session:
    return Session(Experiment.model_validate(document), PROGRAMS)


# -- training ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_cuts_change_no_bit(name: str, cuts: list[int]) -> None:
    whole, parts = session(FAMILIES[name]), session(FAMILIES[name])
    run(whole, sum(cuts))
    for cut in cuts:
        run(parts, cut)
    assert (parts.step, parts.digest()) == (whole.step, whole.digest())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_log_done_again_comes_to_the_same_bits(name: str) -> None:
    first = run(session(FAMILIES[name]), 5)
    first.act(c.Patch(experiment={"training": {"learning_rate": 0.01}}))
    first.act(c.Edit(layer=len(first.parameters()[0]) - 1, param="b", index=(0,), value=0.25))
    run(first, 6)
    again = session({})
    again.replay(first.log())
    while not again.done.is_set():
        again.turn()
    assert again.reproduced is True and again.digest() == first.digest()
    first.act(c.Seek(step=3))
    while not first.done.is_set():
        first.turn()
    assert (first.step, first.digest()) == (3, run(session(FAMILIES[name]), 3).digest())


def test_sessions_share_the_pictures() -> None:
    first, second = session(FAMILIES["image"]), session(FAMILIES["image"] | {"seed": 5})
    assert first.data["pool"] is second.data["pool"]


TF = {"rules": "tf_playground", "optimizer": "sgd", "clip_norm": None}


# -- experiments -------------------------------------------------------------------------


def test_another_dataset_brings_a_network_that_can_read_it() -> None:
    points = Experiment.model_validate({})
    pictures = patched(points, {"data": {"dataset": "digits"}})
    assert pictures == Experiment.model_validate({"data": {"dataset": "digits"}})
    other = patched(pictures, {"network": {"layers": ["flatten", {"kind": "dense", "units": 9}]}})
    larger = patched(other, {"data": {"dataset": {"kind": "fashion_mnist", "samples": 1000}}})
    assert larger.network == other.network, "it can read those, too"
    assert patched(pictures, {"data": {"dataset": "circle"}}) == points


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"data": {"dataset": "digits"}, "network": {"layers": ["conv2d"]}}, "add 'flatten'"),
        ({"data": {"dataset": "digits"}, "network": {"layers": ["lstm"]}}, "network.layers.0: "),
        (
            {
                "data": {"dataset": "digits"},
                "network": {"layers": ["flatten", "conv2d"]},
            },
            "network.layers.1: ",
        ),
        ({"data": {"dataset": "names"}, "network": {"layers": ["lstm"]}}, "'embedding'"),
        (
            {
                "data": {"dataset": "names"},
                "network": {"layers": [{"kind": "embedding", "tokens": 5}, "lstm"]},
            },
            "choose 28",
        ),
        ({"network": {"layers": ["embedding"]}}, "is given numbers"),
        ({"network": {"layers": ["add"]}}, "needs a layer before it"),
        ({"data": {"dataset": "digits", "features": ["x"]}}, "leave them empty"),
        ({"data": {"features": []}}, "at least one"),
        (
            {
                "data": {"dataset": "mnist"},
                "network": {
                    "layers": [
                        {"kind": "conv2d", "filters": 64, "kernel_size": 11, "padding": "same"},
                        {"kind": "conv2d", "filters": 64, "kernel_size": 11, "padding": "same"},
                        "flatten",
                    ]
                },
            },
            "million multiplications",
        ),
        ({"data": {"dataset": "digits"}, "training": TF}, "points only"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_mend(document: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Experiment.model_validate(document)
    assert says in str(refused.value)


# -- evaluation --------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_all_of_a_part_is_evaluated(name: str) -> None:
    live = run(session(FAMILIES[name]), 4)
    told, (inputs, labels) = live.evaluate("test"), _part(live, 2)
    outputs = live.predict(inputs)
    if name in ("sequence", "variational"):
        truth = labels[..., None] if name == "sequence" else inputs / 255
        spread = np.square(truth - truth.mean()).sum()
        expected = 1 - np.square(outputs - truth).sum() / spread
        assert told["count"] == truth.size
        np.testing.assert_allclose(told["r2"], expected, rtol=1e-4)
    else:
        asked = labels >= 0
        assert told["count"] == asked.sum()
        right = (outputs.argmax(-1) == labels)[asked].mean()
        np.testing.assert_allclose(told["accuracy"], right, rtol=1e-6)
        chosen = np.take_along_axis(outputs, np.maximum(labels, 0).astype(int)[..., None], -1)[
            ..., 0
        ]
        if name == "tokens":
            np.testing.assert_allclose(told["loss"], -np.log(chosen[asked]).mean(), rtol=1e-4)


def _part(live: Session, part: int) -> tuple[Any, Any]:
    loaded = live.loaded
    return loaded.inputs[loaded.part == part], loaded.labels[loaded.part == part]


# -- views -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_every_view_shows_what_fits_and_can_be_sent(name: str) -> None:
    live = run(session(FAMILIES[name]), 2)
    digest = live.digest()
    found = looked_at(live, *VIEWS)
    fitting = {kind for kind in VIEWS if VIEWS.validate(kind).fits(live.experiment)}
    assert set(found) == fitting and {"activations", "weights", "gradients"} <= fitting
    assert "surface" not in fitting
    assert pack(found) and live.digest() == digest


def test_rows_of_a_table_are_answered_as_they_were_collected() -> None:
    document = {"data": {"dataset": "diabetes"}, "training": TRAINING}
    live, found = run(session(document), 20), None
    found = live.loaded.prepared
    assert found is not None
    frame, rows = found.frames[0], range(5)
    sent = [
        {
            v.name: _cell(v, column[row])
            for v, column in zip(frame.variables, frame.columns, strict=True)
        }
        for row in rows
    ]
    mean, deviation = found.scale
    expected = live.predict(found.inputs[:5]) * deviation + mean
    np.testing.assert_allclose(live.predict_rows(sent), expected, rtol=1e-5)
    assert expected.min() > 25 and expected.max() < 346
    with pytest.raises(Refused, match="row 1: 'age' is missing"):
        live.predict_rows([sent[0], {}])
    with pytest.raises(Refused, match="no rows of a table"):
        session({}).predict_rows(sent)


def _cell(v: Any, value: float) -> Any:
    return v.categories[int(value)] if v.kind == "category" else float(value)


def test_a_preparation_that_leaves_no_row_is_refused_and_nothing_is_lost() -> None:
    live = run(session({"data": {"dataset": "titanic"}}), 5)
    before = live.experiment, live.digest()
    steps = [{"kind": "drop_missing"}, *live.experiment.model_dump()["data"]["preparation"]]
    with pytest.raises(Refused) as refused:  # nobody has a cabin, a boat and a number as a body
        live.act(c.Patch(experiment={"data": {"preparation": steps}}))
    assert refused.value.path == "/experiment/data/preparation/1"
    assert "no training row is left" in str(refused.value)
    assert (live.experiment, live.digest()) == before


def test_activations_are_those_of_the_example() -> None:
    live = run(session(FAMILIES["image"]), 3)
    inputs, labels = _part(live, 2)
    for index in (0, 7):
        found = looked_at(live, {"kind": "activations", "index": index})["activations"]
        np.testing.assert_array_equal(found["input"], inputs[index])
        assert found["label"] == labels[index]
        np.testing.assert_allclose(
            found["outputs"], live.predict(inputs[index : index + 1])[0], atol=1e-6
        )
        shapes = [tuple(layer["values"].shape) for layer in found["layers"]]
        assert shapes == [(3, 8, 8), (3, 8, 8), (3, 8, 8), (3, 4, 4), (48,), (10,)]


def test_a_drawn_example_is_looked_at_like_any_other() -> None:
    live = run(session(FAMILIES["image"]), 3)
    picture = _part(live, 2)[0][4]
    drawn = base64.b64encode(picture.tobytes()).decode()
    own = looked_at(live, {"kind": "activations", "drawn": drawn})["activations"]
    np.testing.assert_allclose(own["outputs"], live.predict(picture[None])[0], atol=1e-6)
    assert own["row"] is None and own["label"] is None
    for nonsense in ("?", "AAAA"):
        found = looked_at(live, {"kind": "activations", "drawn": nonsense})["activations"]
        assert not found["input"].any()


def test_mistakes_are_those_of_the_scored_examples() -> None:
    live = run(session(FAMILIES["image"]), 3)
    inputs, labels = _part(live, 2)
    guesses = live.predict(inputs).argmax(-1)
    wrong = looked_at(live, {"kind": "mistakes", "count": 100})["mistakes"]
    assert wrong["total"] == (guesses != labels).sum() == len(wrong["rows"])
    assert (np.diff(wrong["sure"]) <= 0).all()
    truth, guess = int(wrong["labels"][0]), int(wrong["guesses"][0])
    cell = looked_at(live, {"kind": "mistakes", "truth": truth, "guess": guess})["mistakes"]
    assert cell["total"] == ((labels == truth) & (guesses == guess)).sum()


LINEAR = {
    "data": {"dataset": {"kind": "digits", "samples": 100}},
    "network": {"layers": ["flatten"]},
    "training": {"loss": "squared_error", "batch_size": 20},
}


def test_saliency_of_a_linear_network_is_its_weights() -> None:
    live = run(session(LINEAR | {"network": {"layers": ["flatten"]}}), 20)
    picture = _part(live, 2)[0][0]
    w = live.parameters()[0][-1]["w"]
    taken_for = int(live.predict(picture[None])[0].argmax())
    slope, given_ = w[:, taken_for].reshape(8, 8), picture[..., 0] / 255
    for method, expected in [
        ("gradient", np.abs(slope)),
        ("integrated_gradients", slope * given_),
        ("occlusion", _hidden_sums(slope * given_)),
    ]:
        found = looked_at(live, {"kind": "saliency", "method": method})["saliency"]
        values = (found["values"].astype(float) / 127.5 - 1) * found["limit"]
        np.testing.assert_allclose(values, expected, atol=found["limit"] / 120)


def _hidden_sums(parts: Any) -> Any:
    """Sums over the 3 × 3 squares around every place."""
    padded = np.pad(parts, 1)
    return sum(padded[y : y + 8, x : x + 8] for y in range(3) for x in range(3))


def test_the_gradient_through_time_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    document = {
        "data": {"dataset": {"kind": "adding", "samples": 60, "length": 7}},
        "network": {"layers": [{"kind": "simple_rnn", "units": 5}]},
        "training": {"batch_size": 30},
    }
    live = run(session(document), 5)
    norms = looked_at(live, {"kind": "through_time", "layer": 0})["through_time"]["norms"]
    inputs, labels = _part(live, 0)
    x = torch.tensor(inputs, requires_grad=True)
    rnn, out = ({k: torch.tensor(v) for k, v in p.items()} for p in live.parameters()[0])
    matrices = [a for a in rnn.values() if a.ndim == 2]
    w = next(a for a in matrices if a.shape == (2, 5))
    u = next(a for a in matrices if a.shape == (5, 5))
    b = next(a for a in rnn.values() if a.ndim == 1)
    h = torch.zeros(len(x), 5)
    for t in range(7):
        h = torch.tanh(x[:, t] @ w + h @ u + b)
    loss = (0.5 * ((h @ out["w"] + out["b"])[:, 0] - torch.tensor(labels)) ** 2).sum()
    loss.backward()
    np.testing.assert_allclose(norms, x.grad.norm(dim=-1).mean(0).numpy(), rtol=1e-3, atol=1e-6)


def test_a_forecast_feeds_its_answers_back() -> None:
    live = run(session(FAMILIES["sequence"]), 5)
    found = looked_at(live, {"kind": "forecast", "index": 2, "steps": 12})["forecast"]
    window = list(_part(live, 2)[0][2][:, 0])
    for answer in found["ahead"]:
        given_ = np.array(window[-8:], np.float32).reshape(1, 8, 1)
        np.testing.assert_allclose(answer, live.predict(given_)[0, -1, 0], atol=1e-5)
        window.append(float(answer))


@cache
def writer() -> Session:
    return run(session(FAMILIES["tokens"]), 30)


@settings(max_examples=25, deadline=None)
@given(temperature=st.floats(0.2, 5), top_k=st.integers(0, 28), top_p=st.floats(0.05, 1))
def test_what_may_be_written_next(temperature: float, top_k: int, top_p: float) -> None:
    live = writer()
    view = {
        "kind": "writing",
        "text": "an",
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
    }
    found = looked_at(live, view)["writing"]
    p = found["next"].astype(np.float64)
    np.testing.assert_allclose(p.sum(), 1, atol=1e-5)
    warm = p ** (1 / temperature)
    warm /= warm.sum()
    order = np.argsort(-warm, kind="stable")
    if top_k:
        order = order[:top_k]
    ahead = np.cumsum(warm[order]) - warm[order]
    if (np.abs(ahead - top_p) < 1e-5).any():
        return  # rounding decides
    order = order[ahead < top_p]
    expected = np.zeros_like(warm)
    expected[order] = warm[order]
    np.testing.assert_allclose(found["kept"], expected / expected.sum(), atol=1e-4)
    begin, vocabulary = 26, live.experiment.data.dataset.vocabulary
    assert (found["texts"][:, 0] == begin).all()
    assert {"".join(vocabulary[i] for i in row[1:3]) for row in found["texts"]} == {"an"}
    assert set(found["texts"][:, 3]) <= set(np.flatnonzero(expected))


def test_the_plane_of_two_outputs_is_their_own() -> None:
    document = FAMILIES["variational"]
    layers = [
        {"kind": "flatten"},
        {"kind": "sampling", "units": 2},
        *document["network"]["layers"][2:],
    ]
    live = run(session(document | {"network": {"layers": layers}}), 6)
    found = looked_at(
        live, {"kind": "latent", "layer": 1}, {"kind": "decoded", "layer": 1, "size": 3}
    )
    places, rows = found["latent"]["places"], found["latent"]["rows"]
    params = live.parameters()[0]
    pictures = live.loaded.inputs[rows].reshape(len(rows), -1) / 255
    means = (pictures @ params[1]["w"] + params[1]["b"])[:, :2]
    np.testing.assert_allclose(places, means, atol=1e-4)
    # the middle of the grid, decoded by hand
    left, right, low, high = found["decoded"]["box"]
    middle = np.array([(left + right) / 2, (low + high) / 2])
    h = np.tanh(middle @ params[2]["w"] + params[2]["b"]).reshape(8, 8, 1)
    expected = 1 / (1 + np.exp(-(h @ params[4]["w"] + params[4]["b"])))
    np.testing.assert_allclose(found["decoded"]["values"][1, 1], expected, atol=1e-4)


def test_the_plane_of_many_outputs_are_their_principal_components() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    live = run(session(FAMILIES["image"]), 3)
    found = looked_at(live, {"kind": "latent", "layer": 4})["latent"]
    shares = np.array(found["share"])
    assert (np.diff(shares) <= 0).all() and 0 < shares.sum() <= 1 + 1e-6
    # the components of the places are the axes themselves: uncorrelated
    pca = decomposition.PCA(2).fit(found["places"])
    np.testing.assert_allclose(np.abs(pca.components_), np.eye(2), atol=1e-3)


def test_at_temperature_0_the_likeliest_is_written() -> None:
    found = looked_at(writer(), {"kind": "writing", "temperature": 0, "top_k": 5})["writing"]
    np.testing.assert_array_equal(found["kept"], np.eye(28)[found["next"].argmax()])
    assert len({tuple(row) for row in found["texts"]}) == 1
