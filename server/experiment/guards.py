"""`isinstance` for values that come as `Any`, in a form that a type checker can follow."""

from __future__ import annotations

from typing import Any, TypeGuard

from pydantic import BaseModel


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def is_specs(value: Any) -> TypeGuard[tuple[BaseModel, ...]]:
    """Whether it is a list of settings of their own, such as the layers of a network."""
    return is_tuple(value) and bool(value) and isinstance(value[0], BaseModel)
