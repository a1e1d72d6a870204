"""Augmentation: pictures changed at random while a network is trained on them.

Every module of this package is imported, so that a file added here registers its kinds.
"""

import importlib
import pkgutil

from .base import Augmentation, Batch, augmented

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["Augmentation", "Batch", "augmented"]
