"""The curves of a run: a row per look, thinned so that a long run stays small."""

from __future__ import annotations

from typing import Any

from .arrays import Tree
from .shape import PARTS

Row = tuple[float, ...]

COLUMNS = (
    "step",
    "epoch",
    *(f"{part}_{what}" for part in PARTS for what in ("loss", "score")),
    "gradient_norm",
    "learning_rate",
)
#: beyond so many rows every second one of a curve is given up
MAX_ROWS = 2000


class Curve:
    """Rows of COLUMNS, their steps rising. NaN is where there is no value.

    A list of rows is only ever appended to, so a reader may keep it with its length;
    `version` rises when another list takes its place.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.version = 1

    def clear(self) -> None:
        self._replace([])

    def add(self, row: Row) -> None:
        """Add a row; those of its step and of later ones, which a run went back from, go."""
        step = row[0]
        if self.rows and self.rows[-1][0] >= step:
            self._replace([*(r for r in self.rows if r[0] < step), row])
            return
        self.rows.append(row)
        if len(self.rows) > MAX_ROWS:
            self._replace(self.rows[::2])

    def extend(self, rows: list[Row]) -> None:
        """Have these rows and no others."""
        self._replace(list(rows))

    def document(self) -> dict[str, Any]:
        """Columns and rows as JSON; NaN is null."""
        rows = [[None if v != v else v for v in row] for row in self.rows]
        return {"columns": list(COLUMNS), "rows": rows}

    def _replace(self, rows: list[Row]) -> None:
        self.rows = rows
        self.version += 1


def curve_row(step: int, epoch: float, scores: Tree, norm: float, counts: dict[str, int]) -> Row:
    """The row of COLUMNS for what `Program.evaluate` gave; an empty part has NaN."""
    loss, score = scores["loss"].tolist(), scores["score"].tolist()
    parts: list[float] = []
    for i, part in enumerate(PARTS):
        parts += [loss[i], score[i]] if counts[part] else [float("nan")] * 2
    return (float(step), epoch, *parts, norm, float(scores["rate"]))
