"""The curves of a run: a row per look, thinned so that a long run stays small."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Tree
from .shape import PARTS

Row = tuple[float, ...]
Rows = NDArray[np.float64]

COLUMNS = (
    "step",
    "epoch",
    *(f"{part}_{what}" for part in PARTS for what in ("loss", "score")),
    "gradient_norm",
    "learning_rate",
    # of a generator
    "generator_loss",
    "kl",
    "js",
    "modes",
)
#: beyond so many rows every second one of a curve is given up
MAX_ROWS = 1000
#: epochs of a run that have a row even where nobody looks; of a longer one every second, third …
MAX_EPOCHS = 250


class Curve:
    """Rows of COLUMNS, their steps rising. NaN is where there is no value.

    `rows` (n, columns) is a view of room that is only ever added to, so a reader may keep it;
    `version` rises when another takes its place.
    """

    def __init__(self) -> None:
        self.version = 0
        self.clear()

    @property
    def rows(self) -> Rows:
        return self._room[: self._count]

    @property
    def end(self) -> float:
        """The step of the last row, -1 where there is none."""
        return float(self._room[self._count - 1, 0]) if self._count else -1.0

    def clear(self) -> None:
        self.extend(np.empty((0, len(COLUMNS))))

    def add(self, row: Row) -> None:
        """Add a row; those of its step and of later ones, which a run went back from, go."""
        steps = self.rows[:, 0]
        if len(steps) and steps[-1] >= row[0]:
            self.extend(self.rows[steps < row[0]])
        if self._count == MAX_ROWS:
            self.extend(self.rows[::2])
        self._room[self._count] = row
        self._count += 1

    def extend(self, rows: Rows) -> None:
        """Have these rows and no others."""
        # Written to at once: a session has the memory it will need from its start.
        self._room = np.full((MAX_ROWS, len(COLUMNS)), np.nan)
        self._count = min(len(rows), MAX_ROWS)
        self._room[: self._count] = rows[-MAX_ROWS:]
        self.version += 1

    def document(self) -> dict[str, Any]:
        """Columns and rows as JSON; NaN is null."""
        rows = [[None if math.isnan(v) else v for v in row] for row in self.rows.tolist()]
        return {"columns": list(COLUMNS), "rows": rows}


def widened(columns: list[str], rows: Rows) -> Rows | None:
    """Rows of other columns as rows of COLUMNS, NaN where there was none then; None where they
    have a column that is none of ours."""
    if not set(columns) <= set(COLUMNS) or rows.shape[1:] != (len(columns),):
        return None
    wide = np.full((len(rows), len(COLUMNS)), np.nan)
    wide[:, [COLUMNS.index(name) for name in columns]] = rows
    return wide


def curve_row(
    step: int,
    epoch: float,
    scores: Tree,
    norm: float,
    counts: dict[str, int],
    generator: dict[str, float | None],
) -> Row:
    """The row of COLUMNS for what `Program.evaluate` gave; an empty part has NaN. generator: its
    loss, kl, js, modes, as far as there are such."""
    loss, score = scores["loss"].tolist(), scores["score"].tolist()
    parts: list[float] = []
    for i, part in enumerate(PARTS):
        parts += [loss[i], score[i]] if counts[part] else [float("nan")] * 2
    found = (generator.get(name) for name in ("loss", "kl", "js", "modes"))
    made = (float("nan") if value is None else float(value) for value in found)
    return (float(step), epoch, *parts, norm, float(scores["rate"]), *made)
