"""Views: pure functions of a session's state that a screen can ask for.

One class a view, registered; a screen subscribes to those it shows and nothing else is
computed or sent. The fields of the class are the options of the request. Every module of this
package is imported, so that a file added here registers its views.
"""

import importlib
import pkgutil

from .base import MAX_VIEWS, SCORES, SLOPES, VIEWS, Scene, View, probes

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["MAX_VIEWS", "SCORES", "SLOPES", "VIEWS", "Scene", "View", "probes"]
