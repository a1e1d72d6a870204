"""Sweeps by script: what is asked for as the server takes it, and the waiting for it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import anyio

from .api import Api
from .errors import Busy, Unreachable
from .results import SweepResult

SWEEPS = "/api/v1/sweeps"
#: seconds between two looks at a sweep, and until a server that does not answer is given up
LOOK, RESTART = 0.5, 60.0


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`: `count` levels of a grid, or all of it for a random search."""

    low: float
    high: float
    count: int = 5
    scale: Literal["linear", "log"] = "linear"


#: the settings that vary, by "training.learning_rate" or "network.layers[0].units": the values
#: that each takes, or the range
Axes = Mapping[str, Iterable[Any] | Range]


def pointer(name: str) -> str:
    """The JSON pointer of a setting that is named as attributes are, or as a pointer."""
    return "/" + re.sub(r"[.\[\]/]+", "/", name).strip("/")


def document(
    experiment: Any,
    axes: Axes,
    *,
    seeds: int,
    epochs: int | None,
    steps: int | None,
    draws: int | None,
    draw_seed: int,
) -> dict[str, Any]:
    """What POST /api/v1/sweeps takes (docs/protocol.md, "A sweep")."""
    mode = {"kind": "grid"} if draws is None else random(draws, draw_seed)
    varied = [{"path": pointer(name)} | _levels(axis) for name, axis in axes.items()]
    length = {"epochs": epochs, "steps": steps}
    length = {unit: count for unit, count in length.items() if count is not None}
    return {"experiment": experiment, "axes": varied, "mode": mode, "seeds": seeds} | length


def random(draws: int, seed: int) -> dict[str, Any]:
    return {"kind": "random", "count": draws, "seed": seed}


def _levels(axis: Iterable[Any] | Range) -> dict[str, Any]:
    return {"range": asdict(axis)} if isinstance(axis, Range) else {"values": list(axis)}


async def follow(
    api: Api,
    names: tuple[str, ...],
    summary: dict[str, Any],
    show: Callable[[SweepResult], object] | None,
) -> SweepResult:
    """What comes of a sweep that has begun, at its end; `show` is told how it stands meanwhile.

    names: of its axes. summary: as the server gave it.
    """
    path, start = f"{SWEEPS}/{summary['id']}", time.monotonic()
    while summary["state"] == "running":
        await anyio.sleep(LOOK)
        summary = await _patiently(api, path)
        if show:
            show(SweepResult(names, summary, None, time.monotonic() - start))
    best = summary["best"]
    run = None if best is None else await _patiently(api, f"{path}/runs/{best}")
    return SweepResult(names, summary, run and run["experiment"], time.monotonic() - start)


async def cancel(api: Api, begun: dict[str, Any]) -> None:
    """End a sweep, as the answer that began it allows."""
    await api.call("POST", f"{SWEEPS}/{begun['id']}/cancel", secret=begun["secret"])


async def _patiently(api: Api, path: str) -> dict[str, Any]:
    """What a server says that may be about to start again."""
    end = time.monotonic() + RESTART
    while True:
        try:
            return await api.call("GET", path)
        except (Unreachable, Busy):
            if time.monotonic() > end:
                raise
        await anyio.sleep(LOOK)
