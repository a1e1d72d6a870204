"""Recurrent layers against PyTorch's with the same weights, over time and in both directions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from server.layers.base import Context

from .comparing import agree, build, inputs

TIME, FEATURES, UNITS = 7, 3, 4
MODULES: dict[str, Any] = {"simple_rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def oracle(kind: str, bidirectional: bool, sequences: bool) -> Any:
    module = MODULES[kind](FEATURES, UNITS, batch_first=True, bidirectional=bidirectional).double()
    ways = {"": "", "_back": "_reverse"} if bidirectional else {"": ""}

    def run(params: Any, x: torch.Tensor) -> torch.Tensor:
        named = {}
        for ours, theirs in ways.items():
            named[f"weight_ih_l0{theirs}"] = params[f"w{ours}"].T
            named[f"weight_hh_l0{theirs}"] = params[f"u{ours}"].T
            bias = params[f"b{ours}"]
            named[f"bias_ih_l0{theirs}"] = bias
            named[f"bias_hh_l0{theirs}"] = params.get(f"b_hidden{ours}", torch.zeros_like(bias))
        out, state = functional_call(module, named, (x,))
        if sequences:
            return out
        hidden = state[0] if kind == "lstm" else state
        return torch.cat(list(hidden), -1)

    return run


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("kind", MODULES)
def test_recurrent(kind, bidirectional, sequences):
    fields = {"units": UNITS, "bidirectional": bidirectional, "return_sequences": sequences}
    layer, params, stats = build(kind, (TIME, FEATURES), **fields)
    agree(layer, params, stats, inputs((TIME, FEATURES)), oracle(kind, bidirectional, sequences))


@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_simple_rnn_with_another_activation(activation):
    layer, params, stats = build("simple_rnn", (5, 2), units=3, activation=activation)
    bend = {"relu": torch.relu, "softmax": lambda z: z.softmax(-1)}[activation]

    def run(params: Any, x: torch.Tensor) -> torch.Tensor:
        h = torch.zeros(len(x), 3, dtype=x.dtype)
        for t in range(5):
            h = bend(x[:, t] @ params["w"] + h @ params["u"] + params["b"])
        return h

    agree(layer, params, stats, inputs((5, 2)), run)


@pytest.mark.parametrize("kind", MODULES)
def test_what_is_seen_inside_is_what_comes_out(kind):
    """The states over time, in both directions, and the gates within their limits."""
    fields = {"units": UNITS, "bidirectional": True, "return_sequences": True}
    layer, params, stats = build(kind, (TIME, FEATURES), **fields)
    x, context = inputs((TIME, FEATURES)), Context(False, None, None, jnp.matmul)
    seen = layer.inspect(params, stats, x, context)
    out, _ = layer.apply(params, stats, x, context)
    both = np.concatenate([seen["hidden"], seen["hidden_back"]], -1)
    np.testing.assert_allclose(both, out, atol=1e-6)
    assert {values.shape for values in seen.values()} == {(len(x), TIME, UNITS)}
    if kind == "lstm":
        read = np.asarray(seen["output"]) * np.tanh(seen["cell"])
        np.testing.assert_allclose(read, seen["hidden"], atol=1e-6)
        assert 0 < np.min(seen["forget"]) < np.max(seen["forget"]) < 1
    if kind == "gru":
        old = np.concatenate([np.zeros((len(x), 1, UNITS)), seen["hidden"][:, :-1]], 1)
        mixed = seen["update"] * old + (1 - seen["update"]) * seen["candidate"]
        np.testing.assert_allclose(mixed, seen["hidden"], atol=1e-6)


def test_first_weights():
    layer, _, _ = build("lstm", (TIME, FEATURES), units=UNITS)
    params, _ = layer.init(np.random.default_rng(0), (TIME, FEATURES))
    assert params["b"].tolist() == [0] * UNITS + [1] * UNITS + [0] * 2 * UNITS
    for u in np.split(params["u"], 4, 1):
        np.testing.assert_allclose(u.T @ u, np.eye(UNITS), atol=1e-6)
