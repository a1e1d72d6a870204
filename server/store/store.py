"""The store: a small async interface over the tables."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import database
from .database import transaction
from .forgetting import of_the_old
from .tables import checkpoints, runs, shares

Json = Mapping[str, Any]

#: what an id may be; other texts name nothing
ID = re.compile(r"[\w-]{1,64}", re.ASCII)
#: characters of a share's id: 60 bits of its digest
ID_LENGTH = 12

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
#: what is new of a run that was kept before
_RENEWED = ("secret_hash", "experiment", "log", "step", "playing", "updated")
_MOVE = update(runs).where(runs.c.id == bindparam("id_"))


class Unreadable(Exception):
    """What was kept is damaged; the message is a sentence for a person."""


class SavedShare(NamedTuple):
    """A share's id, and whether it is new."""

    id: str
    created: bool


@dataclass(frozen=True)
class Run:
    """A session that is to survive a restart.

    secret_hash: what is kept of the session's secret. log: of the run, as the engine writes it.
    created, updated: seconds since 1970, set by the store.
    """

    id: str
    secret_hash: str
    experiment: Json
    log: Json = field(default_factory=dict[str, Any])
    step: int = 0
    playing: bool = False
    created: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """State of a run at a step: safetensors bytes, which the store does not look into.

    created: seconds since 1970, set by the store.
    """

    run: str
    step: int
    weights: bytes
    created: float = 0.0


class Store:
    """An open database. Every method raises StoreError where the database cannot be used."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.insert = _INSERT[engine.dialect.name]
        new = self.insert(runs)
        renewed = {name: new.excluded[name] for name in _RENEWED}
        self._upsert = new.on_conflict_do_update(index_elements=["id"], set_=renewed)

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

    async def keep(self, changed: Sequence[Run], moved: Sequence[Checkpoint] = ()) -> None:
        """Keep these as they are now, each in place of what was kept: all of them or none.

        A run has one checkpoint, the last, whose step becomes the run's. Raises LookupError
        where a checkpoint is of a run that is not kept.
        """
        now = time.time()
        async with transaction(self.engine) as connection:
            if changed:
                await connection.execute(self._upsert, [_row(run, now) for run in changed])
            if moved:
                await self._keep_checkpoints(connection, moved, now)

    async def _keep_checkpoints(
        self, connection: AsyncConnection, moved: Sequence[Checkpoint], now: float
    ) -> None:
        steps = [{"id_": c.run, "step": c.step, "updated": now} for c in moved]
        await connection.execute(_MOVE, steps)
        mine = checkpoints.c.run_id.in_([c.run for c in moved])
        await connection.execute(delete(checkpoints).where(mine))
        rows = [
            {"run_id": c.run, "step": c.step, "weights": c.weights, "created": now} for c in moved
        ]
        try:
            await connection.execute(insert(checkpoints), rows)
        except IntegrityError:
            raise LookupError("a checkpoint is of a run that is not kept") from None

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

    async def forget_old(self, before: float, size: int, living: Collection[str] = ()) -> int:
        """Delete the runs, but for the living, that were last changed before a moment (seconds
        since 1970), and of the others the oldest, so that all take at most `size` bytes; how
        many were deleted."""
        states = select(func.sum(func.length(checkpoints.c.weights)))
        state = func.coalesce(states.where(checkpoints.c.run_id == runs.c.id).scalar_subquery(), 0)
        bytes_ = func.length(runs.c.log) + func.length(runs.c.experiment) + state
        forget = of_the_old(runs, bytes_, before, size, living)
        async with transaction(self.engine) as connection:
            return (await connection.execute(forget)).rowcount

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


def canonical(value: Any) -> str:
    """One text per JSON value: sorted keys, no spaces, ASCII. Raises ValueError for NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def identify(content: str) -> tuple[str, str]:
    """(SHA-256 in hexadecimal, the whole of the name that an id is the beginning of)."""
    digest = hashlib.sha256(content.encode())
    name = base64.b32encode(digest.digest()).decode().lower().rstrip("=")
    return digest.hexdigest(), name


def _row(run: Run, now: float) -> dict[str, Any]:
    return {
        "id": run.id,
        "secret_hash": run.secret_hash,
        "experiment": canonical(run.experiment),
        "log": canonical(run.log),
        "step": run.step,
        "playing": run.playing,
        "created": now,
        "updated": now,
    }


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
