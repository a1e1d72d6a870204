"""Traced functions kept on disk: a server that begins anew has not to trace them again.

JAX keeps what XLA compiled under a name that it knows only when a function has been traced,
which takes longer than all the rest. We keep the traced function, as StableHLO, under a name of
ours, and of our own code: where that differs, it is traced anew.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import jax
import jax.export
import msgspec
import numpy as np
import structlog

from . import platform
from .arrays import Tree

log = structlog.get_logger()

SERVER = Path(__file__).parents[1]
#: rooms whose code a trace may depend on
ROOMS = ("datasets", "engine", "experiment", "layers", "training")

_jax: Any = jax


class Kept(msgspec.Struct):
    """A traced function. outputs: the tree it found, or None; see `plain`."""

    function: bytes
    outputs: Any


class Traces:
    """The folder of the traces of this code on this platform; those of other code go."""

    def __init__(self, folder: Path) -> None:
        self._all = folder

    @cached_property
    def _folder(self) -> Path:
        """Found when it is needed first: it takes a look at the device."""
        folder = self._all / _code()
        folder.mkdir(parents=True, exist_ok=True)
        for other in self._all.iterdir():
            if other != folder:
                _remove(other)
        return folder

    def read(self, key: str) -> tuple[Callable[..., Any], Tree] | None:
        """The function of this key, to be compiled, and an example of what it finds; None
        where it is not kept, or what is kept cannot be read."""
        try:
            kept = msgspec.msgpack.decode(self._path(key).read_bytes(), type=Kept)
            exported: Any = jax.export.deserialize(bytearray(kept.function))
            return exported.call, example(kept.outputs)
        except FileNotFoundError:
            return None
        except Exception as error:
            log.warning("a kept trace cannot be read", reason=str(error))
            return None

    def write(self, key: str, exported: Any, outputs: Tree) -> None:
        """Keep a function. That it cannot be kept costs nothing but time."""
        try:
            kept = Kept(bytes(exported.serialize()), plain(outputs))
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(msgspec.msgpack.encode(kept))
            Path(file.name).replace(self._path(key))
        except OSError as error:
            log.warning("a trace cannot be kept", reason=str(error))

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()


def export(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """`function` traced for arguments of these shapes."""
    return _jax.export.export(_jax.jit(function))(*args)


def plain(tree: Tree) -> Any:
    """A tree of arrays as a value of JSON: its dicts, lists, and its leaves' shapes and types."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {"dict": {name: plain(tree[name]) for name in cast("dict[str, Tree]", tree)}}
    if isinstance(tree, list | tuple):
        return [plain(item) for item in cast("list[Tree]", tree)]
    return {"shape": list(tree.shape), "dtype": np.dtype(tree.dtype).str}


def example(value: Any) -> Tree:
    """A tree of the leaves' shapes and types of what `plain` gave; tuples are lists."""
    match value:
        case None:
            return None
        case {"dict": items}:
            return {name: example(item) for name, item in items.items()}
        case {"shape": shape, "dtype": dtype}:
            return jax.ShapeDtypeStruct(tuple(shape), np.dtype(dtype))
        case [*items]:
            return [example(item) for item in items]
        case _:
            raise ValueError("a kept tree has parts that are none")


def _code() -> str:
    """What a trace depends on beside the shape of an experiment."""
    found = hashlib.sha256()
    for part in _parts():
        found.update(part + b"\0")
    return found.hexdigest()[:32]


def _parts() -> Iterator[bytes]:
    yield platform.platform_name().encode()
    yield os.environ.get("XLA_FLAGS", "").encode()
    for path in sorted(path for room in ROOMS for path in (SERVER / room).rglob("*.py")):
        yield path.name.encode()
        yield path.read_bytes()


def _remove(folder: Path) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
