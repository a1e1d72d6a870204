"""The store's deployed models."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from .database import transaction
from .store import Json, Store, canonical
from .tables import deployments

#: all that is read of one but its weights, which may be large
_FACTS = [column for column in deployments.c if column.name != "weights"]


@dataclass(frozen=True)
class Deployment:
    """What a session had learned, frozen.

    session: whose it was. secret_hash, key_hash: what is kept of that session's secret and of the
    key to ask. log: of the run to this moment. facts: what is told to everybody. created, called:
    seconds since 1970, the latter 0 before the first call; these and calls are set by the store.
    """

    id: str
    session: str
    secret_hash: str
    key_hash: str
    title: str
    experiment: Json
    log: Json
    facts: Json
    step: int
    digest: str
    calls: int = 0
    called: float = 0.0
    created: float = 0.0


class DeploymentTable:
    """The deployed models of a store. Every method raises StoreError where the database cannot be
    used."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine

    async def keep(self, deployment: Deployment, weights: bytes) -> Deployment:
        """Keep a new one, until it is forgotten; as it is kept. weights: safetensors bytes, which
        the store does not look into."""
        row = {
            "id": deployment.id,
            "session": deployment.session,
            "secret_hash": deployment.secret_hash,
            "key_hash": deployment.key_hash,
            "title": deployment.title,
            "experiment": canonical(deployment.experiment),
            "log": canonical(deployment.log),
            "facts": canonical(deployment.facts),
            "step": deployment.step,
            "digest": deployment.digest,
            "weights": weights,
            "calls": 0,
            "called": 0.0,
            "created": time.time(),
        }
        new = insert(deployments).values(row).returning(*_FACTS)
        async with transaction(self._engine) as connection:
            return _deployment((await connection.execute(new)).one())

    async def find(self, deployment_id: str) -> Deployment | None:
        wanted = select(*_FACTS).where(deployments.c.id == deployment_id)
        async with transaction(self._engine) as connection:
            row = (await connection.execute(wanted)).first()
        return None if row is None else _deployment(row)

    async def weights(self, deployment_id: str) -> bytes | None:
        wanted = select(deployments.c.weights).where(deployments.c.id == deployment_id)
        async with transaction(self._engine) as connection:
            return (await connection.execute(wanted)).scalar()

    async def of_session(self, session_id: str) -> list[Deployment]:
        """Those of a session, the newest first."""
        mine = select(*_FACTS).where(deployments.c.session == session_id)
        ordered = mine.order_by(deployments.c.created.desc(), deployments.c.id)
        async with transaction(self._engine) as connection:
            return [_deployment(row) for row in await connection.execute(ordered)]

    async def call(self, deployment_id: str) -> None:
        """Count a call."""
        mine = update(deployments).where(deployments.c.id == deployment_id)
        counted = mine.values(calls=deployments.c.calls + 1, called=time.time())
        async with transaction(self._engine) as connection:
            await connection.execute(counted)

    async def forget(self, deployment_id: str) -> bool:
        """Delete one; whether there was one."""
        gone = delete(deployments).where(deployments.c.id == deployment_id)
        async with transaction(self._engine) as connection:
            return (await connection.execute(gone)).rowcount > 0

    async def forget_idle(self, before: float) -> int:
        """Delete those that were neither made nor called since a moment (seconds since 1970); how
        many were."""
        made, called = deployments.c.created < before, deployments.c.called < before
        async with transaction(self._engine) as connection:
            return (await connection.execute(delete(deployments).where(made, called))).rowcount

    async def size(self) -> int:
        """Bytes that all of them take, about."""
        columns = deployments.c.weights, deployments.c.experiment, deployments.c.log
        taken = sum((func.length(column) for column in columns), func.length(deployments.c.facts))
        async with transaction(self._engine) as connection:
            return (await connection.execute(select(func.sum(taken)))).scalar() or 0


def _deployment(row: Row[Any]) -> Deployment:
    return Deployment(
        id=row.id,
        session=row.session,
        secret_hash=row.secret_hash,
        key_hash=row.key_hash,
        title=row.title,
        experiment=json.loads(row.experiment),
        log=json.loads(row.log),
        facts=json.loads(row.facts),
        step=row.step,
        digest=row.digest,
        calls=row.calls,
        called=row.called,
        created=row.created,
    )
