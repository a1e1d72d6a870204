"""The files that are exported: what is in them, and that they are the same each time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from typer.testing import CliRunner, Result

from server.cli import app
from server.experiment import Experiment
from server.experiment.registry import LAYERS
from server.export import TARGETS, Unsupported, export
from server.export.base import GROUPS, Run
from server.export.python_code import PINS
from server.export.weights_file import pack, unpack
from tests.conftest import ROOT
from tests.families import with_layer

from .test_adversarial import CASES as DUELS
from .test_adversarial import DRAWN as DRAWN_DUELS
from .test_words import exported

#: networks whose code has every branch of the templates
WIDE = {
    "data": {
        "dataset": "pinwheel",
        "features": ["x", "y", "x_squared", "y_squared", "xy", "sin_x", "sin_y", "cos_x", "gauss"],
    },
    "network": {
        "layers": [
            {"kind": "dense", "units": 200, "normalization": norm, "dropout": 0.25}
            for norm in ("none", "batch", "layer") * 5
        ]
    },
    "training": {
        "loss": {"kind": "categorical_crossentropy", "label_smoothing": 0.1},
        "l1": 0.001, "l2": 0.02, "weight_decay": 0.1, "clip_norm": 2.5,
        "early_stopping": {"patience": 7, "min_delta": 0.001},
    },
}  # fmt: skip
FUNCTION = {"data": {"dataset": "function"}, "training": {"l1": 0.1, "weight_decay": 0.1}}
TRAININGS = [
    *({"optimizer": name} for name in (
        "sgd", "nesterov", "rmsprop", "adagrad", "adadelta", "adamw", "nadam", "lion", "lbfgs",
    )),
    *({"schedule": name, "l2": 0.1} for name in (
        "step", "exponential", "cosine", "cosine_restarts", "warmup", "warmup_cosine", "one_cycle",
    )),
    *({"loss": name, "clip_norm": 1} for name in ("absolute_error", "huber", "hinge")),
    {"rules": "tf_playground", "l1": 0.1, "l2": 0.2},
]  # fmt: skip
DRAWN = {"data": {"dataset": "drawn"}, "training": {"early_stopping": {}}}
#: what is penalised, shrunk and stopped, of data that are no points
RESTRAINED = {
    "l1": 0.1, "l2": 0.1, "weight_decay": 0.1, "clip_norm": 1, "early_stopping": {},
}  # fmt: skip
FAMILIES = [
    {"data": {"dataset": {"kind": kind, "samples": 100}}, "training": RESTRAINED}
    for kind in ("digits", "adding", "parity", "sines", "copy_task", "names")
]
EXPERIMENTS = [
    {}, WIDE, FUNCTION, DRAWN,
    *({"training": training} for training in TRAININGS),
    *FAMILIES, *DUELS.values(), *DRAWN_DUELS.values(),
    *(with_layer({"kind": kind}) for kind in LAYERS),
    with_layer({"kind": "conv2d", "padding": "same", "kernel_size": 4, "stride": 2, "groups": 1}),
    with_layer({"kind": "average_pooling2d", "padding": "same"}),
    *(
        with_layer({"kind": "simple_rnn", "activation": activation, "bidirectional": True})
        for activation in ("tanh", "gelu")
    ),
    with_layer({"kind": "transformer_block", "dropout": 0.1, "causal": True, "norm": "post"}),
    with_layer({"kind": "multi_head_attention", "dropout": 0.1, "causal": True}),
    {
        "data": {"dataset": "digits", "target": "input"},
        "network": {
            "layers": [
                "dropout",
                {"kind": "concatenate", "back": 1},
                "flatten",
                {"kind": "sampling", "units": 64},
                {"kind": "reshape", "target_shape": [8, 8, 1]},
            ]
        },
        "training": {"loss": "squared_error"},
    },
]  # fmt: skip


@pytest.mark.parametrize("target", ["keras", "jax", "pytorch", "container"])
def test_code_is_written_as_a_linter_and_a_formatter_want_it(target, tmp_path):
    for i, experiment in enumerate(EXPERIMENTS):
        for name, content in exported(target, experiment).items():
            if name.endswith(".py"):
                (tmp_path / str(i)).mkdir(exist_ok=True)
                (tmp_path / str(i) / name).write_bytes(content)
    common = ["--isolated", "--no-cache", "--line-length", "100"]
    rules = ["--select", "E,F,W,I,UP,PIE,SIM"]
    for command in (["check", *common, *rules], ["format", "--diff", *common]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, tmp_path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_a_target_has_its_words_and_its_place(client):
    listed = client.get("/api/v1/exports").json()
    assert {entry["target"] for entry in listed} == set(TARGETS)
    for entry in listed:
        assert entry["title"] and entry["help"].endswith(".") and len(entry["help"]) <= 140
        assert re.fullmatch(r"[\w-]+\.\w+", entry["filename"])
        assert re.fullmatch(r"\w+/[\w.-]+", entry["media_type"])
    groups = [entry["group"] for entry in listed]
    assert groups == sorted(groups, key=GROUPS.index)


@pytest.mark.parametrize("target", list(TARGETS))
def test_equal_runs_give_equal_bytes_and_no_pickle(target, begin):
    run = begin({"network": {"layers": [{"kind": "dense", "normalization": "batch"}]}})
    run.train(3)
    first = run.call("GET", f"/exports/{target}")
    assert first.status_code == 200
    headers = first.headers
    assert headers["content-type"].split(";")[0] == TARGETS[target].hints["media_type"]
    name = TARGETS[target].hints["filename"]
    assert headers["content-disposition"] == f'attachment; filename="{name}"'
    again = run.call("GET", f"/exports/{target}")
    assert again.content == first.content
    known = run.call("GET", f"/exports/{target}", **{"If-None-Match": headers["etag"]})
    assert known.status_code == 304 and not known.content
    if name.endswith(".zip"):
        names = zipfile.ZipFile(io.BytesIO(first.content)).namelist()
        assert {n.split("/")[0] for n in names} == {name.removesuffix(".zip")}
        assert not [n for n in names if n.endswith((".pkl", ".pt", ".pth", ".npy", ".npz"))]
    run.train(1)
    if target not in ("experiment",):
        assert run.call("GET", f"/exports/{target}").headers["etag"] != headers["etag"]


def test_what_there_is_not_is_said(client, begin):
    run = begin({})
    answer = run.call("GET", "/exports/matlab")
    assert answer.status_code == 404
    assert "pytorch" in answer.json()["errors"][0]["message"]
    assert client.get("/api/v1/sessions/nobody/exports/onnx").status_code == 404


def test_safetensors_hold_the_weights_that_the_digest_is_of(begin, tmp_path):
    run = begin({"network": {"layers": [{"kind": "dense", "normalization": "batch"}]}})
    run.train(5)
    said = run.call("GET", "/weights").json()
    arrays = run.arrays()
    for name, layer in zip(("hidden_1", "output"), said["layers"], strict=True):
        for part, values in layer["params"].items():
            np.testing.assert_array_equal(arrays[f"{name}.{part}"], np.array(values, np.float32))
    order = ["hidden_1.b", "hidden_1.offset", "hidden_1.scale", "hidden_1.w", "output.b",
             "output.w", "hidden_1.mean", "hidden_1.var"]  # fmt: skip
    digest = hashlib.sha256(b"".join(arrays[name].tobytes() for name in order)).hexdigest()
    assert digest == said["digest"]
    path = tmp_path / "weights.safetensors"
    path.write_bytes(run.export("safetensors"))
    with safe_open(path, "numpy") as file:
        said = file.metadata()["experiment"]
    assert Experiment.model_validate_json(said) == run.experiment


def test_the_history_is_the_curve(begin):
    run = begin({})
    run.train(50)
    header, *rows = csv.reader(io.StringIO(run.export("history").decode()))
    curve = run.call("GET", "/metrics").json()
    assert header == curve["columns"]
    read = np.array([[float(v or "nan") for v in row] for row in rows])
    np.testing.assert_array_equal(read[:, :2], np.array(curve["rows"])[:, :2].astype(float))
    single = np.array(curve["rows"], np.float32)  # which is what it was computed in
    np.testing.assert_array_equal(read.astype(np.float32), single)
    assert rows[0][header.index("learning_rate")] == "0.03"


def test_the_experiment_begins_the_same_session(begin):
    run = begin({"seed": 7, "training": {"optimizer": "adam"}})
    assert begin(json.loads(run.export("experiment"))).said["digest"] == run.said["digest"]


def test_points_are_those_of_the_session(begin, tmp_path):
    run = begin({"data": {"split": {"train": 40, "validation": 20}}})
    folder = run.unpack("jax", tmp_path)
    rows = list(csv.DictReader((folder / "points.csv").open()))
    counts = {part: sum(row["part"] == part for row in rows) for part in run.said["counts"]}
    assert counts == run.said["counts"]


def test_pins_are_what_the_tests_run_with():
    pinned = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()[1:]
    )
    assert {name: pinned[name] for name in PINS} == PINS


sizes = st.lists(
    st.builds(
        dict,
        kind=st.just("dense"),
        units=st.integers(1, 9),
        normalization=st.sampled_from(["none", "batch", "layer"]),
    ),
    max_size=4,
)


@given(sizes, st.integers(0, 2**32 - 1))
def test_weights_come_back_to_the_bit(layers, seed):
    experiment = Experiment.model_validate({"network": {"layers": layers}})
    rng = np.random.default_rng(seed)
    trees = [place.layer.init(rng, place.input_shape) for place in Run(experiment, [], []).places]
    params, stats = [p for p, _ in trees], [s for _, s in trees]
    back = unpack(experiment, pack(Run(experiment, params, stats)))
    for kept, found in zip((params, stats), back, strict=True):
        for layer, same in zip(kept, found, strict=True):
            assert layer.keys() == same.keys()
            assert all((layer[name] == same[name]).all() for name in layer)


@pytest.mark.parametrize(
    ("experiment", "path", "words"),
    [
        ({"network": {"layers": ["dense"] * 2}}, "/weights/hidden_2.w", r"missing .* \[2, 2\]"),
        ({"network": {"layers": []}}, "/weights/hidden_1.b", "no such array"),
        ({"data": {"features": ["x"]}, "network": {"layers": ["dense"]}}, "/weights/hidden_1.w",
         r"of shape \[2, 2\] .* \[1, 2\]"),
    ],
)  # fmt: skip
def test_weights_of_another_network_are_refused(experiment, path, words):
    content = exported("safetensors", {"network": {"layers": ["dense"]}})["weights.safetensors"]
    with pytest.raises(Unsupported, match=words) as told:
        unpack(Experiment.model_validate(experiment), content)
    assert told.value.path == path


def test_no_weights_file_is_refused():
    with pytest.raises(Unsupported, match="no safetensors file"):
        unpack(Experiment.model_validate({}), b"PK")


def test_weights_alone_have_no_history():
    with pytest.raises(Unsupported, match="session"):
        exported("history", {})


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_the_command_writes_what_the_session_exports(begin, tmp_path):
    run = begin({"network": {"layers": [{"kind": "dense", "normalization": "batch"}]}})
    run.train(3)
    for target in ("experiment", "safetensors"):
        (tmp_path / TARGETS[target].hints["filename"]).write_bytes(run.export(target))
    out = tmp_path / "out"
    given = [tmp_path / "experiment.json", "--weights", tmp_path / "weights.safetensors", "-o", out]
    done = command(*given, "--target", "pytorch")
    assert done.exit_code == 0, done.stderr
    theirs = run.unpack("pytorch", tmp_path / "zip")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {
        p.name: p.read_bytes() for p in theirs.iterdir()
    }
    assert export("pytorch", Experiment.model_validate(run.said["experiment"]), *unpack(
        Experiment.model_validate(run.said["experiment"]), run.export("safetensors")
    )).content == run.export("pytorch")  # fmt: skip


def test_the_command_says_what_does_not_fit(tmp_path):
    spec, weights = tmp_path / "spec.json", tmp_path / "weights.safetensors"
    spec.write_text('{"seed": -1}')
    weights.write_bytes(b"")
    refused = command(spec, "--weights", weights, "--target", "onnx")
    assert refused.exit_code == 2 and refused.stderr.startswith("/seed: ")
    spec.write_text("{}")
    refused = command(spec, "--weights", weights, "--target", "onnx")
    assert refused.exit_code == 2 and refused.stderr.startswith("/weights: ")


def test_the_command_lists_what_the_server_lists(client):
    lines = command("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        entry["target"] for entry in client.get("/api/v1/exports").json()
    ]
