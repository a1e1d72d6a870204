"""What a run answers over the domain, small, and what the seeds of a setting make of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.datasets.base import DOMAIN
from server.engine.session import Session

#: points per side, and of a line
SIZE, LINE = 32, 128

Outputs = NDArray[np.float32]
"""(K, SIZE, SIZE) with y = +6 in row 0, or (K, LINE) over x."""


def outputs(session: Session) -> Outputs | None:
    """The session's outputs over the domain, at this moment; None where there is no domain."""
    dataset = session.experiment.data.dataset
    if dataset.form != "points":
        return None
    if dataset.dimensions == 1:
        line = np.linspace(-DOMAIN, DOMAIN, LINE, dtype=np.float32)
        return session.predict(line[:, None]).T
    axis = np.linspace(-DOMAIN, DOMAIN, SIZE, dtype=np.float32)
    x, y = np.meshgrid(axis, axis[::-1])
    flat = session.predict(np.stack([x.ravel(), y.ravel()], 1))
    return flat.T.reshape(-1, SIZE, SIZE)


def document(values: Outputs, span: tuple[float, float]) -> dict[str, Any]:
    """As a link's moment has it: `maps`, base64 of u1 over `range`, or `lines`."""
    lo, hi = span
    clean = np.nan_to_num(values)
    if clean.ndim == 2:
        return {"range": [lo, hi], "size": LINE, "lines": clean.tolist()}
    scaled = np.clip((clean - lo) / max(hi - lo, 1e-9), 0.0, 1.0)
    maps = np.round(scaled * 255).astype(np.uint8)
    coded = [base64.b64encode(plane.tobytes()).decode() for plane in maps]
    return {"range": [lo, hi], "size": SIZE, "maps": coded}


def ensemble(members: Sequence[Outputs], span: tuple[float, float]) -> dict[str, Any]:
    """Mean and spread over the seeds: at every place the standard deviation (of the population),
    of several outputs the largest. The spread's range begins at 0."""
    stack = np.stack(members).astype(np.float64)
    mean, spread = stack.mean(0), stack.std(0).max(0, keepdims=True)
    top = max(float(np.nan_to_num(spread).max()), 1e-6)
    return {
        "mean": document(mean.astype(np.float32), span),
        "spread": document(spread.astype(np.float32), (0.0, top)),
    }
