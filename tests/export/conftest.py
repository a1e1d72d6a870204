"""An application for what is exported, and sessions of it in words."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.engine import platform
from server.settings import Settings
from tests.conftest import CACHE

from .run import Run


@pytest.fixture(scope="session")
def client(tmp_path_factory):
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")))
    platform.configure("cpu", CACHE / "programs")  # what is compiled is kept, unlike the data
    with TestClient(app) as client:
        yield client


@pytest.fixture
def begin(client):
    """`begin(experiment)`: a session of it."""
    return lambda experiment: Run(client, experiment)
