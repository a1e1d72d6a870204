"""The document that a link keeps: an experiment, words about it, perhaps a moment of its run.

It is versioned, and a link is for good: `read` takes every version there ever was.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

import server.datasets
import server.layers
import server.training  # noqa: F401 - they fill the registries
from server.experiment import Experiment, Spec
from server.experiment.network import MAX_LAYERS
from server.experiment.patch import patched

VERSION = 1
MAX_TITLE = 120
MAX_NOTES = 10_000
#: rows of a curve; as many as a session keeps
MAX_ROWS = 2000
#: numbers of a moment's weights; a larger network's are left out
MAX_WEIGHTS = 20_000
MAX_OUTPUTS = 16

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
#: a number, or a vector or a matrix of them
Numbers = float | list[float] | list[list[float]]
Name = Annotated[str, Field(pattern="^[A-Za-z0-9_]{1,40}$")]


class Curve(Spec):
    """The curves up to the moment; null where there is no value."""

    columns: tuple[Name, ...] = Field(max_length=32)
    rows: list[list[float | None]] = Field(max_length=MAX_ROWS)

    @model_validator(mode="after")
    def _rows_fit_columns(self) -> Self:
        for i, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"rows: row {i} must have {len(self.columns)} numbers")
        return self


class Surface(Spec):
    """The outputs over the domain.

    maps: two inputs; base64 of size × size bytes for every output, quantised over `range`,
        the top row first. lines: one input; the values of every output over x.
    """

    range: tuple[float, float]
    size: int = Field(ge=2, le=400)
    maps: tuple[str, ...] | None = Field(None, min_length=1, max_length=MAX_OUTPUTS)
    lines: list[list[float]] | None = Field(None, min_length=1, max_length=MAX_OUTPUTS)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.maps is None) == (self.lines is None):
            raise ValueError("maps: give either maps or lines")
        if any(len(line) != self.size for line in self.lines or []):
            raise ValueError(f"lines: every line must have {self.size} values")
        if any(len(_bytes(text)) != self.size**2 for text in self.maps or []):
            raise ValueError(f"maps: every map must be base64 of {self.size**2} bytes")
        return self

    def planes(self) -> NDArray[np.uint8]:
        """The maps as u1 (outputs, size, size)."""
        maps = [np.frombuffer(_bytes(text), np.uint8) for text in self.maps or ()]
        return np.stack(maps).reshape(-1, self.size, self.size)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _count(numbers: Numbers) -> int:
    """How many there are. ValueError where the rows of a matrix differ in length."""
    if isinstance(numbers, float | int):
        return 1
    lengths = [len(row) if isinstance(row, list) else 1 for row in numbers]
    if len(set(lengths)) > 1:
        raise ValueError("the rows of a matrix must be of one length")
    return sum(lengths)


class Moment(Spec):
    """A run at one step, as it was seen.

    digest: of the weights. platform: where they were computed. weights: rounded, for
    pictures; by layer, null where there are none.
    """

    step: int = Field(ge=0, lt=2**53)
    digest: Digest
    platform: str = Field(max_length=200)
    curve: Curve
    surface: Surface | None = None
    weights: tuple[dict[Name, Numbers], ...] | None = Field(None, max_length=2 * (MAX_LAYERS + 1))

    @field_validator("weights")
    @classmethod
    def _not_too_many(cls, weights: Any) -> Any:
        if (
            sum(_count(numbers) for layer in weights or () for numbers in layer.values())
            > MAX_WEIGHTS
        ):
            raise ValueError(f"at most {MAX_WEIGHTS} numbers; leave the weights out")
        return weights


class Event(Spec):
    """What was done to the run, and at which step."""

    step: int = Field(ge=0, lt=2**53)
    command: dict[str, Any]


class ViewSettings(Spec):
    """What the page shows that is no part of the experiment."""

    discretize: bool = False
    showTestData: bool = False
    showValidationData: bool = False
    contours: bool = False
    surfaceClass: int | None = Field(None, ge=0, lt=MAX_OUTPUTS)
    hideText: bool = False


class Share(Spec):
    """What is saved under a link."""

    version: Literal[1] = VERSION
    experiment: Experiment
    title: str = Field("", max_length=MAX_TITLE, description="One line.")
    notes: str = Field("", max_length=MAX_NOTES, description="Markdown; HTML in it is shown as is.")
    log: tuple[Event, ...] = Field((), max_length=10_000, description="The run's interventions.")
    moment: Moment | None = Field(None, description="A run of it at one step.")
    hide: tuple[Name, ...] = Field(
        (), max_length=64, description="Controls that are not shown, by TF Playground's names."
    )
    view: ViewSettings = Field(ViewSettings.model_validate({}), description="How it is shown.")

    @property
    def now(self) -> Experiment:
        """The experiment as it is at the moment: what was changed on the way is."""
        experiment = self.experiment
        for event in self.log:
            if event.command.get("kind") == "patch":
                experiment = _changed(experiment, event.command.get("experiment"))
        return experiment

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str) -> str:
        return " ".join(title.split())

    @field_validator("hide")
    @classmethod
    def _each_once(cls, hide: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(hide)))


def _changed(experiment: Experiment, patch: Any) -> Experiment:
    try:
        return patched(experiment, patch)
    except (ValueError, AttributeError):  # a log is not tried before somebody has it done again
        return experiment


def document(share: Share) -> dict[str, Any]:
    """The share as JSON: the experiment with every default written out, as its digest has it,
    and of the rest what says something."""
    written = share.model_dump(mode="json", exclude_defaults=True, exclude={"experiment"})
    experiment = json.loads(share.experiment.canonical())
    return {"version": VERSION, "experiment": experiment} | written


def read(stored: dict[str, Any]) -> Share:
    """What a stored document of any version says.

    Raises ValueError (pydantic.ValidationError is one) for what none ever said.
    """
    version = stored.get("version")
    if version != VERSION:
        raise ValueError(f"version: a link of version {version} is of a newer Layerlab")
    return Share.model_validate(stored)
