"""Whether the sessions of a program should share dispatches, found out on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import device_put, leaves_of
from .program import LANES, Probe, Program, Vector

#: steps of the trial of training
AGREE_STEPS, PAY_STEPS = 100, 1000


@dataclass
class Trial:
    """LANES sessions, together and one after the other."""

    program: Program
    live: Any
    data: Vector

    def __post_init__(self) -> None:
        experiment = self.program.shape.experiment
        self.seeds = [np.uint32(i) for i in range(LANES)]
        self.states = [
            self.program.init(experiment.model_copy(update={"seed": i})) for i in range(LANES)
        ]
        self._data = device_put(np.stack([self.data] * LANES))

    def training(self) -> bool:
        """Whether to share the dispatches of training: every lane must give the bits of a
        session alone, and all together be faster than one after the other."""
        return self.agrees() and self.pays()

    def agrees(self) -> bool:
        """Whether the bits are the same. Which sums XLA makes of a shape does not depend on
        the numbers in it: where it makes others, a few steps show it."""
        return np.array_equal(self.together(AGREE_STEPS), self.alone(AGREE_STEPS))

    def pays(self) -> bool:
        """Whether together takes less time, by a good part."""
        return _seconds(lambda: self.together(PAY_STEPS)) < 0.8 * _seconds(
            lambda: self.alone(PAY_STEPS)
        )

    def looking(self, probe: Probe) -> bool:
        """Whether a probe finds the same bits for several at once. That always pays: a call
        has its price, and a look is short."""
        self.states = list(self.alone(AGREE_STEPS))
        alone = [self.program.look(probe, s, self.live, self.data) for s in self.states]
        desks = device_put(self._desks(0))
        own = [probe.own] * LANES
        found = self.program.look_lanes(probe, desks, self._data, range(LANES), own)
        return all(_same(a, b) for a, b in zip(alone, found, strict=True))

    def together(self, steps: int) -> NDArray[np.uint32]:
        """The states (LANES, words) after so many steps in one dispatch."""
        program = self.program
        return program.states(program.advance_lanes(self._desks(steps), self._data))

    def alone(self, steps: int) -> NDArray[np.uint32]:
        """The same, one session after the other."""
        return np.stack(
            [
                self.program.advance(state, self.live, seed, self.data, np.int32(steps))
                for state, seed in zip(self.states, self.seeds, strict=True)
            ]
        )

    def _desks(self, steps: int) -> NDArray[np.uint32]:
        return np.stack(
            [
                self.program.desk(state, self.live, seed, np.int32(steps))
                for state, seed in zip(self.states, self.seeds, strict=True)
            ]
        )


def _same(a: Any, b: Any) -> bool:
    pairs = zip(leaves_of(a), leaves_of(b), strict=True)
    return all(x.tobytes() == y.tobytes() for x, y in pairs)


def _seconds(work: Callable[[], object]) -> float:
    """The shortest of three times."""
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
