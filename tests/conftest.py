"""What every test may use: JAX set up as the server sets it up, and a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import jax
import pytest

from server.engine import platform

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"

platform.configure("cpu", CACHE / "programs")

# the shared machines of a CI have slow moments; the examples there are always the same ones
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests first: their files take longest, and the others fill up the rest."""
    items.sort(key=lambda item: "browser" not in item.path.parts)


#: where numbers are compared to a tolerance or only have to be some, and no bits matter
UNOPTIMIZED = (
    "export/",
    "layers/",
    "oracles/",
    "engine/test_columns.py",
    "engine/test_layers.py",
    "engine/test_microscope.py",
    "engine/test_thresholds.py",
)


@pytest.fixture(autouse=True, scope="module")
def optimized(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether XLA optimizes what it compiles: as the server has it, but where numbers are
    compared, which takes half the time without."""
    config: Any = jax.config
    path = request.path.relative_to(ROOT / "tests").as_posix()
    config.update("jax_disable_most_optimizations", path.startswith(UNOPTIMIZED))
    yield
    config.update("jax_disable_most_optimizations", False)


@contextmanager
def serving(
    log: Path, *, command: tuple[str, ...] = (sys.executable, "-m", "server.cli"), **options: object
) -> Iterator[str]:
    """Run a real `layerlab serve` on a free port; the address, once it answers.

    options: environment variables, and `cwd`. What it logs goes to `log`, and into the
    message of the failure where it does not start.
    """
    cwd = options.pop("cwd", ROOT)
    env = os.environ | {"LAYERLAB_DATA_DIR": str(CACHE)} | {k: str(v) for k, v in options.items()}
    arguments = [*command, "serve", "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            arguments, cwd=str(cwd), env=env, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                pytest.fail(f"the server did not start:\n{log.read_text()}")
            url = line.split()[3]
            httpx.get(f"{url}/healthz", timeout=60).raise_for_status()
            yield url
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                pytest.fail(f"the server did not end when asked to:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server, shared by all tests of the session."""
    with serving(tmp_path_factory.mktemp("server") / "log") as url:
        yield url
