"""Sweeps: many runs of one experiment, a few settings and the seed varied.

A `Sweep` is a value; `plan` makes its runs; `Sweeps` trains them as ordinary sessions of an
engine, which trains those of one program as lanes of one dispatch by itself.
"""

from .keeping import Keeping
from .plan import Plan, Planned, plan
from .runner import Sweeps, TooMany
from .spec import Axis, Grid, Random, Range, Sweep
from .study import Run, Study

__all__ = [
    "Axis",
    "Grid",
    "Keeping",
    "Plan",
    "Planned",
    "Random",
    "Range",
    "Run",
    "Study",
    "Sweep",
    "Sweeps",
    "TooMany",
    "plan",
]
