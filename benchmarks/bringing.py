"""What a screen sees while somebody else brings a large file: frames, their gaps, steps."""

from __future__ import annotations

import time
from statistics import median
from threading import Event, Thread

import httpx
import numpy as np

from benchmarks._common import (
    NETWORKS,
    SURFACE,
    Goal,
    Server,
    goals,
    heading,
    options,
    percentile,
    serving,
    table,
)
from benchmarks._watchers import Group, watch

FPS = 30
#: of the file: about 39 MB
ROWS, COLUMNS = 620_000, 9


def main() -> None:
    args = options(__doc__, rounds=1, seconds=15).parse_args()
    heading("Bringing a file", "polars", "websockets")
    content = _table()
    with serving() as server:
        alone = _screen(server, args.seconds)
        read: list[float] = []
        done = Event()
        busy = Thread(target=_bring, args=(server, content, read, done))
        busy.start()
        beside = _screen(server, args.seconds)
        done.set()
        busy.join()
    rows = [_row("alone", alone), _row("while files are read", beside)]
    table(("screen", "fps", "gap, ms (95 %)", "longest", "steps/s"), rows)
    print(f"\nA file of {len(content) / 1e6:.0f} MB is sent and read in {median(read):.1f} s.")
    goals(
        [
            Goal("longest gap between frames", max(beside.gaps) * 1000, 500, " ms", at_most=True),
            Goal(
                "frames kept",
                100 * beside.frames_per_second[0] / alone.frames_per_second[0],
                80,
                " %",
            ),
        ]
    )


def _row(name: str, group: Group) -> tuple[str | float, ...]:
    gaps = [1000 * gap for gap in group.gaps]
    frames, steps = group.frames_per_second[0], group.steps_per_second[0]
    return name, frames, percentile(gaps, 95), max(gaps), steps


def _screen(server: Server, seconds: float) -> Group:
    """What one screen of the default playground sees."""
    group = Group("screen", 1, NETWORKS["2-4-2-1"], [SURFACE], FPS)
    return watch(server, [group], seconds).groups[0]


def _bring(server: Server, content: bytes, read: list[float], done: Event) -> None:
    """Send the file, each time another by its last row, until it is enough."""
    headers = {"Content-Type": "application/octet-stream"}
    while not done.is_set():
        begin = time.perf_counter()
        last = ",".join([str(begin)] * COLUMNS) + ",blue\n"
        address = f"{server.url}/api/v1/uploads?name=large.csv"
        answer = httpx.post(address, content=content + last.encode(), headers=headers, timeout=60)
        place = server.url + answer.raise_for_status().headers["Location"]
        while (upload := httpx.get(place, timeout=60).json())["status"] == "reading":
            time.sleep(0.1)
        assert upload["error"] is None, upload["error"]
        read.append(time.perf_counter() - begin)


def _table() -> bytes:
    rng = np.random.default_rng(0)
    numbers, colours = rng.normal(size=(ROWS, COLUMNS)), rng.choice(["red", "green", "blue"], ROWS)
    names = ",".join([*(f"c{i}" for i in range(COLUMNS)), "colour"])
    lines = (
        ",".join(f"{x:.3f}" for x in row) + f",{colour}"
        for row, colour in zip(numbers, colours, strict=True)
    )
    return ("\n".join([names, *lines]) + "\n").encode()


if __name__ == "__main__":
    main()
