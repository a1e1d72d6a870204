"""Merge patches, and what a change of every field does to a run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import server.datasets
import server.layers
import server.training  # noqa: F401 - these fill the registries
from server.experiment import Experiment
from server.experiment.live import change_of
from server.experiment.patch import effect, merge, patched
from server.experiment.registry import DATASETS, LAYERS, OPTIMIZERS, SCHEDULES
from tests.families import with_layer

# RFC 7396, appendix A: (original, patch, result); a document of ours is always an object,
# but the function is the whole of the standard.
APPENDIX = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), APPENDIX)
def test_rfc_7396(original, patch, result) -> None:
    assert merge(original, patch) == result


def test_an_object_whose_kind_changes_is_replaced_whole() -> None:
    old = {"kind": "adam", "b1": 0.5}
    assert merge(old, {"kind": "sgd"}) == {"kind": "sgd"}
    assert merge(old, {"kind": "adam", "b2": 0.9}) == {"kind": "adam", "b1": 0.5, "b2": 0.9}
    assert merge(old, {"b2": 0.9}) == {"kind": "adam", "b1": 0.5, "b2": 0.9}


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdk"), inner, max_size=3)
    ),
    max_leaves=12,
)


def difference(old: Any, new: Any) -> Any:
    """The merge patch that leads from one document to the other."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    gone = {key: None for key in old if key not in new}
    changed = {k: v for k, v in new.items() if k not in old or old[k] != v}
    return gone | {k: difference(old.get(k), v) for k, v in changed.items()}


@given(JSON, JSON)
def test_a_patch_of_the_difference_leads_there(old, new) -> None:
    before = repr(old)
    assert merge(old, difference(old, new)) == new
    assert repr(old) == before


EXPERIMENTS = [
    {},
    {"data": {"dataset": "spiral", "features": ["x", "y", "sin_x"], "seed": 3}},
    {"data": {"dataset": "reg_plane"}, "training": {"l1": 0.01}},
    {"data": {"dataset": "function"}, "training": {"optimizer": "adam"}, "seed": 5},
    {"network": {"layers": []}, "training": {"clip_norm": 1.0, "early_stopping": {}}},
    {"network": {"layers": ["dense", {"kind": "dense", "units": 7, "dropout": 0.5}]}},
    {"training": {"loss": "binary_crossentropy", "schedule": "cosine", "batch_size": 30}},
    {"data": {"dataset": "pinwheel"}, "training": {"loss": "categorical_crossentropy"}},
    {"data": {"dataset": {"kind": "drawn", "points": [[1, 1, 0], [0, 1, 1]]}}},
]


@given(old=st.sampled_from(EXPERIMENTS), new=st.sampled_from(EXPERIMENTS))
def test_the_difference_of_experiments_leads_from_one_to_the_other(old, new) -> None:
    a, b = Experiment.model_validate(old), Experiment.model_validate(new)
    patch = difference(a.model_dump(mode="json"), b.model_dump(mode="json"))
    assert patched(a, patch) == b
    assert effect(a, a) == "none" and patched(a, {}) == a


def test_a_refused_patch_says_where() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        patched(Experiment.model_validate({}), {"training": {"batch_size": 0}})


# -- what a change does ------------------------------------------------------------------

BASES: dict[str, Any] = {
    "default": {},
    "options": {"training": {"clip_norm": 1.0, "early_stopping": {}}},
    **{f"dataset {k}": {"data": {"dataset": k}} for k in DATASETS},
    **{f"layer {k}": with_layer({"kind": k}) for k in LAYERS},
    **{f"optimizer {k}": {"training": {"optimizer": k}} for k in OPTIMIZERS},
    **{f"schedule {k}": {"training": {"schedule": k}} for k in SCHEDULES},
}


Path = tuple[Any, ...]


def leaves(spec: BaseModel, path: Path = ()) -> list[tuple[type[BaseModel], Path]]:
    """Every field that holds a value and not settings of its own: (class, path)."""
    found: list[tuple[type[BaseModel], Path]] = []
    for name in type(spec).model_fields:
        value, here = getattr(spec, name), (*path, name)
        if isinstance(value, BaseModel):
            found += leaves(value, here)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for i, item in enumerate(value):
                found += leaves(item, (*here, i))
        else:
            found.append((type(spec), here))
    return found


def at(spec: Any, path: Path) -> Any:
    """The value at the path."""
    for key in path:
        spec = spec[key] if isinstance(key, int) else getattr(spec, key)
    return spec


def moved(spec: Any, path: Path) -> Any:
    """The spec with another value at the path, of its type where it has one."""
    if not path:
        return other(spec)
    if isinstance(spec, tuple):
        return tuple(moved(v, path[1:]) if i == path[0] else v for i, v in enumerate(spec))
    return spec.model_copy(update={path[0]: moved(getattr(spec, path[0]), path[1:])})


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "another" if value is None or isinstance(value, str) else (*value, "another")


# each field once, in the first base that has it; an option both where it is off and on
FIELDS = {
    (cls, path[-1], at(Experiment.model_validate(base), path) is None): (base, path)
    for base in reversed(BASES.values())
    for cls, path in leaves(Experiment.model_validate(base))
    if path[-1] not in ("kind", "version")
}


def title(field: tuple[type[BaseModel], str, bool]) -> str:
    return f"{field[0].__name__}.{field[1]}{' off' if field[2] else ''}"


@pytest.mark.parametrize("field", FIELDS, ids=title)
def test_every_field_does_what_its_schema_says(field) -> None:
    base, path = FIELDS[field]
    old = Experiment.model_validate(base)
    owner = at(old, path[:-1])
    says = change_of(owner, path[-1])
    # what is switched on or off is another program
    assert effect(old, moved(old, path)) == ("keep" if field[2] and says == "live" else says)
    assert effect(old, old) == "none"


def test_the_changes_that_the_playground_promises() -> None:
    old = Experiment.model_validate(BASES["options"])
    effects = {path: effect(old, moved(old, path)) for _, path in leaves(old)}
    assert effects["data", "seed"] == "keep"
    live = {"learning_rate", "l1", "l2", "weight_decay", "clip_norm", "patience", "min_delta"}
    assert live <= {path[-1] for path, change in effects.items() if change == "live"}
    assert effects["seed",] == effects["training", "batch_size"] == "reset"


def test_the_strongest_change_counts() -> None:
    old = Experiment.model_validate({})
    live = {"training": {"learning_rate": 0.5}}
    dropout = {"kind": "dense", "dropout": 0.2}
    for patch, expected in (
        (live, "live"),
        (live | {"data": {"seed": 4}}, "keep"),
        (live | {"data": {"seed": 4}, "seed": 9}, "reset"),
        ({"network": {"layers": ["dense"]}}, "reset"),
        ({"training": {"clip_norm": 1.0}}, "keep"),
        ({"training": {"early_stopping": {}}}, "keep"),
        ({"network": {"layers": [dropout | {"units": 4}, dropout | {"units": 2}]}}, "keep"),
    ):
        assert effect(old, patched(old, patch)) == expected
