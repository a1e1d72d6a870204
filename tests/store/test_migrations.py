"""A database of any age becomes today's, with what is in it."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from sqlalchemy import Connection, LargeBinary, MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.settings import Settings
from server.store import DeploymentTable, Store, StoreError, SweepTable, database
from server.store.tables import metadata
from tests.conftest import CACHE

pytestmark = pytest.mark.anyio

FIXTURES = Path(__file__).parent / "fixtures"
REVISIONS = [script.revision for script in database.scripts().walk_revisions()]


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_every_revision_opens_with_what_is_in_it(
    database_url: str, revision: str
) -> None:
    rows = await old_database(database_url, revision)
    store = await Store.open(database_url)
    (share,) = rows["shares"]
    assert await store.share(share["id"]) == json.loads(share["document"])
    (run,) = rows["runs"]
    kept = await store.run(run["id"])
    assert kept is not None
    assert (kept.secret_hash, kept.step) == (run["secret_hash"], run["step"])
    assert (kept.experiment, kept.log) == (json.loads(run["experiment"]), json.loads(run["log"]))
    (checkpoint,) = rows["checkpoints"]
    latest = await store.latest_checkpoint(run["id"])
    assert latest is not None and latest.weights == base64.b64decode(checkpoint["weights"])
    for sweep in rows.get("sweeps", ()):  # since 0002
        await check_sweep(SweepTable(store), sweep, rows["sweep_runs"])
    for model in rows.get("deployments", ()):  # since 0003
        await check_deployment(DeploymentTable(store), model)
    await store.close()


async def old_database(url: str, revision: str) -> dict[str, Any]:
    """Make a database as of a revision, with what one of its time held; its rows."""
    rows = json.loads((FIXTURES / f"{revision}.json").read_text())
    engine = database.connect(database.parse(url))
    await database.migrate(engine, revision)
    async with database.transaction(engine) as connection:
        await connection.run_sync(fill, rows)
    await engine.dispose()
    return rows


def test_a_session_of_the_first_revision_trains_on(database_url: str) -> None:
    """It was trained for 80 steps, its learning rate changed after 40, by a server of then."""
    asyncio.run(old_database(database_url, "0001"))
    settings = Settings(data_dir=CACHE, database_url=database_url)
    path, headers = "/api/v1/sessions/run-of-0001", {"Authorization": "Bearer secret-of-0001"}
    with TestClient(create_app(settings)) as client:
        session = client.get(path).json()
        assert (session["step"], session["playing"]) == (80, False)
        assert session["experiment"]["training"]["learning_rate"] == 0.1
        (changed,) = client.get(f"{path}/log").json()["entries"]
        assert changed["step"] == 40
        told = client.post(f"{path}/train", json={"steps": 20}, headers=headers)
        assert told.status_code == 200 and told.json()["step"] == 100


async def check_sweep(table: SweepTable, sweep: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    found = await table.find(sweep["id"])
    assert found is not None
    kept, runs = found
    assert asdict(kept) == sweep | {"sweep": json.loads(sweep["sweep"])}
    assert [(run.run, run.status, run.step, run.result, run.data) for run in runs] == [
        (r["run"], r["status"], r["step"], json.loads(r["result"]), base64.b64decode(r["data"]))
        for r in rows
    ]


async def check_deployment(table: DeploymentTable, row: dict[str, Any]) -> None:
    found = await table.find(row["id"])
    assert found is not None
    read = {name: json.loads(row[name]) for name in ("experiment", "log", "facts")}
    weights = await table.weights(row["id"])
    assert asdict(found) | {"weights": weights} == row | read | {
        "weights": base64.b64decode(row["weights"])
    }


def fill(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Put rows into the tables as they are now, whatever the code thinks they are."""
    found = MetaData()
    found.reflect(connection)
    for name, records in rows.items():
        table = found.tables[name]
        binary = {c.name for c in table.columns if isinstance(c.type, LargeBinary)}
        values = [
            {key: base64.b64decode(v) if key in binary else v for key, v in record.items()}
            for record in records
        ]
        connection.execute(table.insert(), values)


async def test_the_migrations_give_the_tables_that_the_code_knows(store: Store) -> None:
    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with database.transaction(store.engine) as connection:
        assert await connection.run_sync(differences) == []


async def test_servers_that_start_at_once_migrate_once(database_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(database_url) for _ in range(4)))
    for store in stores:
        assert await store.runs() == []
        await store.close()


async def execute(engine: AsyncEngine, statement: str) -> None:
    async with database.transaction(engine) as connection:
        await connection.execute(text(statement))


async def test_a_database_of_a_newer_layerlab_is_left_alone(database_url: str) -> None:
    store = await Store.open(database_url)
    await execute(store.engine, "UPDATE alembic_version SET version_num = '9999'")
    await store.close()
    with pytest.raises(StoreError, match=r"was written by a newer Layerlab .*9999") as told:
        await Store.open(database_url)
    assert "\n" not in str(told.value)


async def test_a_migration_that_fails_leaves_nothing_half_made(database_url: str) -> None:
    engine = database.connect(database.parse(database_url))
    await execute(engine, "CREATE TABLE runs (other INTEGER)")
    with pytest.raises(StoreError, match="runs"):
        await Store.open(database_url)
    await execute(engine, "DROP TABLE runs")
    await engine.dispose()
    store = await Store.open(database_url)
    assert await store.runs() == []
    await store.close()
