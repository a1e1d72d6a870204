"""ONNX: one file for any runtime, from raw points to outputs and classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper

from server.experiment.registry import FEATURES, LAYERS

from .base import TARGETS, Place, Run, Words

#: what Gelu (20) and LayerNormalization (17) need at least
OPSET, IR_VERSION = 20, 9


class Graph:
    """A graph that grows. Values go by their names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: dict[str, NDArray[Any]] = {}

    def __call__(self, op: str, *inputs: str | float, name: str = "", **attributes: Any) -> str:
        """Add a node of this operator; the name of its output. A number stands for a constant."""
        taken = [value if isinstance(value, str) else self.number(value) for value in inputs]
        output = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, taken, [output], name=output, **attributes))
        return output

    def number(self, value: float) -> str:
        return self.array(f"number_{value!r}", np.float32(value))

    def array(self, name: str, value: Any) -> str:
        """A constant by its name."""
        self.arrays[name] = np.asarray(value)
        return name


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

_NORMS: dict[str, tuple[str, list[str], dict[str, Any]]] = {
    "batch": ("BatchNormalization", ["scale", "offset", "mean", "var"], {}),
    "layer": ("LayerNormalization", ["scale", "offset"], {"axis": -1}),
}


def _dense(say: Words, at: Place, g: Graph, h: str) -> str:
    """From the name of its input to that of its output; dropout is for training only."""
    name, normalization = at.name, at.layer.normalization
    z = g("Gemm", h, f"{name}.w", f"{name}.b", name=f"{name}.z")
    if normalization != "none":
        if normalization not in _NORMS:
            path = f"{at.path}/normalization"
            raise say.unsupported(path, f"{normalization!r}", ["none", *_NORMS])
        op, parts, attributes = _NORMS[normalization]
        arrays = [f"{name}.{part}" for part in parts]
        z = g(op, z, *arrays, name=f"{name}.normalized", epsilon=1e-5, **attributes)
    return say.activation(at)(g, z)


WORDS = Words(
    "onnx",
    "ONNX",
    {"feature": _FEATURES, "activation": _ACTIVATIONS, "layer": {"dense": _dense}},
)


@TARGETS.register(
    "onnx", title="ONNX", filename="model.onnx", media_type="application/octet-stream",
    group="Model",
    help="One file that any ONNX runtime takes: raw points in, outputs and classes out.",
)  # fmt: skip
def onnx(run: Run) -> dict[str, bytes]:
    return {"model.onnx": model_bytes(run)}


def model_bytes(run: Run) -> bytes:
    """The model: `points` float32 (N, dimensions) -> `outputs` float32 (N, units) and, where
    there are classes, `classes` int64 (N,)."""
    g = Graph()
    g.arrays |= run.arrays
    h = _features(g, run)
    for place in run.places:
        h = WORDS.of(LAYERS, place.layer.kind, place.path)(WORDS, place, g, h)
    outputs = g("Identity", h, name="outputs")
    results = [_value(outputs, TensorProto.FLOAT, ["N", run.output.units])]
    if run.classes:
        results.append(_value(_classes(g, run, outputs), TensorProto.INT64, ["N"]))
    graph = helper.make_graph(
        g.nodes,
        "layerlab",
        [_value("points", TensorProto.FLOAT, ["N", run.dimensions])],
        results,
        [numpy_helper.from_array(array, name) for name, array in g.arrays.items()],
        doc_string=run.summary(),
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
        return g("ArgMax", outputs, axis=1, keepdims=0, name="classes")
    high = g("Greater", outputs, (run.low + 1) / 2)
    flat = g("Reshape", high, g.array("flat", np.array([-1], np.int64)))
    return g("Cast", flat, to=TensorProto.INT64, name="classes")


def _value(name: str, kind: int, shape: list[str | int]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)
