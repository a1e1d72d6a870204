"""Which database an address names, how it is opened, and how it is brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

#: the driver for each database that is supported
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
#: seconds to wait for another connection's write, and for a server to answer
PATIENCE = 10
#: who holds this PostgreSQL advisory lock may migrate
MIGRATION_LOCK = 0x4C61796572


class StoreError(Exception):
    """The store cannot do what was asked; the message is a sentence for a person."""


def parse(url: str) -> URL:
    """The address of a database, with the driver we use. Raises StoreError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            "LAYERLAB_DATABASE_URL is no address of a database; "
            "write postgresql://user:password@host/name or sqlite:////path/to/file."
        ) from None
    name = parsed.drivername.partition("+")[0]
    name = "postgresql" if name == "postgres" else name
    if name not in DRIVERS:
        raise StoreError(
            f"Layerlab keeps its data in SQLite or PostgreSQL, not in {name!r}; "
            "mend LAYERLAB_DATABASE_URL."
        )
    return parsed.set(drivername=DRIVERS[name])


def connect(url: URL) -> AsyncEngine:
    """Connections to the database, none of which is made yet."""
    if url.get_backend_name() == "postgresql":
        patience: dict[str, Any] = {"connect_timeout": PATIENCE}
        patience = {key: value for key, value in patience.items() if key not in url.query}
        return create_async_engine(url, pool_pre_ping=True, connect_args=patience)
    engine = create_async_engine(url, connect_args={"timeout": PATIENCE})
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def prepare(url: URL) -> None:
    """Make a file a database with a write-ahead log, or raise StoreError where it cannot be one.

    Before the driver tries: a connection that fails leaves it a thread.
    """
    if url.get_backend_name() != "sqlite":
        return
    try:
        with closing(sqlite3.connect(url.database or ":memory:", PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise StoreError(f"{where(url)} cannot be used: {error}.") from error


def _set_up_sqlite(connection: Any, _: Any) -> None:
    # we begin transactions ourselves: the driver would leave those that change tables open
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


@asynccontextmanager
async def transaction(engine: AsyncEngine, **options: Any) -> AsyncGenerator[AsyncConnection]:
    """A connection in a transaction, committed at the end. Raises StoreError for what the
    database itself cannot do; a broken rule of the tables stays an IntegrityError."""
    try:
        async with engine.connect() as connection:
            connection = await connection.execution_options(**options)
            async with connection.begin():
                yield connection
    except IntegrityError:
        raise
    except (DBAPIError, OSError) as error:
        raise StoreError(f"{where(engine.url)} {_reason(error)}") from error


def where(url: URL) -> str:
    """The database in words, without its password."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database}"
    return f"The database {url.render_as_string(hide_password=True).replace('+psycopg', '')}"


def _reason(error: DBAPIError | OSError) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    kind = "cannot be used" if isinstance(error, OperationalError | OSError) else "refused"
    return f"{kind}: {said[0].rstrip('.') if said else type(error).__name__}."


async def migrate(engine: AsyncEngine, to: str = "head") -> None:
    """Bring the database up to date, or to an older revision's form where it is empty.

    One process at a time: others wait. Raises StoreError.
    """
    async with transaction(engine, begin="BEGIN IMMEDIATE") as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        try:
            await connection.run_sync(_upgrade, to)
        except CommandError as error:
            raise StoreError(
                f"{where(engine.url)} was written by a newer Layerlab ({error}); "
                "start that version, or name another database."
            ) from None


def scripts() -> ScriptDirectory:
    """The migrations there are."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("path_separator", "newline")
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _upgrade(connection: Connection, to: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
