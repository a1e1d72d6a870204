"""What an experiment is: values only. Knows no JAX, no HTTP, no files."""

from .registry import Entries, Entry, Kind, Kinds, Spec, setting
from .spec import (
    Data,
    EarlyStopping,
    Experiment,
    Network,
    Output,
    Split,
    Training,
)

__all__ = [
    "Data",
    "EarlyStopping",
    "Entries",
    "Entry",
    "Experiment",
    "Kind",
    "Kinds",
    "Network",
    "Output",
    "Spec",
    "Split",
    "Training",
    "setting",
]
