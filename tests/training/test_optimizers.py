"""What every registered optimizer promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import server.training  # noqa: F401 - registers
from server.experiment.live import live_values, with_live
from server.experiment.registry import OPTIMIZERS

REQUIRED = {
    "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adadelta", "adam", "adamw", "nadam",
    "lion", "lbfgs",
}  # fmt: skip


def test_required_optimizers_are_registered():
    assert set(OPTIMIZERS) >= REQUIRED


@pytest.fixture(params=list(OPTIMIZERS))
def optimizer(request: pytest.FixtureRequest):
    return OPTIMIZERS.validate(request.param)


def start() -> dict[str, jax.Array]:
    return {"w": jnp.asarray([[1.0, -2.0], [0.5, 3.0]]), "b": jnp.asarray([0.1, -0.4])}


def bowl(params) -> jax.Array:
    """A convex valley, four times as steep in one direction as in another."""
    stretch = jnp.asarray([1.0, 4.0])
    return 0.5 * ((params["w"] ** 2 * stretch).sum() + (params["b"] ** 2).sum())


def descend(optimizer, live, params, steps: int, rate: float):
    transform = with_live(optimizer, live).transform()

    def step(carry, _):
        params, state = carry
        direction, state = transform.update(jax.grad(bowl)(params), state, params)
        params = jax.tree.map(lambda w, d: w - rate * d, params, direction)
        return (params, state), bowl(params)

    return jax.lax.scan(step, (params, transform.init(params)), None, steps)


def test_descends_at_its_own_rate_with_traced_hyperparameters(optimizer):
    @jax.jit
    def run(live):
        return descend(optimizer, live, start(), 300, optimizer.learning_rate)[1]

    losses = run(live_values(optimizer))
    assert np.isfinite(losses).all()
    assert float(losses[-1]) < float(losses[50]) < float(bowl(start()))
    np.testing.assert_array_equal(losses, run(live_values(optimizer)))


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if live_values(OPTIMIZERS.validate(n))])
def test_live_fields_are_no_constants(name):
    """One compiled program, other numbers, another path."""
    optimizer = OPTIMIZERS.validate(name)
    live = live_values(optimizer)

    @jax.jit
    def run(live):
        return descend(optimizer, live, start(), 10, 0.1)[1]

    before = run(live)
    for path, value in live.items():
        moved = run(live | {path: 0.5 * value + 0.02})
        assert not np.allclose(before, moved, rtol=1e-6), path


def test_state_keeps_its_form(optimizer):
    """It is carried through compiled loops: same tree, shapes and types after an update."""
    params = start()
    transform = optimizer.transform()
    state = transform.init(params)
    direction, after = jax.jit(transform.update)(jax.grad(bowl)(params), state, params)

    def form(tree):
        return jax.tree.map(lambda leaf: (jnp.shape(leaf), jnp.result_type(leaf)), tree)

    assert form(after) == form(state)
    assert form(direction) == form(params)


def test_a_zero_gradient_moves_nothing(optimizer):
    params = jax.tree.map(jnp.zeros_like, start())
    transform = optimizer.transform()
    state, update = transform.init(params), jax.jit(transform.update)
    for _ in range(3):
        direction, state = update(params, state, params)
        assert all(not leaf.any() for leaf in jax.tree.leaves(direction))


def test_lanes_side_by_side_go_their_own_ways(optimizer):
    """Under vmap each lane does what it does alone."""
    many = jax.tree.map(lambda leaf: jnp.stack([leaf, -2 * leaf, 0.1 * leaf]), start())

    @jax.jit
    def run(params):
        return descend(optimizer, live_values(optimizer), params, 8, optimizer.learning_rate)[1]

    together = jax.vmap(run)(many)
    for lane in range(3):
        alone = run(jax.tree.map(lambda leaf, lane=lane: leaf[lane], many))
        np.testing.assert_allclose(together[lane], alone, rtol=2e-5)


def test_lbfgs_learns_a_quadratics_curvature():
    """With as much memory as dimensions it reaches the minimum of a bowl almost at once,
    where plain descent at any stable rate cannot."""
    optimizer = OPTIMIZERS.validate("lbfgs")
    losses = descend(optimizer, {}, start(), 20, 1.0)[1]
    assert float(losses[-1]) < 1e-8


@pytest.mark.parametrize("reach", [0.01, 0.5, 1e6])
def test_lbfgs_shortens_a_direction_to_its_reach(reach):
    """After two steps along the bowl: the same direction, no longer than the reach."""

    def direction(reach: float) -> np.ndarray:
        transform = OPTIMIZERS["lbfgs"](reach=reach).transform()
        params = start()
        _, state = transform.update(jax.grad(bowl)(params), transform.init(params), params)
        nearer = jax.tree.map(lambda w: 0.9 * w, params)
        found, _ = transform.update(jax.grad(bowl)(nearer), state, nearer)
        return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(found)])

    free, held = direction(1e6), direction(reach)
    assert np.linalg.norm(free) > 1
    expected = free * min(1.0, reach / np.linalg.norm(free))
    np.testing.assert_allclose(held, expected, rtol=1e-5)
