"""Many sessions through one engine on all cores, beside plain JAX training a single network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks._common import (
    CACHE,
    NETWORKS,
    Goal,
    goals,
    heading,
    interleaved,
    network,
    options,
    ratio,
    table,
)
from benchmarks._peers import JAX, peers
from server.engine import commands, platform
from server.engine.scheduler import Engine
from server.engine.session import Session
from server.experiment import Experiment

#: what was asked of 128 sessions, as multiples of plain JAX alone
ASKED = {"2-8×6-1": 20, "2-4-2-1": 40}
ENDLESS = commands.MAX_STEPS
#: seconds of play before anything is counted
WARM = 0.5

MIXED = [
    network(4, 2, dataset="circle"),
    network(8, 8, optimizer="adam", learning_rate=0.003),
    network(3, dataset="xor", batch_size=1),
    network(6, 6, 6, dataset="gauss", optimizer="momentum", learning_rate=0.003),
    network(8, 8, 8, 8, 8, 8, batch_size=30),
    network(5, 4, dataset="moons", loss="binary_crossentropy", optimizer="rmsprop"),
    network(8, 4, 2, dataset="reg_plane"),
    network(16, 16, optimizer="adam", learning_rate=0.003, batch_size=25),
]


def main() -> None:
    parser = options(__doc__, rounds=3, seconds=3)
    parser.add_argument("--sessions", type=int, default=128)
    args = parser.parse_args()
    heading("Together")
    platform.configure("cpu", CACHE / "programs")
    cases = {name: [experiment] for name, experiment in NETWORKS.items()} | {"mixed": MIXED}
    found: list[Goal] = []
    for name, kinds in cases.items():
        found += _measure(name, kinds, args.sessions, args.rounds, args.seconds)
    goals(found)


def _measure(
    name: str, kinds: list[dict[str, Any]], count: int, rounds: int, seconds: float
) -> list[Goal]:
    with (
        peers(kinds[0], JAX) as (jax,),
        _playing(kinds[:1], 1) as alone,
        _playing(kinds, count) as company,
    ):
        first = name if name in NETWORKS else "the first of them"
        one, many = f"1 session, {first}", f"{count} sessions, {name}"
        contenders: dict[str, Callable[[], float]] = {
            one: lambda: _rate(alone, seconds),
            many: lambda: _rate(company, seconds),
            jax.name: lambda: jax.rate(seconds),
        }
        samples = interleaved(contenders, rounds)
    columns = (name, "session-steps/s", "slowest", "fastest", "× plain JAX")
    rows = [(w, median(v), min(v), max(v), ratio(v, samples[jax.name])) for w, v in samples.items()]
    table(columns, rows)
    if name not in ASKED:
        return []
    return [Goal(f"{many}: × plain JAX", ratio(samples[many], samples[jax.name]), ASKED[name])]


@contextmanager
def _playing(kinds: list[dict[str, Any]], count: int) -> Iterator[list[Session]]:
    """So many sessions in an engine of their own, their programs compiled."""
    engine = Engine(max_sessions=count)
    documents = [kinds[i % len(kinds)] | {"seed": i} for i in range(count)]
    sessions = [engine.create(Experiment.model_validate(d)) for d in documents]
    try:
        _play(sessions, 100)
        for session in sessions:
            session.done.wait()
        yield sessions
    finally:
        engine.stop()


def _play(sessions: Sequence[Session], steps: int) -> None:
    # unwatched, a session trains only for a number of steps
    for session in sessions:
        session.act(commands.Play(steps=steps))


def _rate(sessions: Sequence[Session], seconds: float) -> float:
    """Steps per second over all sessions, once they are under way."""
    _play(sessions, ENDLESS)
    time.sleep(WARM)
    start, before = time.perf_counter(), sum(s.step for s in sessions)
    time.sleep(seconds)
    steps, took = sum(s.step for s in sessions) - before, time.perf_counter() - start
    fallen = [s.status for s in sessions if s.status != "playing"]
    for session in sessions:
        session.act(commands.Pause())
    if fallen:
        raise SystemExit(f"{len(fallen)} sessions stopped training: {', '.join(set(fallen))}")
    return steps / took


if __name__ == "__main__":
    main()
