"""What waits for a compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from .program import Program


class Rank(IntEnum):
    """What goes first, of what one session waits for."""

    PICTURES = 0
    TRAINING = 1
    #: what it can go on without
    LATE = 2


@dataclass(frozen=True)
class Job:
    """A function of a program that has to be compiled. work: does it, by calling it once."""

    program: Program
    name: str
    work: Callable[[], object]
    rank: Rank = Rank.LATE
