"""How a peer talks: one JSON line when it is ready, then one for each line it is sent.

It is given the path of a problem: {"inputs", "targets", "weights": [{"w", "b"}, …], "batch",
"learning_rate"}: rows in the order of their batches, the weights to begin with, tanh after
every layer, the loss ½(o - t)². It trains CHECK_EPOCHS and says {"name", "version", "loss"},
the loss on all rows by then: equal losses are the proof that all peers do the same work. Then,
for every line with a number of seconds, it goes on for so long: {"steps", "seconds"}.

peer.mjs is the same for JavaScript.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHECK_EPOCHS = 20


def problem() -> dict[str, Any]:
    return json.loads(Path(sys.argv[1]).read_text())


def answer(name: str, version: str, loss: float | None, train: Callable[[], int]) -> None:
    """Say hello, then train on request. `train` does some work and returns its steps."""
    _say({"name": name, "version": version, "loss": loss})
    for line in sys.stdin:
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < float(line):
            steps += train()
        _say({"steps": steps, "seconds": time.perf_counter() - start})


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)
