"""Readers of files: which one reads a file is told by its first bytes and by its name.

Each is a function of the file, its name and what was said of it; it writes what it read into a
folder and returns the facts about it. Raises Unreadable, with the row, the column and the mend.
"""

from .choice import FORMATS, Said, read

__all__ = ["FORMATS", "Said", "read"]
