"""What a person can do to a session, from a socket or by REST: one language for both."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from server.experiment.registry import Spec

MAX_STEPS = 100_000_000


class Refused(Exception):
    """A command that cannot be carried out; `path` names the field, the text the mend."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class Play(Spec):
    """Train until paused, or for a number of steps."""

    kind: Literal["play"] = "play"
    steps: int | None = Field(None, ge=1, le=MAX_STEPS)


class Pause(Spec):
    """Stop training where it is."""

    kind: Literal["pause"] = "pause"


class Advance(Spec):
    """Train for a number of steps or epochs, then pause; answered when done."""

    kind: Literal["advance"] = "advance"
    steps: int | None = Field(None, ge=1, le=MAX_STEPS)
    epochs: int | None = Field(None, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give either steps or epochs")
        return self


class Reset(Spec):
    """Back to the initial weights, or to those of another seed."""

    kind: Literal["reset"] = "reset"
    seed: int | None = Field(None, ge=0, le=2**32 - 1)


class Speed(Spec):
    """Limit the pace; null is as fast as it goes."""

    kind: Literal["speed"] = "speed"
    epochs_per_second: float | None = Field(None, gt=0, le=1e6)


class Seek(Spec):
    """Go to a moment of the run, paused; training goes on from there as another branch."""

    kind: Literal["seek"] = "seek"
    step: int = Field(ge=0, le=2**53)


class Patch(Spec):
    """Change the experiment by a JSON merge patch."""

    kind: Literal["patch"] = "patch"
    experiment: dict[str, Any]


class Edit(Spec):
    """Set one weight or bias by hand. Layers count the hidden ones, then the output."""

    kind: Literal["edit"] = "edit"
    layer: int = Field(ge=0)
    param: str = Field(max_length=40)
    index: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1, max_length=4)
    value: float = Field(ge=-1e6, le=1e6)


Command = Annotated[
    Play | Pause | Advance | Reset | Speed | Seek | Patch | Edit, Field(discriminator="kind")
]
COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
