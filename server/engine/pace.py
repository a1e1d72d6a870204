"""How fast a session goes: the steps of a turn, the limit a person set, what is measured.

Times are seconds of the monotonic clock, given by the caller.
"""

from __future__ import annotations

#: seconds of training in one turn, so that nobody waits long for a worker
TURN = 0.012


class Pace:
    """How many steps the next turn may take.

    limit: epochs per second, or None for as fast as it goes.
    """

    def __init__(self, now: float) -> None:
        self.limit: float | None = None
        self._rate = 0.0  # steps per second of compute, once measured
        self._credit = 0.0  # steps that the limit allows by now
        self._credited = now

    def set_limit(self, epochs_per_second: float | None, now: float) -> None:
        self.limit = epochs_per_second
        self._credit, self._credited = 0.0, now

    def start(self, now: float) -> None:
        """Training begins, with its first step at once."""
        self._credit, self._credited = 1.0, now

    def forget(self) -> None:
        """Another program runs from here on: what was measured says nothing about it."""
        self._rate = 0.0

    def wait(self, steps_per_epoch: int, now: float) -> float:
        """Seconds until the next turn."""
        if self.limit is None:
            return 0.0
        between = max(1 / 60, min(1.0, 1.0 / (self.limit * steps_per_epoch)))
        return max(0.0, self._credited + between - now)

    def allowance(self, steps_per_epoch: int, left: int | None, now: float) -> int:
        """Steps for a turn now: what fits into its time, into the limit and into `left`."""
        steps = max(1, int(self._rate * TURN))
        if left is not None:
            steps = min(steps, left)
        if self.limit is None:
            return steps
        pace = self.limit * steps_per_epoch
        earned = self._credit + (now - self._credited) * pace
        self._credit, self._credited = min(earned, max(pace * 0.25, 1.0)), now
        return min(steps, int(self._credit))

    def spend(self, steps: int) -> None:
        """So many steps were taken."""
        self._credit -= steps

    def measure(self, steps: int, seconds: float) -> None:
        """So many steps took so long: a moving mean, to choose the next turn's length by."""
        rate = steps / max(seconds, 1e-6)
        self._rate = 0.7 * self._rate + 0.3 * rate if self._rate else rate


class Meter:
    """Steps per second of the clock, for people to read: renewed twice a second."""

    def __init__(self, now: float) -> None:
        self._shown = 0.0
        self._mark = (now, 0)

    def read(self, step: int, playing: bool, now: float) -> float:
        then, before = self._mark
        if not playing or step < before:
            self._mark = (now, step)
            return 0.0
        if now - then > 0.5:
            self._shown = (step - before) / (now - then)
            self._mark = (now, step)
        return self._shown
