"""How much each setting matters: the losses' variance, taken apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: groups that the numbers of a random search are put into, of equal size
BINS = 5
#: a total below this is no variance, only rounding
NOTHING = 1e-24


@dataclass(frozen=True)
class Importance:
    """Shares of the variance of the final losses, each from 0 to 1.

    axes: of every axis, its main effect. seed: what differs between the seeds of one setting.
    rest: interactions of the axes, and of an incomplete sweep what cannot be told apart.
    """

    axes: tuple[float, ...]
    seed: float
    rest: float


def importance(
    settings: Sequence[Sequence[Any]], losses: Sequence[Sequence[float]], *, drawn: bool = False
) -> Importance | None:
    """The first-order terms of a functional ANOVA (Hutter, Hoos & Leyton-Brown 2014; Sobol').

    settings: the values of the axes, (S, A). losses: of every setting, one per seed that has
    finished. drawn: whether the settings are those of a random search.

    The main effect of an axis is the share of the variance of all losses that lies between the
    means of its levels (the correlation ratio η²). On a complete grid, the shares of axes, seed
    and rest are the classical decomposition and add up to 1 with nothing lost. Of a random
    search, numbers are put into at most BINS groups of equal size, and what η² would be by
    chance is taken off (ε², the adjusted share), since few draws in many groups always differ.
    Where runs are missing, the effects of axes overlap; they are then scaled down to what lies
    between the settings.

    Losses that are no finite number are left out. None where nothing varies or fewer than
    three runs are left.
    """
    rows = [(i, loss) for i, of in enumerate(losses) for loss in of if loss is not None]
    rows = [(i, loss) for i, loss in rows if np.isfinite(loss)]
    values = np.array([loss for _, loss in rows], np.float64)
    if len(values) < 3:
        return None
    total = float(((values - values.mean()) ** 2).sum())
    if total <= NOTHING * max(1.0, float((values**2).sum())):
        return None
    seed = 1.0 - _between([i for i, _ in rows], values) / total
    axes = [
        _main_effect([settings[i][a] for i, _ in rows], values, total, drawn)
        for a in range(len(settings[0]))
    ]
    seed = min(1.0, max(0.0, seed))
    scale = min(1.0, (1.0 - seed) / sum(axes)) if sum(axes) else 1.0
    axes = [scale * share for share in axes]
    return Importance(tuple(axes), seed, max(0.0, 1.0 - sum(axes) - seed))


def _main_effect(
    levels: list[Any], values: NDArray[np.float64], total: float, drawn: bool
) -> float:
    groups = _groups(levels, drawn)
    share = _between(groups, values) / total
    if drawn:
        chance = (len(set(groups)) - 1) / (len(values) - 1)
        share = (share - chance) / (1 - chance) if chance < 1 else 0.0
    return min(1.0, max(0.0, share))


def _groups(levels: list[Any], drawn: bool) -> list[Hashable]:
    numeric = all(isinstance(x, int | float) and not isinstance(x, bool) for x in levels)
    if not (drawn and numeric and len(set(levels)) > BINS):
        return [repr(x) for x in levels]
    borders = np.quantile(levels, np.linspace(0, 1, BINS + 1)[1:-1])
    return [int(g) for g in np.searchsorted(borders, levels, side="right")]


def _between(groups: Sequence[Hashable], values: NDArray[np.float64]) -> float:
    """The sum of squares between the means of the groups."""
    of: defaultdict[Hashable, list[float]] = defaultdict(list)
    for group, value in zip(groups, values, strict=True):
        of[group].append(float(value))
    mean = values.mean()
    return float(sum(len(g) * (np.mean(g) - mean) ** 2 for g in of.values()))
