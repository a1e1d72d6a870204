"""Server-sent events, from a real server: what an EventSource would see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

API = "/api/v1/sessions"


@pytest.fixture
def http(server_url) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server_url, timeout=60) as client:
        yield client


@pytest.fixture
def session(http) -> Iterator[tuple[str, dict[str, str]]]:
    made = http.post(API).json()
    path, headers = f"{API}/{made['id']}", {"Authorization": f"Bearer {made['secret']}"}
    yield path, headers
    http.delete(path, headers=headers)


@contextmanager
def events(http: httpx.Client, path: str, query: str = "", last: str | None = None) -> Iterator:
    """(event, data, id) of every event that comes."""
    headers = {"Last-Event-ID": last} if last else {}
    with http.stream("GET", f"{path}/events{query}", headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[tuple[str, Any, str | None]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields["event"], json.loads(fields["data"]), fields.get("id")
            fields = {}


def order(http, session, **command) -> None:
    path, headers = session
    http.post(f"{path}/commands", json=command, headers=headers).raise_for_status()


def until(stream, condition) -> list[tuple[str, Any, str | None]]:
    """The events up to the first that meets the condition."""
    seen = []
    for event in stream:
        seen.append(event)
        if condition(*event):
            return seen
    raise AssertionError(f"the stream ended after {[name for name, _, _ in seen]}")


def frame_at(step: int):
    return lambda kind, data, _: kind == "frame" and data["step"] >= step


def test_a_run_is_seen_from_its_start_and_taken_up_where_it_was_left(http, session) -> None:
    path, _ = session
    with events(http, path) as stream:
        first = until(stream, lambda kind, data, _: kind == "frame")
        assert [kind for kind, _, _ in first] == ["session", "history", "frame"]
        assert first[0][1]["session"]["id"] in path and first[2][1]["views"] == {}
        order(http, session, kind="advance", steps=100)
        *_, (_, frame, last) = until(stream, frame_at(100))
        assert frame["metrics"]["train"]["loss"] > 0 and frame["metrics"]["validation"] is None
    assert last
    order(http, session, kind="advance", steps=50)
    with events(http, path, last=last) as stream:
        seen = until(stream, frame_at(150))
    assert "session" not in {kind for kind, _, _ in seen}  # that was had
    assert [row for _, data, _ in seen for row in data["rows"]][-1][0] == 150
    with events(http, path, last="of another process") as stream:
        again = until(stream, frame_at(150))
    assert [kind for kind, _, _ in again] == ["session", "history", "frame"]


def test_views_and_points_come_as_lists_on_request(http, session) -> None:
    path, _ = session
    with events(http, path, "?view=surface&view=confusion&data=true&fps=30") as stream:
        order(http, session, kind="advance", steps=10)
        seen = until(stream, lambda kind, data, _: "surface" in data.get("views", {}))
    data = next(data for kind, data, _ in seen if kind == "data")
    assert len(data["inputs"]) == len(data["labels"]) == 500
    shown = seen[-1][1]["views"]
    (surface,) = shown["surface"]["values"]
    assert len(surface) == 50 and all(0 <= one <= 255 for row in surface for one in row)
    assert len(shown["confusion"]["counts"]) == 2


def test_the_stream_ends_with_the_session(http, session) -> None:
    path, headers = session
    with events(http, path) as stream:
        until(stream, lambda kind, data, _: kind == "frame")
        http.delete(path, headers=headers)
        assert [kind for kind, _, _ in stream][-1] == "ended"


@pytest.mark.parametrize("query", ["?view=sofa", "?fps=0", "?views=surface"])
def test_what_there_is_not_is_refused(http, session, query) -> None:
    answer = http.get(f"{session[0]}/events{query}")
    assert answer.status_code == 422 and answer.json()["errors"]
