"""The log of a run, and the moments kept of it: whatever happened can be gone back to, or
replayed from the start, to the same bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from server.experiment import Experiment
from server.experiment.patch import difference, effect, merge
from server.experiment.registry import Spec

from .commands import Edit, Refused
from .curve import Rows
from .edit import edited
from .model import first_weights
from .program import Vector

#: moments kept at most, and bytes that they may take
MOMENTS, MOMENT_BYTES = 256, 1_000_000
#: interventions that a log may hold
MAX_ENTRIES = 100_000


class Changed(Spec):
    """The experiment was changed, by a merge patch, and the run went on."""

    kind: Literal["changed"] = "changed"
    step: int = Field(ge=0, le=2**53)
    patch: dict[str, Any]


class Edited(Spec):
    """A weight was set by hand."""

    kind: Literal["edited"] = "edited"
    step: int = Field(ge=0, le=2**53)
    edit: Edit


class Resumed(Spec):
    """The run was taken up again after early stopping."""

    kind: Literal["resumed"] = "resumed"
    step: int = Field(ge=0, le=2**53)


Entry = Annotated[Changed | Edited | Resumed, Field(discriminator="kind")]


class Log(Spec):
    """A run: what it began as, what was done to it at which steps, and how far it has come.

    digest: of the weights there; platform: where they were computed. Both are for comparing.
    """

    version: Literal[1] = 1
    experiment: Experiment
    entries: tuple[Entry, ...] = Field((), max_length=MAX_ENTRIES)
    step: int = Field(0, ge=0, le=2**53)
    digest: str | None = Field(None, max_length=64)
    platform: str | None = Field(None, max_length=200)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        steps = [entry.step for entry in self.entries]
        if steps != sorted(steps) or (steps and steps[-1] > self.step):
            raise ValueError("entries must be in the order of their steps, none beyond `step`")
        return self


@dataclass(frozen=True)
class Moment:
    """The state at a step, and how many entries of the log it has behind it."""

    step: int
    state: Vector
    entries: int


#: what a run may come to of its own
Ended = Literal["diverged", "stopped"]


@dataclass(frozen=True)
class Record:
    """What a session is begun again from, when the process has ended.

    log: with the entries behind the state, up to `log.step`. layout: of the state's words; where
    it is another one in the process that reads it, the log is replayed instead. rows: the curve.
    ended: status and message of a run that diverged or stopped early. asked: when a test part
    was asked, and what it said.
    """

    log: Log
    state: NDArray[np.uint32]
    layout: str
    rows: Rows
    playing: bool
    speed: float | None
    ended: tuple[Ended, str] | None = None
    asked: tuple[dict[str, Any], ...] = ()


@dataclass
class History:
    """What has happened since the run began."""

    experiment: Experiment
    entries: list[Changed | Edited | Resumed] = field(
        default_factory=list[Changed | Edited | Resumed]
    )
    moments: list[Moment] = field(default_factory=list[Moment])

    def change(self, step: int, old: Experiment, new: Experiment) -> None:
        """Note another experiment; of changes at one step the last is enough."""
        before = old.model_dump(mode="json")
        last = self.entries[-1] if self.entries else None
        if isinstance(last, Changed) and last.step == step:
            self.entries.pop()
            self.moments = [m for m in self.moments if m.entries <= len(self.entries)]
            before = self.document(len(self.entries))
        patch = difference(before, new.model_dump(mode="json"))
        if patch:
            self.entries.append(Changed(step=step, patch=patch))

    def keep(self, moment: Moment) -> None:
        """Keep a moment after all others; where there are too many, every second one goes."""
        if self.moments and self.moments[-1].step >= moment.step:
            return
        self.moments.append(moment)
        limit = min(MOMENTS, max(4, MOMENT_BYTES // moment.state.nbytes))
        if len(self.moments) > limit:
            self.moments = [m for i, m in enumerate(self.moments) if i % 2 == 0]

    def branch(self, step: int, entries: int) -> None:
        """The run goes on from this step, with so many entries behind it: what came later did
        not happen."""
        self.entries = self.entries[:entries]
        self.moments = [m for m in self.moments if m.step <= step and m.entries <= entries]

    def before(self, step: int) -> Moment:
        """The last moment kept that is not after this step."""
        return max((m for m in self.moments if m.step <= step), key=lambda m: m.step)

    def document(self, entries: int) -> dict[str, Any]:
        """The experiment's JSON after so many entries."""
        found = self.experiment.model_dump(mode="json")
        for entry in self.entries[:entries]:
            if isinstance(entry, Changed):
                found = merge(found, entry.patch)
        return found


def check(log: Log) -> None:
    """Raises Refused where a log from outside says what cannot have happened."""
    experiment, document = log.experiment, log.experiment.model_dump(mode="json")
    for i, entry in enumerate(log.entries):
        where = f"/log/entries/{i}"
        if isinstance(entry, Changed):
            document = merge(document, entry.patch)
            try:
                changed = Experiment.model_validate(document)
            except ValueError as error:
                raise Refused(f"{where}/patch", f"this makes no experiment: {error}") from None
            if effect(experiment, changed) == "reset":
                raise Refused(f"{where}/patch", "such a change begins another run")
            experiment = changed
        elif isinstance(entry, Edited):
            params, _ = first_weights(experiment)
            try:
                edited(params, entry.edit)
            except Refused as refused:
                raise Refused(f"{where}/edit{refused.path}", str(refused)) from None
