"""A real `layerlab serve` that a test kills, ends and starts again, on the same port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import CACHE, ROOT

COMMAND = [sys.executable, "-m", "server.cli", "serve", "--port"]


class Running:
    """A server over a database; `url` once it answers. What it logs goes to `log`."""

    def __init__(self, database: str, log: Path) -> None:
        self.log = log
        self.url = ""
        self._port = "0"
        where = {"LAYERLAB_DATA_DIR": str(CACHE), "LAYERLAB_DATABASE_URL": database}
        self._environment = os.environ | where
        self.start()

    def start(self) -> None:
        with self.log.open("a") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, self._port],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"the server did not start:\n{self.log.read_text()}")
        self.url = line.split()[3]
        self._port = self.url.rpartition(":")[2]
        httpx.get(f"{self.url}/healthz", timeout=60).raise_for_status()

    def kill(self) -> None:
        """As kill -9 does: nothing can be said or saved."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """Ask it to end; its exit status."""
        return self._end(signal.SIGTERM)

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()

    def _end(self, how: signal.Signals) -> int:
        self._process.send_signal(how)
        status = self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status
