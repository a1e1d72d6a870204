"""What a person may say of a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Encoding = Literal["guess", "utf-8", "utf-16", "windows-1252"]
Header = Literal["guess", "yes", "no"]
Format = Literal["guess", "table", "text", "pictures", "recordings"]


@dataclass(frozen=True)
class Said:
    """How a file is to be read. header: whether the first row is the columns' names."""

    name: str = ""
    encoding: Encoding = "guess"
    header: Header = "guess"
    format: Format = "guess"

    @property
    def ending(self) -> str:
        """The name's ending in small letters, with its point."""
        _, point, ending = self.name.rpartition(".")
        return point + ending.lower()

    def reading(self) -> dict[str, str]:
        """What of it changes what is read."""
        return {k: v for k, v in asdict(self).items() if k != "name" and v != "guess"}
