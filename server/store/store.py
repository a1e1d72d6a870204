"""The store: a small async interface over the tables."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from . import database
from .database import transaction
from .tables import checkpoints, runs, shares

Json = Mapping[str, Any]

#: characters of a share's id: 60 bits of its digest
ID_LENGTH = 12
#: checkpoints of a run that are kept
KEEP = 3

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class SavedShare(NamedTuple):
    """A share's id, and whether it is new."""

    id: str
    created: bool


@dataclass(frozen=True)
class Run:
    """A session that is to survive a restart.

    secret_hash: `hash_secret` of the session's secret. log: {step, command} in order.
    created, updated: seconds since 1970, set by the store.
    """

    id: str
    secret_hash: str
    experiment: Json
    log: Sequence[Json] = ()
    step: int = 0
    playing: bool = False
    created: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """Weights of a run at a step: safetensors bytes, which the store does not look into."""

    run: str
    step: int
    weights: bytes
    created: float


class Store:
    """An open database. Every method raises StoreError where the database cannot be used."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.insert = _INSERT[engine.dialect.name]

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open, creating the tables or bringing them up to date.

        url: `sqlite:///file` or `postgresql://user:password@host/name`. Raises StoreError.
        """
        address = database.parse(url)
        database.prepare(address)
        engine = database.connect(address)
        try:
            await database.migrate(engine)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def close(self) -> None:
        await self.engine.dispose()

    # -- shares --------------------------------------------------------------------------

    async def save_share(self, document: Json) -> SavedShare:
        """Keep a document for good; the same one again has the same id.

        Raises ValueError for what is no JSON.
        """
        content = canonical(document)
        digest, name = identify(content)
        row = {"digest": digest, "document": content, "created": time.time()}
        for length in range(ID_LENGTH, len(name) + 1):
            saved = await self._save_share(row | {"id": name[:length]})
            if saved is not None:
                return saved
        raise AssertionError("two documents of one SHA-256")

    async def _save_share(self, row: dict[str, Any]) -> SavedShare | None:
        """None where the id belongs to another document."""
        new = self.insert(shares).values(row).on_conflict_do_nothing().returning(shares.c.id)
        same = select(shares.c.id).where(shares.c.digest == row["digest"])
        async with transaction(self.engine) as connection:
            if (await connection.execute(new)).scalar() is not None:
                return SavedShare(row["id"], created=True)
            known = (await connection.execute(same)).scalar()
            return None if known is None else SavedShare(known, created=False)

    async def share(self, share_id: str) -> dict[str, Any] | None:
        """The document of this id, or None."""
        wanted = select(shares.c.document).where(shares.c.id == share_id)
        async with transaction(self.engine) as connection:
            content = (await connection.execute(wanted)).scalar()
        return None if content is None else json.loads(content)

    # -- runs ----------------------------------------------------------------------------

    async def save_run(self, run: Run) -> None:
        """Keep a run as it is now, in place of what was kept of it."""
        now = time.time()
        row = {
            "secret_hash": run.secret_hash,
            "experiment": canonical(run.experiment),
            "log": canonical(list(run.log)),
            "step": run.step,
            "playing": run.playing,
            "updated": now,
        }
        new = self.insert(runs).values(row | {"id": run.id, "created": now})
        async with transaction(self.engine) as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=row))

    async def run(self, run_id: str) -> Run | None:
        async with transaction(self.engine) as connection:
            row = (await connection.execute(select(runs).where(runs.c.id == run_id))).first()
        return None if row is None else _run(row)

    async def runs(self) -> list[Run]:
        """Every run, the last changed first."""
        wanted = select(runs).order_by(runs.c.updated.desc(), runs.c.id)
        async with transaction(self.engine) as connection:
            return [_run(row) for row in await connection.execute(wanted)]

    async def forget_run(self, run_id: str) -> bool:
        """Delete a run and its checkpoints; whether there was one."""
        async with transaction(self.engine) as connection:
            done = await connection.execute(delete(runs).where(runs.c.id == run_id))
        return done.rowcount > 0

    # -- checkpoints ---------------------------------------------------------------------

    async def save_checkpoint(self, run_id: str, step: int, weights: bytes) -> None:
        """Keep a run's weights and that it came to this step; all but the newest few go.

        Raises LookupError where there is no such run.
        """
        now = time.time()
        mine = checkpoints.c.run_id == run_id
        newest = (
            select(checkpoints.c.number)
            .where(mine)
            .order_by(checkpoints.c.number.desc())
            .limit(KEEP)
        )
        async with transaction(self.engine) as connection:
            moved = update(runs).where(runs.c.id == run_id).values(step=step, updated=now)
            if not (await connection.execute(moved)).rowcount:
                raise LookupError(f"there is no run {run_id}")
            row = {"run_id": run_id, "step": step, "weights": weights, "created": now}
            await connection.execute(self.insert(checkpoints).values(row))
            await connection.execute(
                delete(checkpoints).where(mine, checkpoints.c.number.not_in(newest))
            )

    async def latest_checkpoint(self, run_id: str) -> Checkpoint | None:
        """The checkpoint that was saved last."""
        wanted = (
            select(checkpoints)
            .where(checkpoints.c.run_id == run_id)
            .order_by(checkpoints.c.number.desc())
            .limit(1)
        )
        async with transaction(self.engine) as connection:
            row = (await connection.execute(wanted)).first()
        return None if row is None else Checkpoint(row.run_id, row.step, row.weights, row.created)


def hash_secret(secret: str) -> str:
    """What is kept of a session's secret. It is long and random, so a plain hash hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def canonical(value: Any) -> str:
    """One text per JSON value: sorted keys, no spaces, ASCII. Raises ValueError for NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def identify(content: str) -> tuple[str, str]:
    """(SHA-256 in hexadecimal, the whole of the name that an id is the beginning of)."""
    digest = hashlib.sha256(content.encode())
    name = base64.b32encode(digest.digest()).decode().lower().rstrip("=")
    return digest.hexdigest(), name


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        secret_hash=row.secret_hash,
        experiment=json.loads(row.experiment),
        log=json.loads(row.log),
        step=row.step,
        playing=row.playing,
        created=row.created,
        updated=row.updated,
    )
