"""An application of its own for the API's tests."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.settings import Settings


@pytest.fixture(scope="session")
def application(tmp_path_factory):
    # with a limit, how fast the machine is would decide
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), rate_limit=0))


@pytest.fixture(scope="session")
def client(application):
    with TestClient(application) as client:
        yield client
