"""One very large network beside fifty small ones: what each gets of the server."""

from __future__ import annotations

from statistics import median

from benchmarks._common import (
    NETWORKS,
    SURFACE,
    Goal,
    cores,
    goals,
    heading,
    network,
    options,
    serving,
    table,
)
from benchmarks._watchers import Group, Seen, watch

SMALL, LARGE = "small (2-4-2-1)", "large (256×16)"
#: screens ask for as many frames a second as is asked of the server
FPS = 15


def main() -> None:
    parser = options(__doc__, rounds=1, seconds=15)
    parser.add_argument("--small", type=int, default=50)
    args = parser.parse_args()
    heading("Fair", "websockets")
    seen = {
        "large alone": _hall(0, 1, args.seconds),
        "small alone": _hall(args.small + 1, 0, args.seconds),
        "together": _hall(args.small, 1, args.seconds),
    }
    columns = ("hall", "who", "sessions", "fps, least", "fps, median", "steps/s, least", "median")
    table(columns, [row for name, hall in seen.items() for row in _rows(name, hall)])
    _report(seen)


def _hall(small: int, large: int, seconds: float) -> Seen:
    groups = [
        Group(LARGE, large, network(*[256] * 16), [SURFACE], FPS),
        Group(SMALL, small, NETWORKS["2-4-2-1"], [SURFACE], FPS),
    ]
    with serving(max_sessions=small + large) as server:
        return watch(server, [group for group in groups if group.count], seconds)


def _rows(name: str, hall: Seen) -> list[tuple[str | float, ...]]:
    return [
        (
            name,
            group.name,
            group.count,
            min(group.frames_per_second),
            median(group.frames_per_second),
            min(group.steps_per_second),
            median(group.steps_per_second),
        )
        for group in hall.groups
    ]


def _report(seen: dict[str, Seen]) -> None:
    (alone,), (crowd,) = seen["large alone"].groups, seen["small alone"].groups
    large, small = seen["together"].groups
    equal = cores() / crowd.count  # alone it trains on one core
    part = large.steps_per_second[0] / max(alone.steps_per_second[0], 1e-9)
    kept = 100 * sum(small.steps_per_second) / sum(crowd.steps_per_second)
    expected = 100 * small.count / crowd.count
    print(
        f"\nBeside {small.count} small ones the large one takes {part:.2f} of the steps it takes "
        f"alone (an equal share of all cores: {equal:.2f}); all small ones together keep "
        f"{kept:.0f} % of what {crowd.count} small ones do "
        f"(an equal share would leave {expected:.0f} %)."
    )
    goals(
        [
            Goal("frames/s of each small one", min(small.frames_per_second), 10),
            # a tenth less than an equal share is within what a noisy machine does
            Goal("what the small ones keep", kept, 0.9 * expected, " %"),
            Goal("what the large one gets of an equal share", 100 * part / equal, 50, " %"),
        ]
    )


if __name__ == "__main__":
    main()
