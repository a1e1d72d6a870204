"""Addresses of the page. What is private stands after the `#`, which no browser sends."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

#: the path of a short link
SHORT = re.compile(r"(?P<before>.*)/e/(?P<id>\w+)")


@dataclass(frozen=True)
class Address:
    """A server, and what an address of its page asks for.

    server: scheme, host and port. session, secret: of a session that lives there.
    experiment: of a portable link. share: the id of a short one.
    tf: a TensorFlow Playground address, after its `#`.
    """

    server: str
    session: str | None = None
    secret: str | None = None
    experiment: dict[str, Any] | None = None
    share: str | None = None
    tf: str | None = None


def read(address: str) -> Address:
    """What an address asks for. ValueError where it is none, with what would be right."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is no server's address; write http://host:port")
    path = parts.path.rstrip("/")
    short = SHORT.fullmatch(path)
    server = f"{parts.scheme}://{parts.netloc}{short['before'] if short else path}"
    keys = {name: values[-1] for name, values in parse_qs(parts.fragment).items()}
    if "s" in keys:
        return Address(server, session=keys["s"], secret=keys.get("k"))
    if keys.get("x", "true") not in ("true", "false"):
        return Address(server, experiment=_decode(keys["x"]))
    if short and not parts.fragment:
        return Address(server, share=short["id"])
    return Address(server, tf=parts.fragment or None)


def watch(server: str, session: str) -> str:
    """The page on a session, to look on."""
    return f"{server}/#s={quote(session, safe='')}"


def control(server: str, session: str, secret: str) -> str:
    """The page on a session, with the secret that lets it act."""
    return f"{watch(server, session)}&k={quote(secret, safe='')}"


def portable(server: str, experiment: dict[str, Any]) -> str:
    """The page on an experiment, whole: it opens on any Layerlab server."""
    text = json.dumps(experiment, separators=(",", ":"), ensure_ascii=False)
    return f"{server}/#x={base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def _decode(text: str) -> dict[str, Any]:
    try:
        experiment = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        experiment = None
    if not isinstance(experiment, dict):
        raise ValueError("the link does not hold a whole experiment; copy it to its last letter")
    return experiment
