"""Going back to the last good weights when the loss stops being a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Tree
from .program import Program, Report


@dataclass(frozen=True)
class Turn:
    """What one turn of training begins with; it can be run again, bit for bit."""

    program: Program
    state: Tree
    live: NDArray[np.float32]
    seed: np.uint32
    data: Tree
    step: int

    def run(self, steps: int) -> tuple[Tree, Report]:
        """Train for so many steps, or fewer: the state, and how it ended."""
        args = self._arguments(steps)
        state, numbers = self.program.call("advance", self.program.advance, *args)
        return state, Report.of(numbers)

    def compile(self) -> None:
        """Compile the program, where that has not been done."""
        self.program.compile("advance", self.program.advance, *self._arguments(1))

    def _arguments(self, steps: int) -> tuple[Any, ...]:
        return self.state, self.live, self.seed, self.data, np.int32(steps)


def last_good(turn: Turn, bad: int, before: Turn | None) -> tuple[Tree, int]:
    """The last weights whose loss was a number, and their step.

    turn: the one whose step `bad` (counted from the run's first, 1) met a loss that is none.
    before: the turn that ended where this one begins; None where there is none, or where the
        weights or the data were changed by hand in between: that is never undone.

    Step n looks at the weights that step n - 1 left, so those of step bad - 2 were the last
    to have a loss. They are found by running a turn again, and so do not depend on how the
    run was cut into turns.
    """
    good = bad - 2
    start = turn if good >= turn.step else before
    if start is None:
        return turn.state, turn.step
    state, report = start.run(good - start.step)
    return state, start.step + report.taken


def message(bad: int, step: int) -> str:
    """What is said of a loss that step `bad` met, with the weights of step `step` kept."""
    if step == bad - 1:
        return (
            "The loss of these weights is not a number. "
            "Make the large ones smaller, or reset to the initial weights."
        )
    return (
        f"The loss stopped being a number at step {step + 1}; "
        "these are the last good weights. A smaller learning rate usually mends it."
    )
