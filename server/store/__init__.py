"""What survives a restart: shares, runs and their checkpoints. Knows nothing of HTTP."""

from .database import StoreError
from .store import Checkpoint, Run, SavedShare, Store

__all__ = ["Checkpoint", "Run", "SavedShare", "Store", "StoreError"]
