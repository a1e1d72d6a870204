"""How a network computes: layers, activations, initializers.

Every module of this package is imported, so that a file added here registers itself.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

from server.experiment.registry import LAYERS  # noqa: E402

from .reading import ranks_read  # noqa: E402

for _layer in LAYERS.values():
    _layer.hints = _layer.hints | {"reads": ranks_read(_layer)}
