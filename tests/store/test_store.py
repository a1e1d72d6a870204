"""Shares, runs and checkpoints, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.store import Checkpoint, Run, Store, StoreError
from server.store.database import transaction
from server.store.tables import checkpoints, runs, shares
from tests.conftest import ROOT

pytestmark = pytest.mark.anyio

#: any JSON object, with every character and number that JSON has
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
DOCUMENTS = st.dictionaries(st.text(), VALUES, max_size=5)
#: a database for all examples: they are of different content
SHARED = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(document=DOCUMENTS)
async def test_a_share_is_what_was_saved_and_saving_it_again_changes_nothing(
    store: Store, document
) -> None:
    first = await store.save_share(document)
    assert await store.share(first.id) == document
    turned = dict(reversed(list(document.items())))
    assert await store.save_share(turned) == (first.id, False)


async def test_the_id_begins_the_documents_digest(store: Store) -> None:
    document = {"b": [1, 2.5, None], "a": "ü"}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    digest = base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()
    assert await store.save_share(document) == (digest[:12], True)


async def test_an_id_that_is_taken_by_other_content_is_lengthened(store: Store) -> None:
    document = {"title": "mine"}
    saved = await store.save_share(document)
    async with transaction(store.engine) as connection:
        other = {"digest": "0" * 64, "document": '{"title":"other"}'}
        await connection.execute(shares.update().values(other))
    longer = await store.save_share(document)
    assert longer.created and longer.id[:-1] == saved.id
    assert await store.share(longer.id) == document
    assert await store.share(saved.id) == {"title": "other"}
    assert await store.save_share(document) == (longer.id, False)


async def test_many_who_save_the_same_at_once_get_one_share(store: Store) -> None:
    saved = await asyncio.gather(*(store.save_share({"title": "lesson"}) for _ in range(20)))
    assert len({share.id for share in saved}) == 1
    assert sum(share.created for share in saved) == 1


async def test_what_is_no_json_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        await store.save_share({"loss": float("nan")})
    assert await store.share("aaaaaaaaaaaa") is None


def a_run(**changed) -> Run:
    values = {
        "id": "r-1",
        "secret_hash": "h" * 64,
        "experiment": {"seed": 7, "title": "ü\0 𝔘"},
        "log": {"entries": [{"step": 3, "kind": "resumed"}]},
        "step": 12,
        "playing": True,
    }
    return Run(**values | changed)


async def test_a_run_is_kept_changed_and_forgotten(store: Store) -> None:
    await store.keep([a_run()])
    kept = await store.run("r-1")
    assert kept == a_run(created=kept.created, updated=kept.updated)
    await store.keep([a_run(step=2**40, playing=False, log={}), a_run(id="r-2")])
    again = await store.run("r-1")
    assert (again.step, again.playing, again.log) == (2**40, False, {})
    assert again.created == kept.created and again.updated >= kept.updated
    assert {run.id for run in await store.runs()} == {"r-1", "r-2"}
    await store.keep([a_run()])
    assert [run.id for run in await store.runs()] == ["r-1", "r-2"]
    assert await store.forget_run("r-1") and not await store.forget_run("r-1")
    assert await store.run("r-1") is None
    assert [run.id for run in await store.runs()] == ["r-2"]


async def test_a_checkpoint_takes_the_place_of_the_last_and_goes_with_its_run(store: Store) -> None:
    await store.keep([a_run(), a_run(id="r-2")], [Checkpoint("r-2", 1, b"other")])
    for number, step in enumerate([10, 20, 5]):  # a reset went back to 5
        await store.keep([], [Checkpoint("r-1", step, bytes([number, 0, 255]) * 1000)])
    latest = await store.latest_checkpoint("r-1")
    assert (latest.run, latest.step, latest.weights) == ("r-1", 5, b"\x02\0\xff" * 1000)
    assert (await store.run("r-1")).step == 5
    assert await steps(store) == [1, 5]
    await store.forget_run("r-1")
    assert await store.latest_checkpoint("r-1") is None and await steps(store) == [1]


async def test_many_are_kept_at_once_or_none(store: Store) -> None:
    many = [a_run(id=f"r-{i}") for i in range(600)]
    await store.keep(many, [Checkpoint(run.id, i, b"%d" % i) for i, run in enumerate(many)])
    assert await steps(store) == list(range(600))
    assert [run.step for run in await store.runs()].count(599) == 1
    with pytest.raises(LookupError):
        await store.keep([a_run(id="new")], [Checkpoint("r-5", 7, b""), Checkpoint("r", 1, b"")])
    assert await store.run("new") is None and await steps(store) == list(range(600))


async def steps(store: Store) -> list[int]:
    """The steps of all checkpoints, the oldest first, as a backup would read them."""
    async with transaction(store.engine) as connection:
        return [
            row.step for row in await connection.execute(checkpoints.select().order_by("number"))
        ]


async def test_old_runs_are_forgotten_and_the_oldest_beyond_a_size(store: Store) -> None:
    async def left() -> set[str]:
        return {run.id for run in await store.runs()}

    for name in "abcd":
        await store.keep([a_run(id=name)], [Checkpoint(name, 1, bytes(1000))])
    now = (await store.run("d")).updated
    assert await store.forget_old(now - 60, 2**40) == 0
    assert await store.forget_old(now - 60, 2_500, living=["a"]) == 1  # two fit, and a lives
    assert await left() == {"a", "c", "d"} and len(await steps(store)) == 3
    await set_back(store, "d", 61)
    assert await store.forget_old(now - 60, 10_000) == 1
    assert await left() == {"a", "c"}


async def set_back(store: Store, run: str, seconds: float) -> None:
    async with transaction(store.engine) as connection:
        older = {"updated": runs.c.updated - seconds}
        await connection.execute(runs.update().where(runs.c.id == run).values(older))


async def test_what_was_saved_survives_closing(database_url: str) -> None:
    for opening in range(2):
        store = await Store.open(database_url)
        saved = await store.save_share({"title": "kept"})
        assert saved.created == (opening == 0)
        await store.close()


SAVING = """
import asyncio, sys
from server.store import Checkpoint, Run, Store
async def main():
    store = await Store.open(sys.argv[1])
    await store.keep([Run("r", "", {})])
    for step in range(10**9):
        await store.keep([], [Checkpoint("r", step, step.to_bytes(8, "big") * 500)])
        print(step, flush=True)
asyncio.run(main())
"""


async def test_what_was_saved_survives_the_end_of_the_process_at_any_moment(
    database_url: str,
) -> None:
    command = [sys.executable, "-c", SAVING, database_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(20)]
        process.kill()  # as kill -9 does
        said += process.stdout.readlines()
    last = int([line for line in said if line.endswith("\n")][-1])
    store = await Store.open(database_url)
    latest = await store.latest_checkpoint("r")
    assert latest is not None and latest.step >= last
    assert latest.weights == latest.step.to_bytes(8, "big") * 500
    run = await store.run("r")
    assert run is not None and run.step == latest.step
    await store.close()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://host/name", "Layerlab keeps its data in SQLite or PostgreSQL, not in 'mysql'"),
        ("somewhere", "LAYERLAB_DATABASE_URL is no address of a database"),
        ("sqlite:////nowhere/at/all.db", "The database /nowhere/at/all.db cannot be used"),
        ("postgresql://me:hidden@127.0.0.1:9/x", "postgresql://me:***@127.0.0.1:9/x cannot be"),
    ],
)
async def test_a_database_that_cannot_be_opened_is_told_in_a_sentence(
    address: str, sentence: str
) -> None:
    with pytest.raises(StoreError) as told:
        await Store.open(address)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value) and "hidden" not in str(told.value)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("these are words, no pages of a database " * 20)
    with pytest.raises(StoreError, match=r"x\.db cannot be used: file is not a database"):
        await Store.open(f"sqlite:///{tmp_path}/x.db")
