"""What survives a restart: shares, runs and their checkpoints, sweeps. Knows nothing of HTTP."""

from .database import StoreError
from .store import ID, Checkpoint, Run, SavedShare, Store, Unreadable
from .sweeps import KeptRun, KeptSweep, SweepTable

__all__ = [
    "ID",
    "Checkpoint",
    "KeptRun",
    "KeptSweep",
    "Run",
    "SavedShare",
    "Store",
    "StoreError",
    "SweepTable",
    "Unreadable",
]
