"""ONNX: one file for any runtime, from what the data holds to outputs and classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from server.experiment.registry import FEATURES, LAYERS

from .base import GIVEN, TARGETS, Run, Stack, Words
from .onnx_graph import Graph
from .onnx_layers import LAYER_WORDS

#: what Gelu (20) and LayerNormalization (17) need at least
OPSET, IR_VERSION = 20, 9


Word = Callable[..., str]

#: of a graph, a name of (N, 1) x and, in two dimensions, y
_FEATURES: dict[str, Word] = {
    "x": lambda g, x, y: x,
    "y": lambda g, x, y: y,
    "x_squared": lambda g, x, y: g("Mul", x, x),
    "y_squared": lambda g, x, y: g("Mul", y, y),
    "xy": lambda g, x, y: g("Mul", x, y),
    "sin_x": lambda g, x, y: g("Sin", x),
    "sin_y": lambda g, x, y: g("Sin", y),
    "cos_x": lambda g, x, y: g("Cos", x),
    "cos_y": lambda g, x, y: g("Cos", y),
    "radius": lambda g, x, y: g("Sqrt", _squares(g, x, y)),
    "gauss": lambda g, x, y: g("Exp", g("Div", _squares(g, x, y), -8.0)),
}


def _squares(g: Graph, x: str, y: str) -> str:
    return g("Add", g("Mul", x, x), g("Mul", y, y))


#: of a graph and the name of (N, units) z
_ACTIVATIONS: dict[str, Word] = {
    "linear": lambda g, z: z,
    "relu": lambda g, z: g("Relu", z),
    "leaky_relu": lambda g, z: g("LeakyRelu", z, alpha=0.01),
    "elu": lambda g, z: g("Elu", z),
    "selu": lambda g, z: g("Selu", z),
    "gelu": lambda g, z: g("Gelu", z),
    "silu": lambda g, z: g("Mul", z, g("Sigmoid", z)),
    "mish": lambda g, z: g("Mish", z),
    "softplus": lambda g, z: g("Softplus", z),
    "sigmoid": lambda g, z: g("Sigmoid", z),
    "tanh": lambda g, z: g("Tanh", z),
    "hard_tanh": lambda g, z: g("Clip", z, -1.0, 1.0),
    "softsign": lambda g, z: g("Softsign", z),
    "sine": lambda g, z: g("Sin", z),
    "gaussian": lambda g, z: g("Exp", g("Neg", g("Mul", z, z))),
    "softmax": lambda g, z: g("Softmax", z, axis=-1),
}

WORDS = Words(
    "onnx", "ONNX", {"feature": _FEATURES, "activation": _ACTIVATIONS, "layer": LAYER_WORDS}
)


@TARGETS.register(
    "onnx", title="ONNX", filename="model.onnx", media_type="application/octet-stream",
    group="Model",
    help="For any ONNX runtime: raw data in, outputs and classes out; a generator is a file more.",
)  # fmt: skip
def onnx(run: Run) -> dict[str, bytes]:
    return models(run)


_TYPES = {
    "float32": TensorProto.FLOAT,
    "uint8": TensorProto.UINT8,
    "int32": TensorProto.INT32,
}


def models(run: Run) -> dict[str, bytes]:
    """The models, by the names of their files: `model.onnx`, or of two networks that work against
    each other `discriminator.onnx` and `generator.onnx`.

    A network takes `points` float32 (N, dimensions), `images` uint8 (N, height, width, channels),
    `series` float32 (N, time, features) or `tokens` int32 (N, time) and gives `outputs` float32
    (N, …, units) and, where there are classes, `classes` int64 (N, …). A generator takes `noise`
    float32 (N, latent) and gives `made` float32: points, or images with colours from 0 to 1.
    """
    if run.generator is None:
        return {"model.onnx": _network(run)}
    return {"discriminator.onnx": _network(run), "generator.onnx": _generator(run, run.generator)}


def _network(run: Run) -> bytes:
    g = Graph()
    outputs = _passed(g, run, run.network, _given(g, run), "outputs")
    results = [_value(outputs, TensorProto.FLOAT, ["N", *run.output.output_shape])]
    if run.classes:
        results.append(
            _value(_classes(g, run, outputs), TensorProto.INT64, ["N", *run.label_shape])
        )
    return _model(g, run, _value(run.many, _TYPES[run.dtype], ["N", *run.shape]), results)


def _generator(run: Run, stack: Stack) -> bytes:
    g = Graph()
    made = _passed(g, run, stack, "noise", "made")
    result = _value(made, TensorProto.FLOAT, ["N", *run.shape])
    return _model(g, run, _value("noise", TensorProto.FLOAT, ["N", *stack.input_shape]), [result])


def _passed(g: Graph, run: Run, stack: Stack, given: str, name: str) -> str:
    """What a network makes of what is given, under this name."""
    g.arrays |= run.arrays_of(stack)
    h, reached = given, {GIVEN: given}
    for place in stack.places:
        write = WORDS.of(LAYERS, place.layer.kind, place.path)
        more = [reached[place.other]] if place.other else []
        h = reached[place.name] = write(WORDS, place, g, h, *more)
    return g("Identity", h, name=name)


def _model(g: Graph, run: Run, given: Any, results: list[Any]) -> bytes:
    nodes, arrays = g.used([result.name for result in results])
    graph = helper.make_graph(
        nodes,
        "layerlab",
        [given],
        results,
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
        doc_string=run.described(),
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="layerlab",
    )
    helper.set_model_props(model, {"experiment": run.experiment.canonical()})
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _given(g: Graph, run: Run) -> str:
    """What the network is given of what comes in."""
    if run.form == "points":
        return _features(g, run)
    if run.dtype == "uint8":
        return g("Div", g("Cast", run.many, to=TensorProto.FLOAT), 255.0)
    return run.many


def _features(g: Graph, run: Run) -> str:
    columns = [
        g("Gather", "points", g.array(f"column_{i}", np.array([i], np.int64)), axis=1, name=name)
        for i, name in enumerate(("x", "y")[: run.dimensions])
    ]
    x, y = columns[0], columns[-1]
    names = run.experiment.data.features
    parts = [
        WORDS.of(FEATURES, name, f"/experiment/data/features/{i}")(g, x, y)
        for i, name in enumerate(names)
    ]
    return g("Concat", *parts, axis=1, name="features")


def _classes(g: Graph, run: Run, outputs: str) -> str:
    """As `targets.predicted_classes`: the largest output, or whether the only one is high."""
    if run.output.units > 1:
        return g("ArgMax", outputs, axis=-1, keepdims=0, name="classes")
    high = g("Greater", outputs, (run.low + 1) / 2)
    flat = g("Squeeze", high, g.integers(-1))
    return g("Cast", flat, to=TensorProto.INT64, name="classes")


def _value(name: str, kind: int, shape: list[str | int]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)
