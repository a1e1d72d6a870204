"""How a test speaks with an exported program of each framework: NumPy in, NumPy out."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from .run import Arrays

os.environ.setdefault("KERAS_BACKEND", "torch")

NORM = {"weight": "scale", "bias": "offset", "running_mean": "mean", "running_var": "var"}


def reader(train: ModuleType) -> Callable[[str], Any]:
    """The function that reads a part of the data: `read_points`, `read_images` …"""
    (read,) = (value for name, value in vars(train).items() if name.startswith("read_"))
    return read


class PyTorch:
    @staticmethod
    def predict(model: ModuleType, points: np.ndarray) -> tuple[np.ndarray, Any]:
        outputs = model.predict(model.load(), torch.tensor(points))
        classes = model.classify(outputs).tolist() if hasattr(model, "classify") else None
        return outputs.numpy(), classes

    @staticmethod
    def stepped(model: ModuleType, train: ModuleType, epochs: list[float]) -> Any:
        """The network after a step on all training examples at each of these times."""
        network = model.load()
        optimizer = train.make_optimizer(network)
        for epoch in epochs:
            loss = train.train_step(network, optimizer, *reader(train)("train"), epoch)
            assert np.isfinite(loss)
        return network

    @staticmethod
    def weights(network: Any) -> list[np.ndarray]:
        """All it has learned and remembers, as it lies in the framework."""
        return [array.numpy() for array in network.state_dict().values()]

    @classmethod
    def trained(cls, model: ModuleType, train: ModuleType, epochs: list[float]) -> Arrays:
        """The same by our names and in our layout; of dense layers."""
        arrays = {}
        for name, array in cls.stepped(model, train, epochs).state_dict().items():
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
    def stepped(model: ModuleType, train: ModuleType, epochs: list[float]) -> Any:
        state = train.begin()
        for epoch in epochs:
            state, loss = train.train_step(state, *reader(train)("train"), epoch)
            assert np.isfinite(loss)
        return state.params, state.stats

    @staticmethod
    def weights(network: Any) -> list[np.ndarray]:
        return [np.asarray(tree[name]) for tree in network for name in sorted(tree)]

    @classmethod
    def trained(cls, model: ModuleType, train: ModuleType, epochs: list[float]) -> Arrays:
        params, stats = cls.stepped(model, train, epochs)
        return {name: np.asarray(a) for name, a in (params | stats).items()}


class Keras:
    @staticmethod
    def predict(model: ModuleType, points: np.ndarray) -> tuple[np.ndarray, Any]:
        outputs = model.predict(model.load(), points)
        classes = model.classify(outputs).tolist() if hasattr(model, "classify") else None
        return outputs, classes

    @staticmethod
    def stepped(model: ModuleType, train: ModuleType, epochs: list[float]) -> Any:
        network = train.prepared(model.load())
        for epoch in epochs:
            loss = train.train_step(network, *reader(train)("train"), epoch)
            assert np.isfinite(loss)
        return network

    @staticmethod
    def weights(network: Any) -> list[np.ndarray]:
        return network.get_weights()

    @classmethod
    def trained(cls, model: ModuleType, train: ModuleType, epochs: list[float]) -> Arrays:
        arrays = {}
        for layer in cls.stepped(model, train, epochs).layers:
            parts = ["scale", "offset", "mean", "var"] if "norm" in layer.name else ["w", "b"]
            for part, array in zip(parts, layer.get_weights(), strict=False):
                arrays[f"{layer.name.removesuffix('_norm')}.{part}"] = array
        return arrays


FRAMEWORKS = {"pytorch": PyTorch, "jax": Jax, "keras": Keras}
