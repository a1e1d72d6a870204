"""What can go wrong, as exceptions that say where and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One error of a refused request.

    path: the field it is about, as a JSON pointer into the request ("" for the whole).
    message: what is wrong, ending with what would be right.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class LayerlabError(Exception):
    """Base of everything the client raises on purpose."""


class Unreachable(LayerlabError):
    """No server answers there, or it went away in the middle."""


class Refused(LayerlabError):
    """The server answered with a problem (application/problem+json).

    status: the HTTP status. problems: every error with its path and its mend.
    """

    def __init__(self, status: int, title: str, problems: Iterable[Problem] = ()) -> None:
        self.status = status
        self.title = title
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)) or title)


class BadInput(Refused):
    """The experiment, the command or the points do not fit (400, 413, 422)."""


class NotAllowed(Refused):
    """The session's secret, or a key that the server wants, is missing or wrong (401, 403)."""


class NotFound(Refused):
    """There is no such session on the server, or no longer; no such export target (404)."""


class Busy(Refused):
    """The server is full or asks for patience (429, 503)."""


class NotOffered(LayerlabError):
    """This server does not know what was asked for; another version does."""


KINDS: dict[int, type[Refused]] = {
    400: BadInput,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    413: BadInput,
    422: BadInput,
    429: Busy,
    503: Busy,
}
