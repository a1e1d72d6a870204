"""The curves of a run, as a table."""

from __future__ import annotations

import csv
import io

import numpy as np

from .base import TARGETS, Run, Unsupported


@TARGETS.register(
    "history", title="History (CSV)", filename="history.csv", media_type="text/csv",
    group="Records",
    help="The curves so far as a table: loss and score of every part, step by step.",
)  # fmt: skip
def history(run: Run) -> dict[str, bytes]:
    if run.history is None:
        raise Unsupported(
            "/history",
            "weights alone have no history; export it from the session that trained them",
        )
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")  # which leaves a null empty
    table.writerow(run.history["columns"])
    table.writerows(map(_row, run.history["rows"]))
    return {"history.csv": text.getvalue().encode()}


def _row(row: list[float | None]) -> list[float | str | None]:
    """What was computed in single precision with as many digits as it has."""
    step, epoch, *computed = row
    return [step, epoch, *(None if v is None else str(np.float32(v)) for v in computed)]
