"""A hall of screens in one process of its own: each makes a session, watches it and plays.

Groups come as JSON on standard input (see `watch`). On standard output follow a line when all
have their first frame and play, one at half time, and a line with what they saw.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
import uvloop
from websockets.exceptions import ConnectionClosed

from benchmarks._common import ROOT, Server
from benchmarks._screen import Screen

#: seconds of play before anything is counted
WARM = 3.0
#: sessions that are created at the same time
ENTERING = 8


@dataclass
class Group:
    """Screens of one kind. The rest of its fields is what they saw while it was counted:

    fps and steps a second of each, every gap between frames in seconds (of all of them), and
    why screens were lost.
    """

    name: str
    count: int
    experiment: dict[str, Any]
    views: list[dict[str, Any]]
    fps: float = 30
    frames_per_second: list[float] = field(default_factory=list)
    steps_per_second: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What all screens saw, and what it cost: cores busy, server memory in MB at the beginning,
    at half time and at the end."""

    groups: list[Group]
    server_cores: float
    client_cores: float
    megabytes: tuple[float, float, float]


def watch(server: Server, groups: list[Group], seconds: float) -> Seen:
    """Let the groups watch a server for so long, from a process of their own."""
    order = {"url": server.url, "seconds": seconds, "groups": [asdict(g) for g in groups]}
    command = [sys.executable, "-m", "benchmarks._watchers"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(order))
        process.stdin.close()
        process.stdout.readline()
        before, start = server.process.cpu_times(), server.megabytes()
        process.stdout.readline()
        half = server.megabytes()
        answer = process.stdout.readline()
        after, end = server.process.cpu_times(), server.megabytes()
    if not answer:
        raise SystemExit("The screens ended before their time, as told above.")
    seen = json.loads(answer)
    busy = (after.user + after.system - before.user - before.system) / seconds
    return Seen([Group(**g) for g in seen["groups"]], busy, seen["cores"], (start, half, end))


async def _hall(order: dict[str, Any]) -> None:
    groups = [Group(**g) for g in order["groups"]]
    entering = asyncio.Semaphore(ENTERING)
    async with httpx.AsyncClient(base_url=order["url"], timeout=120) as client:
        seats = [(group, i) for group in groups for i in range(group.count)]
        enter = (_enter(client, order["url"], group, i, entering) for group, i in seats)
        screens = await asyncio.gather(*enter)
    for screen in screens:
        await screen.command("play")
    begin = time.perf_counter() + WARM
    pairs = zip(seats, screens, strict=True)
    tasks = [
        asyncio.create_task(_sit(group, screen, begin, order["seconds"]))
        for (group, _), screen in pairs
    ]
    await asyncio.sleep(WARM)
    print("playing", flush=True)
    cpu = time.process_time()
    await asyncio.sleep(order["seconds"] / 2)
    print("half", flush=True)
    await asyncio.gather(*tasks)
    cores = (time.process_time() - cpu) / order["seconds"]
    print(json.dumps({"groups": [asdict(g) for g in groups], "cores": cores}), flush=True)


async def _enter(
    client: httpx.AsyncClient, url: str, group: Group, seed: int, entering: asyncio.Semaphore
) -> Screen:
    """A session of its own, seen for the first time."""
    async with entering:
        body = {"experiment": group.experiment | {"seed": seed}}
        answer = (await client.post("/api/v1/sessions", json=body)).raise_for_status()
        screen = await Screen.open(url, answer.json(), group.views, group.fps)
        while not (await screen.frame())["views"]:
            pass
        return screen


async def _sit(group: Group, screen: Screen, begin: float, seconds: float) -> None:
    """Watch until the time is over; only frames that show progress count."""
    end, step, first, reached = begin + seconds, -1, 0, 0
    times: list[float] = []
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + WARM + seconds):
            while True:
                frame = await screen.frame()
                now = time.perf_counter()
                if frame["step"] > step and begin <= now <= end:
                    times.append(now)
                    reached = frame["step"]
                step = frame["step"]
                if now < begin:
                    first = reached = step
    except TimeoutError:
        pass
    except ConnectionClosed as closed:
        group.lost.append(str(closed))
    marks = [begin, *times, end]
    group.gaps += [b - a for a, b in zip(marks, marks[1:], strict=False)]
    group.frames_per_second.append(len(times) / seconds)
    # From the last frame before the time began: a large network may show few in it.
    group.steps_per_second.append((reached - first) / (times[-1] - begin) if times else 0.0)


if __name__ == "__main__":
    uvloop.run(_hall(json.load(sys.stdin)))
