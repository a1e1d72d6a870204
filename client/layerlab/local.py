"""A server of one's own, as a child process. `python -m layerlab.local` is that child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref

from .errors import Unreachable

#: seconds that the child may take to end when asked to
PATIENCE = 10


class LocalServer:
    """A running `layerlab serve` on a free port; it ends with `close()` or with this process.

    url: its address. Raises Unreachable, with what it said, where it does not start.
    """

    def __init__(self) -> None:
        with tempfile.TemporaryFile("w+") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "layerlab.local"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl+C is for this process to understand
            )
            # a notebook that forgets its playground, or runs the cell again, leaves no server
            self._end = weakref.finalize(self, _end, self._process)
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                self._process.wait()
                log.seek(0)
                raise Unreachable(f"the local server did not start:\n{log.read().strip()}")
        self.url = next(word for word in line.split() if "://" in word)

    def close(self) -> None:
        """End it; nothing happens where it has ended."""
        self._end()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def _end_with_parent() -> None:
    """The pipe closes when the parent ends, however it does."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve on a free port until the parent process is gone, and keep nothing."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the folder is removed

    from server.cli import app

    with tempfile.TemporaryDirectory(prefix="layerlab-") as folder:
        # links and runs of its own, beside those of a server that this person may also have
        os.environ.pop("LAYERLAB_API_KEYS", None)  # nobody else is to come here
        os.environ["LAYERLAB_DATABASE_URL"] = f"sqlite:///{folder}/layerlab.db"
        app(["serve", "--host", "127.0.0.1", "--port", "0"])


if __name__ == "__main__":
    main()
