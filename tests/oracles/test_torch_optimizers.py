"""Optimizers against PyTorch in float64 (Lion, which it lacks, against NumPy): the weights
after each of five steps with the same gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import server.training  # noqa: F401 - registers
from server.experiment.live import live_values, with_live
from server.experiment.registry import OPTIMIZERS

STEPS = 5
#: PyTorch's L-BFGS does not shorten its directions
UNBOUND = 1e6
SHAPES = {"w": (4, 3), "b": (3,)}
Tree = dict[str, np.ndarray]


def adam_fields(o: Any) -> dict[str, Any]:
    return {"betas": (o.beta_1, o.beta_2), "eps": o.epsilon}


TORCH = {
    "sgd": lambda p, lr, o: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr, o: torch.optim.SGD(p, lr, momentum=o.momentum),
    "nesterov": lambda p, lr, o: torch.optim.SGD(p, lr, momentum=o.momentum, nesterov=True),
    "rmsprop": lambda p, lr, o: torch.optim.RMSprop(p, lr, alpha=o.rho, eps=o.epsilon),
    "adagrad": lambda p, lr, o: torch.optim.Adagrad(p, lr, eps=o.epsilon),
    "adadelta": lambda p, lr, o: torch.optim.Adadelta(p, lr, rho=o.rho, eps=o.epsilon),
    "adam": lambda p, lr, o: torch.optim.Adam(p, lr, **adam_fields(o)),
    "adamw": lambda p, lr, o: torch.optim.AdamW(
        p, lr, weight_decay=o.weight_decay, **adam_fields(o)
    ),
    "nadam": lambda p, lr, o: torch.optim.NAdam(
        p, lr, momentum_decay=o.momentum_decay, **adam_fields(o)
    ),
    "lbfgs": lambda p, lr, o: torch.optim.LBFGS(
        p, lr, max_iter=1, history_size=o.memory, tolerance_grad=0, tolerance_change=0
    ),
}
#: settings away from the defaults
OTHER = {
    "momentum": {"momentum": 0.5},
    "nesterov": {"momentum": 0.5},
    "rmsprop": {"rho": 0.99, "epsilon": 1e-3},
    "adagrad": {"epsilon": 1e-2},
    "adadelta": {"rho": 0.5, "epsilon": 1e-3},
    "adam": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    "adamw": {"beta_1": 0.5, "beta_2": 0.9, "weight_decay": 0.3},
    "nadam": {"beta_1": 0.8, "beta_2": 0.9, "momentum_decay": 0.1},
    "lion": {"beta_1": 0.6, "beta_2": 0.8},
    "lbfgs": {"memory": 2, "reach": UNBOUND},
}
DEFAULTS = {n: {} for n in [*TORCH, "lion"]} | {"lbfgs": {"reach": UNBOUND}}
CASES = [*DEFAULTS.items(), *OTHER.items()]


def problem() -> tuple[Tree, list[Tree]]:
    """Weights and five gradients of very different sizes; one weight has none at first."""
    rng = np.random.default_rng(7)
    size = {name: 10.0 ** rng.uniform(-3, 1, shape) for name, shape in SHAPES.items()}
    params = {n: rng.normal(size=s).astype(np.float32) for n, s in SHAPES.items()}
    grads = [
        {n: (rng.normal(size=s) * size[n]).astype(np.float32) for n, s in SHAPES.items()}
        for _ in range(STEPS)
    ]
    grads[0]["w"][0, 0] = 0
    return params, grads


def torch_path(optimizer: Any, rate: float, params: Tree, grads: list[Tree]) -> Iterator[Tree]:
    weights = {n: torch.tensor(p.astype(np.float64), requires_grad=True) for n, p in params.items()}
    stepper = TORCH[optimizer.kind](list(weights.values()), rate, optimizer)
    for step in grads:
        for name, weight in weights.items():
            weight.grad = torch.tensor(step[name].astype(np.float64))
        stepper.step(lambda: torch.zeros(()))
        yield {n: w.detach().numpy().copy() for n, w in weights.items()}


def lion_path(optimizer: Any, rate: float, params: Tree, grads: list[Tree]) -> Iterator[Tree]:
    weights = {n: p.astype(np.float64) for n, p in params.items()}
    memory = {n: np.zeros(s) for n, s in SHAPES.items()}
    for step in grads:
        for n, g in step.items():
            mixed = optimizer.beta_1 * memory[n] + (1 - optimizer.beta_1) * g
            memory[n] = optimizer.beta_2 * memory[n] + (1 - optimizer.beta_2) * g
            weights[n] = weights[n] - rate * np.sign(mixed)
        yield dict(weights)


def our_path(
    optimizer: Any, rate: float, params: Tree, grads: list[Tree]
) -> Iterator[tuple[Tree, Tree]]:
    """Compiled, with traced hyperparameters, as the engine runs it."""
    live = live_values(optimizer)

    @jax.jit
    def step(live, grads, state, params):
        transform = with_live(optimizer, live).transform()
        direction, state = transform.update(grads, state, params)
        return jax.tree.map(lambda w, d: w - rate * d, params, direction), state, direction

    weights = jax.tree.map(jnp.asarray, params)
    state = optimizer.transform().init(weights)
    for gradient in grads:
        weights, state, direction = step(live, gradient, state, weights)
        yield jax.tree.map(np.asarray, (weights, direction))


def check(optimizer: Any, params: Tree, grads: list[Tree]) -> None:
    """Weights and directions step by step; a direction has no rounding of weights in it."""
    rate, before = optimizer.learning_rate, params
    path = lion_path if optimizer.kind == "lion" else torch_path
    ours = our_path(optimizer, rate, params, grads)
    theirs = path(optimizer, rate, params, grads)
    for (weights, direction), expected in zip(ours, theirs, strict=True):
        for n in SHAPES:
            np.testing.assert_allclose(weights[n], expected[n], rtol=1e-5, atol=1e-7)
            moved = (before[n] - expected[n]) / rate
            np.testing.assert_allclose(direction[n], moved, rtol=1e-5, atol=1e-7)
        before = expected


def double(tree: Tree) -> Tree:
    return {n: leaf.astype(np.float64) for n, leaf in tree.items()}


@pytest.mark.parametrize(("name", "fields"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_five_steps(name, fields):
    params, grads = problem()
    if name != "lbfgs":
        check(OPTIMIZERS[name](**fields), double(params), grads)
        return
    with jax.enable_x64(True):  # it divides differences of weights, which lose digits
        check(OPTIMIZERS[name](**fields), double(params), [double(g) for g in grads])


def test_lbfgs_forgets_steps_of_negative_curvature():
    """Where the gradient grows along the step, there is a hill and not a bowl."""
    params, grads = problem()
    with jax.enable_x64(True):
        path = [{n: k * g for n, g in double(grads[0]).items()} for k in (1, 2, 1.5, 3, 1)]
        optimizer = OPTIMIZERS["lbfgs"](reach=UNBOUND)
        check(optimizer, double(params), path)


def test_every_required_optimizer_has_an_oracle():
    assert {name for name, _ in CASES} == {
        "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adadelta", "adam", "adamw",
        "nadam", "lion", "lbfgs",
    }  # fmt: skip
