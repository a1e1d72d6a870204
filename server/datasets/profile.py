"""What is in the columns of a table: how many values are missing, how the others are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .preparation import Frame, Variable
from .preparation.base import missing
from .split import Prepared

#: bars of a histogram, rows shown as they are, and columns told of
BARS, ROWS, COLUMNS = 24, 20, 200
#: categories of a column, or texts, that are counted one by one
MOST = 12
PARTS = ("train", "validation", "test")


def stages(prepared: Prepared) -> list[dict[str, Any]]:
    """The table as it came in, then after every step: how many `rows` every part has left, and
    the `columns`, as their training rows tell of them, with what steps have learned that these
    are `about`; the first `examples` of these."""
    found: list[dict[str, Any]] = []
    about = prepared.pipeline.told()
    for frame, part in zip(prepared.frames, prepared.parts, strict=True):
        rows = {name: int((part == i).sum()) for i, name in enumerate(PARTS)}
        told = of_frame(frame.take(np.asarray(part == 0)))
        for column in told["columns"]:
            column["about"] = about.get(column["name"], "")
        found.append({"rows": rows} | told)
    return found


def of_frame(frame: Frame) -> dict[str, Any]:
    """The `columns` of these rows, how many are `left_out`, and the first rows as `examples`."""
    pairs = zip(frame.variables[:COLUMNS], frame.columns[:COLUMNS], strict=True)
    return {
        "columns": [of_column(v, column) for v, column in pairs],
        "left_out": max(len(frame.variables) - COLUMNS, 0),
        "examples": _first(frame),
    }


def tested(
    prepared: Prepared, classes: Sequence[str], part: Literal["validation", "test"]
) -> dict[str, Any]:
    """The first `examples` of a part as they were collected, in its order, without those
    that a step leaves out, and their `answers`: classes by name, numbers in their own unit."""
    rows = np.flatnonzero(prepared.part == PARTS.index(part))[:ROWS]
    mean, deviation = prepared.scale
    answers = prepared.labels[rows].astype(np.float64) * deviation + mean
    return {
        "examples": _first(prepared.frames[0].take(prepared.kept[rows])),
        # labels have the digits of float32
        "answers": [classes[int(a)] if classes else float(f"{a:.6g}") for a in answers],
    }


def of_column(v: Variable, column: NDArray[Any]) -> dict[str, Any]:
    """The profile of one column (N,)."""
    gaps = missing(column)
    known = column[~gaps]
    told: dict[str, Any] = {
        "name": v.name,
        "kind": v.kind,
        "unit": v.unit,
        "missing": int(gaps.sum()),
        "numbers": None,
        "counts": None,
    }
    if v.kind == "number":
        return told | {"numbers": _numbers(known) if len(known) else None}
    if v.kind == "category":
        counts = np.bincount(known.astype(np.int64), minlength=len(v.categories)).tolist()
        pairs = zip(v.categories, counts, strict=True)
    else:
        values, numbers = np.unique(known.astype(str), return_counts=True)
        pairs = zip(values.tolist(), numbers.tolist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: -pair[1])
    return told | {
        "counts": {
            "different": len(ordered),
            "most": [{"value": value[:80], "count": count} for value, count in ordered[:MOST]],
        }
    }


def _numbers(known: NDArray[np.float64]) -> dict[str, Any]:
    quarters = np.quantile(known, [0.25, 0.5, 0.75])
    counts, edges = np.histogram(known, BARS)
    reach = 1.5 * (quarters[2] - quarters[0])
    far = (known < quarters[0] - reach) | (known > quarters[2] + reach)
    return {
        "low": float(known.min()),
        "high": float(known.max()),
        "mean": float(known.mean()),
        "deviation": float(known.std()),
        "quarters": quarters.tolist(),
        "outliers": int(far.sum()),
        "histogram": {"low": float(edges[0]), "high": float(edges[-1]), "counts": counts.tolist()},
    }


def _first(frame: Frame) -> list[list[Any]]:
    """The first rows, value by value: numbers, categories by their names, null where missing."""
    count = min(frame.rows, ROWS)
    pairs = list(zip(frame.variables[:COLUMNS], frame.columns[:COLUMNS], strict=True))
    return [[_shown(v, column[row]) for v, column in pairs] for row in range(count)]


def _shown(v: Variable, value: Any) -> Any:
    if v.kind == "text":
        return str(value)[:200] or None
    if np.isnan(value):
        return None
    return v.categories[int(value)] if v.kind == "category" else float(value)
