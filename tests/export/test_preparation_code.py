"""The exported preparation, run by itself, beside the server's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.datasets.preparation import prepared_variables
from server.datasets.split import load
from server.experiment.registry import DATASETS, PREPARATIONS
from server.experiment.spec import Data
from server.export.preparation_code import SCRIPT, TABLE, files_of

TABLES = [name for name, kind in DATASETS.items() if kind.form == "table"]
FILLED = [
    {"kind": "impute", "indicator": True},
    {"kind": "impute", "strategy": "most_frequent"},
]
PROGRAM = """
import numpy as np
from preparation import prepare, read
rows, part = prepare(*read())
np.savez("found.npz", rows=rows, part=part)
"""


class Tabled:
    """As much of a run as the preparation is written from."""

    form = "table"

    def __init__(self, data: dict[str, Any]) -> None:
        self.experiment = self
        self.data = Data.model_validate({"split": {"train": 60}} | data)


def ran(folder: Path, data: dict[str, Any]) -> tuple[Any, Any]:
    """What the script comes to, and what the server did."""
    run: Any = Tabled(data)
    for name, content in files_of(run).items():
        (folder / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return np.load(folder / "found.npz"), load(run.data).prepared


@pytest.mark.parametrize("dataset", TABLES)
def test_the_usual_preparation_is_done_again(tmp_path: Path, dataset: str) -> None:
    found, expected = ran(tmp_path, {"dataset": dataset})
    np.testing.assert_allclose(found["rows"], expected.inputs, rtol=1e-6, atol=1e-12)
    assert found["part"].tolist() == [("train", "validation", "test")[p] for p in expected.part]


def test_every_step_is_written(tmp_path: Path) -> None:
    """All of them, one after the other, on penguins."""
    steps = [
        {"kind": "drop_duplicates"},
        {"kind": "drop_missing", "columns": ["bill length"]},
        {"kind": "drop_columns", "columns": ["year"]},
        *FILLED,
        {"kind": "formula", "column": "shape", "expression": "`bill length` / sqrt(`bill depth`)"},
        {"kind": "impute", "columns": ["shape"]},
        {"kind": "bag_of_words"},
        {"kind": "window", "columns": ["flipper length", "island"], "lags": 2},
        {"kind": "clip_outliers", "factor": 0.5, "columns": ["body mass"]},
        {"kind": "log", "columns": ["body mass"]},
        {"kind": "robust", "columns": ["body mass"]},
        {"kind": "min_max", "columns": ["bill depth"], "low": -1, "span": 2},
        {"kind": "bins", "columns": ["flipper length"], "bins": 3},
        {"kind": "ordinal", "columns": ["sex"]},
        {"kind": "one_hot"},
        {"kind": "polynomial", "columns": ["bill length", "bill depth"]},
        {"kind": "standardise"},
        {"kind": "pca", "components": 3, "columns": ["bill length", "body mass", "sex"]},
    ]  # fmt: skip
    assert {step["kind"] for step in steps} == {
        kind for kind, step in PREPARATIONS.items() if step.form == "table"
    }
    parsed = tuple(PREPARATIONS.validate(step) for step in steps)
    prepared_variables(parsed, DATASETS["penguins"]().variables)
    data = {"dataset": "penguins", "preparation": steps, "split": {"method": "ordered"}}
    found, expected = ran(tmp_path, data)
    np.testing.assert_allclose(found["rows"], expected.inputs, rtol=1e-5, atol=1e-5)
    assert len(found["part"]) == len(expected.part) == 340
    text = (tmp_path / SCRIPT).read_text()
    assert "server" not in text and (tmp_path / TABLE).exists()


@pytest.mark.parametrize("weights", ["count", "tfidf"])
def test_words_and_formulas_of_every_function_are_written(tmp_path: Path, weights: str) -> None:
    functions = "min(age, 3*sin(age), -cos(fare)) + sigmoid(relu(age - 30)) + step(fare) - tan(1)"
    more = "exp(-abs(age)/9) + gauss(fare) + sign(age)*floor(fare) + max(pi, tanh(e)) + fare^2"
    steps = [
        {"kind": "impute"},
        {"kind": "formula", "column": "first", "expression": functions},
        {"kind": "formula", "column": "second", "expression": more},
        {"kind": "formula", "column": "third", "expression": "log(fare) + age^0.5 + 1/fare"},
        {"kind": "impute", "columns": ["third"], "indicator": True},
        {"kind": "bag_of_words", "columns": ["name", "cabin"], "words": 6, "weights": weights},
        {"kind": "drop_columns", "columns": ["ticket", "boat", "home or destination"]},
        {"kind": "one_hot"},
    ]
    found, expected = ran(tmp_path, {"dataset": "titanic", "preparation": steps})
    np.testing.assert_allclose(found["rows"], expected.inputs, rtol=1e-6, atol=1e-9)
    text = (tmp_path / SCRIPT).read_text()
    assert "server" not in text and "eval" not in text
