"""A lecture hall: live sessions with a screen each, all training; --find seeks how many break it.

The screens run in one process of their own, on the same cores as the server.
"""

from __future__ import annotations

from statistics import median

from benchmarks._common import (
    NETWORKS,
    SURFACE,
    Goal,
    goals,
    heading,
    options,
    percentile,
    serving,
    table,
)
from benchmarks._watchers import Group, Seen, watch

COLUMNS = (
    "sessions",
    "fps, least",
    "fps, median",
    "gap p50, ms",
    "gap p99, ms",
    "steps/s, least",
    "steps/s, median",
    "server, MB",
    "half time",
    "after",
    "server, cores",
    "screens, cores",
    "lost",
)


def main() -> None:
    parser = options(__doc__, rounds=1, seconds=60)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--fps", type=float, default=30, help="frames/s that each screen asks for")
    parser.add_argument("--find", action="store_true", help="find how many sessions break it")
    args = parser.parse_args()
    heading("A lecture hall", "websockets", "uvicorn")
    if args.find:
        _find(args.sessions, args.seconds, args.fps)
        return
    halls = [_hall(args.sessions, args.seconds, args.fps) for _ in range(args.rounds)]
    table(COLUMNS, [_row(hall) for hall in halls])
    for hall in halls:
        goals(_goals(hall))


def _hall(sessions: int, seconds: float, fps: float) -> Seen:
    """So many default playgrounds, on a server of their own."""
    group = Group("small", sessions, NETWORKS["2-4-2-1"], [SURFACE], fps)
    with serving(max_sessions=sessions) as server:
        return watch(server, [group], seconds)


def _row(hall: Seen) -> tuple[float, ...]:
    (group,) = hall.groups
    return (
        group.count,
        min(group.frames_per_second),
        median(group.frames_per_second),
        1000 * median(group.gaps),
        1000 * percentile(group.gaps, 99),
        min(group.steps_per_second),
        median(group.steps_per_second),
        *hall.megabytes,
        hall.server_cores,
        hall.client_cores,
        len(group.lost),
    )


def _goals(hall: Seen) -> list[Goal]:
    (group,) = hall.groups
    gap = 1000 * percentile(group.gaps, 99)
    _, half, after = hall.megabytes
    return [
        Goal("frames/s of each", min(group.frames_per_second), 10),
        Goal("p99 gap between frames", gap, 250, " ms", at_most=True),
        Goal("steps/s of each", min(group.steps_per_second), 250),
        # In the first half every session's curve and its moments to come back to fill.
        Goal("growth of memory from half time", after - half, 0.01 * half, " MB", at_most=True),
        Goal("sessions lost", len(group.lost), 0, at_most=True),
    ]


def _find(sessions: int, seconds: float, fps: float) -> None:
    """Double until it breaks, then halve the interval to a tenth."""
    halls: list[Seen] = []

    def holds(count: int) -> bool:
        halls.append(_hall(count, seconds, fps))
        return not _broken(halls[-1])

    good, bad = 0, sessions
    while holds(bad):
        good, bad = bad, 2 * bad
    while bad - good > max(1, bad // 10):
        middle = (good + bad) // 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    halls.sort(key=lambda hall: hall.groups[0].count)
    table(COLUMNS, [_row(hall) for hall in halls])
    first = next(hall for hall in halls if hall.groups[0].count == bad)
    print(
        f"\nIt holds with {good} sessions and breaks with {bad}: {'; '.join(_broken(first))}. "
        f"The server then kept {short_cores(first.server_cores)} busy, "
        f"the screens {short_cores(first.client_cores)}."
    )


def _broken(hall: Seen) -> list[str]:
    """What breaks: the goals that are not met, memory apart (short runs only warm it)."""
    missed = [g for g in _goals(hall) if not g.met and not g.what.startswith("growth")]
    return [f"{g.what} {g.value:.3g}{g.unit} (asked: {g.bound:g})" for g in missed]


def short_cores(cores: float) -> str:
    return f"{cores:.2f} cores"


if __name__ == "__main__":
    main()
