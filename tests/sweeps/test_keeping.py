"""Sweeps outlive their server: what is finished stays, the rest goes on where it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.engine.commands import Play
from server.engine.scheduler import Engine
from server.experiment import Experiment
from server.settings import Settings
from server.store import KeptRun, Store, StoreError, SweepTable
from server.sweeps import Sweeps, runner
from tests.conftest import CACHE
from tests.running import Running
from tests.store.conftest import anyio_backend, database_url, postgres_folder

__all__ = ["anyio_backend", "database_url", "postgres_folder"]  # fixtures

PATIENCE = 60
SWEEPS = "/api/v1/sweeps"


class Asked:
    """A sweep as a script sees it, whichever server there is."""

    def __init__(self, client: httpx.Client, **fields: Any) -> None:
        answer = client.post(SWEEPS, json=fields)
        assert answer.status_code == 201, answer.text
        self.path = f"{SWEEPS}/{answer.json()['id']}"
        self.auth = {"Authorization": f"Bearer {answer.json()['secret']}"}

    def get(self, client: httpx.Client, rest: str = "") -> Any:
        answer = client.get(self.path + rest)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, client: httpx.Client, rest: str) -> Any:
        answer = client.post(self.path + rest, headers=self.auth)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, client: httpx.Client, condition: Callable[[Any], bool]) -> Any:
        """Its summary, once it is so."""
        for _ in range(PATIENCE * 50):
            summary = self.get(client)
            if condition(summary):
                return summary
            threading.Event().wait(0.02)
        return pytest.fail(f"it did not come about: {summary['progress']}")


def done(summary: Any) -> bool:
    return summary["state"] == "done"


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/layerlab.db"


@contextmanager
def served(url: str) -> Iterator[TestClient]:
    """An application over a database, until the block is left in order."""
    application = create_app(Settings(data_dir=CACHE, database_url=url, rate_limit=0))
    with TestClient(application) as client:
        yield client


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.stop()


def trained_alone(engine: Engine, steps: int, **fields: Any) -> str:
    session = engine.create(Experiment.model_validate(fields))
    session.act(Play(steps=steps))
    assert session.done.wait(PATIENCE)
    digest = session.digest()
    engine.delete(session)
    return digest


def test_an_ended_sweep_is_after_a_restart_what_it_was(database_url: str) -> None:
    wild = {
        "data": {"dataset": "reg_plane"},
        "network": {"layers": [{"kind": "dense", "activation": "linear"}]},
    }
    axes = [{"path": "/training/learning_rate", "values": [0.01, 100]}]
    parts = ("", "/surfaces", "/runs/0", "/runs/1", "/runs/2", "/settings/0")

    def read(client: httpx.Client) -> list[Any]:
        found = [asked.get(client, part) for part in parts]
        found[1].pop("version")  # of pictures; it rises
        return found

    with served(database_url) as client:
        asked = Asked(client, experiment=wild, axes=axes, seeds=2, steps=2000)
        summary = asked.until(client, done)
        before = read(client)
        version = asked.get(client, "/surfaces")["version"]
    assert {run["status"] for run in summary["runs"]} == {"done", "diverged"}
    with served(database_url) as client:
        assert read(client) == before
        newer = client.get(f"{asked.path}/surfaces", params={"since": version}).json()
        assert len(newer["surfaces"]) == 4, "who showed the old ones gets them again"
        assert client.post(f"{asked.path}/runs/1/open").status_code == 201
        assert client.delete(asked.path, headers=asked.auth).status_code == 204
    with served(database_url) as client:
        assert client.get(asked.path).status_code == 404


def test_cancelled_it_waits_and_resumed_it_goes_on_from_the_steps_it_had(
    engine: Engine, database_url: str
) -> None:
    with served(database_url) as client:
        asked = Asked(client, steps=1_000_000, seeds=2)
        asked.until(client, lambda s: min(run["step"] for run in s["runs"]) > 1000)
        cancelled = asked.post(client, "/cancel")
        steps = [run["step"] for run in cancelled["runs"]]
    assert all(1000 < step < 1_000_000 for step in steps)
    with served(database_url) as client:
        summary = asked.get(client)
        assert summary["state"] == "cancelled" and summary["progress"]["training"] == 0
        assert [run["step"] for run in summary["runs"]] == steps
        assert client.post(f"{asked.path}/resume").status_code == 401
        assert asked.post(client, "/resume")["state"] == "running"
        lowest = [asked.get(client)["runs"][0]["step"] for _ in range(20)]
        assert min(lowest) >= steps[0], "it does not begin again"
        summary = asked.until(client, done)
        curve = asked.get(client, "/runs/0")["curve"]["rows"]
    assert curve[0][0] < steps[0], "the curve from before is there, too"
    assert summary["runs"][1]["digest"] == trained_alone(engine, 1_000_000, seed=1)


def test_a_running_sweep_goes_on_by_itself(engine: Engine, tmp_path: Path) -> None:
    """Nobody asks for it: it is finished all the same."""
    with served(sqlite(tmp_path)) as client:
        asked = Asked(client, steps=500_000, seeds=3)
        asked.until(client, lambda s: min(run["step"] for run in s["runs"]) > 1000)
    with served(sqlite(tmp_path)) as client:
        sweeps: Sweeps = client.app.state.sweeps  # type: ignore[attr-defined]
        until(lambda: sweeps.ids)
        (study,) = [sweeps.get(one) for one in sweeps.ids]
        assert study is not None and sweeps.wait(study, PATIENCE)
        summary = asked.get(client)
    assert summary["runs"][2]["digest"] == trained_alone(engine, 500_000, seed=2)


def until(condition: Callable[[], Any]) -> None:
    for _ in range(PATIENCE * 50):
        if condition():
            return
        threading.Event().wait(0.02)
    pytest.fail("it did not come about")


def test_after_a_kill_what_was_finished_is_not_done_again(engine: Engine, tmp_path: Path) -> None:
    database_url = sqlite(tmp_path)
    running = Running(database_url, tmp_path / "log")
    try:
        with httpx.Client(base_url=running.url, timeout=PATIENCE) as client:
            axes = [{"path": "/training/batch_size", "values": [10, 250]}]
            asked = Asked(client, axes=axes, steps=20_000, seeds=16)
            asked.until(client, lambda s: s["progress"]["finished"] >= 6)
            until(lambda: kept(database_url))
            running.kill()
            finished = kept(database_url)
            assert 0 < len(finished) < 32
            running.start()
            summary = asked.get(client)
            assert summary["state"] == "running"
            assert all(summary["runs"][run.run]["status"] == "done" for run in finished)
            summary = asked.until(client, done)
        digests = [run["digest"] for run in summary["runs"]]
        assert all(run.result["result"]["log"]["digest"] == digests[run.run] for run in finished)
        fields = {"seed": 15, "training": {"batch_size": 250}}
        assert digests[31] == trained_alone(engine, 20_000, **fields)
    finally:
        running.close()


def kept(url: str) -> list[KeptRun]:
    """The finished runs that the store has of the one sweep there is."""
    import anyio

    async def read() -> list[KeptRun]:
        store = await Store.open(url)
        try:
            table = SweepTable(store)
            async with store.engine.connect() as connection:
                names = (await connection.exec_driver_sql("SELECT id FROM sweeps")).scalars().all()
            found = await table.find(names[0]) if names else None
            return [run for run in found[1] if run.status == "done"] if found else []
        finally:
            await store.close()

    return anyio.run(read)


def test_the_state_of_long_runs_is_kept_now_and_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "KEEP", 0.0)
    with served(sqlite(tmp_path)) as client:
        asked = Asked(client, steps=10_000_000)
        table = SweepTable(client.app.state.store)  # type: ignore[attr-defined]
        name = asked.path.rpartition("/")[2]

        def steps() -> list[int]:
            found = client.portal.call(table.find, name)  # type: ignore[union-attr]
            return [run.step for run in found[1]] if found else []

        until(steps)
        first = steps()[0]
        until(lambda: steps()[0] > first)
        client.delete(asked.path, headers=asked.auth)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    damages = (
        "UPDATE sweeps SET sweep = '{}' WHERE id = ?",
        'UPDATE sweep_runs SET result = \'{"message": 1, "result": {}}\' WHERE sweep_id = ?',
        "UPDATE sweep_runs SET data = X'00FF' WHERE sweep_id = ?",
    )
    with served(sqlite(tmp_path)) as client:
        broken = [Asked(client, steps=20) for _ in damages]
        for asked in broken:
            asked.until(client, done)
    with served(sqlite(tmp_path)) as client:

        async def damage() -> None:
            async with client.app.state.store.engine.begin() as connection:  # type: ignore[attr-defined]
                for statement, asked in zip(damages, broken, strict=True):
                    name = asked.path.rpartition("/")[2]
                    await connection.exec_driver_sql(statement, (name,))

        client.portal.call(damage)  # type: ignore[union-attr]
        for asked in broken:
            answer = client.get(asked.path)
            assert answer.status_code == 410
            assert "begin it again" in answer.json()["errors"][0]["message"]


def test_what_could_not_be_kept_is_kept_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(sqlite(tmp_path)) as client:
        table = SweepTable(client.app.state.store)  # type: ignore[attr-defined]
        tried = threading.Event()

        async def out_of_reach(*_: object) -> None:
            tried.set()
            raise StoreError("The database is away.")

        monkeypatch.setattr(SweepTable, "keep", out_of_reach)
        asked = Asked(client, steps=20, seeds=2)
        asked.until(client, done)
        assert tried.wait(PATIENCE)
        monkeypatch.undo()
        name = asked.path.rpartition("/")[2]

        def kept_now() -> Any:
            return client.portal.call(table.find, name)  # type: ignore[union-attr]

        until(kept_now)
        sweep, runs = kept_now()
        assert sweep.state == "done" and [run.status for run in runs] == ["done"] * 2
