"""Out into the world: code, weights and tables of what was trained.

Knows the experiment value, layers, training and data; nothing of HTTP, engine or store.
Every module of this package is imported, so that a file added here registers its target.
"""

import importlib
import pkgutil

from .base import TARGETS, File, Unsupported, export, files, targets

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["TARGETS", "File", "Unsupported", "export", "files", "targets"]
