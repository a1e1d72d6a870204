"""The same tests on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from server.store import Store

from .postgres import postgres, url

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The socket's folder of a PostgreSQL that all tests of the session share."""
    with postgres("-c", "fsync=off") as folder:
        yield folder


def new_url(kind: str, request: pytest.FixtureRequest) -> str:
    """The address of a fresh, empty database."""
    if kind == "sqlite":
        folder = request.getfixturevalue("tmp_path_factory").mktemp("database")
        return f"sqlite:///{folder}/layerlab.db"
    folder = request.getfixturevalue("postgres_folder")
    name = f"test{next(_numbers)}"
    with psycopg.connect(url(folder, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url(folder, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return new_url(request.param, request)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()
