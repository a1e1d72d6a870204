"""How fast a session goes: the steps of a turn, the limit a person set, what is measured.

Times are seconds of the monotonic clock, given by the caller.
"""

from __future__ import annotations

#: seconds of training in one turn at most, so that nobody waits long for a worker
TURN = 0.012


class Pace:
    """How many steps the next turn may take.

    limit: epochs per second, or None for as fast as it goes.
    """

    def __init__(self, now: float) -> None:
        self.limit: float | None = None
        self._steps = 1.0  # what the next turn tries
        self._seconds = TURN  # what it should take
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
        self._steps = 1.0

    def wait(self, steps_per_epoch: int, now: float) -> float:
        """Seconds until the next turn."""
        if self.limit is None:
            return 0.0
        between = max(1 / 60, min(1.0, 1.0 / (self.limit * steps_per_epoch)))
        return max(0.0, self._credited + between - now)

    def fits(self, left: int, seconds: float = TURN) -> int:
        """Steps for a turn of so long, whatever the limit: of a replay."""
        self._seconds = seconds
        return min(left, max(1, int(self._steps)))

    def allowance(
        self, steps_per_epoch: int, left: int | None, now: float, seconds: float = TURN
    ) -> int:
        """Steps for a turn now: what fits into its seconds, into the limit and into `left`."""
        self._seconds = seconds
        steps = max(1, int(self._steps))
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
        """So many steps took so long. The next turn tries at most twice as many, so that it
        comes to last what it should, whatever a turn costs beside its steps."""
        if steps >= int(self._steps) or seconds > self._seconds:
            self._steps = max(1.0, steps * min(2.0, self._seconds / max(seconds, 1e-6)))


class Share:
    """A share of the time for something that takes long: when it may be done again."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._next = 0.0

    def may(self, now: float) -> bool:
        return now >= self._next

    def spend(self, start: float, end: float) -> None:
        """It was done from then to then."""
        self._next = end + (end - start) * (1 / self._share - 1)


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
