"""An application of its own for the API's tests."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from tests.conftest import CACHE


@pytest.fixture(scope="session")
def application(tmp_path_factory):
    database = f"sqlite:///{tmp_path_factory.mktemp('data')}/layerlab.db"
    # with a limit, how fast the machine is would decide
    return create_app(Settings(data_dir=CACHE, database_url=database, rate_limit=0))


@pytest.fixture(scope="session")
def client(application):
    with TestClient(application) as client:
        yield client
