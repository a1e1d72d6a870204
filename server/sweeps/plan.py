"""From a sweep to its runs: every experiment is made, and so validated, before one trains."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from server.datasets.split import load
from server.engine.commands import Refused
from server.experiment import Experiment
from server.experiment.patch import difference, patched

from .spec import MAX_RUNS, MAX_SEED, MAX_TOTAL_STEPS, Axis, Random, Range, Sweep

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Planned:
    """A run to be trained. setting: which of the plan's it has; steps: optimizer steps."""

    index: int
    setting: int
    values: Values
    experiment: Experiment
    steps: int


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep, those of one setting beside each other.

    titles: of the axes. settings: the values of the axes. part: which part's loss the runs are
    compared by: "validation" where every run holds one out, else "test".
    """

    titles: tuple[str, ...]
    settings: tuple[Values, ...]
    runs: tuple[Planned, ...]
    part: str


def plan(sweep: Sweep) -> Plan:
    """The runs of a sweep. Raises Refused, with the path in the sweep and the mend."""
    base = sweep.experiment.model_dump(mode="json")
    found = [_current(base, axis, i) for i, axis in enumerate(sweep.axes)]
    settings = _settings(sweep, found)
    if len(settings) * sweep.seeds > MAX_RUNS:
        count = f"{len(settings)} settings with {sweep.seeds} seeds are too many runs"
        raise Refused("/axes" if sweep.axes else "/seeds", f"{count}; at most {MAX_RUNS} may be")
    lengths = _Lengths(sweep)
    runs: list[Planned] = []
    for number, values in enumerate(settings):
        varied = _experiment(sweep, base, values)
        steps = lengths.steps(varied)
        for k in range(sweep.seeds):
            seed = (sweep.experiment.seed + k) % (MAX_SEED + 1)
            experiment = varied.model_copy(update={"seed": seed})
            runs.append(Planned(len(runs), number, values, experiment, steps))
    total = sum(run.steps for run in runs)
    if total > MAX_TOTAL_STEPS:
        where = "/epochs" if sweep.epochs else "/steps"
        words = f"all runs together would take {total:,} steps; at most {MAX_TOTAL_STEPS:,} may be"
        raise Refused(where, f"{words}: lower it, or the number of runs")
    titles = tuple(_title(sweep.experiment, axis) for axis in sweep.axes)
    part = "validation" if lengths.validated else "test"
    return Plan(titles, tuple(settings), tuple(runs), part)


# -- values ------------------------------------------------------------------------------


def _current(base: Any, axis: Axis, i: int) -> Any:
    """What the experiment has at the axis's path."""
    here = base
    for depth, key in enumerate(axis.keys):
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and key.isdecimal() and int(key) < len(here):
            here = here[int(key)]
        else:
            raise Refused(f"/axes/{i}/path", _missing(axis.keys[:depth], here))
    return here


def _missing(above: Sequence[str], here: Any) -> str:
    where = "/" + "/".join(above)
    if isinstance(here, dict):
        return f"there is no such setting; {where} has {', '.join(here)}"
    if isinstance(here, list):
        return f"there is no such setting; {where} has the numbers 0 to {len(here) - 1}"
    return f"there is no such setting: {where} is {here}; set it in the experiment first"


def _settings(sweep: Sweep, found: list[Any]) -> list[Values]:
    if isinstance(sweep.mode, Random):
        rng = np.random.Generator(np.random.Philox(sweep.mode.seed))
        axes = list(zip(sweep.axes, found, strict=True))
        return [
            tuple(_drawn(axis, value, rng, i) for i, (axis, value) in enumerate(axes))
            for _ in range(sweep.mode.count)
        ]
    levels = [_levels(*pair, i) for i, pair in enumerate(zip(sweep.axes, found, strict=True))]
    sizes = [len(level) for level in levels]
    if np.prod(sizes, dtype=float) * sweep.seeds > MAX_RUNS:
        shown = " × ".join(map(str, [*sizes, sweep.seeds]))
        raise Refused(
            "/axes", f"{shown} runs are too many; at most {MAX_RUNS} may be: take fewer values"
        )
    return list(product(*levels))


def _levels(axis: Axis, value: Any, i: int) -> list[Any]:
    if axis.range is None:
        return list(axis.values or ())
    span = axis.range
    whole = _whole(value, i)
    spaced = np.geomspace if span.scale == "log" else np.linspace
    numbers = [float(x) for x in spaced(span.low, span.high, span.count)]
    # the shortest decimal that tells them apart: 0.1, not 0.10000000000000002
    levels = [round(x) if whole else float(f"{x:.6g}") for x in numbers]
    return list(dict.fromkeys(levels))


def _drawn(axis: Axis, value: Any, rng: np.random.Generator, i: int) -> Any:
    if axis.range is None:
        values = axis.values or ()
        return values[int(rng.integers(len(values)))]
    whole, x = _whole(value, i), _place(axis.range, float(rng.random()))
    return round(x) if whole else float(f"{x:.6g}")


def _place(span: Range, share: float) -> float:
    """The number that lies at a share of the way from low to high, on the range's scale."""
    if span.scale == "log":
        return float(span.low * (span.high / span.low) ** share)
    return span.low + (span.high - span.low) * share


def _whole(value: Any, i: int) -> bool:
    """Whether a setting that has this value holds integers."""
    if isinstance(value, bool) or not (value is None or isinstance(value, int | float)):
        shown = value.get("kind", "an object") if isinstance(value, dict) else value
        raise Refused(f"/axes/{i}/range", f"the setting is {shown}, no number; give values")
    return isinstance(value, int)


# -- experiments -------------------------------------------------------------------------


def _experiment(sweep: Sweep, base: Any, values: Values) -> Experiment:
    document = copy.deepcopy(base)
    for axis, value in zip(sweep.axes, values, strict=True):
        _put(document, axis.keys, value)
    try:
        return patched(sweep.experiment, difference(base, document))
    except ValidationError as error:
        raise _refused(sweep, values, error) from None


def _put(document: Any, keys: list[str], value: Any) -> None:
    *above, last = keys
    for key in above:
        document = document[int(key) if isinstance(document, list) else key]
    document[int(last) if isinstance(document, list) else last] = value


def _refused(sweep: Sweep, values: Values, error: ValidationError) -> Refused:
    """The first error, on the axis that it names, if it names one."""
    first = error.errors(include_url=False)[0]
    path = "".join(f"/{key}" for key in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    named = [i for i, axis in enumerate(sweep.axes) if f"{path}/".startswith(f"{axis.path}/")]
    where = f"/axes/{named[0]}" if named else "/axes"
    pairs = zip(sweep.axes, values, strict=True)
    shown = ", ".join(f"{axis.path} = {_short(value)}" for axis, value in pairs)
    return Refused(where, f"{shown} makes no experiment: {path}: {message}")


def _short(value: Any) -> str:
    return str(value.get("kind", "an object") if isinstance(value, dict) else value)[:60]


def _title(experiment: Experiment, axis: Axis) -> str:
    """The name of the setting, as the forms have it, with its layer's place."""
    here: Any = experiment
    words: list[str] = []
    for key in axis.keys:
        if isinstance(here, tuple):
            here = here[int(key)]
            words = [f"Layer {int(key) + 1}"] if isinstance(here, BaseModel) else words
        elif isinstance(here, BaseModel):
            title = type(here).model_fields[key].title or key
            words = [*(w for w in words if w.startswith("Layer ")), title]
            here = getattr(here, key)
    return ": ".join(words)


class _Lengths:
    """How many steps runs take, and what is held out; equal data are drawn once."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._counts: dict[str, dict[str, int]] = {}
        self.validated = True

    def steps(self, experiment: Experiment) -> int:
        key = experiment.data.model_dump_json()
        if key not in self._counts:
            self._counts[key] = load(experiment.data).counts
        counts = self._counts[key]
        if not counts["train"]:
            raise Refused(
                "/experiment/data/dataset", "there are no training points; draw some first"
            )
        self.validated = self.validated and counts["validation"] > 0
        if self._sweep.steps is not None:
            return self._sweep.steps
        return (self._sweep.epochs or 0) * steps_per_epoch(experiment, counts["train"])


def steps_per_epoch(experiment: Experiment, count: int) -> int:
    """Optimizer steps of an epoch over `count` training points."""
    batch = experiment.training.batch_size
    if experiment.training.rules == "tf_playground":
        return max(1, count // min(batch, count))
    return -(-count // batch)
