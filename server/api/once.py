"""Idempotency keys: a call that is made again is answered as it was the first time."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass

from fastapi import HTTPException, Request, Response

HEADER = "idempotency-key"
#: long enough that two callers do not think of the same one
KEY = re.compile(r"[\x21-\x7e]{16,128}")
#: seconds that an answer is kept; and answers, and bytes of them, that are
KEPT, MOST, BYTES = 86_400.0, 10_000, 32_000_000

Name = tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """An answer to a call. response: None while the call is under way."""

    call: str
    when: float
    response: Response | None = None

    @property
    def size(self) -> int:
        return len(self.response.body) if self.response else 0


class Once:
    """Remembers what was answered under a key: in memory, the oldest given up first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Name, Answer] = OrderedDict()
        self._bytes = 0

    def begin(self, name: Name, call: str) -> Response | None:
        """The answer that there was, or None where the call is to be made, to be followed by
        `end`. Raises HTTPException 422 where it was another call, 409 while it is under way."""
        self._forget(time.monotonic() - KEPT)
        known = self._answers.get(name)
        if known is None:
            self._answers[name] = Answer(call, time.monotonic())
            return None
        if known.call != call:
            raise HTTPException(422, "this Idempotency-Key came with another body; make a new one")
        if known.response is None:
            message = "the first call with this Idempotency-Key is under way; ask again"
            raise HTTPException(409, message, {"Retry-After": "1"})
        return known.response

    def end(self, name: Name, response: Response | None) -> None:
        """Keep the answer; None is a call that failed and may be made again."""
        begun = self._answers.pop(name, None)
        if begun is None or response is None:
            return
        answer = self._answers[name] = Answer(begun.call, begun.when, response)
        self._bytes += answer.size

    def _forget(self, before: float) -> None:
        while self._answers:
            name, oldest = next(iter(self._answers.items()))
            enough = len(self._answers) < MOST and self._bytes <= BYTES
            if oldest.when >= before and enough:
                return
            self._bytes -= self._answers.pop(name).size


def named(request: Request, key: str) -> Name:
    """Whose key it is, and for which call. Raises HTTPException 422."""
    if not KEY.fullmatch(key):
        raise HTTPException(422, "an Idempotency-Key has 16 to 128 printable characters: a UUID")
    secret = hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()
    return request.scope["caller"], secret, request.url.path, key


def fingerprint(request: Request, body: bytes) -> str:
    """Differs where the call does."""
    return hashlib.sha256(request.url.query.encode() + b"\n" + body).hexdigest()
