"""Where examples come from: datasets, features of their inputs, and the split.

Every module of this package is imported, in the order of the names, so that a file
added here registers its datasets; the palette shows them in that order.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
