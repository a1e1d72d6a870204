"""What a person may move while training runs: the `live` numbers of an experiment.

A compiled program never holds one as a constant. `live_values` takes them out,
`with_live` puts (traced) values in their place, `static_form` is what is left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from .guards import is_object, is_specs

S = TypeVar("S", bound=BaseModel)


def change_of(spec: BaseModel, name: str) -> str:
    """`live`, `keep` or `reset`: what changing field `name` does to a running session."""
    extra: Any = type(spec).model_fields[name].json_schema_extra
    return str(extra.get("x-change", "reset")) if is_object(extra) else "reset"


def _number(spec: BaseModel, name: str, value: Any) -> float:
    """A live value as a program takes it: of options, which one it is."""
    if not isinstance(value, str):
        return float(value)
    extra: Any = type(spec).model_fields[name].json_schema_extra
    return float([option["value"] for option in extra["x-options"]].index(value))


def live_values(spec: BaseModel, path: str = "") -> dict[str, float]:
    """Every live number by its path: `{"/training/learning_rate": 0.03, …}`."""
    found: dict[str, float] = {}
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        here = f"{path}/{name}"
        if isinstance(value, BaseModel):
            found |= live_values(value, here)
        elif is_specs(value):
            for i, item in enumerate(value):
                found |= live_values(item, f"{here}/{i}")
        elif value is not None and change_of(spec, name) == "live":
            found[here] = _number(spec, name, value)
    return found


def with_live(spec: S, values: Mapping[str, Any], path: str = "") -> S:
    """The same spec with the values at these paths; they may be tracers."""
    update: dict[str, Any] = {}
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        here = f"{path}/{name}"
        if isinstance(value, BaseModel):
            update[name] = with_live(value, values, here)
        elif is_specs(value):
            update[name] = tuple(
                with_live(item, values, f"{here}/{i}") for i, item in enumerate(value)
            )
        elif here in values:
            update[name] = values[here]
    return spec.model_copy(update=update)


def static_form(spec: BaseModel) -> str:
    """Canonical JSON without the live numbers: equal forms share a compiled program."""
    return json.dumps(_static(spec), sort_keys=True, separators=(",", ":"))


def _static(spec: BaseModel) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        if isinstance(value, BaseModel):
            form[name] = _static(value)
        elif is_specs(value):
            form[name] = [_static(item) for item in value]
        elif value is not None and change_of(spec, name) == "live":
            form[name] = "live"
        else:
            form[name] = value
    return form
