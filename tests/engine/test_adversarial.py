"""A generator and a discriminator, trained against each other and looked at."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.api.live import pack
from server.datasets.base import DOMAIN, Mixture
from server.engine import commands as c
from server.engine.adversarial import drawn_on_host
from server.engine.likeness import Likeness, counted, js_divergence, kl_divergence
from server.engine.program import Programs
from server.engine.session import Session
from server.engine.views import VIEWS
from server.experiment import Experiment
from server.experiment.patch import effect, patched
from server.experiment.registry import LOSSES
from tests.engine.looking import looked_at, run

PROGRAMS = Programs()
DENSE = {"kind": "dense", "units": 5, "activation": "tanh", "initializer": "glorot_uniform"}
RING = {"kind": "ring_of_gaussians", "samples": 70}
POINTS: dict[str, Any] = {
    "data": {"dataset": RING, "features": ["x", "y", "radius"]},
    "network": {"layers": [DENSE, DENSE | {"dropout": 0.2}]},
    "training": {
        "batch_size": 16,
        "optimizer": "adam",
        "learning_rate": 0.003,
        "loss": "non_saturating",
    },
    "generator": {"latent": 3, "layers": [DENSE | {"normalization": "batch"}], "updates": 2},
}
HALF = {"kernel_size": 3, "stride": 2, "padding": "same"}
PICTURES: dict[str, Any] = {
    "data": {"dataset": {"kind": "digits", "samples": 120}},
    "network": {
        "layers": [{"kind": "conv2d", "filters": 3} | HALF, {"kind": "max_pooling2d"}, "flatten"]
    },
    "training": {"batch_size": 16, "optimizer": "adam", "loss": {"kind": "wasserstein"}},
    "generator": {
        "latent": 4,
        "noise": "uniform",
        "layers": [
            DENSE | {"units": 32},
            {"kind": "reshape", "target_shape": [4, 4, 2]},
            {"kind": "conv2d_transpose", "filters": 3, "normalization": "batch"} | HALF,
        ],
        "discriminator_updates": 3,
    },
}
DUELS = {"points": POINTS, "pictures": PICTURES}
ADVERSARIAL = [kind for kind in LOSSES if "generation" in LOSSES[kind].problems]


def session(document: dict[str, Any], **rooms: dict[str, Any]) -> Session:
    changed = {name: document.get(name, {}) | room for name, room in rooms.items()}
    return Session(Experiment.model_validate(document | changed), PROGRAMS)


def layers(live: Session) -> tuple[list[Any], list[Any]]:
    """The parameters of the discriminator's and of the generator's layers."""
    params, first = live.parameters()[0], len(live.experiment.network.layers) + 1
    return params[:first], params[first:]


def same(before: list[Any], after: list[Any]) -> bool:
    return all(
        np.array_equal(a[name], b[name])
        for a, b in zip(before, after, strict=True)
        for name in a.keys() | b.keys()
    )


# -- training ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", DUELS)
@settings(max_examples=4, deadline=None)
@given(cuts=st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_cuts_change_no_bit(name: str, cuts: list[int]) -> None:
    whole, parts = session(DUELS[name]), session(DUELS[name])
    run(whole, sum(cuts))
    for cut in cuts:
        run(parts, cut)
    assert (parts.step, parts.digest()) == (whole.step, whole.digest())


@pytest.mark.parametrize("name", DUELS)
def test_a_log_done_again_comes_to_the_same_bits(name: str) -> None:
    first = run(session(DUELS[name]), 4)
    for patch in ({"learning_rate": 0.01}, {"turn": "discriminator"}, {"turn": "both"}):
        first.act(c.Patch(experiment={"generator": patch}))
        run(first, 2)
    first.act(c.Edit(layer=len(first.parameters()[0]) - 1, param="b", index=(0,), value=0.25))
    run(first, 3)
    again = session({})
    again.replay(first.log())
    while not again.done.is_set():
        again.turn()
    assert again.reproduced is True and again.digest() == first.digest()
    first.act(c.Seek(step=3))
    while not first.done.is_set():
        first.turn()
    assert first.digest() == run(session(DUELS[name]), 3).digest()


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_who_has_no_turn_stands_still(kind: str) -> None:
    live = session(POINTS, training={"loss": kind, "batch_size": 16})
    program, (judge, maker) = live.program, layers(live)
    live.act(c.Patch(experiment={"generator": {"turn": "discriminator"}}))
    run(live, 3)
    assert same(maker, layers(live)[1]) and not same(judge, layers(live)[0])
    judge = layers(live)[0]
    live.act(c.Patch(experiment={"generator": {"turn": "generator"}}))
    run(live, 3)
    assert same(judge, layers(live)[0]) and not same(maker, layers(live)[1])
    assert all(np.isfinite(a).all() for p in live.parameters()[0] for a in p.values())
    assert live.program is program, "so that nobody waits for a compiler"


def test_the_noise_is_as_it_is_said_to_be() -> None:
    for noise, deviation in (("normal", 1.0), ("uniform", math.sqrt(1 / 3))):
        live = session(POINTS, generator={"noise": noise, "latent": 2, "layers": []})
        for i, value in enumerate((1.0, 0.0, 0.0, 1.0)):  # it makes what it is given
            edit = {"layer": 3, "param": "w", "index": divmod(i, 2), "value": value}
            live.act(c.Edit.model_validate({"kind": "edit"} | edit))
        made = looked_at(live, {"kind": "generated", "count": 1000})["generated"]["values"]
        np.testing.assert_allclose(made.mean(0), 0, atol=5 * deviation / math.sqrt(1000))
        np.testing.assert_allclose(made.std(0), deviation, rtol=0.1)
        assert noise == "normal" or np.abs(made).max() <= 1
        given_ = drawn_on_host(live.experiment.generator, 7, 50)
        np.testing.assert_allclose(live.generate(given_), given_, atol=1e-6)


# -- against PyTorch ---------------------------------------------------------------------


def _costs(kind: str, torch: Any) -> tuple[Any, Any, Any]:
    """Losses of pre-activations: the discriminator's of real and made, the generator's."""
    entropy = torch.nn.functional.binary_cross_entropy_with_logits

    def against(truth: float) -> Any:
        return lambda z: entropy(z, torch.full_like(z, truth))

    match kind:
        case "non_saturating":
            return against(1.0), against(0.0), against(1.0)
        case "minimax":
            return against(1.0), against(0.0), lambda z: -against(0.0)(z)
        case "least_squares":
            return (
                lambda z: 0.5 * ((z - 1) ** 2).mean(),
                lambda z: 0.5 * (z**2).mean(),
                lambda z: 0.5 * ((z - 1) ** 2).mean(),
            )
        case _:
            return lambda z: -z.mean(), lambda z: z.mean(), lambda z: -z.mean()


def _forward(torch: Any, params: list[Any], x: Any) -> Any:
    for p in params[:-1]:
        x = torch.tanh(x @ p["w"] + p["b"])
    return x @ params[-1]["w"] + params[-1]["b"]


def _tensors(torch: Any, params: list[Any]) -> list[Any]:
    return [
        {n: torch.tensor(a.astype(np.float64), requires_grad=True) for n, a in p.items()}
        for p in params
    ]


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_a_step_is_that_of_torch(kind: str) -> None:
    """Of a generator whose first weights are 0, so that what it makes hangs on no noise."""
    torch = pytest.importorskip("torch")
    sgd = "sgd"
    loss = {"kind": kind} | ({"gradient_penalty": 0} if kind == "wasserstein" else {})
    document = {
        "data": {"dataset": RING},
        "network": {"layers": [DENSE]},
        "training": {"batch_size": 70, "optimizer": sgd, "learning_rate": 0.2, "loss": loss},
        "generator": {
            "layers": [DENSE | {"initializer": "zeros", "bias": 0.3}, DENSE],
            "optimizer": sgd,
            "learning_rate": 0.3,
            "discriminator_updates": 1,
        },
    }
    live = session(document)
    inputs = live.loaded.inputs[live.loaded.part == 0].astype(np.float64)
    judge, maker = (_tensors(torch, p) for p in layers(live))
    on_real, on_made, on_maker = _costs(kind, torch)
    noise = torch.zeros(len(inputs), 2, dtype=torch.float64)
    fakes = _forward(torch, maker, noise)
    cost = on_real(_forward(torch, judge, torch.tensor(inputs)))
    _descend(cost + on_made(_forward(torch, judge, fakes.detach())), judge, 0.2)
    _descend(on_maker(_forward(torch, judge, _forward(torch, maker, noise))), maker, 0.3)
    run(live, 1)
    new_judge, new_maker = layers(live)
    for p, expected in zip(new_judge, judge, strict=True):
        for name, array in p.items():
            np.testing.assert_allclose(array, expected[name].detach(), rtol=2e-4, atol=2e-6)
    for i, (p, expected) in enumerate(zip(new_maker, maker, strict=True)):
        for name in p if i else ["b"]:
            np.testing.assert_allclose(p[name], expected[name].detach(), rtol=2e-4, atol=2e-6)


def _descend(cost: Any, params: list[Any], rate: float) -> None:
    cost.backward()
    for p in params:
        for tensor in p.values():
            if tensor.grad is not None:
                tensor.data -= rate * tensor.grad
                tensor.grad = None


def test_the_gradient_penalty_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    loss = {"kind": "wasserstein", "gradient_penalty": 3}
    live = run(session(PICTURES, training={"loss": loss, "batch_size": 16}), 2)
    found = looked_at(live, "gradients", {"kind": "generated", "count": 100})
    judge, _ = layers(live)
    conv, out = judge[0], judge[-1]
    count = 64  # what gradients look at
    rows = live.loaded.inputs[:60].astype(np.float64) / 255  # of the training part
    key = jax.random.key(0)
    noise = np.asarray(jax.random.uniform(key, (count, 4), minval=-1.0, maxval=1.0))
    fakes = torch.tensor(live.generate(noise).astype(np.float64)).permute(0, 3, 1, 2)
    share = np.asarray(jax.random.uniform(jax.random.key(1), (count, 1, 1, 1)), np.float64)
    real = torch.tensor(rows).permute(0, 3, 1, 2)
    w = torch.tensor(conv["w"].astype(np.float64)).permute(3, 2, 0, 1).requires_grad_(True)
    b = torch.tensor(conv["b"].astype(np.float64), requires_grad=True)
    v = torch.tensor(out["w"].astype(np.float64), requires_grad=True)
    a = torch.tensor(out["b"].astype(np.float64), requires_grad=True)

    def verdict(x: Any) -> Any:
        x = torch.nn.functional.pad(x, (0, 1, 0, 1))  # "same" of 8 by 2: one at the end
        x = torch.relu(torch.nn.functional.conv2d(x, w, b, stride=2))
        x = torch.nn.functional.max_pool2d(x, 2)
        return x.permute(0, 2, 3, 1).reshape(len(x), -1) @ v + a

    assert live.experiment.network.layers[0].activation == "relu"
    mix = torch.tensor(share[:60]) * real + torch.tensor(1 - share[:60]) * fakes[:60]
    mix.requires_grad_(True)
    (slope,) = torch.autograd.grad(verdict(mix).sum(), mix, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    cost = verdict(fakes).mean() - verdict(real).mean() + 3 * penalty
    cost.backward()
    norms = found["gradients"]["layers"]
    expected = math.hypot(w.grad.norm().item(), b.grad.norm().item())
    np.testing.assert_allclose(norms[0], expected, rtol=1e-3)
    expected = math.hypot(v.grad.norm().item(), a.grad.norm().item())
    np.testing.assert_allclose(norms[len(judge) - 1], expected, rtol=1e-3)


# -- scores ------------------------------------------------------------------------------


def test_a_perfect_generator_is_told_from_nothing() -> None:
    """The discriminator is undecided (all weights 0): its loss is 2 ln 2, its accuracy a half."""
    zeros = {"initializer": "zeros", "bias": 0}
    network = {"layers": [DENSE | zeros], "output": zeros}
    live = session(POINTS, network=network, training={"loss": "non_saturating"})
    told = live.metrics()
    np.testing.assert_allclose(told["test"]["loss"], 2 * math.log(2), rtol=1e-6)
    np.testing.assert_allclose(told["generator"]["loss"], math.log(2), rtol=1e-6)
    assert told["test"]["accuracy"] == 0.5


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-9, 9), wide=st.floats(0.01, 3))
def test_divergences_are_what_they_must_be(seed: int, shift: float, wide: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(300, 2)), rng.normal(shift, wide, size=(200, 2))
    p, q = counted(a), counted(b)
    assert (p.sum(), q.sum()) == (300, 200)
    assert kl_divergence(p, p) == pytest.approx(0, abs=1e-12) and kl_divergence(p, q) >= 0
    assert 0 <= js_divergence(p, q) <= math.log(2) + 1e-12
    assert js_divergence(p, q) == pytest.approx(js_divergence(q, p))
    assert js_divergence(p, p) == pytest.approx(0, abs=1e-12)


def test_divergences_of_counts_worked_by_hand() -> None:
    left, right = np.full((10, 2), -5.9), np.full((10, 2), 5.9)
    half = np.concatenate([left, right])
    far = Likeness.of(left, right, None)
    assert far.js == pytest.approx(math.log(2)) and far.clouds is None and far.covered is None
    near = Likeness.of(left, half, None)  # P = (½, ½), Q = (1, 0), M = (¾, ¼)
    expected = (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(2) + math.log(1 / 0.75)) / 2
    assert near.js == pytest.approx(expected)
    entropy = pytest.importorskip("scipy.stats").entropy
    p, q = counted(half) + 0.1, counted(left) + 0.1
    assert near.kl == pytest.approx(entropy(p, q))


def test_a_cloud_is_covered_by_a_tenth_of_its_due() -> None:
    mixture = Mixture(np.array([[0.0, 0.0], [4.0, 0.0]]), 0.1)
    made = np.zeros((100, 2))
    made[:4] = [4.2, 0]
    real = np.zeros((10, 2))
    assert Likeness.of(made, real, mixture).covered == 1
    made[4] = [4.2, 0]
    found = Likeness.of(made, real, mixture)
    assert found.covered == 2 and found.clouds is not None and found.clouds.tolist() == [95, 5]
    made[4] = [4.31, 0]  # beyond three standard deviations
    assert Likeness.of(made, real, mixture).covered == 1


# -- looking -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", DUELS)
def test_every_view_shows_what_fits_and_can_be_sent(name: str) -> None:
    live = run(session(DUELS[name]), 2)
    digest = live.digest()
    found = looked_at(live, *VIEWS)
    fitting = {kind for kind in VIEWS if VIEWS.validate(kind).fits(live.experiment)}
    assert set(found) == fitting >= {"generated", "manifold", "forging", "weights", "gradients"}
    everything = len(live.parameters()[0])
    for view in ("weights", "histograms", "gradients"):
        assert len(found[view]["layers"]) == everything
    assert pack(found) and live.digest() == digest


@pytest.mark.parametrize("name", DUELS)
def test_real_examples_are_judged_beside_made_ones(name: str) -> None:
    live = run(session(DUELS[name]), 2)
    found = looked_at(live, "generated")["generated"]["real"]
    rows = live.loaded.inputs[: min(64, live.loaded.counts["train"])]
    np.testing.assert_allclose(found, live.predict(rows)[:, 0], atol=1e-5)


def test_a_critics_surface_spans_its_own_heights() -> None:
    live = run(session({"data": {"dataset": RING}, "generator": {}}), 10)
    surface = looked_at(live, {"kind": "surface", "size": 10})["surface"]
    axis = np.linspace(-DOMAIN, DOMAIN, 10)
    x, y = np.meshgrid(axis, axis[::-1])
    heights = live.predict(np.stack([x.ravel(), y.ravel()], 1).astype(np.float32))
    np.testing.assert_allclose(surface["range"], [heights.min(), heights.max()], rtol=1e-4)
    assert (surface["values"].min(), surface["values"].max()) == (0, 255)


def test_pushes_lead_to_what_is_taken_for_real() -> None:
    live = run(session(POINTS), 20)
    found = looked_at(live, {"kind": "generated", "count": 100})["generated"]
    moved = found["values"] + 1e-2 * found["pushes"] / np.abs(found["pushes"]).max()
    before, after = live.predict(found["values"])[:, 0], live.predict(moved)[:, 0]
    np.testing.assert_allclose(found["verdicts"], before, atol=1e-5)
    assert (after >= before - 1e-6).all() and (after > before).any()
    clouds, told = found["clouds"], live.metrics()["generator"]["modes"]
    assert clouds["counts"].shape == (8,) and (clouds["counts"] >= clouds["due"]).sum() == told
    assert np.abs(found["clouds"]["centres"]).max() <= DOMAIN


def test_the_grid_is_the_noise_as_it_is_warped() -> None:
    live = run(session(POINTS), 5)
    grid = looked_at(live, {"kind": "manifold", "size": 4})["manifold"]["values"]
    assert grid.shape == (5, 5, 2)
    made = live.generate(np.zeros((1, 3), np.float32))
    np.testing.assert_allclose(grid[2, 2], made[0], atol=1e-5)
    one = session(POINTS, generator={"latent": 1, "layers": [DENSE]})
    assert looked_at(one, {"kind": "manifold", "size": 6})["manifold"]["values"].shape == (1, 7, 2)
    pictures = looked_at(run(session(PICTURES), 2), "manifold")["manifold"]["values"]
    assert pictures.shape == (13, 13, 8, 8, 1) and pictures.dtype == np.uint8


def test_one_is_followed_on_its_way() -> None:
    live = run(session(POINTS), 3)
    found = looked_at(live, {"kind": "forging", "index": 5}, {"kind": "generated", "count": 200})
    way, made = found["forging"], found["generated"]
    np.testing.assert_allclose(live.generate(way["noise"][None])[0], made["values"][5], atol=1e-5)
    assert way["verdict"] == pytest.approx(made["verdicts"][5], abs=1e-5)
    assert [layer["values"].shape for layer in way["layers"]] == [(5,), (2,)]


# -- experiments -------------------------------------------------------------------------


def test_a_generator_brings_two_networks_and_goes_with_them() -> None:
    plain = Experiment.model_validate({})
    for dataset in ("circle", "digits", "grid_of_gaussians"):
        duel = Experiment.model_validate({"data": {"dataset": dataset}, "generator": {}})
        given_ = patched(plain, {"data": {"dataset": dataset}})
        assert patched(given_, {"generator": {}}) == duel and effect(given_, duel) == "reset"
        assert patched(duel, {"generator": None}) == given_
        assert patched(duel, {"data": {"dataset": "line"}}).generator is not None
        assert patched(duel, {"data": {"dataset": "adding"}}).generator is None
    rebuilt = Experiment.model_validate({"data": {"dataset": "digits", "target": "input"}})
    assert patched(rebuilt, {"generator": {}}).task.problem == "generation"


def test_experiments_without_one_keep_their_digest() -> None:
    assert '"generator"' not in Experiment().canonical()
    assert '"generator"' in Experiment.model_validate({"generator": {}}).canonical()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"data": {"dataset": "adding"}, "generator": {}}, "points of a plane and pictures"),
        ({"data": {"dataset": "function"}, "generator": {}}, "points of a plane and pictures"),
        ({"data": {"dataset": "digits", "target": "input"}, "generator": {}}, "choose 'label'"),
        ({"generator": {"layers": ["embedding"]}}, "generator.layers.0: "),
        ({"generator": {"layers": ["conv2d"]}}, "generator.layers.0: "),
        ({"data": {"dataset": "digits"}, "generator": {"layers": ["flatten"]}}, "has 8×8 places"),
        ({"generator": {}, "training": {"loss": "huber"}}, "choose 'non_saturating'"),
        ({"training": {"loss": "wasserstein"}}, "'wasserstein' is for generation"),
        ({"generator": {}, "training": {"early_stopping": {}}}, "set it null"),
        (
            {"generator": {}, "training": {"rules": "tf_playground", "optimizer": "sgd"}},
            "choose 'standard'",
        ),
        ({"generator": {"latent": 0}}, "generator.latent"),
        (
            {
                "data": {"dataset": "mnist"},
                "generator": {"discriminator_updates": 10},
                "training": {"batch_size": 1000},
            },
            "million multiplications",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_mend(document: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Experiment.model_validate(document)
    assert says in str(refused.value)
