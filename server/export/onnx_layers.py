"""ONNX: how each layer is written.

A word goes from a graph and the name of the layer's input, (N, *input_shape), to the name of its
output, (N, *output_shape). Where an operator has the channels first, they are turned there and
back; `Graph` leaves out turns that undo each other. Dropout is for training only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.layers.embedding import waves

from .base import Place, Words, painted, windows
from .onnx_graph import Graph

EPSILON = 1e-5
Arrays = NDArray[np.float32]


def _activated(say: Words, at: Place, g: Graph, z: str) -> str:
    return say.activation(at)(g, z)


def _batch_norm(at: Place, g: Graph, z: str, rank: int) -> str:
    """Of (N, …, units), with the running averages."""
    arrays = [f"{at.name}.{part}" for part in ("scale", "offset", "mean", "var")]
    z = g.channels_first(z, rank)
    return g.channels_last(g("BatchNormalization", z, *arrays, epsilon=EPSILON), rank)


def _layer_norm(at: Place, g: Graph, z: str, suffix: str = "") -> str:
    arrays = [f"{at.name}.{part}{suffix}" for part in ("scale", "offset")]
    return g("LayerNormalization", z, *arrays, axis=-1, epsilon=EPSILON)


def _projected(at: Place, g: Graph, h: str, w: str, b: str, rank: int) -> str:
    """The last axis times a matrix, and a bias."""
    w, b = f"{at.name}.{w}", f"{at.name}.{b}"
    return g("Gemm", h, w, b) if rank == 1 else g("Add", g("MatMul", h, w), b)


# -- dense and elementwise -------------------------------------------------------------------


def _dense(say: Words, at: Place, g: Graph, h: str) -> str:
    rank = len(at.input_shape)
    z = _projected(at, g, h, "w", "b", rank)
    if at.layer.normalization == "batch":
        z = _batch_norm(at, g, z, rank)
    elif at.layer.normalization == "layer":
        z = _layer_norm(at, g, z)
    elif at.layer.normalization != "none":
        path = f"{at.path}/normalization"
        raise say.unsupported(path, repr(at.layer.normalization), ["none", "batch", "layer"])
    return _activated(say, at, g, z)


def _as_it_is(say: Words, at: Place, g: Graph, h: str) -> str:
    return h


# -- pictures and what slides ------------------------------------------------------------------


def _pads(at: Place) -> dict[str, Any]:
    slides = windows(at)
    pads = [w.before for w in slides] + [w.after for w in slides]
    return {"pads": pads, "strides": [w.stride for w in slides]}


def _convolved(say: Words, at: Place, g: Graph, op: str, h: str, w: Arrays, **how: Any) -> str:
    """A convolution of either kind, with what follows it. w: as the operator wants it."""
    name, rank = at.name, len(at.input_shape)
    kernel = g.array(f"{name}.kernel", np.ascontiguousarray(w))
    z = g(op, g.channels_first(h, rank), kernel, f"{name}.b", **how)
    if at.layer.normalization == "batch":
        arrays = [f"{name}.{part}" for part in ("scale", "offset", "mean", "var")]
        z = g("BatchNormalization", z, *arrays, epsilon=EPSILON)
    return _activated(say, at, g, g.channels_last(z, rank))


def _conv(say: Words, at: Place, g: Graph, h: str) -> str:
    layer, w = at.layer, g.arrays[f"{at.name}.w"]
    axes = w.ndim - 2
    how = _pads(at) | {"dilations": [layer.dilation] * axes, "group": layer.groups}
    w = w.transpose(axes + 1, axes, *range(axes))
    return _convolved(say, at, g, "Conv", h, w, **how)


def _conv_transpose(say: Words, at: Place, g: Graph, h: str) -> str:
    before, after, extra = painted(at.layer)
    w = g.arrays[f"{at.name}.w"].transpose(2, 3, 0, 1)
    how = {
        "pads": [before, before, after, after],
        "output_padding": [extra, extra],
        "strides": [at.layer.stride] * 2,
    }
    return _convolved(say, at, g, "ConvTranspose", h, w, **how)


def _pool(op: str) -> Callable[..., str]:
    def pool(say: Words, at: Place, g: Graph, h: str) -> str:
        rank = len(at.input_shape)
        sizes = [at.layer.pool_size] * (rank - 1)
        z = g(op, g.channels_first(h, rank), kernel_shape=sizes, **_pads(at))
        return g.channels_last(z, rank)

    return pool


def _global(op: str) -> Callable[..., str]:
    def whole(say: Words, at: Place, g: Graph, h: str) -> str:
        axes = g.integers(*range(1, len(at.input_shape)))
        return g(op, h, axes, keepdims=0)

    return whole


def _larger(say: Words, at: Place, g: Graph, h: str) -> str:
    size = float(at.layer.size)
    scales = g.array(f"{at.name}.scales", np.array([1, 1, size, size], np.float32))
    how = {"mode": "nearest", "nearest_mode": "floor"}
    how |= {"coordinate_transformation_mode": "asymmetric"}
    return g.channels_last(g("Resize", g.channels_first(h, 3), "", scales, **how), 3)


# -- recurrent layers ----------------------------------------------------------------------------

#: the order of the weighted sums in the operator, as places in ours
_GATES = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2], "simple_rnn": [0]}
_OPS = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}
#: activations that the operator RNN has, and what they are called there
_RNN = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softsign": "Softsign"}


def _ordered(array: Arrays, kind: str) -> Arrays:
    """(…, G units) -> (G units, …), the sums as the operator has them."""
    parts = np.split(array, len(_GATES[kind]), -1)
    return np.ascontiguousarray(np.concatenate([parts[i] for i in _GATES[kind]], -1).T)


def _recurrent(say: Words, at: Place, g: Graph, h: str) -> str:
    kind, units = at.layer.kind, at.layer.units
    if kind == "simple_rnn" and at.layer.activation not in _RNN:
        return _unrolled(say, at, g, h)
    ways = ["", "_back"] if at.layer.bidirectional else [""]

    def array(part: str, way: str) -> Arrays:
        return _ordered(g.arrays[f"{at.name}.{part}{way}"], kind)

    def biases(way: str) -> Arrays:
        b = array("b", way)
        return np.concatenate([b, array("b_hidden", way) if kind == "gru" else np.zeros_like(b)])

    stacked = [
        g.array(f"{at.name}.{part}", np.stack([find(way) for way in ways]))
        for part, find in {
            "inputs": lambda way: array("w", way),
            "state": lambda way: array("u", way),
            "biases": biases,
        }.items()
    ]
    how: dict[str, Any] = {"hidden_size": units}
    how |= {"direction": "bidirectional"} if len(ways) > 1 else {}
    how |= {"linear_before_reset": 1} if kind == "gru" else {}
    if kind == "simple_rnn":
        how["activations"] = [_RNN[at.layer.activation]] * len(ways)
    over_time, last = g.several(_OPS[kind], 2, g.turn(h, 1, 0, 2), *stacked, **how)
    if at.layer.return_sequences:  # (T, ways, N, units)
        return g("Reshape", g("Transpose", over_time, perm=[2, 0, 1, 3]), g.integers(0, 0, -1))
    return g("Reshape", g("Transpose", last, perm=[1, 0, 2]), g.integers(0, -1))


def _unrolled(say: Words, at: Place, g: Graph, h: str) -> str:
    """A simple RNN of an activation that the operator lacks, step by step."""
    time, activate = at.input_shape[0], say.activation(at)
    ways = ["", "_back"] if at.layer.bidirectional else [""]
    states: list[list[str]] = []
    for way in ways:
        w, u, b = (f"{at.name}.{part}{way}" for part in "wub")
        z = g("Add", g("MatMul", h, w), b)
        reached: dict[int, str] = {}
        state = ""
        for t in reversed(range(time)) if way else range(time):
            now = g("Gather", z, g.array(f"step_{t}", np.int64(t)), axis=1)
            state = activate(g, g("Add", now, g("MatMul", state, u)) if state else now)
            reached[t] = state
        states.append([reached[t] for t in range(time)])
    if not at.layer.return_sequences:
        ends = [states[0][-1], *(back[0] for back in states[1:])]
        return g("Concat", *ends, axis=1)
    steps = [g("Concat", *at_once, axis=1) for at_once in zip(*states, strict=True)]
    return g("Concat", *[g("Unsqueeze", step, g.integers(1)) for step in steps], axis=1)


# -- tokens and attention ------------------------------------------------------------------------


def _embedding(say: Words, at: Place, g: Graph, h: str) -> str:
    last = at.layer.tokens - 1
    inside = [g.array(f"token_{value}", np.int32(value)) for value in (0, last)]
    return g("Gather", f"{at.name}.w", g("Clip", h, *inside), axis=0)


def _positions(say: Words, at: Place, g: Graph, h: str) -> str:
    if at.layer.form == "learned":
        return g("Add", h, f"{at.name}.w")
    return g("Add", h, g.array(f"{at.name}.waves", waves(*at.input_shape)))


def _attended(at: Place, g: Graph, h: str) -> str:
    """Self-attention with its output projection."""
    (time, features), heads = at.input_shape, at.layer.heads
    width = features // heads

    def split(name: str, *order: int) -> str:
        z = _projected(at, g, h, f"w{name}", f"b{name}", 2)
        return g("Transpose", g("Reshape", z, g.integers(0, time, heads, width)), perm=order)

    query, key, value = split("q", 0, 2, 1, 3), split("k", 0, 2, 3, 1), split("v", 0, 2, 1, 3)
    scores = g("Div", g("MatMul", query, key), float(np.sqrt(np.float32(width))))
    if at.layer.causal:
        seen = g.array(f"seen_{time}", np.tri(time, dtype=bool))
        scores = g("Where", seen, scores, g.array("unseen", np.float32(-np.inf)))
    mixed = g("MatMul", g("Softmax", scores, axis=-1), value)
    rows = g("Reshape", g("Transpose", mixed, perm=[0, 2, 1, 3]), g.integers(0, time, features))
    return _projected(at, g, rows, "wo", "bo", 2)


def _attention(say: Words, at: Place, g: Graph, h: str) -> str:
    return _attended(at, g, h)


def _feed_forward(say: Words, at: Place, g: Graph, h: str) -> str:
    z = _projected(at, g, h, "w1", "b1", len(at.input_shape))
    h = _activated(say, at, g, z)
    return _projected(at, g, h, "w2", "b2", len(at.input_shape))


def _block(say: Words, at: Place, g: Graph, h: str) -> str:
    for part, inner in (("1", _attention), ("2", _feed_forward)):
        before = _layer_norm(at, g, h, part) if at.layer.norm == "pre" else h
        h = g("Add", h, inner(say, at, g, before))
        h = h if at.layer.norm == "pre" else _layer_norm(at, g, h, part)
    return h


def _means(say: Words, at: Place, g: Graph, h: str) -> str:
    """What is drawn where nothing is trained: the means, which come first."""
    w, b = (
        g.array(f"{at.name}.mean.{part}", g.arrays[f"{at.name}.{part}"][..., : at.units])
        for part in "wb"
    )
    return g("Gemm", h, w, b)


# -- shapes and branches -------------------------------------------------------------------------


def _reshaped(say: Words, at: Place, g: Graph, h: str) -> str:
    return g("Reshape", h, g.integers(0, *_rest(at.output_shape)))


def _rest(shape: Sequence[int]) -> list[int]:
    """Sizes, of which the first is whatever is left."""
    return [-1, *shape[1:]]


LAYER_WORDS: dict[str, Callable[..., str]] = {
    "dense": _dense,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv2d_transpose": _conv_transpose,
    "max_pooling1d": _pool("MaxPool"),
    "max_pooling2d": _pool("MaxPool"),
    "average_pooling1d": _pool("AveragePool"),
    "average_pooling2d": _pool("AveragePool"),
    "global_average_pooling1d": _global("ReduceMean"),
    "global_average_pooling2d": _global("ReduceMean"),
    "global_max_pooling1d": _global("ReduceMax"),
    "global_max_pooling2d": _global("ReduceMax"),
    "upsampling2d": _larger,
    "simple_rnn": _recurrent,
    "gru": _recurrent,
    "lstm": _recurrent,
    "embedding": _embedding,
    "position_embedding": _positions,
    "multi_head_attention": _attention,
    "feed_forward": _feed_forward,
    "transformer_block": _block,
    "sampling": _means,
    "batch_normalization": lambda say, at, g, h: _batch_norm(at, g, h, len(at.input_shape)),
    "layer_normalization": lambda say, at, g, h: _layer_norm(at, g, h),
    "activation": _activated,
    "dropout": _as_it_is,
    "flatten": _reshaped,
    "reshape": _reshaped,
    "last_step": lambda say, at, g, h: g(
        "Gather", h, g.array("last", np.int64(at.input_shape[0] - 1)), axis=1
    ),
    "add": lambda say, at, g, h, other: g("Add", h, other),
    "concatenate": lambda say, at, g, h, other: g("Concat", h, other, axis=-1),
}
