"""Backups carry everything from any database to any other, and what is damaged is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.store import (
    Checkpoint,
    Deployment,
    DeploymentTable,
    KeptRun,
    KeptSweep,
    Run,
    Store,
    StoreError,
    SweepTable,
    archive,
)

from .conftest import new_url

pytestmark = pytest.mark.anyio

FIXTURES = Path(__file__).parent / "fixtures"
DOCUMENTS = [{"title": "one"}, {"title": "ü\0\ud800", "numbers": [1, 1.0, 1e300, -0.0, 2**70]}]
SWEEP = KeptSweep("s", "h" * 64, {"steps": 9}, "cancelled", 1)
SWEEP_RUN = KeptRun("s", 3, "done", 9, {"loss": 0.25}, bytes(range(256)))
MODEL = Deployment(
    "d", "r", "h" * 64, "k" * 64, "ü", {"seed": 7}, {"entries": []}, {"form": "table"}, 9, "0" * 64
)
RUN = Run("r", "h" * 64, {"seed": 7}, {"entries": [{"step": 1}]}, 9, True)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    try:
        yield store
    finally:
        await store.close()


async def fill(store: Store) -> list[str]:
    """Two links, a run and its checkpoint, a sweep and a deployed model; the links' ids."""
    ids = [(await store.save_share(document)).id for document in DOCUMENTS]
    await store.keep([RUN], [Checkpoint("r", 9, bytes(range(256)))])
    await SweepTable(store).keep([SWEEP], [SWEEP_RUN])
    await DeploymentTable(store).keep(MODEL, bytes(range(256)))
    await DeploymentTable(store).call("d")
    return ids


async def contents(store: Store) -> object:
    """All that can be asked of a store."""
    shares = [await store.share((await store.save_share(document)).id) for document in DOCUMENTS]
    sweep = await SweepTable(store).find("s")
    models = DeploymentTable(store)
    model = await models.find("d"), await models.weights("d")
    return json.dumps(shares), await store.runs(), await store.latest_checkpoint("r"), sweep, model


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
async def test_a_backup_fills_any_other_store(
    store: Store, target: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    ids = await fill(store)
    file = tmp_path / "all.zip"
    counts = await archive.backup(store, file)
    assert counts == (2, 1, 1, 1, 1, 1)
    async with opened(new_url(target, request)) as other:
        for _ in range(2):  # twice is once
            assert await archive.restore(other, file) == counts
            assert await contents(other) == await contents(store)
            assert [await other.share(i) for i in ids] == DOCUMENTS
        again = tmp_path / "again.zip"
        assert await archive.backup(other, again) == counts
        for name in zipfile.ZipFile(file).namelist()[:-1]:  # the last is the manifest
            assert zipfile.Path(again, name).read_bytes() == zipfile.Path(file, name).read_bytes()


async def test_restoring_adds_to_what_is_there_and_wins(store: Store, tmp_path: Path) -> None:
    await fill(store)
    await archive.backup(store, tmp_path / "b")
    await store.save_share({"title": "later"})
    changed = [Run("r", "other", {"seed": 8}), Run("later", "other", {})]
    await store.keep(changed, [Checkpoint("r", 99, b"later")])
    await archive.restore(store, tmp_path / "b")
    assert {run.id for run in await store.runs()} == {"r", "later"}
    kept, latest = await store.run("r"), await store.latest_checkpoint("r")
    assert kept is not None and (kept.secret_hash, kept.step) == (RUN.secret_hash, 9)
    assert latest is not None and latest.step == 9


async def test_a_backup_of_the_first_format_is_restored(store: Store) -> None:
    assert await archive.restore(store, FIXTURES / "backup-1.zip") == (2, 1, 1, 0, 0, 0)
    run, latest = await store.run("r"), await store.latest_checkpoint("r")
    assert run is not None and (run.secret_hash, run.log) == (RUN.secret_hash, RUN.log)
    assert latest is not None and latest.weights == bytes(range(256))
    assert [(await store.save_share(d)).created for d in DOCUMENTS] == [False, False]


@pytest.fixture(scope="module")
async def backup_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("backup")
    async with opened(f"sqlite:///{folder}/x.db") as store:
        await fill(store)
        await archive.backup(store, folder / "b")
    return (folder / "b").read_bytes()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255), cut=st.booleans())
async def test_damage_is_told_and_nothing_is_restored(
    backup_bytes: bytes, tmp_path: Path, place: float, bits: int, cut: bool
) -> None:
    at = int(place * len(backup_bytes))
    damaged = bytearray(backup_bytes[:at] if cut else backup_bytes)
    if not cut:
        damaged[at] ^= bits
    file = tmp_path / "damaged.zip"
    file.write_bytes(damaged)
    (tmp_path / "x.db").unlink(missing_ok=True)
    async with opened(f"sqlite:///{tmp_path}/x.db") as store:
        told = ""
        try:
            await archive.restore(store, file)
        except StoreError as error:
            told = str(error)
        if told:
            assert "nothing was restored" in told and "\n" not in told
            assert await store.runs() == []
            return
        # what was hit says nothing of the contents: a time of day, perhaps
        assert [(await store.save_share(d)).created for d in DOCUMENTS] == [False, False]
        run, latest = await store.run("r"), await store.latest_checkpoint("r")
        assert run is not None and run.step == 9
        assert latest is not None and latest.weights == bytes(range(256))


def rewritten(backup: bytes, path: Path, name: str, change) -> Path:
    """The backup with one of its files changed, checksums of the ZIP and all."""
    path.write_bytes(backup)
    with zipfile.ZipFile(path) as old:
        members = {item: old.read(item) for item in old.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as new:
        for item, content in members.items():
            new.writestr(item, content)
    return path


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("manifest.json", b'"format": 3', b'"format": 7', r"a newer Layerlab \(format 7, this one"),
        ("manifest.json", b"layerlab backup", b"something else", "no whole backup of Layerlab"),
        ("shares.jsonl", b"one", b"two", "the link .* does not name its content"),
        ("runs.jsonl", b'"step":9', b'"step":8', r"runs\.jsonl is not what was written"),
        ("checkpoints.jsonl", b'"run_id":"r"', b'"run_id":"q"', "nothing was restored"),
        ("sweep_runs.jsonl", b'"sweep_id":"s"', b'"sweep_id":"q"', "nothing was restored"),
    ],
)
async def test_what_was_tampered_with_or_is_newer_is_refused(
    backup_bytes: bytes, tmp_path: Path, name: str, old: bytes, new: bytes, sentence: str
) -> None:
    file = rewritten(backup_bytes, tmp_path / "b", name, lambda text: text.replace(old, new))
    async with opened(f"sqlite:///{tmp_path}/x.db") as store:
        with pytest.raises(StoreError, match=sentence):
            await archive.restore(store, file)
        assert await store.runs() == []


async def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    async with opened(f"sqlite:///{tmp_path}/x.db") as store:
        with pytest.raises(StoreError, match="mine is there already"):
            await archive.backup(store, tmp_path / "mine")
        with pytest.raises(StoreError, match="cannot be written"):
            await archive.backup(store, tmp_path / "no" / "such" / "folder")
        with pytest.raises(StoreError, match="cannot be read"):
            await archive.restore(store, tmp_path / "nowhere")
    assert (tmp_path / "mine").read_text() == "precious"
