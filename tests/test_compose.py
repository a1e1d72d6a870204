"""The Dockerfile and docker-compose.yml, as far as a machine without containers can try them.

The compose file is checked against the published schema, and every service's own command and
health check is run natively: PostgreSQL's by the programs of a package, the server's as here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from tests.conftest import CACHE, ROOT
from tests.store.postgres import postgres, program, unprivileged, url

COMPOSE = ROOT / "docker-compose.yml"
BIN = Path(sys.executable).parent


def services() -> dict[str, Any]:
    """The services, variables replaced by their defaults."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", COMPOSE.read_text())
    return yaml.safe_load(text)["services"]


def instructions(stage: int = -1) -> dict[str, str]:
    """The instructions of a stage of the Dockerfile, the last one of each name."""
    joined = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    stages: list[dict[str, str]] = []
    for line in lines:
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append({})
        if name.isupper():
            stages[-1][name] = rest.strip()
    return stages[stage]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_the_compose_file_is_valid() -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_does_not_run_as_root_and_tells_its_health() -> None:
    last = instructions()
    assert last["USER"] == "layerlab"
    assert last["HEALTHCHECK"] and json.loads(last["CMD"]) == ["layerlab", "serve"]
    assert services()["db"]["user"] == "postgres"


def test_the_image_is_built_from_all_that_a_source_distribution_holds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        p.strip("/") for p in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    }
    dockerfile = (ROOT / "Dockerfile").read_text().split("FROM")[1]
    copied = {
        name
        for line in re.findall(r"^COPY (.*)$", dockerfile, re.MULTILINE)
        for name in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert wanted | {"pyproject.toml"} <= copied
    assert {f"!{name}" for name in copied} <= set(ignored)


@contextmanager
def database(port: int) -> Iterator[None]:
    """The service `db`, on a port of this machine."""
    service = services()["db"]
    wanted = service["environment"]
    name, *arguments = service["command"]
    assert name == "postgres"
    with postgres(*arguments, port=port) as folder:
        with psycopg.connect(url(folder, "postgres"), port=port, autocommit=True) as connection:
            assert connection.execute("SHOW max_connections").fetchone() == ("50",)
            connection.execute(f'CREATE DATABASE "{wanted["POSTGRES_DB"]}"')
        kind, check, *options = service["healthcheck"]["test"]
        assert kind == "CMD"
        healthy = [program(check), *options]
        environment = os.environ | {"PGPORT": str(port)}
        subprocess.run(healthy, env=environment, cwd=folder, check=True, **unprivileged())
        yield


@contextmanager
def web(database_port: int, log: Path) -> Iterator[str]:
    """The service `web`; its address once its health check holds."""
    last = instructions()
    port = free_port()
    image = dict(pair.split("=", 1) for pair in shlex.split(last["ENV"]))
    address = services()["web"]["environment"]["LAYERLAB_DATABASE_URL"]
    environment = os.environ | image | {
        "LAYERLAB_DATABASE_URL": address.replace("@db/", f"@127.0.0.1:{database_port}/"),
        "LAYERLAB_PORT": str(port),
        "LAYERLAB_DATA_DIR": str(CACHE),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    health = json.loads(last["HEALTHCHECK"].partition("CMD")[2])
    with (
        log.open("w") as output,
        subprocess.Popen(json.loads(last["CMD"]), env=environment, stderr=output) as process,
    ):
        try:
            while subprocess.run(
                health, env=environment, capture_output=True, check=False
            ).returncode:
                assert process.poll() is None, f"the server ended:\n{log.read_text()}"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            grace = services()["web"]["stop_grace_period"]
            assert grace == "1m"
            process.wait(60)


def test_every_service_runs_and_what_is_kept_outlives_the_server(tmp_path: Path) -> None:
    port = free_port()
    with database(port):
        with web(port, tmp_path / "log") as address:
            saved = httpx.post(f"{address}/api/v1/shares", json={"experiment": {}, "title": "kept"})
            assert saved.status_code == 201, saved.text
            path = f"/api/v1/shares/{saved.json()['id']}"
        with web(port, tmp_path / "log") as address:
            assert httpx.get(f"{address}{path}").json()["title"] == "kept"
        wanted = services()["db"]["environment"]
        with psycopg.connect(
            host="127.0.0.1", port=port, user=wanted["POSTGRES_USER"], dbname=wanted["POSTGRES_DB"]
        ) as connection:
            assert connection.execute("SELECT count(*) FROM shares").fetchone() == (1,)


def test_a_password_may_be_set() -> None:
    """Both services take the same one, from the environment."""
    names = re.findall(r"\$\{(\w+):-(\w+)\}", COMPOSE.read_text())
    assert names == [("POSTGRES_PASSWORD", "layerlab")] * 2


@pytest.mark.parametrize("service", ["web", "db"])
def test_no_service_can_gain_privileges(service: str) -> None:
    wanted = services()[service]
    assert wanted["cap_drop"] == ["ALL"]
    assert wanted["security_opt"] == ["no-new-privileges:true"]
