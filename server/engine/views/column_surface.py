"""A view of what two columns of a table do to the answers together."""

from __future__ import annotations

from typing import Any, Literal
from weakref import WeakKeyDictionary

import jax
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.datasets.preparation import Frame, Variable
from server.datasets.preparation.base import missing
from server.datasets.preparation.pipeline import numbers
from server.datasets.split import Prepared
from server.experiment import Experiment

from ..arrays import Tree
from ..program import Probe
from .base import VIEWS, Scene, View, option

#: training rows that are shown as dots
DOTS = 400
#: surfaces whose prepared rows are kept
KEPT = 8

_prepared: WeakKeyDictionary[Prepared, dict[str, NDArray[np.float32]]] = WeakKeyDictionary()


@VIEWS.register
class ColumnSurface(View):
    """The answers all over two columns as they were collected, the others of one row."""

    kind: Literal["column_surface"] = "column_surface"
    title = "Two columns at once"
    help = "The answers all over two columns as they were collected, all others fixed."
    seldom = True
    forms = ("table",)
    x: str = Field(
        "", max_length=200, description="The column of numbers or categories to the right."
    )
    y: str = Field("", max_length=200, description="And upwards; without both there is nothing.")
    fixed: Literal["typical", "row"] = Field(
        "typical",
        description="At what the others are: medians and most frequent categories of the training "
        "rows, or as in the row.",
    )
    part: Literal["train", "validation", "test"] = Field("test", description="Of which part it is.")
    index: int = option(0, 0, 10_000_000, "Which row of the part; beyond the last, the last.")
    size: int = option(40, 2, 60, "Values of each column.")

    @property
    def probe_name(self) -> str:
        return f"column_surface {self.size}"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def fits(self, experiment: Experiment) -> bool:
        if not super().fits(experiment) or self.x == self.y:
            return False
        if any(step.past for step in experiment.data.preparation):
            return False  # such a row hangs on those before it
        kinds = {v.name: v.kind for v in experiment.data.dataset.variables}
        return all(kinds.get(name) in ("number", "category") for name in (self.x, self.y))

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape

        def outputs(state: Tree, live: Any, _: Tree, rows: jax.Array) -> jax.Array:
            return shape.predict(state, live, rows)

        return Probe(self.probe_name, outputs, (), (self._rows(scene),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        prepared = _of(scene)
        training = _known(prepared, "train")
        values = scene.find(self.key)
        x, y = training[self.x][:DOTS], training[self.y][:DOTS]
        seen = ~(np.isnan(x) | np.isnan(y))
        return {
            # the top row first
            "values": values.T.reshape(-1, self.size, self.size)[:, ::-1],
            "x": self._axis(training, self.x),
            "y": self._axis(training, self.y),
            "rows": np.stack([x, y], 1)[seen].astype(np.float32),
            "labels": prepared.labels[prepared.part == 0][:DOTS][seen],
        }

    def _axis(self, training: Frame, name: str) -> dict[str, Any]:
        v, (low, high) = _variable(training, name), _span(training, name)
        return {
            "name": name,
            "unit": v.unit,
            "low": low,
            "high": high,
            "categories": list(v.categories),
        }

    def _rows(self, scene: Scene) -> NDArray[np.float32]:
        """(size², columns): what the network is given, y by y from the lowest on."""
        prepared = _of(scene)
        kept = _prepared.setdefault(prepared, {})
        found = kept.pop(self.key, None)
        if found is None:
            found = numbers(prepared.pipeline.transform(self.grid(prepared)))
        kept[self.key] = found
        while len(kept) > KEPT:
            del kept[next(iter(kept))]
        return found

    def grid(self, prepared: Prepared) -> Frame:
        """The rows (size²) as they were collected."""
        training = _known(prepared, "train")
        columns = self._others(prepared, training)
        x, y = (steps(training, name, self.size) for name in (self.x, self.y))
        columns[self.x], columns[self.y] = np.tile(x, self.size), np.repeat(y, self.size)
        return Frame(training.variables, tuple(columns[v.name] for v in training.variables))

    def _others(self, prepared: Prepared, training: Frame) -> dict[str, NDArray[Any]]:
        """Every column as it is fixed, (size²,)."""
        own = _known(prepared, self.part)
        index = min(self.index, own.rows - 1)
        by_row = self.fixed == "row" and own.rows > 0
        found: dict[str, NDArray[Any]] = {}
        for v in training.variables:
            value = own[v.name][index] if by_row else typical(v, training[v.name])
            dtype = object if v.kind == "text" else np.float64
            found[v.name] = np.full(self.size**2, value, dtype)
        return found


def typical(v: Variable, column: NDArray[Any]) -> Any:
    """The median of known numbers, the most frequent of known categories (of equals the first),
    no text; NaN where nothing is known."""
    if v.kind == "text":
        return ""
    known = column[~missing(column)]
    if not len(known):
        return np.nan
    if v.kind == "number":
        return float(np.median(known))
    return float(np.bincount(known.astype(np.int64)).argmax())


def steps(training: Frame, name: str, size: int) -> NDArray[np.float64]:
    """(size,): values of a column over what its training rows span; categories one by one."""
    v, (low, high) = _variable(training, name), _span(training, name)
    values = np.linspace(low, high, size)
    if v.kind == "number":
        return values
    return np.clip(np.round(values), 0, len(v.categories) - 1)


def _span(training: Frame, name: str) -> tuple[float, float]:
    v, column = _variable(training, name), training[name]
    if v.kind == "category":
        return -0.5, len(v.categories) - 0.5
    known = column[~missing(column)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _variable(frame: Frame, name: str) -> Variable:
    return next(v for v in frame.variables if v.name == name)


def _known(prepared: Prepared, part: str) -> Frame:
    """The rows of a part as they were collected, without those that a step leaves out."""
    number = ("train", "validation", "test").index(part)
    return prepared.frames[0].take(prepared.kept[prepared.part == number])


def _of(scene: Scene) -> Prepared:
    prepared = scene.loaded.prepared
    assert prepared is not None
    return prepared
