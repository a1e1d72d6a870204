"""How a test speaks with an exported program of each framework: NumPy in, NumPy out."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from .run import Arrays

os.environ.setdefault("KERAS_BACKEND", "torch")

NORM = {"weight": "scale", "bias": "offset", "running_mean": "mean", "running_var": "var"}


class PyTorch:
    @staticmethod
    def predict(model: ModuleType, points: np.ndarray) -> tuple[np.ndarray, Any]:
        outputs = model.predict(model.load(), torch.tensor(points))
        classes = model.classify(outputs).tolist() if hasattr(model, "classify") else None
        return outputs.numpy(), classes

    @staticmethod
    def trained(model: ModuleType, train: ModuleType, epochs: list[float]) -> Arrays:
        """The arrays after a step on all training points at each of these times."""
        network = model.load()
        optimizer = train.make_optimizer(network)
        for epoch in epochs:
            loss = train.train_step(network, optimizer, *train.read_points("train"), epoch)
            assert np.isfinite(loss)
        arrays = {}
        for name, array in network.state_dict().items():
            layer, part = name.split(".")
            if layer.endswith("_norm"):
                layer, part = layer.removesuffix("_norm"), NORM.get(part, "")
            else:
                part = part[0]  # weight, bias
            arrays[f"{layer}.{part}"] = array.numpy().T
        return {name: array for name, array in arrays.items() if not name.endswith(".")}


class Jax:
    @staticmethod
    def predict(model: ModuleType, points: np.ndarray) -> tuple[np.ndarray, Any]:
        outputs = jax.jit(model.predict)(*model.load(), jnp.array(points))
        classes = model.classify(outputs).tolist() if hasattr(model, "classify") else None
        return np.asarray(outputs), classes

    @staticmethod
    def trained(model: ModuleType, train: ModuleType, epochs: list[float]) -> Arrays:
        state = train.begin()
        for epoch in epochs:
            state, loss = train.train_step(state, *train.read_points("train"), epoch)
            assert np.isfinite(loss)
        return {name: np.asarray(a) for name, a in (state.params | state.stats).items()}


class Keras:
    @staticmethod
    def predict(model: ModuleType, points: np.ndarray) -> tuple[np.ndarray, Any]:
        outputs = model.predict(model.load(), points)
        classes = model.classify(outputs).tolist() if hasattr(model, "classify") else None
        return outputs, classes

    @staticmethod
    def trained(model: ModuleType, train: ModuleType, epochs: list[float]) -> Arrays:
        network = train.prepared(model.load())
        for epoch in epochs:
            loss = train.train_step(network, *train.read_points("train"), epoch)
            assert np.isfinite(loss)
        arrays = {}
        for layer in network.layers:
            parts = ["scale", "offset", "mean", "var"] if "norm" in layer.name else ["w", "b"]
            for part, array in zip(parts, layer.get_weights(), strict=False):
                arrays[f"{layer.name.removesuffix('_norm')}.{part}"] = array
        return arrays


FRAMEWORKS = {"pytorch": PyTorch, "jax": Jax, "keras": Keras}
