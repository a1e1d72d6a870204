"""From the click to the first frame that shows it, at a screen of a playing session.

A frame shows a change when it follows the message of the changed session, carries a curve
point taken after it (at the learning rate asked for), and maps of the units that now exist.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._common import (
    CACHE,
    PAGE_VIEWS,
    Goal,
    Server,
    goals,
    heading,
    network,
    options,
    percentile,
    serving,
    table,
)
from benchmarks._screen import Message, Screen

Patch = dict[str, Any]


def layers(*widths: int, activation: str = "tanh") -> Patch:
    kinds = [{"kind": "dense", "units": units, "activation": activation} for units in widths]
    return {"network": {"layers": kinds}}


def training(**fields: Any) -> Patch:
    return {"training": fields}


#: what is clicked, there and back
CLICKS: dict[str, tuple[Patch, Patch]] = {
    "learning rate": (training(learning_rate=0.1), training(learning_rate=0.03)),
    "a unit more or less": (layers(5, 2), layers(4, 2)),
    "a layer more or less": (layers(4, 2, 2), layers(4, 2)),
    "another activation": (layers(4, 2, activation="relu"), layers(4, 2)),
    "another optimizer": (
        training(optimizer={"kind": "adam"}),
        training(optimizer={"kind": "sgd"}),
    ),
    "another dataset": (
        {"data": {"dataset": {"kind": "xor"}}},
        {"data": {"dataset": {"kind": "circle"}}},
    ),
}
#: clicks until both ways of each are compiled
WARM = 2
#: what a click may take at the 95th percentile, in ms
LIVE, EDIT, UNSEEN = 50, 150, 600
#: seconds after which a change counts as never shown
LIMIT = 30


def main() -> None:
    parser = options(__doc__, rounds=40, seconds=0)
    parser.add_argument("--shapes", type=int, default=20, help="shapes never seen before")
    args = parser.parse_args()
    heading("At the touch", "websockets")
    found: dict[str, list[float]] = {}
    with serving(CACHE) as server:
        for name, pair in CLICKS.items():
            clicks = [pair[i % 2] for i in range(WARM + args.rounds)]
            found[name] = _times(server, clicks)[WARM:]
    with tempfile.TemporaryDirectory() as folder:
        shapes = [layers(*widths) for widths in _shapes(1 + args.shapes)]
        for name in ("a shape never seen", "the same shapes, after a restart"):
            with serving(Path(folder)) as server:
                # The first is not counted: the server is still at its own first screen.
                found[name] = _times(server, shapes)[1:]
    _report(found)


def _shapes(count: int) -> list[tuple[int, ...]]:
    """Different networks of one to four layers, none of them the default one."""
    chance = random.Random(0)
    shapes: dict[tuple[int, ...], None] = {(4, 2): None}
    while len(shapes) <= count:
        shapes[tuple(chance.randint(1, 8) for _ in range(chance.randint(1, 4)))] = None
    return list(shapes)[1:]


def _times(server: Server, clicks: Sequence[Patch]) -> list[float]:
    return asyncio.run(_click_all(server, clicks))


async def _click_all(server: Server, clicks: Sequence[Patch]) -> list[float]:
    """Milliseconds from each click to the frame that shows it."""
    session = server.create(network(4, 2, dataset="circle"))
    screen = await Screen.open(server.url, session, PAGE_VIEWS)
    times: list[float] = []
    for patch in clicks:
        await _under_way(screen)
        start = time.perf_counter()
        await screen.command("patch", experiment=patch)
        try:
            await asyncio.wait_for(_shown(screen, patch), LIMIT)
        except TimeoutError:
            raise SystemExit(f"Nothing showed {patch} within {LIMIT} s.") from None
        times.append(1000 * (time.perf_counter() - start))
    await screen.close()
    server.delete(session)
    return times


async def _under_way(screen: Screen) -> None:
    """Play until the curve has moved a few frames."""
    await screen.command("play")
    frames = 0
    while frames < 5:
        frame = await screen.frame()
        frames += frame["playing"] and frame["step"] > 0 and _points(frame).size > 0


async def _shown(screen: Screen, patch: Patch) -> None:
    session: Message | None = None
    rate: float | None = None  # of the newest curve point after the change
    while True:
        message = await screen.read()
        if message["kind"] == "reply" and not message["ok"]:
            raise SystemExit(f"The server refused {patch}: {message['errors']}")
        if message["kind"] == "session" and _contains(message["session"]["experiment"], patch):
            session = message["session"]
        if session is None or message["kind"] not in ("history", "frame"):
            continue
        points = _points(message)
        rate = points[-1, -1] if points.size else rate
        if message["kind"] == "frame" and _shows(message, session, rate):
            return


def _shows(frame: Message, session: Message, rate: float | None) -> bool:
    if rate != np.float32(session["experiment"]["training"]["learning_rate"]):
        return False
    maps = [layer["shape"][0] for layer in frame["views"]["units"]["layers"]]
    return maps == [layer["units"] for layer in session["graph"]["layers"][:-1]]


def _points(message: Message) -> np.ndarray:
    """The curve points that a message carries; their last column is the learning rate."""
    rows = message["rows"]
    return np.frombuffer(rows["data"], np.float32).reshape(rows["shape"])


def _contains(value: Any, part: Any) -> bool:
    """Whether a JSON value has all that another says."""
    if isinstance(part, dict):
        return all(_contains(value[key], item) for key, item in part.items())
    if isinstance(part, list):
        return len(value) == len(part) and all(map(_contains, value, part))
    return value == part


def _report(found: dict[str, list[float]]) -> None:
    columns = ("click", "times", "p50, ms", "p95, ms", "slowest, ms")
    rows = [
        (name, len(v), percentile(v, 50), percentile(v, 95), max(v)) for name, v in found.items()
    ]
    table(columns, rows)
    bounds = {"learning rate": LIVE, "a shape never seen": UNSEEN}
    goals(
        [
            Goal(f"{name}: p95", percentile(v, 95), bounds.get(name, EDIT), " ms", at_most=True)
            for name, v in found.items()
        ]
    )


if __name__ == "__main__":
    main()
