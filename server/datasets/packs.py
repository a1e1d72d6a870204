"""What datasets are read from: files packed when the page is built, or shipped by a library.

Each is read once, into one read-only array that all sessions share.
"""

from __future__ import annotations

import gzip
import importlib.util
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

PACKED = Path(__file__).resolve().parent / "packed"

P = ParamSpec("P")
R = TypeVar("R")


def once(read: Callable[P, R]) -> Callable[P, R]:
    """The function, called once for all threads; what it raises is not kept."""
    lock, cached = threading.Lock(), cache(read)

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with lock:
            return cached(*args, **kwargs)

    return call


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array, which nobody writes to from now on."""
    array.flags.writeable = False
    return array


def library_file(package: str, path: str) -> Path:
    """A file that an installed package carries; the package, which may be heavy, isn't imported.

    Raises RuntimeError with the mend.
    """
    found = importlib.util.find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        if (Path(folder) / path).is_file():
            return Path(folder) / path
    raise RuntimeError(f"{path} of the package {package} is missing; install the server again")


def unpacked(name: str) -> bytes:
    """A pack's content. Raises RuntimeError with the mend where it was not packed."""
    try:
        return gzip.decompress((PACKED / name).read_bytes())
    except FileNotFoundError:
        raise RuntimeError(
            f"the data of this dataset ({name}) is not packed yet; "
            "run `python hatch_build.py` in the checkout, or install the wheel"
        ) from None


def idx(content: bytes) -> NDArray[np.uint8]:
    """The read-only array of an IDX file of bytes: big-endian sizes, then the values."""
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4).astype(int)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
