"""Going back to the last good weights when the loss stops being a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .program import Program, Vector
from .steps import Report


@dataclass(frozen=True)
class Turn:
    """What one turn of training begins with; it can be run again, bit for bit."""

    program: Program
    state: Vector
    live: NDArray[np.float32]
    seed: np.uint32
    data: Vector
    step: int

    def run(self, steps: int) -> tuple[Vector, Report]:
        """Train for so many steps, or fewer: the state, and how it ended."""
        state = self.program.advance(self.state, self.live, self.seed, self.data, np.int32(steps))
        return state, self.program.report(state)

    def compile(self) -> None:
        """Compile the program, where that has not been done."""
        self.run(0)


def last_good(turn: Turn, bad: int, before: Turn | None) -> tuple[Vector, int]:
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
