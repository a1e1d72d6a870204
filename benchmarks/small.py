"""How long the first page takes, how much memory sessions take, how many bytes a frame."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from benchmarks._common import (
    NETWORKS,
    PAGE_VIEWS,
    Goal,
    Server,
    goals,
    heading,
    options,
    serving,
    table,
)
from benchmarks._screen import Screen

#: each session that memory is measured by trains for so long
STEPS = 20_000


def main() -> None:
    parser = options(__doc__, rounds=5, seconds=2)
    parser.add_argument("--sessions", type=int, default=100, help="to measure memory by")
    args = parser.parse_args()
    heading("Small", "uvicorn")
    with tempfile.TemporaryDirectory() as folder:
        starts = [_start(Path(folder)) for _ in range(1 + args.rounds)]
        (cold_page, cold_frame), warm = starts[0], starts[1:]
        page, frame = (median(times) for times in zip(*warm, strict=True))
        with serving(Path(folder), max_sessions=args.sessions + 1) as server:
            httpx.get(server.url).raise_for_status()
            idle = server.megabytes()
            _session(server, 0)  # what all sessions share
            shared = server.megabytes()
            for seed in range(1, args.sessions + 1):
                _session(server, seed)
            each = (server.megabytes() - shared) / args.sessions
            sizes = {
                name: asyncio.run(_frame_bytes(server, document, args.seconds))
                for name, document in NETWORKS.items()
            }
    table(
        ("from the command, in seconds", "first page", "first frame"),
        [("empty cache", cold_page, cold_frame), ("warm cache", page, frame)],
    )
    table(
        ("memory, in MB", ""),
        [("idle", idle), ("with one session", shared), ("each further session", each)],
    )
    table(
        ("bytes of a frame of the page", "median", "largest"),
        [(name, median(values), max(values)) for name, values in sizes.items()],
    )
    kilobytes = max(sizes["2-4-2-1"]) / 1024
    goals(
        [
            Goal("first page, warm cache", page, 3, " s", at_most=True),
            Goal("memory when idle", idle, 500, " MB", at_most=True),
            Goal("memory of a session", each, 2, " MB", at_most=True),
            Goal("frame of the default screen", kilobytes, 12, " KB", at_most=True),
        ]
    )


def _start(data_dir: Path) -> tuple[float, float]:
    """Seconds from the command to the page, and to the first frame of a session."""
    with serving(data_dir) as server:
        httpx.get(server.url, timeout=60).raise_for_status()
        page = time.perf_counter() - server.started
        asyncio.run(_first_frame(server))
        return page, time.perf_counter() - server.started


async def _first_frame(server: Server) -> None:
    screen = await Screen.open(server.url, server.create({}), PAGE_VIEWS)
    while not (await screen.frame())["views"]:
        pass
    await screen.close()


def _session(server: Server, seed: int) -> None:
    """A session of the default playground that has trained."""
    server.order(server.create({"seed": seed}), "train", steps=STEPS)


async def _frame_bytes(server: Server, document: dict, seconds: float) -> list[int]:
    """The sizes of the frames that the page is sent while it trains."""
    screen = await Screen.open(server.url, server.create(document), PAGE_VIEWS)
    await screen.command("play")
    end = time.perf_counter() + seconds
    sizes: list[int] = []
    while time.perf_counter() < end or not sizes:
        frame = await screen.frame()
        if frame["playing"] and frame["views"]:
            sizes.append(screen.size)
    await screen.close()
    return sizes


if __name__ == "__main__":
    main()
