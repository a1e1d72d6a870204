"""Embeddings, attention and transformer blocks against PyTorch's with the same weights."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from server.layers.base import Context

from .comparing import agree, build, inputs

TIME, FEATURES, HEADS, HIDDEN = 6, 8, 2, 12
SHAPE = (TIME, FEATURES)
MASK = torch.triu(torch.ones(TIME, TIME, dtype=torch.bool), 1)


def attention_weights(p: Any) -> dict[str, torch.Tensor]:
    return {
        "in_proj_weight": torch.cat([p["wq"], p["wk"], p["wv"]], 1).T,
        "in_proj_bias": torch.cat([p["bq"], p["bk"], p["bv"]]),
        "out_proj.weight": p["wo"].T,
        "out_proj.bias": p["bo"],
    }


@pytest.mark.parametrize("causal", [True, False])
def test_multi_head_attention(causal):
    layer, params, stats = build("multi_head_attention", SHAPE, heads=HEADS, causal=causal)
    module = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True).double()
    found: list[Any] = []

    def oracle(p: Any, x: torch.Tensor) -> torch.Tensor:
        mask = MASK if causal else None
        fields = {"attn_mask": mask, "average_attn_weights": False}
        out, attention = functional_call(module, attention_weights(p), (x, x, x), fields)
        found.append(attention)
        return out

    agree(layer, params, stats, inputs(SHAPE), oracle)
    seen = layer.inspect(params, stats, inputs(SHAPE), Context(False, None, None, jnp.matmul))
    np.testing.assert_allclose(seen["attention"], found[0].detach(), atol=1e-5)
    assert np.isfinite(seen["scores"]).all()
    assert seen["query"].shape == (5, HEADS, TIME, FEATURES // HEADS)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_transformer_block(norm, causal):
    fields = {"heads": HEADS, "hidden_units": HIDDEN, "norm": norm, "causal": causal}
    layer, params, stats = build("transformer_block", SHAPE, **fields)
    module = nn.TransformerEncoderLayer(
        FEATURES, HEADS, HIDDEN, 0.0, "gelu", batch_first=True, norm_first=norm == "pre"
    ).double()

    def oracle(p: Any, x: torch.Tensor) -> torch.Tensor:
        named = {f"self_attn.{name}": value for name, value in attention_weights(p).items()}
        named |= {"linear1.weight": p["w1"].T, "linear1.bias": p["b1"]}
        named |= {"linear2.weight": p["w2"].T, "linear2.bias": p["b2"]}
        for n in "12":
            named |= {f"norm{n}.weight": p[f"scale{n}"], f"norm{n}.bias": p[f"offset{n}"]}
        return functional_call(module, named, (x, MASK if causal else None))

    agree(layer, params, stats, inputs(SHAPE), oracle)


def test_feed_forward():
    layer, params, stats = build("feed_forward", SHAPE, hidden_units=HIDDEN)
    agree(
        layer, params, stats, inputs(SHAPE),
        lambda p, x: F.gelu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"],
    )  # fmt: skip


def test_embedding():
    layer, params, stats = build("embedding", (TIME,), units=3, tokens=5)
    tokens = np.random.default_rng(1).integers(0, 5, (4, TIME)).astype(np.int32)
    agree(layer, params, stats, tokens, lambda p, x: F.embedding(x, p["w"]))


@pytest.mark.parametrize("form", ["learned", "sinusoidal"])
def test_position_embedding(form):
    layer, params, stats = build("position_embedding", SHAPE, form=form)
    angle = torch.arange(TIME).double()[:, None] / 10_000 ** (
        torch.arange(0, FEATURES, 2).double() / FEATURES
    )
    waves = torch.stack([angle.sin(), angle.cos()], -1).reshape(TIME, FEATURES)
    agree(layer, params, stats, inputs(SHAPE), lambda p, x: x + p.get("w", waves))


def test_nothing_is_seen_of_what_comes_later():
    layer, params, stats = build("transformer_block", SHAPE, heads=HEADS, causal=True)
    context = Context(False, None, None, jnp.matmul)
    x = inputs(SHAPE)
    changed = x.copy()
    changed[:, 4:] += 1
    (one, _), (other, _) = (layer.apply(params, stats, a, context) for a in (x, changed))
    np.testing.assert_array_equal(one[:, :4], other[:, :4])
    assert not np.array_equal(one[:, 4:], other[:, 4:])
