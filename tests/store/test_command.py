"""`layerlab backup`, `restore`, and what `serve` says where it can keep nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from server.store import Run, Store
from tests.conftest import ROOT

from .conftest import new_url


def layerlab(*arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    env = os.environ | {name: str(value) for name, value in variables.items()}
    command = [sys.executable, "-m", "server.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that the command ended with."""
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_backup_moves_from_sqlite_to_postgresql(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async def fill() -> str:
        store = await Store.open(f"sqlite:///{tmp_path}/layerlab.db")
        saved = await store.save_share({"title": "moved"})
        await store.keep([Run("r", "", {})])
        await store.close()
        return saved.id

    async def title(url: str, share_id: str) -> str:
        store = await Store.open(url)
        document = await store.share(share_id)
        await store.close()
        assert document is not None
        return document["title"]

    share_id = anyio.run(fill)
    file = tmp_path / "all.backup"
    done = layerlab("backup", file, LAYERLAB_DATA_DIR=tmp_path)
    assert (
        done.stdout
        == f"Wrote 1 links, 1 runs, 0 checkpoints, 0 sweeps and 0 deployed models to {file}.\n"
    ), done.stderr
    url = new_url("postgresql", request)
    done = layerlab("restore", file, LAYERLAB_DATABASE_URL=url, LAYERLAB_DATA_DIR=tmp_path / "new")
    assert (
        done.stdout
        == f"Restored 1 links, 1 runs, 0 checkpoints, 0 sweeps and 0 deployed models from {file}.\n"
    ), done.stderr
    assert anyio.run(title, url, share_id) == "moved"


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    done = layerlab("backup", tmp_path / "file", LAYERLAB_DATA_DIR=tmp_path / "nowhere")
    assert refusal(done).startswith(f"There is no {tmp_path}/nowhere/layerlab.db;")
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("words")
    done = layerlab("restore", tmp_path / "file", LAYERLAB_DATA_DIR=tmp_path)
    assert "is no whole backup of Layerlab" in refusal(done)


def test_the_server_does_not_start_where_it_cannot_write(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    (tmp_path / "file").touch()
    # root may write anywhere: the program, once loaded, becomes nobody
    code = (
        "import os, sys, server.cli, server.settings\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "server.cli.app(['serve', '--port', '0'])"
    )
    for folder in (locked / "data", tmp_path / "file"):
        env = os.environ | {"LAYERLAB_DATA_DIR": str(folder)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        assert refusal(done).startswith(f"Cannot write in {folder} (")


def test_the_server_does_not_start_without_its_database(tmp_path: Path) -> None:
    address = {"LAYERLAB_DATABASE_URL": "postgresql://me:hidden@127.0.0.1:9/x"}
    told = refusal(layerlab("serve", "--port", 0, LAYERLAB_DATA_DIR=tmp_path, **address))
    assert told.startswith("The database postgresql://me:***@127.0.0.1:9/x cannot be used: ")


def test_backing_up_needs_no_jax(tmp_path: Path) -> None:
    code = (
        "import sys, server.cli as cli\n"
        "try: cli.app(['restore', '/dev/null'])\n"
        "except SystemExit: sys.exit('jax' in sys.modules)"
    )
    env = os.environ | {"LAYERLAB_DATA_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
