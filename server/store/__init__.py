"""What survives a restart: shares, runs and their checkpoints, sweeps, deployed models.
Knows nothing of HTTP."""

from .database import StoreError
from .deployments import Deployment, DeploymentTable
from .store import ID, Checkpoint, Run, SavedShare, Store, Unreadable
from .sweeps import KeptRun, KeptSweep, SweepTable

__all__ = [
    "ID",
    "Checkpoint",
    "Deployment",
    "DeploymentTable",
    "KeptRun",
    "KeptSweep",
    "Run",
    "SavedShare",
    "Store",
    "StoreError",
    "SweepTable",
    "Unreadable",
]
