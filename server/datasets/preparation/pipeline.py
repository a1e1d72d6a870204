"""Steps one after the other: what columns they lead to, and fitted, the rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Frame, RowStep, Variable, check_form


def prepared_variables(
    steps: Sequence[Any], variables: tuple[Variable, ...]
) -> list[tuple[Variable, ...]]:
    """The variables as they come in, then after every step. Raises ValueError with the path of
    the step, and the mend, where one cannot be done."""
    check_form(steps, "table")
    found = [variables]
    for i, step in enumerate(steps):
        try:
            found.append(step.after(found[-1]))
        except ValueError as error:
            raise ValueError(f"preparation.{i}: {error}") from None
    return found


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Steps, and what each has learned of the training rows."""

    steps: tuple[Any, ...]
    fitted: tuple[Any, ...]
    #: the variables as they come in, then after every step
    variables: list[tuple[Variable, ...]]

    @classmethod
    def fit(
        cls, steps: tuple[Any, ...], frame: Frame, part: NDArray[np.uint8]
    ) -> tuple[Pipeline, list[Frame], list[NDArray[np.intp]]]:
        """Fit the steps one after the other, each on the training rows as those before leave them.

        part: (N,), 0 for training rows. Gives the pipeline, the rows before the first step and
        after each, and which of them are left each time. Raises ValueError with the path of the
        step, and the mend, where one cannot be fitted.
        """
        variables = prepared_variables(steps, frame.variables)
        frames, rows, fitted = [frame], np.arange(frame.rows), []
        left = [rows]
        for i, step in enumerate(steps):
            if isinstance(step, RowStep):
                kept = step.kept(frame)
                frame, rows = frame.take(kept), rows[kept]
                fitted.append(None)
            else:
                known = _fitted(step, frame.take(part[rows] == 0), i)
                frame, rows = _applied(step, frame, known, i), rows[step.past :]
                fitted.append(known)
            frames.append(frame)
            left.append(rows)
        return cls(steps, tuple(fitted), variables), frames, left

    def transform(self, frame: Frame) -> Frame:
        """Rows as they come in -> as the network is given them; none is left out but the first
        `past`, which are others' past. Raises ValueError where there are no more than these."""
        for step, known in zip(self.steps, self.fitted, strict=True):
            if not isinstance(step, RowStep):
                frame = step.apply(frame, known)
        return frame

    @property
    def past(self) -> int:
        """How many of the first rows have no past that is whole."""
        return sum(step.past for step in self.steps)

    def told(self) -> dict[str, str]:
        """What its steps have learned that columns are about, by their names."""
        found: dict[str, str] = {}
        for step, known, before in zip(self.steps, self.fitted, self.variables, strict=False):
            if known is not None:
                found |= step.told(step.chosen(before), known)
        return found


def _applied(step: Any, frame: Frame, known: Any, index: int) -> Frame:
    try:
        return step.apply(frame, known)
    except ValueError as error:
        raise ValueError(f"preparation.{index}: {error}") from None


def _fitted(step: Any, training: Frame, index: int) -> Any:
    if not training.rows:
        raise ValueError(
            f"preparation.{index}: no training row is left to fit it on; drop fewer rows before"
        )
    try:
        with warnings.catch_warnings():
            # a constant or empty column is no mistake: it stays one
            warnings.simplefilter("ignore")
            return step.fitted(training)
    except ValueError as error:
        raise ValueError(f"preparation.{index}: {error}") from None


def numbers(frame: Frame) -> NDArray[np.float32]:
    """(N, columns) of variables that `check_numbers` found good."""
    return frame.matrix([v.name for v in frame.variables]).astype(np.float32)


def check_numbers(variables: Sequence[Variable]) -> None:
    """Raises ValueError, with the mend, where a network could not be given these variables."""
    if not variables:
        raise ValueError("preparation: no column is left; drop fewer")
    for v in variables:
        if v.kind == "category":
            raise ValueError(f"preparation: {v.name!r} is a category; add 'one_hot' or 'ordinal'")
        if v.kind == "text":
            raise ValueError(
                f"preparation: {v.name!r} is text; leave it out with 'drop_columns', or count its "
                "words with 'bag_of_words'"
            )
        if v.gaps:
            raise ValueError(
                f"preparation: values of {v.name!r} are missing; add 'impute' or 'drop_missing'"
            )
