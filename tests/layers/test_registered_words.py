"""Everything registered is explained, and stands in the schema by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import server.layers
import server.training  # noqa: F401 - registers
from server.experiment import Experiment
from server.experiment.registry import (
    ACTIVATIONS,
    INITIALIZERS,
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
)

ENTRIES = [entry for registry in (ACTIVATIONS, INITIALIZERS) for entry in registry.values()]
KINDS = [kind for registry in (LAYERS, LOSSES, OPTIMIZERS, SCHEDULES) for kind in registry.values()]


def check_words(title: str, help: str, formula: str) -> None:
    assert title
    assert title[0].isupper()
    assert help.endswith(".")
    assert help.count(". ") == 0, "one sentence"
    assert len(help) <= 140
    assert formula
    assert formula.count("{") == formula.count("}")
    assert formula.count(r"\bigl") == formula.count(r"\bigr")
    assert formula.count(r"\begin") == formula.count(r"\end")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_entry_has_words(entry):
    check_words(entry.title, entry.help, entry.formula)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name())
def test_kind_has_words(kind):
    check_words(kind.title, kind.help, kind.formula)
    for name, field in kind.model_fields.items():
        if name != "kind":
            assert field.title, name
            assert field.description.endswith("."), name


@pytest.fixture(scope="module")
def schema() -> dict:
    return Experiment.model_json_schema()["$defs"]


def test_schema_offers_every_kind(schema):
    places = {
        "layer": (LAYERS, schema["Network"]["properties"]["layers"]["items"]),
        "loss": (LOSSES, schema["Training"]["properties"]["loss"]),
        "optimizer": (OPTIMIZERS, schema["Training"]["properties"]["optimizer"]),
        "schedule": (SCHEDULES, schema["Training"]["properties"]["schedule"]),
    }
    for noun, (registry, node) in places.items():
        assert node["x-registry"] == noun
        assert [o["properties"]["kind"]["const"] for o in node["oneOf"]] == list(registry)


def test_schema_offers_every_entry(schema):
    dense = next(
        option
        for option in schema["Network"]["properties"]["layers"]["items"]["oneOf"]
        if option["properties"]["kind"]["const"] == "dense"
    )
    assert dense["properties"]["activation"]["enum"] == list(ACTIVATIONS)
    assert dense["properties"]["initializer"]["enum"] == list(INITIALIZERS)
    for option in dense["properties"]["activation"]["x-options"]:
        assert option["title"]
        assert option["help"]


def enums(node: Any) -> Iterator[dict[str, Any]]:
    """Every node of a schema that lists its values."""
    if isinstance(node, dict):
        if "enum" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from enums(child)


def test_schema_gives_every_value_its_title(schema):
    found = list(enums(schema))
    assert len(found) > 5
    for node in found:
        assert [option["value"] for option in node["x-options"]] == node["enum"]
        assert all(option["title"] for option in node["x-options"])
    rules = schema["Training"]["properties"]["rules"]["x-options"]
    assert [option["title"] for option in rules] == ["Standard", "TensorFlow Playground"]


def test_schema_suggests_every_optimizers_learning_rate(schema):
    for option in schema["Training"]["properties"]["optimizer"]["oneOf"]:
        kind = OPTIMIZERS[option["properties"]["kind"]["const"]]
        assert option["x-learning-rate"] == kind.learning_rate > 0
