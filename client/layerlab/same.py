"""What two functions take, written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def taking(
    other: Callable[Concatenate[Any, P], Any],
) -> Callable[[Callable[..., R]], Callable[Concatenate[Any, P], R]]:
    """A method that takes, and says of itself, what a method of another class does."""

    def as_other(method: Callable[..., R]) -> Callable[Concatenate[Any, P], R]:
        method.__signature__ = inspect.signature(other)  # type: ignore[attr-defined]
        method.__doc__ = other.__doc__
        return method

    return as_other
