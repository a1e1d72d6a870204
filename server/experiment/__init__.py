"""What an experiment is: values only. Knows no JAX, no HTTP, no files."""

from .network import Generator, Network, Output
from .registry import Entries, Entry, Kind, Kinds, Spec, setting
from .spec import (
    Data,
    EarlyStopping,
    Experiment,
    Split,
    Training,
)

__all__ = [
    "Data",
    "EarlyStopping",
    "Entries",
    "Entry",
    "Experiment",
    "Generator",
    "Kind",
    "Kinds",
    "Network",
    "Output",
    "Spec",
    "Split",
    "Training",
    "setting",
]
