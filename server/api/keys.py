"""API keys, for a server that wants them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

COOKIE = "layerlab_key"
HEADER = "x-api-key"
PREFIX = "sha256:"


class Keys:
    """The keys that a server takes, as their SHA-256.

    keys: each plain, or `sha256:` and the hexadecimal digest, so that a settings file need not
    hold it.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = [_digest(key) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def known(self, key: str) -> str | None:
        """The digest of a key that is one of ours; it takes as long for any that is not."""
        given = hashlib.sha256(key.encode()).hexdigest()
        found = [hmac.compare_digest(given, ours) for ours in self._digests]
        return given if any(found) else None

    def caller(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> str | None:
        """The digest of the key that a call bears: as X-API-Key, as a bearer token (which may
        be a session's secret instead), or as the cookie that the page has."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        given = (headers.get(HEADER, ""), bearer, cookies.get(COOKIE, ""))
        return next((found for key in given if key and (found := self.known(key))), None)


def _digest(key: str) -> str:
    if key.startswith(PREFIX):
        return key.removeprefix(PREFIX).lower()
    return hashlib.sha256(key.encode()).hexdigest()
