"""What waits for a compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .program import Program


@dataclass(frozen=True)
class Job:
    """A function of a program that has to be compiled.

    work: does it, by calling it once. late: whether the session can go on without it.
    """

    program: Program
    name: str
    work: Callable[[], object]
    late: bool = False
