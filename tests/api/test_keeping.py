"""Sessions that have left memory, by eviction or with the process, and come back."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from server.app import create_app
from server.settings import Settings
from server.store import StoreError
from tests.conftest import CACHE

from .test_live import Screen

DEEDS: list[dict[str, Any]] = [
    {"kind": "advance", "steps": 120},
    {"kind": "patch", "experiment": {"training": {"learning_rate": 0.1}}},
    {"kind": "edit", "layer": 0, "param": "w", "index": [0, 1], "value": 0.75},
    {"kind": "advance", "steps": 30},
    {"kind": "speed", "epochs_per_second": 40},
]


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Any]:
    """`with served() as client`: a server on the same store as those before it."""

    @contextmanager
    def serve(**settings: Any) -> Iterator[TestClient]:
        database = f"sqlite:///{tmp_path / 'layerlab.db'}"
        values = {"data_dir": CACHE, "database_url": database} | settings
        with TestClient(create_app(Settings(**values))) as client:
            yield client

    return serve


def begin(client: TestClient, deeds: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A session with something done to it."""
    session = client.post("/api/v1/sessions").json()
    session["auth"] = {"Authorization": f"Bearer {session['secret']}"}
    for deed in DEEDS if deeds is None else deeds:
        act(client, session, deed)
    return session


def act(client: TestClient, session: dict[str, Any], deed: dict[str, Any]) -> dict[str, Any]:
    path = f"/api/v1/sessions/{session['id']}/commands"
    answer = client.post(path, json=deed, headers=session["auth"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def seen(client: TestClient, session: dict[str, Any]) -> dict[str, Any]:
    """All that can be read of a session."""
    path = f"/api/v1/sessions/{session['id']}"
    found = {rest: client.get(path + rest).json() for rest in ("/metrics", "/weights", "/log")}
    whole = client.get(path).json()
    return found | {key: whole[key] for key in ("experiment", "step", "epoch", "speed", "playing")}


def keep(client: TestClient) -> None:
    """What happens every second."""
    app: Any = client.app
    client.portal.call(app.state.keeper.keep)


def change_store(folder: Path, statement: str, *values: Any) -> list[Any]:
    """Do something to the database behind the server's back; what it says."""
    with sqlite3.connect(folder / "layerlab.db") as database:
        found = database.execute(statement, values).fetchall()
    database.close()
    return found


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def kept(folder: Path) -> set[str]:
    return {row[0] for row in change_store(folder, "SELECT run_id FROM checkpoints")}


def test_what_is_kept_in_order_is_all_there_after_a_restart(served) -> None:
    with served() as client:
        session = begin(client)
        before = seen(client, session)
        untouched = client.post("/api/v1/sessions").json()
    with served() as client:
        assert seen(client, session) == before
        wrong = {"Authorization": "Bearer wrong"}
        path = f"/api/v1/sessions/{session['id']}"
        assert client.patch(path, json={"playing": True}, headers=wrong).status_code == 401
        act(client, session, {"kind": "advance", "steps": 50})
        assert client.get(f"/api/v1/sessions/{untouched['id']}").status_code == 404
        again = client.post("/api/v1/sessions", json={"log": before["/log"]}).json()
        again["auth"] = {"Authorization": f"Bearer {again['secret']}"}
        until_still(client, again)
        act(client, again, {"kind": "advance", "steps": 50})
        after = seen(client, session)["/weights"]
        assert after["step"] == 200 and seen(client, again)["/weights"] == after


def until_still(client: TestClient, session: dict[str, Any]) -> None:
    app: Any = client.app
    assert app.state.engine.get(session["id"]).done.wait(60)


def test_a_session_that_made_room_comes_back_as_it_was(served) -> None:
    with served(max_sessions=1) as client:
        session = begin(client)
        keep(client)
        act(client, session, {"kind": "advance", "steps": 5})
        before = seen(client, session)
        client.post("/api/v1/sessions")
        assert seen(client, session) == before


def test_a_deleted_session_is_gone_for_good(served) -> None:
    with served() as client:
        session = begin(client)
        path = f"/api/v1/sessions/{session['id']}"
        keep(client)
        assert client.delete(path, headers=session["auth"]).status_code == 204
        keep(client)
        assert client.get(path).status_code == 404
    with served() as client:
        assert client.get(path).status_code == 404


def test_who_comes_at_once_comes_to_the_same_session(served) -> None:
    with served() as client:
        session = begin(client)
    with served() as client:
        app: Any = client.app

        async def come() -> list[Any]:
            return await asyncio.gather(*(app.state.keeper.find(session["id"]) for _ in range(20)))

        found = client.portal.call(come)
        assert found[0] is not None and len({id(one) for one in found}) == 1
        assert list(app.state.engine.sessions.values()) == found[:1]


def test_what_was_left_of_a_limited_run_is_done(served, tmp_path: Path) -> None:
    with served() as client:
        session = begin(client, [{"kind": "speed", "epochs_per_second": 4}])
        act(client, session, {"kind": "play", "steps": 500})
    with served() as client:
        path = f"/api/v1/sessions/{session['id']}"
        came = client.get(path).json()
        assert came["step"] < 500 and came["playing"]
        act(client, session, {"kind": "speed", "epochs_per_second": None})
        until_still(client, session)
        now = client.get(path).json()
        assert (now["step"], now["playing"]) == (500, False)


def test_in_the_past_the_end_of_the_run_is_what_is_kept(served) -> None:
    with served() as client:
        session = begin(client)
        keep(client)
        end = seen(client, session)
        act(client, session, {"kind": "seek", "step": 40})
        until_still(client, session)
        keep(client)
    with served() as client:
        assert seen(client, session) == end


def test_a_change_that_trains_nothing_is_kept(served) -> None:
    with served() as client:
        session = begin(client, [{"kind": "advance", "steps": 5}, {"kind": "reset"}])
        keep(client)
        layers = [{"kind": "dense", "units": 3}]
        patch = {"kind": "patch", "experiment": {"network": {"layers": layers}}}
        experiment = act(client, session, patch)["experiment"]
    with served() as client:
        assert seen(client, session)["experiment"] == experiment


@pytest.mark.parametrize("state", [b"nonsense", None])
def test_a_run_whose_state_cannot_be_read_is_done_again(served, tmp_path: Path, state) -> None:
    with served() as client:
        session = begin(client)
        before = seen(client, session)
    if state is None:
        change_store(tmp_path, "DELETE FROM checkpoints")
    else:
        change_store(tmp_path, "UPDATE checkpoints SET weights = ?", state)
    with served() as client:
        client.get(f"/api/v1/sessions/{session['id']}")
        until_still(client, session)
        after = seen(client, session)
        assert (after["step"], after["/weights"]) == (before["step"], before["/weights"])


def test_a_run_whose_log_is_damaged_is_told_in_a_sentence(
    served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    impossible = '{"experiment": {}, "entries": [{"kind": "changed", "patch": {"seed": 1}}]}'
    with served() as client:
        session = begin(client, DEEDS[:1])
    path = f"/api/v1/sessions/{session['id']}"
    with served() as client:
        for log in ("[]", "{}", '{"experiment": {"seed": -1}}', impossible):
            change_store(tmp_path, "UPDATE runs SET log = ?", log)
            answer = client.get(path)
            assert answer.status_code == 410
            assert "begin another session" in answer.json()["errors"][0]["message"]
        with (
            client.websocket_connect(f"{path}/live") as socket,
            pytest.raises(WebSocketDisconnect) as told,
        ):
            socket.receive_bytes()
        assert told.value.code == 4404 and "begin another session" in told.value.reason
    assert session["id"] in capsys.readouterr().out


def test_a_full_server_says_so_to_who_comes_back(served) -> None:
    with served() as client:
        session = begin(client)
    with served(max_sessions=1) as client:
        other = client.post("/api/v1/sessions").json()
        with client.websocket_connect(f"/api/v1/sessions/{other['id']}/live") as socket:
            Screen(socket).frame()
            path = f"/api/v1/sessions/{session['id']}"
            assert client.get(path).status_code == 503
            with (
                client.websocket_connect(f"{path}/live") as refused,
                pytest.raises(WebSocketDisconnect) as told,
            ):
                refused.receive_bytes()
            assert told.value.code == 1013 and "try again" in told.value.reason


def test_secrets_are_not_in_the_store(served, tmp_path: Path) -> None:
    with served() as client:
        session = begin(client)
        keep(client)
    everything = b"".join(file.read_bytes() for file in tmp_path.glob("layerlab.db*"))
    assert session["id"].encode() in everything
    assert session["secret"].encode() not in everything


def test_a_watched_session_trains_on_where_it_was(served) -> None:
    with served() as client:
        session = begin(client)
        with client.websocket_connect(f"/api/v1/sessions/{session['id']}/live") as socket:
            screen = Screen(socket, session["secret"])
            screen.order(kind="play")
            screen.frame(lambda f: f["step"] > 200)
            keep(client)
    with served() as client:
        kept = client.get(f"/api/v1/sessions/{session['id']}").json()
        assert kept["playing"] and kept["step"] > 150
        with client.websocket_connect(f"/api/v1/sessions/{session['id']}/live") as socket:
            screen = Screen(socket, session["secret"])
            hello = screen.until(lambda m: m["kind"] == "session")["session"]
            assert hello["step"] >= kept["step"]
            screen.frame(lambda f: f["step"] > kept["step"] + 100)


def test_a_store_that_is_out_of_reach_for_a_while_is_told_and_waited_for(
    served, tmp_path: Path
) -> None:
    with served() as client:
        change_store(tmp_path, "ALTER TABLE runs RENAME TO elsewhere")
        session = begin(client)
        with pytest.raises(StoreError):
            keep(client)
        assert client.get("/api/v1/sessions/another").status_code == 503
        with (
            client.websocket_connect("/api/v1/sessions/another/live") as socket,
            pytest.raises(WebSocketDisconnect) as told,
        ):
            socket.receive_bytes()
        assert told.value.code == 1013
        change_store(tmp_path, "ALTER TABLE elsewhere RENAME TO runs")
        keep(client)
        assert kept(tmp_path) == {session["id"]}


def test_what_was_forgotten_behind_its_back_is_kept_anew(served, tmp_path: Path) -> None:
    with served() as client:
        session, other = begin(client), begin(client)
        keep(client)
        change_store(tmp_path, "DELETE FROM checkpoints")
        change_store(tmp_path, "DELETE FROM runs")
        act(client, session, {"kind": "advance", "steps": 1})
        keep(client)
        keep(client)
        assert kept(tmp_path) == {session["id"], other["id"]}


def test_large_states_wait_for_their_turn_but_not_at_the_end(
    served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.keeper.SMALL", 1_000)
    monkeypatch.setattr("server.keeper.RATE", 0)
    wide = {"experiment": {"network": {"layers": [{"kind": "dense", "units": 64}]}}}
    with served() as client:
        large = client.post("/api/v1/sessions", json=wide).json()
        large["auth"] = {"Authorization": f"Bearer {large['secret']}"}
        act(client, large, {"kind": "advance", "steps": 1})
        small = begin(client)
        keep(client)
        assert kept(tmp_path) == {small["id"]}
    assert kept(tmp_path) == {small["id"], large["id"]}


def test_who_has_not_come_back_for_long_is_forgotten(served, tmp_path: Path) -> None:
    with served() as client:
        old, new = begin(client, DEEDS[:1]), begin(client, DEEDS[:1])
    change_store(tmp_path, "UPDATE runs SET updated = 0 WHERE id = ?", old["id"])
    with served() as client:
        assert client.get(f"/api/v1/sessions/{new['id']}").status_code == 200
        until(lambda: kept(tmp_path) == {new["id"]})
        assert client.get(f"/api/v1/sessions/{old['id']}").status_code == 404
