"""A session in the words of docs/protocol.md."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from server.datasets.base import DOMAIN
from server.datasets.split import Loaded
from server.experiment import Data, Experiment
from server.layers.base import Params

from .arrays import Tree
from .data import as_sent, first_rows
from .model import Model
from .shape import PARTS, Shape
from .views.planar import feature_maps

if TYPE_CHECKING:
    from .run import Run
    from .session import Session


#: examples of every part that a screen is given at once
SHOWN = 64


def describe(session: Session) -> dict[str, Any]:
    """The session without its secret and without what changes at every step."""
    experiment = session.experiment
    dataset, shape = experiment.data.dataset, session.program.shape
    layers = describe_layers(session)
    return {
        "id": session.id,
        "experiment": experiment.model_dump(mode="json"),
        "digest": experiment.digest(),
        "speed": session.pace.limit,
        "graph": {"inputs": list(experiment.data.features), "layers": shape.judges(layers)},
        "generator": describe_maker(shape, shape.makers(layers)),
        "problem": experiment.task.problem,
        "form": dataset.form,
        "input_shape": list(experiment.data.example_shape),
        "raw_shape": list(raw_shape(experiment)),
        "columns": _columns(session),
        "scale": list(session.loaded.prepared.scale) if session.loaded.prepared else [0.0, 1.0],
        "label_shape": list(experiment.task.label_shape),
        "class_names": list(dataset.class_names),
        "vocabulary": list(dataset.vocabulary),
        "dimensions": dataset.dimensions,
        "classes": experiment.task.classes,
        "range": list(session.span),
        "domain": [-DOMAIN, DOMAIN],
        "steps_per_epoch": session.steps_per_epoch,
        "counts": session.loaded.counts,
        "scored": session.arrays.scored,
        "reproduced": session.reproduced,
        "evaluations": session.evaluations,
    }


def raw_shape(experiment: Experiment) -> tuple[int, ...]:
    """Of an example as it is asked about: a picture before any step, others as `input_shape`."""
    data = experiment.data
    return data.dataset.input_shape if data.dataset.form == "image" else data.example_shape


def _columns(session: Run) -> list[str]:
    """What the numbers of a prepared row are called; empty where there are none."""
    prepared = session.loaded.prepared
    return [v.name for v in prepared.pipeline.variables[-1]] if prepared else []


def describe_layers(session: Run) -> list[dict[str, Any]]:
    """Title, kind, size and the shapes of the parameters of every layer, output last; then of
    every layer of a generator."""
    shape, (params, _) = session.program.shape, session.parameters()
    made = shape.maker.shapes[1:] if shape.maker else []
    return [
        {
            "title": title,
            "kind": kind,
            "units": shape[-1],
            "shape": list(shape),
            "back": getattr(layer, "back", None),
            "activation": getattr(layer, "activation", "linear"),
            "params": {name: list(a.shape) for name, a in p.items()},
        }
        for (title, kind), layer, p, shape in zip(
            _names(session), shape.layers, params, shape.model.shapes[1:] + made, strict=True
        )
    ]


def _names(session: Run) -> list[tuple[str, str]]:
    """(title, kind) of every layer."""
    experiment = session.experiment
    rooms = [experiment.network, *([experiment.generator] if experiment.generator else [])]
    return [
        name
        for room in rooms
        for name in (*((layer.title, layer.kind) for layer in room.layers), ("Output", "output"))
    ]


def describe_maker(shape: Shape, layers: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What a generator makes of how much noise, and its layers; None where there is none."""
    generator, dataset = shape.experiment.generator, shape.experiment.data.dataset
    if generator is None:
        return None
    modes = None if dataset.mixture is None else len(dataset.mixture.centres)
    return {
        "latent": generator.latent,
        "first": len(shape.model.layers),
        "layers": layers,
        "modes": modes,
    }


def describe_data(loaded: Loaded, data: Data) -> dict[str, Any]:
    """The points, their parts, and a map of every feature; of other examples, the first of
    every part, and their rows. None of a sealed test part."""
    dataset = data.dataset
    if dataset.form == "points":
        told = loaded.part != PARTS.index("test") if data.split.sealed else slice(None)
        return {
            "inputs": loaded.inputs[told],
            "labels": loaded.labels[told],
            "split": loaded.part[told],
            "features": feature_maps(dataset.dimensions),
        }
    rows = first_rows(loaded, SHOWN)
    if data.split.sealed:
        rows = rows[loaded.part[rows] != PARTS.index("test")]
    return {
        "rows": rows.astype(np.uint32),
        "inputs": as_sent(loaded.pool[loaded.rows[rows]]),
        "labels": loaded.labels[rows],
        "split": loaded.part[rows],
        "features": {},
    }


def describe_weights(session: Run) -> list[dict[str, Any]]:
    """Every parameter of every layer, as nested lists."""
    return [
        {"title": title, "params": {name: a.tolist() for name, a in p.items()}}
        for (title, _), p in zip(_names(session), session.parameters()[0], strict=True)
    ]


def describe_scores(scores: Tree, counts: dict[str, int], problem: str) -> dict[str, Any]:
    """What `Program.evaluate` gave: loss and score of every part, null for an empty one."""
    name = "r2" if problem == "regression" else "accuracy"
    loss, score = scores["loss"].tolist(), scores["score"].tolist()
    return {
        part: {"loss": _number(loss[i]), name: _number(score[i])} if counts[part] else None
        for i, part in enumerate(PARTS)
    }


def describe_generator(scores: dict[str, float | None]) -> dict[str, Any]:
    """The generator's scores, as one entry more, where there is one."""
    if not scores:
        return {}
    return {"generator": {name: v and _number(v) for name, v in scores.items()}}


def weights_digest(params: list[Params], stats: list[Params]) -> str:
    """SHA-256 over the weights and running statistics, layer by layer in name order."""
    hasher = hashlib.sha256()
    for tree in (*params, *stats):
        for name in sorted(tree):
            hasher.update(np.ascontiguousarray(tree[name], "<f4").tobytes())
    return hasher.hexdigest()


def equation(
    model: Model, symbol: str = r"\mathbf{x}", result: str = r"\hat{\mathbf{y}}"
) -> list[str]:
    """A network's formula in LaTeX, a line a layer. symbol, result: what goes in, and out."""
    lines: list[str] = []
    hidden, last = ("h" if result == r"\hat{\mathbf{y}}" else "g"), len(model.layers)
    for i, layer in enumerate(model.layers, start=1):
        name = result if i == last else rf"\mathbf{{{hidden}}}_{{{i}}}"
        lines.append(f"{name} = {layer.latex(symbol, i)}")
        symbol = name
    return lines


def _number(value: float) -> float | None:
    """A float, or None where it is none (JSON has no NaN)."""
    return value if math.isfinite(value) else None
