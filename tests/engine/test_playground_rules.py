"""TensorFlow Playground's numeric rules, against a small implementation of our own.

It works example by example in float64, as the playground does: gradients are accumulated
over a batch, a partial last batch carries into the next epoch, biases are not regularized,
and L1 sets a weight that its penalty carries across zero dead.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from server.engine import commands as c
from server.engine.program import Programs
from server.engine.session import Session
from server.experiment import Experiment

PROGRAMS = Programs()
ACTIVATIONS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "linear": (lambda z: z, np.ones_like),
}


@dataclass
class Reference:
    """The playground's network: one weight matrix (inputs, units) and bias a layer."""

    weights: list
    biases: list
    activations: list
    rate: float
    l1: float = 0.0
    l2: float = 0.0
    grads: list = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.alive = [np.ones_like(w) for w in self.weights]
        self._clear()

    def _clear(self) -> None:
        zeros = [(np.zeros_like(w), np.zeros_like(b)) for w, b in self.pairs()]
        self.grads, self.count = zeros, 0

    def pairs(self):
        return zip(self.weights, self.biases, strict=True)

    def forward(self, x):
        values, sums = [x], []
        for (w, b), name in zip(self.pairs(), self.activations, strict=True):
            sums.append(values[-1] @ w + b)
            values.append(ACTIVATIONS[name][0](sums[-1]))
        return values, sums

    def see(self, x, target) -> None:
        """Add one example's gradient of half the squared error."""
        values, sums = self.forward(x)
        delta = values[-1] - target
        for i in reversed(range(len(self.weights))):
            delta = delta * ACTIVATIONS[self.activations[i]][1](sums[i])
            gw, gb = self.grads[i]
            self.grads[i] = (gw + np.outer(values[i], delta), gb + delta)
            delta = self.weights[i] @ delta
        self.count += 1

    def update(self) -> None:
        for i, (gw, gb) in enumerate(self.grads):
            self.biases[i] = self.biases[i] - self.rate * gb / self.count
            old = self.weights[i]
            stepped = old - self.rate / self.count * gw
            fresh = stepped - self.rate * (self.l1 * np.sign(old) + self.l2 * old)
            if self.l1:
                self.alive[i] = self.alive[i] * ~(stepped * fresh < 0)
            self.weights[i] = np.where(self.alive[i] > 0, fresh, 0.0)
        self._clear()

    def epoch(self, inputs, targets, batch: int) -> None:
        for i, (x, t) in enumerate(zip(inputs, targets, strict=True)):
            self.see(x, t)
            if (i + 1) % batch == 0:
                self.update()

    def loss(self, inputs, targets) -> float:
        return float(np.mean(0.5 * (self.forward(inputs)[0][-1] - targets) ** 2))


CASES = [
    ("tanh", 10, {}, 0.03),
    ("relu", 7, {"l2": 0.01}, 0.03),
    ("sigmoid", 16, {"l1": 0.01}, 0.3),
    ("tanh", 30, {"l1": 0.03}, 0.1),
    ("linear", 3, {"l2": 0.1}, 0.01),
]


@pytest.mark.parametrize(("activation", "batch", "penalty", "rate"), CASES)
@pytest.mark.parametrize("dataset", ["circle", "spiral", "reg_plane"])
def test_follows_the_playground(activation, batch, penalty, rate, dataset) -> None:
    layers = [{"kind": "dense", "units": n, "activation": activation} for n in (4, 2)]
    experiment = {
        "data": {"dataset": {"kind": dataset, "samples": 100}, "features": ["x", "y", "xy"]},
        "network": {"layers": layers},
        "training": {
            "rules": "tf_playground",
            "batch_size": batch,
            "learning_rate": rate,
            **penalty,
        },
        "seed": 3,
    }
    live = Session(Experiment.model_validate(experiment), PROGRAMS)
    params = [{k: np.asarray(v, np.float64) for k, v in p.items()} for p in live.parameters()[0]]
    output = "tanh" if dataset != "reg_plane" else "linear"
    reference = Reference(
        [p["w"] for p in params],
        [p["b"] for p in params],
        [activation, activation, output],
        rate,
        **penalty,
    )
    count = live.arrays.count
    inputs = live.arrays.tree["inputs"][:count].astype(np.float64)
    targets = live.arrays.tree["targets"][:count].astype(np.float64)
    for _ in range(4):
        live.act(c.Advance(epochs=1))
        while not live.done.is_set():
            live.turn()
        reference.epoch(inputs, targets, batch)
        for layer, (w, b) in zip(live.parameters()[0], reference.pairs(), strict=True):
            np.testing.assert_allclose(layer["w"], w, rtol=2e-4, atol=2e-5)
            np.testing.assert_allclose(layer["b"], b, rtol=2e-4, atol=2e-5)
        loss = live.metrics()["train"]["loss"]
        assert loss == pytest.approx(reference.loss(inputs, targets), rel=1e-4)


def test_l1_kills_weights_until_the_next_reset() -> None:
    experiment = {
        "training": {"rules": "tf_playground", "l1": 0.1, "learning_rate": 0.1},
        "data": {"dataset": "gauss"},
    }
    live = Session(Experiment.model_validate(experiment), PROGRAMS)

    def epochs(n: int) -> None:
        live.act(c.Advance(epochs=n))
        while not live.done.is_set():
            live.turn()

    def zeros() -> set:
        return {
            (i, *place)
            for i, p in enumerate(live.parameters()[0])
            for place in zip(*np.nonzero(np.asarray(p["w"]) == 0), strict=True)
        }

    epochs(20)
    dead = zeros()
    assert dead
    live.act(c.Patch(experiment={"training": {"l1": 0.0}}))  # the penalty goes, the dead stay
    epochs(20)
    assert dead <= zeros()
    live.act(c.Reset(seed=None))
    assert not zeros()


def test_a_batch_larger_than_the_data_is_a_full_batch() -> None:
    def trained(batch: int) -> dict:
        training = {"rules": "tf_playground", "batch_size": batch}
        data = {"dataset": {"kind": "circle", "samples": 100}}
        live = Session(Experiment.model_validate({"training": training, "data": data}), PROGRAMS)
        live.act(c.Advance(epochs=5))
        while not live.done.is_set():
            live.turn()
        assert live.step == 5
        return live.metrics()

    full, larger = trained(50), trained(60)
    assert larger["train"]["loss"] == pytest.approx(full["train"]["loss"], rel=1e-5)
