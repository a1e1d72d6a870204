"""The store's sweeps: each with the runs of which there is something to keep."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from .database import transaction
from .forgetting import of_the_old
from .store import Json, Store, canonical
from .tables import sweep_runs, sweeps

#: what is new of a sweep, and of a run, that was kept before
_RENEWED = ("state", "crashes", "updated")
_RUN_RENEWED = ("status", "step", "result", "data")


@dataclass(frozen=True)
class KeptSweep:
    """A sweep that is to survive a restart.

    secret_hash: what is kept of its secret. crashes: ends of the server that were none in order,
    since something last came of it. created, updated: seconds since 1970, set by the store.
    """

    id: str
    secret_hash: str
    sweep: Json
    state: str
    crashes: int = 0
    created: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True)
class KeptRun:
    """What has come of a run. data: safetensors bytes, which the store does not look into."""

    sweep: str
    run: int
    status: str
    step: int
    result: Json
    data: bytes = b""


class SweepTable:
    """The sweeps of a store. Every method raises StoreError where the database cannot be used."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine
        new, run = store.insert(sweeps), store.insert(sweep_runs)
        self._upsert = new.on_conflict_do_update(
            index_elements=["id"], set_={name: new.excluded[name] for name in _RENEWED}
        )
        self._upsert_run = run.on_conflict_do_update(
            index_elements=["sweep_id", "run"],
            set_={name: run.excluded[name] for name in _RUN_RENEWED},
        )

    async def keep(self, changed: Sequence[KeptSweep], runs: Sequence[KeptRun]) -> None:
        """Keep these as they are now, each in place of what was kept: all of them or none.

        Runs are of the changed sweeps, or of such as are kept.
        """
        now = time.time()
        async with transaction(self._engine) as connection:
            if changed:
                await connection.execute(self._upsert, [_row(sweep, now) for sweep in changed])
            if runs:
                await connection.execute(self._upsert_run, [_run_row(run) for run in runs])

    async def find(self, sweep_id: str) -> tuple[KeptSweep, list[KeptRun]] | None:
        """The sweep of this id, and its runs in their order."""
        runs = select(sweep_runs).where(sweep_runs.c.sweep_id == sweep_id).order_by("run")
        async with transaction(self._engine) as connection:
            wanted = select(sweeps).where(sweeps.c.id == sweep_id)
            row = (await connection.execute(wanted)).first()
            if row is None:
                return None
            return _sweep(row), [_run(found) for found in await connection.execute(runs)]

    async def interrupted(self, crashes: int) -> list[str]:
        """The sweeps that were running, the oldest first: each has ended with the server once
        more. Those that have done so more than `crashes` times are cancelled instead."""
        running = sweeps.c.state == "running"
        once_more = update(sweeps).where(running).values(crashes=sweeps.c.crashes + 1)
        given_up = update(sweeps).where(running, sweeps.c.crashes > crashes)
        async with transaction(self._engine) as connection:
            await connection.execute(once_more)
            await connection.execute(given_up.values(state="cancelled", crashes=0))
            left = select(sweeps.c.id).where(running).order_by(sweeps.c.created, sweeps.c.id)
            return list((await connection.execute(left)).scalars())

    async def forget(self, sweep_id: str) -> bool:
        """Delete a sweep and its runs; whether there was one."""
        async with transaction(self._engine) as connection:
            done = await connection.execute(delete(sweeps).where(sweeps.c.id == sweep_id))
        return done.rowcount > 0

    async def forget_old(self, before: float, size: int, living: Collection[str] = ()) -> int:
        """Delete the sweeps, but for the living, that were last changed before a moment (seconds
        since 1970), and of the others the oldest, so that all take at most `size` bytes; how
        many were deleted."""
        length = func.length
        of_runs = select(func.sum(length(sweep_runs.c.result) + length(sweep_runs.c.data)))
        runs = of_runs.where(sweep_runs.c.sweep_id == sweeps.c.id).scalar_subquery()
        bytes_ = length(sweeps.c.sweep) + func.coalesce(runs, 0)
        forget = of_the_old(sweeps, bytes_, before, size, living)
        async with transaction(self._engine) as connection:
            return (await connection.execute(forget)).rowcount


def _row(sweep: KeptSweep, now: float) -> dict[str, Any]:
    return {
        "id": sweep.id,
        "secret_hash": sweep.secret_hash,
        "sweep": canonical(sweep.sweep),
        "state": sweep.state,
        "crashes": sweep.crashes,
        "created": now,
        "updated": now,
    }


def _run_row(run: KeptRun) -> dict[str, Any]:
    return {
        "sweep_id": run.sweep,
        "run": run.run,
        "status": run.status,
        "step": run.step,
        "result": canonical(run.result),
        "data": run.data,
    }


def _sweep(row: Row[Any]) -> KeptSweep:
    return KeptSweep(
        id=row.id,
        secret_hash=row.secret_hash,
        sweep=json.loads(row.sweep),
        state=row.state,
        crashes=row.crashes,
        created=row.created,
        updated=row.updated,
    )


def _run(row: Row[Any]) -> KeptRun:
    return KeptRun(row.sweep_id, row.run, row.status, row.step, json.loads(row.result), row.data)
