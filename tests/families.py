"""Experiments in which a kind of layer stands where it can stand."""

from __future__ import annotations

from itertools import product
from typing import Any

from server.experiment import Experiment

#: small data of every form, and what may stand before and after a layer on it
DATA: list[dict[str, Any]] = [
    {"dataset": "circle"},
    {"dataset": {"kind": "digits", "samples": 200}},
    {"dataset": {"kind": "adding", "samples": 100, "length": 6}},
    {"dataset": {"kind": "copy_task", "samples": 100, "length": 3}},
    {"dataset": {"kind": "modular_addition", "modulus": 5}},
]
DENSE: dict[str, Any] = {"kind": "dense", "units": 4}
BEFORE: list[list[dict[str, Any]]] = [
    [],
    [DENSE],
    [DENSE, DENSE, DENSE],
    [{"kind": "embedding", "tokens": 128}],
]
AFTER: list[list[dict[str, Any]]] = [[], [{"kind": "flatten"}], [{"kind": "last_step"}]]


def with_layer(layer: dict[str, Any], training: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON of the first of these experiments that the layer fits into."""
    for data, before, after in product(DATA, BEFORE, AFTER):
        layers = [*before, layer, *after]
        for rest in ([], [DENSE]):
            document: dict[str, Any] = {"data": data, "network": {"layers": [*layers, *rest]}}
            if training is not None:
                document["training"] = training
            if _holds(document):
                return document
    raise LookupError(f"there is no experiment for {layer}")


def _holds(document: dict[str, Any]) -> bool:
    try:
        Experiment.model_validate(document)
    except ValueError:
        return False
    return True
