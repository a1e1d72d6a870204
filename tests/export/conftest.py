"""An application for what is exported, and sessions of it in words."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings
from tests.conftest import CACHE

from .run import Run


@pytest.fixture(scope="session")
def client(tmp_path_factory):
    database = f"sqlite:///{tmp_path_factory.mktemp('data')}/layerlab.db"
    with TestClient(create_app(Settings(data_dir=CACHE, database_url=database))) as client:
        yield client


@pytest.fixture
def begin(client):
    """`begin(experiment)`: a session of it."""
    return lambda experiment: Run(client, experiment)
