"""Preparation: steps from a table as it was collected to the numbers a network is given, and from
pictures to those it is given.

Every module of this package is imported, so that a file added here registers its steps.
"""

import importlib
import pkgutil

from .base import ColumnStep, Frame, RowStep, Step, Variable
from .pictures import PictureStep, prepared_pictures, prepared_shapes
from .pipeline import Pipeline, prepared_variables

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "ColumnStep",
    "Frame",
    "PictureStep",
    "Pipeline",
    "RowStep",
    "Step",
    "Variable",
    "prepared_pictures",
    "prepared_shapes",
    "prepared_variables",
]
