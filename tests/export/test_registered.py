"""Whatever is registered answers in every target as it does here, to 1e-5: each activation, as
hidden and as output layers', each layer in all its forms, each feature, with weights and running
averages of any kind. What is registered is tried, and no list of it is kept here; what a target
has no words for is refused, which is another test's."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import jax.numpy as jnp
import numpy as np
import onnxruntime
import pytest
from pydantic import ValidationError

from server.datasets.features import transform
from server.experiment import Experiment
from server.experiment.registry import ACTIVATIONS, DATASETS, FEATURES, LAYERS
from server.export import Unsupported, files
from server.export.base import Run
from server.layers.base import Context
from server.training.targets import predicted_classes, target_low

from .frameworks import FRAMEWORKS
from .run import modules

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

#: one of two classes, of more, of values, and of one input
PROBLEMS = ("circle", "pinwheel", "reg_plane", "function")

#: the layers that have words in the targets; those of pictures, sequences and tokens do not yet
WRITTEN = ("dense",)

#: no training: what a layer is given for an answer
READING = Context(training=False, key=None, mask=None, linear=jnp.matmul)


def forms(kind: str) -> Iterator[dict[str, Any]]:
    """A layer in every form that its settings of a few choices give it."""
    fields = LAYERS[kind].model_fields
    choices = {
        name: get_args(field.annotation)
        for name, field in fields.items()
        if name != "kind" and get_origin(field.annotation) is Literal
    }
    for values in itertools.product(*choices.values()):
        yield {"kind": kind} | dict(zip(choices, values, strict=True))


def experiment_of(activation: str, dataset: str) -> Experiment:
    """Every form of every layer with this activation; it is the output's, too, if it may be."""
    layers = [form for kind in LAYERS if kind in WRITTEN for form in forms(kind)]
    for layer in layers:
        fields = LAYERS[layer["kind"]].model_fields
        layer |= {"units": 4} if "units" in fields else {}
        layer |= {"activation": activation} if "activation" in fields else {}
    axes = "xy"[: DATASETS[dataset]().dimensions]
    features = [name for name in FEATURES if set(FEATURES[name].hints["uses"]) <= set(axes)]
    document = {
        "data": {"dataset": {"kind": dataset, "samples": 20}, "features": features},
        "network": {"layers": layers, "output": {"activation": activation}},
    }
    try:
        return Experiment.model_validate(document)
    except ValidationError:
        document["network"]["output"] = {}
        return Experiment.model_validate(document)


def weighted(experiment: Experiment, seed: int) -> Run:
    """The experiment with weights and running averages as after some training."""
    rng = np.random.default_rng(seed)
    params, stats = [], []
    for place in Run(experiment, [], []).places:
        first, averages = place.layer.init(rng, place.input_shape)
        params.append({k: a + rng.normal(0, 0.3, a.shape) for k, a in first.items()})
        stats.append({k: a * rng.uniform(0.5, 1.5) + 0.1 for k, a in averages.items()})
    as_float32 = [
        [{k: np.asarray(a, np.float32) for k, a in tree.items()} for tree in trees]
        for trees in (params, stats)
    ]
    return Run(experiment, *as_float32)


def answered(run: Run, points: np.ndarray) -> np.ndarray:
    """(N, dimensions) points -> (N, K) outputs, by the layers that are registered."""
    h = jnp.asarray(transform(run.experiment.data.features, points), jnp.float32)
    for place, params, stats in zip(run.places, run.params, run.stats, strict=True):
        h, _ = place.layer.apply(params, stats, h, READING)
    return np.asarray(h)


def test_the_problems_are_of_every_sort() -> None:
    sorts = {(DATASETS[k]().problem, DATASETS[k]().dimensions) for k in DATASETS}
    assert sorts == {(DATASETS[k]().problem, DATASETS[k]().dimensions) for k in PROBLEMS}


@pytest.mark.parametrize("number", range(len(ACTIVATIONS)), ids=list(ACTIVATIONS))
def test_it_answers_alike_everywhere(number: int, tmp_path: Path) -> None:
    activation, dataset = list(ACTIVATIONS)[number], PROBLEMS[number % len(PROBLEMS)]
    run = weighted(experiment_of(activation, dataset), number)
    points = np.random.default_rng(number).uniform(-6, 6, (20, run.dimensions)).astype(np.float32)
    expected = answered(run, points)
    classes = None
    if run.classes:
        low = target_low(run.experiment.training.loss, run.experiment.output_activation)
        found = predicted_classes(expected, run.experiment.task, low)
        classes = np.asarray(found).tolist()

    def compare(target: str, outputs: Any, found: Any) -> None:
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5, err_msg=target)
        assert found == classes, target

    for target, answers in ANSWERS.items():
        with suppress(Unsupported):
            compare(target, *answers(written(target, run, tmp_path), points))


#: of a folder with what is exported, and points: outputs, and classes where there are any
Answers = Callable[[Path, np.ndarray], tuple[Any, Any]]


def by_program(target: str) -> Answers:
    def answers(folder: Path, points: np.ndarray) -> tuple[Any, Any]:
        with modules(folder) as (model, _):
            return FRAMEWORKS[target].predict(model, points)

    return answers


def by_onnx(folder: Path, points: np.ndarray) -> tuple[Any, Any]:
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    outputs, *found = session.run(None, {"points": points})
    return outputs, found[0].tolist() if found else None


def by_container(folder: Path, points: np.ndarray) -> tuple[Any, Any]:
    sys.path.insert(0, str(folder))
    try:
        app = importlib.import_module("app")
        answer = app.predict(app.Points(inputs=points.tolist()))
    finally:
        del sys.path[0]
        sys.modules.pop("app", None)
    return answer.outputs, answer.classes


ANSWERS: dict[str, Answers] = {target: by_program(target) for target in FRAMEWORKS}
ANSWERS |= {"onnx": by_onnx, "container": by_container}


def written(target: str, run: Run, folder: Path) -> Path:
    """A folder with the files of a target."""
    inside = folder / target
    inside.mkdir()
    for name, content in files(target, run.experiment, run.params, run.stats).items():
        (inside / name).write_bytes(content)
    return inside
