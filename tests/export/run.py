"""A session behind REST, and what is exported from it, unpacked and run."""

from __future__ import annotations

import importlib
import io
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from safetensors.numpy import load

from server.experiment import Experiment

Arrays = dict[str, np.ndarray]


class Run:
    """One session."""

    def __init__(self, client: Any, experiment: dict[str, Any]) -> None:
        self.client = client
        answer = client.post("/api/v1/sessions", json={"experiment": experiment})
        assert answer.status_code == 201, answer.text
        self.said = answer.json()

    @property
    def experiment(self) -> Experiment:
        return Experiment.model_validate(self.said["experiment"])

    def call(self, method: str, rest: str, body: Any = None, **headers: str) -> Any:
        path = f"/api/v1/sessions/{self.said['id']}{rest}"
        headers |= {"Authorization": f"Bearer {self.said['secret']}"}
        return self.client.request(method, path, json=body, headers=headers)

    def train(self, steps: int) -> None:
        answer = self.call("POST", "/train", {"steps": steps})
        assert answer.status_code == 200 and answer.json()["step"] >= steps, answer.text

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, list[int] | None]:
        answer = self.call("POST", "/predict", {"inputs": points.tolist()}).json()
        return np.array(answer["outputs"], np.float32), answer["classes"]

    def export(self, target: str) -> bytes:
        answer = self.call("GET", f"/exports/{target}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def arrays(self) -> Arrays:
        """Every weight and running average by its name."""
        return load(self.export("safetensors"))

    def unpack(self, target: str, folder: Path) -> Path:
        """The files of a zipped target, in a folder."""
        zipfile.ZipFile(io.BytesIO(self.export(target))).extractall(folder)
        (inside,) = folder.iterdir()
        return inside


@contextmanager
def modules(folder: Path) -> Iterator[tuple[ModuleType, ModuleType]]:
    """(model, train) of an exported program, imported for as long."""
    names = ("model", "train")
    sys.path.insert(0, str(folder))
    try:
        model, train = (importlib.import_module(name) for name in names)
        yield model, train
    finally:
        sys.path.remove(str(folder))
        for name in (*names, "generate", "augmentation"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
