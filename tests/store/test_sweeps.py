"""Sweeps and their runs in the store, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.store import KeptRun, KeptSweep, Store, SweepTable
from server.store.database import transaction
from server.store.tables import sweeps

pytestmark = pytest.mark.anyio

SWEEP = KeptSweep("s", "h" * 64, {"title": "ü\0", "steps": 2**40}, "running")
RUNS = [KeptRun("s", i, "done", 2**40, {"loss": 0.5}, bytes([i, 0, 255]) * 100) for i in (2, 0)]


@pytest.fixture
def table(store: Store) -> SweepTable:
    return SweepTable(store)


async def test_a_sweep_is_kept_changed_and_forgotten(table: SweepTable) -> None:
    await table.keep([SWEEP], RUNS)
    found = await table.find("s")
    assert found is not None
    kept, runs = found
    assert kept == replace(SWEEP, created=kept.created, updated=kept.updated)
    assert runs == [RUNS[1], RUNS[0]]
    await table.keep([replace(SWEEP, state="done")], [replace(RUNS[1], status="failed", data=b"")])
    found = await table.find("s")
    assert found is not None
    again, runs = found
    assert (again.state, again.created) == ("done", kept.created)
    assert [(run.run, run.status, run.data) for run in runs] == [
        (0, "failed", b""),
        (2, "done", RUNS[0].data),
    ]
    assert await table.forget("s") and not await table.forget("s")
    assert await table.find("s") is None
    await table.keep([SWEEP], [])
    assert await table.find("s") == (replace(SWEEP, **await times(table)), [])


async def times(table: SweepTable) -> dict[str, float]:
    found = await table.find("s")
    assert found is not None
    return {"created": found[0].created, "updated": found[0].updated}


async def test_what_was_running_is_named_until_it_has_crashed_too_often(table: SweepTable) -> None:
    other = [replace(SWEEP, id=f"is-{state}", state=state) for state in ("cancelled", "done")]
    await table.keep([SWEEP, *other], RUNS)
    assert [await table.interrupted(2) for _ in range(3)] == [["s"], ["s"], []]
    found = await table.find("s")
    assert found is not None and (found[0].state, found[0].crashes) == ("cancelled", 0)
    await table.keep([SWEEP], [])
    assert await table.interrupted(2) == ["s"]


async def test_old_sweeps_are_forgotten_and_the_oldest_beyond_a_size(
    store: Store, table: SweepTable
) -> None:
    for name in "abcd":
        run = KeptRun(name, 0, "done", 1, {}, bytes(1000))
        await table.keep([replace(SWEEP, id=name)], [run])
    found = await table.find("d")
    assert found is not None
    now = found[0].updated
    assert await table.forget_old(now - 60, 2**40) == 0
    assert await table.forget_old(now - 60, 2_200, living=["a"]) == 1  # two fit, and a lives
    async with transaction(store.engine) as connection:
        older = {"updated": sweeps.c.updated - 61}
        await connection.execute(sweeps.update().where(sweeps.c.id == "d").values(older))
    assert await table.forget_old(now - 60, 10_000) == 1
    left = [name for name in "abcd" if await table.find(name)]
    assert left == ["a", "c"]
