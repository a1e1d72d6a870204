"""The past of a run, by REST and by the socket: gone to, branched from, and done again."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from .test_live import Screen

EDIT = {"kind": "edit", "layer": 0, "param": "w", "index": [0, 1], "value": 0.5}
FASTER = {"kind": "patch", "experiment": {"training": {"learning_rate": 0.1}}}


class Run:
    """A session, as a script that holds its secret sees it."""

    def __init__(self, client, **body: Any) -> None:
        answer = client.post("/api/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        self.client, self.id, self.secret = client, answer.json()["id"], answer.json()["secret"]

    def post(self, rest: str, body: Any):
        auth = {"Authorization": f"Bearer {self.secret}"}
        answer = self.client.post(f"/api/v1/sessions/{self.id}{rest}", json=body, headers=auth)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, rest: str = ""):
        return self.client.get(f"/api/v1/sessions/{self.id}{rest}").json()

    def train(self, steps: int) -> str:
        """The digest of the weights after it."""
        return self.post("/train", {"steps": steps})["digest"]

    def arrived(self) -> Any:
        """The session, once the step that it goes to is reached."""
        end = time.monotonic() + 60
        while (session := self.get())["status"] in ("seeking", "compiling"):
            assert time.monotonic() < end
        return session

    def seek(self, step: int) -> Any:
        self.post("/commands", {"kind": "seek", "step": step})
        return self.arrived()

    def screen(self):
        return self.client.websocket_connect(f"/api/v1/sessions/{self.id}/live")


@pytest.fixture
def steered(client) -> tuple[Run, dict[int, str]]:
    """A run of 100 steps with a change at 40 and an edit at 70, and its digests there."""
    run = Run(client)
    seen = {20: run.train(20), 40: run.train(20)}
    run.post("/commands", FASTER)
    seen[60] = run.train(20)
    run.train(10)
    run.post("/commands", EDIT)
    seen[100] = run.train(30)
    return run, seen


def test_every_step_is_as_it_was(steered) -> None:
    run, seen = steered
    for step in (20, 100, 60, 40, 100):
        session = run.seek(step)
        assert (session["step"], session["end"], session["playing"]) == (step, 100, False)
        assert run.get("/weights")["digest"] == seen[step]
        rate = 0.1 if step >= 40 else 0.03
        assert session["experiment"]["training"]["learning_rate"] == rate
    assert run.seek(10_000)["step"] == 100


def test_what_is_done_in_the_past_is_another_branch(steered) -> None:
    run, _ = steered
    run.seek(20)
    assert run.get("/log")["entries"] == []
    run.train(5)
    session = run.get()
    assert session["step"] == session["end"] == 25
    assert [row[0] for row in run.get("/metrics")["rows"]][-1] == 25
    assert run.get("/log")["entries"] == []


def test_the_log_says_what_was_done_and_gives_the_same_weights(client, steered) -> None:
    run, seen = steered
    log = run.get("/log")
    assert log["entries"] == [
        {"kind": "changed", "step": 40, "patch": FASTER["experiment"]},
        {"kind": "edited", "step": 70, "edit": EDIT},
    ]
    assert log["experiment"]["training"]["learning_rate"] == 0.03
    assert (log["step"], log["digest"]) == (100, seen[100])
    for digest, verdict in ((log["digest"], True), ("0" * 64, False), (None, None)):
        again = Run(client, log=log | {"digest": digest})
        session = again.arrived()
        assert (session["step"], session["reproduced"]) == (100, verdict)
        assert again.get("/weights")["digest"] == seen[100]
    assert again.get("/log") == log
    run.post("/commands", FASTER)  # what is no change is none
    assert run.get("/log")["entries"] == log["entries"]


@pytest.mark.parametrize(
    ("log", "path"),
    [
        (
            {"entries": [{"kind": "changed", "step": 0, "patch": {"seed": 3}}]},
            "/log/entries/0/patch",
        ),
        (
            {"entries": [{"kind": "edited", "step": 0, "edit": EDIT | {"index": [9, 9]}}]},
            "/log/entries/0/edit/index",
        ),
        ({"entries": [{"kind": "resumed", "step": 7}]}, "/log"),
        ({"step": -1}, "/log/step"),
        ({"experiment": {"seed": -1}}, "/log/experiment/seed"),
    ],
)
def test_a_log_that_cannot_have_been_is_told_where(client, log, path) -> None:
    answer = client.post("/api/v1/sessions", json={"log": {"experiment": {}} | log})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"] == path


def test_a_screen_follows_into_the_past_and_back(steered) -> None:
    run, _ = steered
    with run.screen() as socket:
        screen = Screen(socket, run.secret, [{"kind": "surface", "size": 20}])
        now = screen.frame(lambda f: f["end"] == 100 and "surface" in f["views"])
        rows = len(screen.rows)
        assert screen.order(kind="seek", step=20)["ok"]
        then = screen.frame(lambda f: f["step"] == 20 and f["metrics"] != now["metrics"])
        assert (then["end"], then["status"]) == (100, "paused")
        screen.until(lambda m: m["kind"] == "session" and m["session"]["step"] == 20)
        training = screen.newest["session"]["session"]["experiment"]["training"]
        assert training["learning_rate"] == 0.03 and len(screen.rows) == rows
        assert screen.order(kind="seek", step=100)["ok"]
        again = screen.frame(lambda f: f["step"] == 100 and f["metrics"] == now["metrics"])
        np.testing.assert_array_equal(
            again["views"]["surface"]["values"], now["views"]["surface"]["values"]
        )
        screen.order(kind="seek", step=20)
        screen.order(kind="advance", steps=1)
        screen.until(lambda m: m["kind"] == "frame" and m["end"] == 21)
        assert max(row[0] for row in screen.rows) <= 21


def test_who_only_watches_does_not_travel(steered) -> None:
    run, _ = steered
    with run.screen() as socket:
        screen = Screen(socket)
        assert not screen.order(kind="seek", step=20)["ok"]
    assert run.get()["step"] == 100
