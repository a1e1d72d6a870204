"""A server that is killed, or ended in order, and started again: everybody goes on."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from server.store import Run, Store
from server.store.database import connect as connected
from server.store.database import parse
from tests.running import Running
from tests.store.postgres import postgres, url

#: seconds that one wait may last
PATIENCE = 60
#: seconds of training that a kill may cost: one, and what a busy machine adds
LOST = 5


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/layerlab.db"
        return
    with postgres("-c", "fsync=off") as folder:
        yield url(folder, "postgres")


@pytest.fixture
def server(database: str, tmp_path: Path) -> Iterator[Running]:
    running = Running(database, tmp_path / "log")
    yield running
    running.close()


sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return value


class Lab:
    """A session as a script and a screen see it, across restarts of its server."""

    def __init__(self, server: Running, **body: Any) -> None:
        self.server = server
        session = httpx.post(f"{server.url}/api/v1/sessions", json=body).raise_for_status().json()
        self.id, self.secret = session["id"], session["secret"]

    def get(self, rest: str = "") -> Any:
        address = f"{self.server.url}/api/v1/sessions/{self.id}{rest}"
        return httpx.get(address, timeout=PATIENCE).raise_for_status().json()

    def post(self, rest: str, **body: Any) -> Any:
        address = f"{self.server.url}/api/v1/sessions/{self.id}{rest}"
        headers = {"Authorization": f"Bearer {self.secret}"}
        answer = httpx.post(address, json=body, headers=headers, timeout=PATIENCE)
        return answer.raise_for_status().json()

    @contextmanager
    def screen(self) -> Iterator[Screen]:
        address = f"{self.server.url}/api/v1/sessions/{self.id}/live".replace("http", "ws", 1)
        with connect(address, open_timeout=PATIENCE) as socket:
            yield Screen(socket, self.secret)

    def seen(self) -> dict[str, Any]:
        """All that can be read of it while it stands still."""
        return {rest: self.get(rest) for rest in ("/weights", "/metrics", "/log")}

    def digest_of_its_log(self) -> str:
        """Of the weights that an undisturbed run of the same log comes to."""
        again = Lab(self.server, log=self.get("/log"))
        until(lambda: again.get()["status"] == "paused")
        assert again.get()["reproduced"] is True
        return again.get("/weights")["digest"]


class Screen:
    """A live socket that says hello, and hears."""

    def __init__(self, socket: ClientConnection, secret: str) -> None:
        self.socket = socket
        self.seq = 0
        self.say(kind="hello", secret=secret, views=[{"kind": "surface"}])

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that is wanted."""
        while True:
            message = msgspec.msgpack.decode(self.socket.recv(PATIENCE))
            if wanted(message):
                return message

    def order(self, **command: Any) -> None:
        self.seq += 1
        self.say(kind="command", seq=self.seq, command=command)
        reply = self.hear(lambda m: m["kind"] == "reply" and m["seq"] == self.seq)
        assert reply["ok"], reply

    def until_step(self, step: int) -> int:
        """Watch until it has come so far; how far it is."""
        return self.hear(lambda m: m["kind"] == "frame" and m["step"] >= step)["step"]

    def until_cut_off(self) -> None:
        with pytest.raises(ConnectionClosed):
            self.hear(lambda _: False)


def kept(database: str, lab: Lab) -> Run | None:
    """What the store holds of a session."""

    async def look() -> Run | None:
        store = Store(connected(parse(database)))
        try:
            return await store.run(lab.id)
        finally:
            await store.close()

    return anyio.run(look)


def keeps(database: str, lab: Lab, entries: int, beyond: int) -> bool:
    run = kept(database, lab)
    return run is not None and len(run.log["entries"]) == entries and run.step > beyond


def test_a_kill_in_mid_training_costs_a_second_and_changes_no_bit(
    server: Running, database: str
) -> None:
    lab = Lab(server)
    with lab.screen() as screen:
        screen.order(kind="speed", epochs_per_second=100)
        screen.order(kind="play")
        screen.until_step(500)
        screen.order(kind="edit", layer=0, param="w", index=[0, 1], value=0.75)
        screen.until_step(1000)
        lab.post("/commands", kind="patch", experiment={"training": {"learning_rate": 0.1}})
        edited = screen.until_step(1500)
        until(lambda: keeps(database, lab, entries=2, beyond=edited))
        server.kill()
        killed = time.time()
        screen.until_cut_off()
    last = kept(database, lab)
    assert last is not None and killed - last.updated < LOST

    server.start()
    found = lab.get()
    assert found["step"] == last.step and found["playing"] and found["speed"] == 100
    assert found["experiment"]["training"]["learning_rate"] == 0.1
    with lab.screen() as screen:
        screen.until_step(last.step + 500)
        screen.order(kind="edit", layer=1, param="b", index=[0], value=-0.5)
        edited = screen.until_step(last.step + 600)
        until(lambda: keeps(database, lab, entries=3, beyond=edited))
        server.kill()

    server.start()
    assert lab.get()["step"] > edited
    result = lab.post("/train", steps=77)
    assert result["digest"] == lab.digest_of_its_log()
    log = lab.get("/log")
    assert [entry["kind"] for entry in log["entries"]] == ["edited", "changed", "edited"]
    assert log["step"] == result["step"] > edited + 77


@sqlite
def test_a_limited_run_is_carried_on_to_its_end(server: Running, database: str) -> None:
    steps = 6000
    lab = Lab(server)
    lab.post("/commands", kind="speed", epochs_per_second=100)

    def train() -> None:
        with pytest.raises(httpx.HTTPError):
            lab.post("/train", steps=steps)

    script = Thread(target=train)
    script.start()
    until(lambda: keeps(database, lab, entries=0, beyond=1000))
    server.kill()
    script.join()
    server.start()
    assert 1000 < lab.get()["step"] < steps
    lab.post("/commands", kind="speed", epochs_per_second=None)
    until(lambda: lab.get("/log")["step"] == steps)
    fresh = Lab(server)
    assert fresh.post("/train", steps=steps)["digest"] == lab.get("/weights")["digest"]


@sqlite
def test_who_is_watched_while_the_server_ends_in_order_loses_nothing(server: Running) -> None:
    lab, still = Lab(server), Lab(server)
    still.post("/train", epochs=40)
    before = still.seen()
    with lab.screen() as screen:
        screen.order(kind="play")
        shown = screen.until_step(5000)
        assert server.terminate() in (0, -signal.SIGTERM)  # uvicorn passes the signal on
        screen.until_cut_off()
    server.start()
    assert still.seen() == before
    found = lab.get()
    assert found["playing"] and found["step"] >= shown
    with lab.screen() as screen:
        screen.until_step(found["step"] + 100)
        screen.order(kind="pause")
    assert lab.get("/weights")["digest"] == lab.digest_of_its_log()
