"""What a link carries, and its picture. Knows nothing of HTTP nor of where links are kept."""

from .document import Moment, Share, Surface, document, read
from .picture import draw

__all__ = ["Moment", "Share", "Surface", "document", "draw", "read"]
