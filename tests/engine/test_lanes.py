"""Many lanes in one program: each gets what it would get alone."""

from __future__ import annotations

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.api.live import pack
from server.engine import commands as c
from server.engine.company import turn_together
from server.engine.lanes import trailing
from server.engine.program import LANES, Programs
from server.engine.scheduler import Engine
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.engine.trial import Trial
from server.engine.views import SCORES, SLOPES, View
from server.engine.views.network import Confusion, Gradients, Histograms
from server.engine.views.planar import Surface, Units
from server.experiment import Experiment

PROGRAMS = Programs()


# -- the transformation ------------------------------------------------------------------


def elementwise(x, y, n):
    return jnp.tanh(x * 2 + y[:, None]) / (1 + jnp.exp(-x)) - jnp.where(x > 0, x, y[:, None])


def reductions(x, y, n):
    return x.sum(0), x.max(1), jnp.argmax(x, 1), jnp.cumsum(x, 0), (x > 0).any(), y.mean()


def shapes(x, y, n):
    padded = jnp.pad(x, ((1, 2), (0, 1)))
    return x.T.reshape(-1), padded, jnp.concatenate([x, x * 2], 1), x[1:3, ::2], x[::-1], x[None]


def products(x, y, n):
    return x @ x.T, (x[:, :, None] * x.T[None]).sum(1), jnp.einsum("ij,i->j", x, y)


def places(x, y, n):
    moved = jax.lax.dynamic_update_slice_in_dim(x, x[:1] * 3, n, 0)
    return jax.lax.dynamic_slice_in_dim(x, n, 2), moved, x[n], y.at[n].add(1.0), x[:, n % 3]


def orders(x, y, n):
    return jnp.sort(y), jnp.argsort(y), jnp.take_along_axis(x, jnp.argsort(x, 0), 0)


def loops(x, y, n):
    def body(carry):
        i, count, total = carry
        return i + 1, count + 1, total * 0.5 + x[i % 4].sum()

    _, count, total = jax.lax.while_loop(
        lambda carry: carry[1] < n * 3, body, (0, jnp.int32(0), jnp.float32(1))
    )
    return count, total


def scans(x, y, n):
    carry, ys = jax.lax.scan(lambda c, row: (c * 0.9 + row, c.sum() * n), y[:3], x)
    return carry, ys


def branches(x, y, n):
    return jax.lax.cond(n > 1, lambda: x * 2, lambda: x - 1), jax.lax.switch(
        n, [lambda: y, lambda: y * 2, lambda: -y]
    )


def chance(x, y, n):
    key = jax.random.fold_in(jax.random.key(7), n)
    return jax.random.bits(key, (5,)), jax.random.uniform(key, (3,)) + y[:3]


def gradients(x, y, n):
    return jax.grad(lambda w: jnp.square(jax.nn.softmax(w @ x.T) - y[:4]).sum())(x)


def nothing_laned(x, y, n):
    return jnp.arange(3.0), x


FUNCTIONS = [
    elementwise,
    reductions,
    shapes,
    products,
    places,
    orders,
    loops,
    scans,
    branches,
    chance,
    gradients,
    nothing_laned,
]


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_lane_gets_what_the_function_gives_for_it_alone(function, lanes: int) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4, 3, lanes)).astype(np.float32)
    y = rng.normal(size=(4, lanes)).astype(np.float32)
    n = np.arange(lanes, dtype=np.int32) % 3
    together = jax.jit(trailing(function, lanes))(x, y, n)
    for lane in range(lanes):
        alone = jax.jit(function)(x[..., lane], y[..., lane], n[lane])
        leaves = zip(jax.tree.leaves(alone), jax.tree.leaves(together), strict=True)
        for one, many in leaves:
            assert one.dtype == many.dtype
            np.testing.assert_allclose(many[..., lane], one, rtol=2e-5, atol=2e-6)


# -- training ----------------------------------------------------------------------------


def experiment(widths: list[int], seed: int = 0, **training: object) -> Experiment:
    layers = [{"kind": "dense", "units": units} for units in widths]
    document = {"network": {"layers": layers}, "training": training, "seed": seed}
    return Experiment.model_validate(document)


def alone(document: Experiment, steps: int) -> str:
    live = Session(document, PROGRAMS)
    live.act(c.Advance(steps=steps))
    while not live.done.is_set():
        live.turn()
    return live.digest()


@pytest.mark.parametrize(
    ("widths", "training"),
    [
        ([4, 2], {"optimizer": "momentum", "schedule": "cosine", "l2": 0.01}),
        ([3], {"rules": "tf_playground", "l1": 0.003}),
        ([], {"l2": 0.01, "batch_size": 5}),
    ],
)
@settings(max_examples=6, deadline=None)
@given(
    runs=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 120)), min_size=2, max_size=LANES)
)
def test_company_changes_no_bit(widths, training, runs) -> None:
    """Whatever the number of lanes, the place among them, and how far the others are."""
    together = [
        Session(experiment(widths, seed, **training), PROGRAMS) for seed in range(len(runs))
    ]
    program = together[0].program
    trial = Trial(program, program.shape.live(together[0].experiment), together[0].data)
    assert program.shares is not False and trial.agrees()
    for session, (before, _) in zip(together, runs, strict=True):
        if before:
            session.act(c.Advance(steps=before))
            while not session.done.is_set():
                session.turn()
    for session, (_, steps) in zip(together, runs, strict=True):
        session.act(c.Advance(steps=steps))
    while waiting := [s for s in together if not s.done.is_set()]:
        turn_together(waiting, 0.002)
    for session, (before, steps) in zip(together, runs, strict=True):
        assert session.digest() == alone(session.experiment, before + steps)


def test_a_crowd_that_shares_dispatches_changes_no_bit() -> None:
    engine = Engine(train_workers=2)
    try:
        crowd = [engine.create(experiment([4, 2], seed)) for seed in range(20)]
        program = crowd[0].program
        trial = Trial(program, program.shape.live(crowd[0].experiment), crowd[0].data)
        assert trial.agrees()
        program.shares = True
        for session in crowd:
            session.watch(Watcher(wake=lambda: None))
            session.act(c.Play(steps=3000))
        assert all(session.done.wait(100) for session in crowd)
        for session in crowd[::6]:
            assert session.digest() == alone(session.experiment, 3000)
    finally:
        engine.stop()


def test_an_engine_finds_out_whether_sharing_pays() -> None:
    engine = Engine(train_workers=1)
    try:
        decided = threading.Event()
        crowd = [engine.create(experiment([4, 2], seed)) for seed in range(6)]
        program = crowd[0].program
        for session in crowd:
            session.watch(
                Watcher(wake=lambda: decided.set() if program.shares is not None else None)
            )
            session.act(c.Play(steps=None))
        assert decided.wait(100)
    finally:
        engine.stop()


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_lanes_that_would_round_otherwise_are_not_shared(optimizer: str) -> None:
    """Whatever the compiler makes of a shape, the trial and the bits say the same."""
    live = Session(experiment([3], optimizer=optimizer), PROGRAMS)
    program = live.program
    trial = Trial(program, program.shape.live(live.experiment), live.data)
    same = bool((trial.together(700) == trial.alone(700)).all())
    assert trial.agrees() == same
    assert same or not trial.training()


SHOWN: dict[str, View] = {
    view.key: view
    for view in (Surface(size=20), Units(size=10), Histograms(), Gradients(), Confusion())
}


@pytest.mark.parametrize("widths", [[4, 2], [3], []])
@settings(max_examples=5, deadline=None)
@given(before=st.lists(st.integers(0, 60), min_size=2, max_size=6))
def test_company_changes_no_bit_of_a_picture(widths: list[int], before: list[int]) -> None:
    """What is found for several sessions at once is what each finds alone."""
    crowd = [Session(experiment(widths, seed), PROGRAMS) for seed in range(len(before))]
    for session, steps in zip(crowd, before, strict=True):
        if steps:
            session.act(c.Advance(steps=steps))
            session.turn()
        session.watch(Watcher(wake=lambda: None, views=SHOWN))
        session.turn()  # company compiles nothing
        while (name := session.untried()) is not None:
            session.trial(name)
        session.act(c.Play(steps=5))
    while waiting := [s for s in crowd if not s.done.is_set()]:
        turn_together(waiting, 0.002)
    for session in crowd:
        lone = Session(session.experiment, PROGRAMS)
        lone.act(c.Advance(steps=session.step))
        while not lone.done.is_set():
            lone.turn()
        lone.watch(Watcher(wake=lambda: None, views=SHOWN))
        lone.turn()
        assert pack(session.snapshot.views) == pack(lone.snapshot.views)
        assert session.snapshot.frame["metrics"] == lone.snapshot.frame["metrics"]


def test_an_engine_finds_out_what_may_be_looked_at_together() -> None:
    engine = Engine(train_workers=1)
    try:
        decided = threading.Event()
        crowd = [engine.create(experiment([4, 2], seed)) for seed in range(6)]
        program = crowd[0].program
        wanted = {SCORES, SLOPES, *SHOWN}

        def wake() -> None:
            names = {SCORES, SLOPES, Surface(size=20).key, Units(size=10).key}
            if names <= set(program.looks):
                decided.set()

        for session in crowd:
            session.watch(Watcher(wake=wake, views=SHOWN))
            session.act(c.Play(steps=None))
        assert decided.wait(100)
        assert set(program.looks) <= wanted and all(program.looks.values())
    finally:
        engine.stop()
