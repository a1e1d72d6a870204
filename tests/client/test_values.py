"""Rules of the client's that hold without a server."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import layerlab
import server.datasets
import server.layers
import server.training  # noqa: F401 - registers
from layerlab import kinds, links
from layerlab.tree import patch_at
from server.experiment import registry
from server.experiment.patch import merge

ALL_KINDS = [
    kind
    for kinds_of in (
        registry.DATASETS,
        registry.LAYERS,
        registry.LOSSES,
        registry.OPTIMIZERS,
        registry.SCHEDULES,
        registry.PREPARATIONS,
        registry.AUGMENTATIONS,
    )
    for kind in kinds_of.values()
]

ids = st.text("abcdefghijABCDEFGHIJ0123456789-_", min_size=1, max_size=40)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with these leaves."""
    inner = st.lists(leaves, max_size=3) | st.dictionaries(ids, leaves, max_size=3)
    inner |= st.lists(inner, max_size=2)
    return st.dictionaries(ids, leaves | inner, min_size=1, max_size=3)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.__name__)
def test_every_registered_kind_is_offered_by_its_own_name(kind: type) -> None:
    """Two kinds of one name, or one named as something of the client's, would hide another."""
    assert getattr(layerlab, kind.__name__) is kind


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Perceptron"):
        _ = layerlab.Perceptron
    assert {"Playground", "Experiment", "Dense"} <= set(dir(layerlab))
    assert set(layerlab.__all__).isdisjoint(dir(kinds))


@given(session=ids, secret=ids)
def test_links_are_read_as_they_were_written(session: str, secret: str) -> None:
    server = "https://lab.example:8443"
    assert links.read(links.watch(server, session)) == links.Address(server, session=session)
    both = links.Address(server, session=session, secret=secret)
    assert links.read(links.control(server, session, secret)) == both


@settings(max_examples=50)
@given(trees(st.none() | st.booleans() | st.integers() | st.text()))
def test_a_portable_link_holds_the_whole_experiment(experiment: dict[str, Any]) -> None:
    link = links.portable("http://lab:8000", experiment)
    assert links.read(link).experiment == experiment
    assert link.isascii() and not set(link) & set(" \"<>'")


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path of a tree below its root."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in items:
        found.append((*path, key))
        found += places(item, (*path, key)) if isinstance(item, dict | list) else []
    return found


@settings(max_examples=50)
@given(st.data())
def test_a_patch_at_a_path_changes_that_place_and_no_other(data: st.DataObject) -> None:
    """By the server's own merge, as RFC 7396 has it; null means absent there, so none here."""
    tree = data.draw(trees(st.integers(0, 5)))
    path = data.draw(st.sampled_from(places(tree)))
    merged = merge(tree, patch_at(tree, path, "new"))
    expected = merge(tree, {})
    at = expected
    for key in path[:-1]:
        at = at[key]
    assert at[path[-1]] != "new"
    at[path[-1]] = "new"
    assert merged == expected
