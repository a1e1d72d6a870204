"""What `pip install 'layerlab[notebook]'` brings, imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any


def need(module: str, what: str) -> Any:
    """The module. ImportError, with what to install, where it is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{what} needs {package}: pip install 'layerlab[notebook]'", name=package
        ) from error
