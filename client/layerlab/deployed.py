"""A deployed model by script: all that it takes is its address and its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from numpy.typing import ArrayLike

from .api import TIMEOUT, plain, refusal
from .errors import Unreachable

Row = Mapping[str, float | str | None]


@dataclass(frozen=True)
class Answers:
    """What a deployed model answers, an entry for each example.

    outputs: numbers, of a table in their own unit. classes, names: the class by number and by
    name, None for a regression. probabilities: by class, where the outputs are such.
    """

    outputs: list[Any]
    classes: list[Any] | None
    names: list[Any] | None
    probabilities: list[dict[str, float | None]] | None


class DeployedModel:
    """A model that somebody has deployed.

    address: of its page, http://localhost:8000/d/…, with `#key=…` behind it or `key` beside it.
    api_key: for a server that wants one of every caller.

        model = DeployedModel("http://localhost:8000/d/Uo4G6UrRu0Gy", key="…")
        model.predict(rows=[{"age": 22, "sex": "male"}]).names
    """

    def __init__(self, address: str, key: str | None = None, *, api_key: str | None = None) -> None:
        parts = urlsplit(address)
        self.id = parts.path.rstrip("/").rpartition("/")[2]
        self.key = key or parts.fragment.removeprefix("key=")
        server = f"{parts.scheme}://{parts.netloc}"
        self.link = f"{server}/d/{self.id}"
        headers = {"Authorization": f"Bearer {self.key}"}
        self._http = httpx.Client(
            base_url=server,
            headers=headers | ({"X-API-Key": api_key} if api_key else {}),
            timeout=TIMEOUT,
            # a proxy of the environment's knows no server of this very machine
            trust_env=parts.hostname not in ("localhost", "127.0.0.1", "::1"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DeployedModel({self.link!r})"

    def close(self) -> None:
        """Let go of the connection; the model stays deployed."""
        self._http.close()

    @property
    def facts(self) -> dict[str, Any]:
        """What everybody is told of it: title, columns, evaluation, source … (docs/protocol.md).
        Raises NotFound, Unreachable."""
        return self._send("GET", "").json()

    def predict(
        self, inputs: ArrayLike | None = None, *, rows: Sequence[Row] | None = None
    ) -> Answers:
        """What it answers to examples as they were collected: `rows` of a table by the names of
        its columns, or `inputs`, nested as `facts["input_shape"]` says, pictures from 0 to 255.

        Raises BadInput, NotAllowed for a wrong key, NotFound, Unreachable.
        """
        body = {"rows": rows} if rows is not None else {"inputs": inputs}
        return Answers(**self._send("POST", "/predict", json=plain(body)).json())

    def delete(self) -> None:
        """Delete it, for good. Raises NotAllowed, NotFound, Unreachable."""
        self._send("DELETE", "")

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"/api/v1/deployments/{self.id}{path}", **options)
        except httpx.TransportError as error:
            raise Unreachable(f"no answer from {self.link} ({error}); is it running?") from error
        if answer.is_error:
            raise refusal(answer)
        return answer
