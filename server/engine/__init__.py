"""Programs, sessions and who runs next."""

from . import platform  # first: JAX reads its flags at import

__all__ = ["platform"]
