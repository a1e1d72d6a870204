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
from server.engine.model import Model
from server.experiment import Experiment
from server.experiment.registry import ACTIVATIONS, DATASETS, FEATURES, LAYERS
from server.export import Unsupported, files, keras, onnx, plain_jax, pytorch
from server.export.base import Run, Words
from server.training.targets import predicted_classes
from tests.families import with_layer

from .frameworks import FRAMEWORKS
from .run import modules

# Keras, of PyTorch's tensors and of its own variables
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

#: one of two classes, of more, of values, and of one input
PROBLEMS = ("circle", "pinwheel", "reg_plane", "function")

#: of every target that has its own
WORDS = (keras.WORDS, onnx.WORDS, plain_jax.WORDS, pytorch.WORDS)

#: settings that a layer's values of few choices leave out
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "conv1d": [{"padding": "same", "stride": 2, "kernel_size": 4}, {"activation": "softmax"}],
    "conv2d": [
        {"padding": "same", "kernel_size": 4, "stride": 2},
        {"padding": "same", "dilation": 2, "normalization": "batch", "activation": "softmax"},
    ],
    "conv2d_transpose": [
        {"padding": "same", "kernel_size": 4, "stride": 1},
        {"padding": "same", "kernel_size": 2, "stride": 3},
        {"padding": "valid", "kernel_size": 2, "stride": 3},
    ],
    "max_pooling1d": [{"padding": "same", "pool_size": 4, "stride": 3}],
    "max_pooling2d": [{"padding": "same", "pool_size": 3, "stride": 1}],
    "average_pooling1d": [{"padding": "same", "pool_size": 4, "stride": 3}],
    "average_pooling2d": [{"padding": "same", "pool_size": 2, "stride": 1}],
    "multi_head_attention": [{"causal": True, "heads": 2}],
    "simple_rnn": [
        {"bidirectional": True, "activation": "gelu"},
        {"bidirectional": True, "activation": "gelu", "return_sequences": True},
        {"bidirectional": True, "activation": "relu"},
    ],
    "gru": [{"bidirectional": True}, {"bidirectional": True, "return_sequences": True}],
    "lstm": [{"bidirectional": True}, {"bidirectional": True, "return_sequences": True}],
}

#: branches, and whatever has channels first elsewhere between what has them last
WOVEN: list[Any] = [
    {"kind": "conv2d", "filters": 4, "padding": "same"},
    {"kind": "conv2d", "filters": 4, "groups": 2, "padding": "same"},
    {"kind": "add", "back": 1},
    "batch_normalization",
    {"kind": "dense", "units": 3, "normalization": "batch"},
    {"kind": "concatenate", "back": 2},
    "layer_normalization",
    {"kind": "concatenate", "back": 7},
    "max_pooling2d",
    "activation",
    "flatten",
    {"kind": "dense", "units": 5},
    "batch_normalization",
    {"kind": "concatenate", "back": 1},
]


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
    """Dense layers of every form with this activation; it is the output's, too, if it may be."""
    layers = [form | {"units": 4, "activation": activation} for form in forms("dense")]
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


def examples(run: Run, count: int) -> np.ndarray:
    """Of what the network is given, some that look like nothing in particular."""
    rng, shape = np.random.default_rng(0), (count, *run.shape)
    if run.form == "image":
        return rng.integers(0, 256, shape).astype(np.uint8)
    if run.form == "tokens":
        tokens = len(run.experiment.data.dataset.vocabulary)
        return rng.integers(0, tokens, shape).astype(np.int32)
    return rng.uniform(-3, 3, shape).astype(np.float32)


def answered(run: Run, given: np.ndarray) -> np.ndarray:
    """(N, …) examples as the data has them -> (N, …, K) outputs, by the layers that there are."""
    if run.form == "points":
        given = transform(run.experiment.data.features, given)
    if given.dtype == np.uint8:
        given = given / np.float32(255)
    params, stats = list(run.params), list(run.stats)
    return np.asarray(Model.of(run.experiment).forward(params, stats, jnp.asarray(given)).outputs)


def test_the_problems_are_of_every_sort() -> None:
    sorts = {(k().problem, k().dimensions) for k in DATASETS.values() if k().form == "points"}
    assert sorts == {(DATASETS[k]().problem, DATASETS[k]().dimensions) for k in PROBLEMS}


@pytest.mark.parametrize("number", range(len(ACTIVATIONS)), ids=list(ACTIVATIONS))
def test_it_answers_alike_everywhere(number: int, tmp_path: Path) -> None:
    activation, dataset = list(ACTIVATIONS)[number], PROBLEMS[number % len(PROBLEMS)]
    run = weighted(experiment_of(activation, dataset), number)
    points = np.random.default_rng(number).uniform(-6, 6, (20, run.dimensions)).astype(np.float32)
    compare(run, points, tmp_path)


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.target)
def test_every_layer_has_words(words: Words) -> None:
    known = words.tables["layer"]
    assert not [k for k in LAYERS if k not in known and words.target not in LAYERS[k].written]


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_answers_alike_everywhere(kind: str, tmp_path: Path) -> None:
    variants = [*forms(kind), *({"kind": kind} | more for more in VARIANTS.get(kind, ()))]
    for number, layer in enumerate(variants):
        run = weighted(Experiment.model_validate(with_layer(layer)), number)
        compare(run, examples(run, 4), tmp_path / str(number))


def test_branches_answer_alike_everywhere(tmp_path: Path) -> None:
    data = {"dataset": {"kind": "digits", "samples": 20}}
    run = weighted(Experiment.model_validate({"data": data, "network": {"layers": WOVEN}}), 1)
    compare(run, examples(run, 4), tmp_path)


def compare(run: Run, given: np.ndarray, folder: Path) -> None:
    """Whether every target answers as we do."""
    expected = answered(run, given)
    classes = None
    if run.classes:
        found = predicted_classes(expected, run.experiment.task, run.low)
        classes = np.asarray(found).tolist()
    for target, answers in ANSWERS.items():
        with suppress(Unsupported):
            outputs, found = answers(written(target, run, folder), given)
            np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5, err_msg=target)
            assert found == classes, target


#: of a folder with what is exported, and points: outputs, and classes where there are any
Answers = Callable[[Path, np.ndarray], tuple[Any, Any]]


def by_program(target: str) -> Answers:
    def answers(folder: Path, points: np.ndarray) -> tuple[Any, Any]:
        with modules(folder) as (model, _):
            return FRAMEWORKS[target].predict(model, points)

    return answers


def by_onnx(folder: Path, points: np.ndarray) -> tuple[Any, Any]:
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    outputs, *found = session.run(None, {session.get_inputs()[0].name: points})
    return outputs, found[0].tolist() if found else None


def by_container(folder: Path, points: np.ndarray) -> tuple[Any, Any]:
    sys.path.insert(0, str(folder))
    try:
        app = importlib.import_module("app")
        (asked,) = app.predict.__annotations__.keys() - {"return"}
        answer = app.predict(app.predict.__annotations__[asked](inputs=points.tolist()))
    finally:
        del sys.path[0]
        sys.modules.pop("app", None)
    return answer.outputs, answer.classes


ANSWERS: dict[str, Answers] = {target: by_program(target) for target in FRAMEWORKS}
ANSWERS |= {"onnx": by_onnx, "container": by_container}


def written(target: str, run: Run, folder: Path) -> Path:
    """A folder with the files of a target."""
    inside = folder / target
    inside.mkdir(parents=True)
    for name, content in files(target, run.experiment, run.params, run.stats).items():
        (inside / name).write_bytes(content)
    return inside
