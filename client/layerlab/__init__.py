"""Layerlab by script: build a network, train it on a server, see what it learned.

    from layerlab import Playground

    with Playground() as lab:
        print(lab.train(epochs=100))

See docs/python.md. Typed experiments (`Experiment`, `Dense`, `Adam`, `Spiral` …) are the
server's own values and are imported when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .asynchronous import AsyncPlayground
from .deployed import Answers, DeployedModel
from .errors import (
    BadInput,
    Busy,
    LayerlabError,
    NotAllowed,
    NotFound,
    NotOffered,
    Problem,
    Refused,
    Unreachable,
)
from .playground import Playground
from .results import Frame, LayerWeights, Points, Prediction, SweepResult, TrainResult
from .sweeps import Range

if TYPE_CHECKING:
    from .kinds import *  # noqa: F403

__all__ = [
    "Answers",
    "AsyncPlayground",
    "BadInput",
    "Busy",
    "DeployedModel",
    "Frame",
    "LayerWeights",
    "LayerlabError",
    "NotAllowed",
    "NotFound",
    "NotOffered",
    "Playground",
    "Points",
    "Prediction",
    "Problem",
    "Range",
    "Refused",
    "SweepResult",
    "TrainResult",
    "Unreachable",
]


def __getattr__(name: str) -> Any:
    from . import kinds

    return getattr(kinds, name)


def __dir__() -> list[str]:
    from . import kinds

    return [*__all__, *dir(kinds)]
