"""An experiment's settings as attributes: reading asks the server, setting sends a patch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

from .api import plain

Path = tuple[str | int, ...]


class Node:
    """One object or list of the experiment.

    Attributes are its fields and items its elements. AttributeError for a field that is not
    there. Setting raises BadInput where the server refuses it.
    """

    __slots__ = ("_patch", "_path", "_read")

    def __init__(
        self, read: Callable[[], Any], patch: Callable[[dict[str, Any]], object], path: Path
    ) -> None:
        for name, value in (("_read", read), ("_patch", patch), ("_path", path)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        value = self._value()
        if name.startswith("__") or not isinstance(value, dict) or name not in value:
            known = ", ".join(dir(self))
            raise AttributeError(f"{self._name()} has no {name!r}; it has {known}")
        return self._below(value[name], name)

    def __setattr__(self, name: str, value: Any) -> None:
        getattr(self, name)  # a name that isn't there is told here, in the words of Python
        self._set((*self._path, name), value)

    def __getitem__(self, index: int) -> Any:
        return self._below(self._value()[index], index)

    def __setitem__(self, index: int, value: Any) -> None:
        self._set((*self._path, index), value)

    def __len__(self) -> int:
        return len(self._value())

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __dir__(self) -> list[str]:
        value = self._value()
        return sorted(value) if isinstance(value, dict) else []

    def __eq__(self, other: object) -> bool:
        return self._value() == (other._value() if isinstance(other, Node) else plain(other))

    __hash__ = None  # type: ignore[assignment] - it changes

    def __repr__(self) -> str:
        return f"<{self._name()} {self._value()}>"

    def _name(self) -> str:
        return ".".join(map(str, self._path))

    def _value(self) -> Any:
        return _at(self._read(), self._path)

    def _below(self, value: Any, key: str | int) -> Any:
        if isinstance(value, dict | list):
            return Node(self._read, self._patch, (*self._path, key))
        return value

    def _set(self, path: Path, value: Any) -> None:
        self._patch(patch_at(self._read(), path, plain(value)))


def _at(value: Any, path: Path) -> Any:
    return reduce(lambda inner, key: inner[key], path, value)


def patch_at(experiment: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The merge patch that puts the value at this path. Lists are replaced whole (RFC 7396)."""
    whole = next((i for i, key in enumerate(path) if isinstance(key, int)), None)
    if whole is not None:
        listed = copy.deepcopy(_at(experiment, path[:whole]))
        _at(listed, path[whole:-1])[path[-1]] = value
        path, value = path[:whole], listed
    return reduce(lambda inner, key: {key: inner}, reversed(path), value)
