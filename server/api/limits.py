"""How many calls a client may make: a bucket of tokens each, in memory."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from dataclasses import dataclass

WINDOW = 60
#: clients that are remembered; the longest silent one is forgotten first
CLIENTS = 10_000


@dataclass(frozen=True)
class Verdict:
    """Whether a call may be made. left: calls that may follow at once. wait: seconds until one
    may be made, 0 where it may now; full: seconds until the bucket is full again."""

    allowed: bool
    left: int
    wait: float
    full: float


class Buckets:
    """A bucket of `limit` tokens for each client, which fills again in WINDOW seconds.

    limit: calls a minute; 0 is no limit.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rate = limit / WINDOW
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, when

    def take(self, client: str, now: float | None = None) -> Verdict:
        """Take a token of the client's, if there is one. now: seconds of any steady clock."""
        now = time.monotonic() if now is None else now
        tokens, when = self._buckets.pop(client, (float(self.limit), now))
        tokens = min(self.limit, tokens + max(0.0, now - when) * self._rate)
        allowed = tokens >= 1
        tokens -= allowed
        self._buckets[client] = (tokens, now)
        while len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        wait = max(0.0, (1 - tokens) / self._rate) if not allowed else 0.0
        return Verdict(allowed, int(tokens), wait, (self.limit - tokens) / self._rate)

    def headers(self, verdict: Verdict) -> dict[str, str]:
        """What the IETF's draft of RateLimit headers says of it, and Retry-After."""
        said = {
            "RateLimit-Policy": f'"calls";q={self.limit};w={WINDOW}',
            "RateLimit": f'"calls";r={verdict.left};t={math.ceil(verdict.full)}',
        }
        if not verdict.allowed:
            said["Retry-After"] = str(max(1, math.ceil(verdict.wait)))
        return said


def network(host: str) -> str:
    """Who an address is: all of an IPv4 one, of an IPv6 one the /64 that one customer has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
