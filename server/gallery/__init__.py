"""Ready experiments to open with one click.

A file of `entries/` is one: `{"title", "help", "group", "experiment"}`. They are shown in the
order of their files' names, under the titles of their groups; what an experiment leaves out is
as its dataset suggests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import server.datasets
import server.layers
import server.training  # noqa: F401 - what an experiment may name
from server.experiment import Experiment


@dataclass(frozen=True)
class Entry:
    """name: its file's, without the number. experiment: as it was written, checked."""

    name: str
    title: str
    help: str
    group: str
    experiment: dict[str, Any]


@cache
def gallery() -> tuple[Entry, ...]:
    """Every entry in its order. Raises ValueError where one is no experiment."""
    found = sorted(files(__name__).joinpath("entries").iterdir(), key=lambda file: file.name)
    return tuple(_read(file.name, file.read_text("utf-8")) for file in found)


def _read(file: str, text: str) -> Entry:
    entry = Entry(name=file.partition("-")[2].removesuffix(".json"), **json.loads(text))
    Experiment.model_validate(entry.experiment)
    return entry
