"""The live socket, through the application itself."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from starlette.websockets import WebSocketDisconnect

VIEWS = [
    {"kind": "surface", "size": 30},
    {"kind": "units"},
    {"kind": "weights"},
    {"kind": "histograms", "bins": 20},
    {"kind": "gradients"},
    {"kind": "confusion", "part": "train"},
]


class Screen:
    """A small client: decodes, and keeps the newest of every kind."""

    def __init__(self, socket, secret=None, views=VIEWS) -> None:
        self.socket = socket
        self.newest: dict = {}
        self.rows: list = []
        self.seq = 0
        self.say({"kind": "hello", "secret": secret, "fps": 60, "views": views})

    def say(self, message) -> None:
        self.socket.send_text(json.dumps(message))

    def hear(self) -> dict:
        message = _arrays(msgspec.msgpack.decode(self.socket.receive_bytes()))
        if message["kind"] == "history":
            self.rows = list(message["rows"])
        if message["kind"] == "frame":
            self.rows += list(message["rows"])
        self.newest[message["kind"]] = message
        return message

    def until(self, condition) -> dict:
        """The newest message of a kind that fits (what an order brings about may come before
        its reply), else listen until one does."""
        for message in self.newest.values():
            if condition(message):
                return message
        for _ in range(5000):
            message = self.hear()
            if condition(message):
                return message
        raise AssertionError(f"never came; last: {message}")

    def frame(self, condition=lambda frame: True) -> dict:
        return self.until(lambda m: m["kind"] == "frame" and "metrics" in m and condition(m))

    def order(self, **command) -> dict:
        self.seq += 1
        self.say({"kind": "command", "seq": self.seq, "command": command})
        return self.until(lambda m: m["kind"] == "reply" and m["seq"] == self.seq)


def _arrays(value):
    if isinstance(value, dict) and "dtype" in value:
        return np.frombuffer(value["data"], "<" + value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {k: _arrays(v) for k, v in value.items()}
    return [_arrays(v) for v in value] if isinstance(value, list) else value


@pytest.fixture
def opened(client):
    def create(experiment=None):
        body = client.post("/api/v1/sessions", json={"experiment": experiment or {}}).json()
        return body, client.websocket_connect(f"/api/v1/sessions/{body['id']}/live")

    return create


def test_hello_brings_everything_a_screen_needs(opened) -> None:
    body, socket = opened()
    with socket as s:
        screen = Screen(s, body["secret"])
        asked = {"surface", "units", "weights", "histograms", "gradients", "confusion"}
        frame = screen.frame(lambda f: asked <= set(f["views"]))
        assert {"session", "data", "history", "frame"} <= set(screen.newest)
        assert screen.newest["session"]["session"]["digest"] == body["digest"]
        data = screen.newest["data"]
        assert data["inputs"].shape == (500, 2) and set(data["split"]) == {0, 2}
        assert data["features"]["sin_x"].shape == (20, 20)
        views = frame["views"]
        assert views["surface"]["values"].shape == (1, 30, 30)
        assert [m.shape for m in views["units"]["layers"]] == [(4, 20, 20), (2, 20, 20)]
        assert [p["w"].shape for p in views["weights"]["layers"]] == [(2, 4), (4, 2), (2, 1)]
        assert all(h["weights"]["counts"].shape == (20,) for h in views["histograms"]["layers"])
        assert views["histograms"]["layers"][0]["activations"]["counts"].sum() == 250 * 4
        assert len(views["gradients"]["layers"]) == 3 and views["gradients"]["norm"] > 0
        assert views["confusion"]["counts"].sum() == 250


def test_the_surface_is_what_predict_says(client, opened) -> None:
    body, socket = opened({"data": {"dataset": {"kind": "rings", "classes": 3}}})
    with socket as s:
        screen = Screen(s, body["secret"], [{"kind": "surface", "size": 10}])
        screen.order(kind="advance", epochs=3)
        ended = screen.frame(lambda f: f["step"] > 0 and not f["playing"])
        values = ended["views"]["surface"]["values"]
    axis = np.linspace(-6, 6, 10)
    points = [[x, y] for y in axis[::-1] for x in axis]
    outputs = client.post(f"/api/v1/sessions/{body['id']}/predict", json={"inputs": points}).json()
    lo, hi = body["range"]
    expected = (np.array(outputs["outputs"]).T.reshape(3, 10, 10) - lo) / (hi - lo) * 255
    assert np.abs(values - np.clip(expected, 0, 255)).max() <= 0.51


def test_playing_streams_growing_frames_until_paused(opened) -> None:
    body, socket = opened()
    with socket as s:
        screen = Screen(s, body["secret"])
        screen.frame()
        assert screen.order(kind="play")["ok"]
        first = screen.frame(lambda f: f["playing"] and f["step"] > 0)
        later = screen.frame(lambda f: f["step"] > first["step"])
        assert later["metrics"]["train"]["loss"] is not None
        assert screen.order(kind="pause")["ok"]
        still = screen.frame(lambda f: not f["playing"])
        assert still["status"] == "paused"
        steps = [row[0] for row in screen.rows]
        assert steps == sorted(set(steps)) and steps[0] == 0


def test_orders_are_answered_with_what_is_wrong(opened) -> None:
    body, socket = opened()
    with socket as s:
        screen = Screen(s, body["secret"])
        bad = screen.order(kind="patch", experiment={"training": {"batch_size": "many"}})
        assert not bad["ok"] and bad["errors"][0]["path"] == "/experiment/training/batch_size"
        odd = screen.order(kind="dance")
        assert not odd["ok"] and "play" in odd["errors"][0]["message"]
        assert screen.order(kind="patch", experiment={"training": {"batch_size": 5}})["ok"]


def test_without_the_secret_one_looks_and_does_not_touch(opened) -> None:
    _, socket = opened()
    with socket as s:
        screen = Screen(s)
        screen.frame()
        refused = screen.order(kind="play")
        assert not refused["ok"] and "secret" in refused["errors"][0]["message"]


def test_two_screens_see_the_same_run(client, opened) -> None:
    body, socket = opened()
    other = client.websocket_connect(f"/api/v1/sessions/{body['id']}/live")
    with socket as a, other as b:
        one, two = Screen(a, body["secret"]), Screen(b, views=[{"kind": "units"}])
        one.frame()
        two.frame()
        one.order(kind="advance", steps=77)
        seen = two.frame(lambda f: f["step"] == 77)
        assert set(seen["views"]) == {"units"}


def test_an_edit_is_seen_at_once(opened) -> None:
    body, socket = opened()
    with socket as s:
        screen = Screen(s, body["secret"])
        screen.frame()
        screen.order(kind="edit", layer=0, param="b", index=[1], value=2.5)
        screen.frame(lambda f: f["views"]["weights"]["layers"][0]["b"][1] == 2.5)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("nonsense", 4400),
        ('{"kind": "hello", "views": ["%s"]}' % ("é" * 100), 4400),
        ('{"kind": "hello", "views": [{"kind": "dream"}]}', 4400),
        ('{"kind": "hello", "views": [{"kind": "surface", "size": 4000}]}', 4400),
        ('{"kind": "hello", "secret": "wrong"}', 4401),
    ],
)
def test_a_bad_hello_is_told_why(opened, first, code) -> None:
    _, socket = opened()
    with socket as s:
        s.send_text(first)
        with pytest.raises(WebSocketDisconnect) as closed:
            s.receive_bytes()
        assert closed.value.code == code and 0 < len(closed.value.reason.encode()) <= 123


def test_no_such_session(client) -> None:
    with client.websocket_connect("/api/v1/sessions/none/live") as s:
        with pytest.raises(WebSocketDisconnect) as closed:
            s.receive_bytes()
        assert closed.value.code == 4404


def test_pages_of_other_origins_may_not_connect(client, opened) -> None:
    body, _ = opened()
    address = f"/api/v1/sessions/{body['id']}/live"
    with client.websocket_connect(address, headers={"origin": "https://elsewhere.example"}) as s:
        with pytest.raises(WebSocketDisconnect) as closed:
            s.receive_bytes()
        assert closed.value.code == 4401


def test_a_deleted_session_closes_its_screens(client, opened) -> None:
    body, socket = opened()
    with socket as s:
        screen = Screen(s, body["secret"])
        screen.frame()
        auth = {"Authorization": f"Bearer {body['secret']}"}
        client.delete(f"/api/v1/sessions/{body['id']}", headers=auth)
        with pytest.raises(WebSocketDisconnect) as closed:
            for _ in range(100):
                screen.hear()
        assert closed.value.code == 4404


def test_points_drawn_by_hand_keep_the_weights(opened) -> None:
    points = [[1, 1, 0], [-1, -1, 1], [2, 1, 0], [-2, -1, 1]]
    body, socket = opened({"data": {"dataset": {"kind": "drawn", "points": points}}})
    with socket as s:
        screen = Screen(s, body["secret"])
        screen.order(kind="advance", steps=50)
        screen.frame(lambda f: f["step"] == 50)
        more = {"data": {"dataset": {"points": [*points, [3, 3, 0]]}}}
        assert screen.order(kind="patch", experiment=more)["ok"]
        screen.until(lambda m: m["kind"] == "data" and len(m["labels"]) == 5)
        assert screen.frame()["step"] == 50


def test_an_empty_drawing_is_refused_a_run(opened) -> None:
    body, socket = opened({"data": {"dataset": {"kind": "drawn", "points": []}}})
    with socket as s:
        screen = Screen(s, body["secret"])
        refused = screen.order(kind="play")
        assert not refused["ok"] and "draw" in refused["errors"][0]["message"]
