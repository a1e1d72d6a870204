"""Deployed models: what sessions had learned, frozen, each to be asked by who holds its key."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import anyio
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from server.datasets.preparation.shaping import DropColumns
from server.datasets.profile import of_column
from server.datasets.split import TRAIN
from server.datasets.tables import TableDataset
from server.engine.commands import Refused
from server.engine.program import Programs
from server.engine.run import Run
from server.engine.scheduler import hash_secret
from server.engine.session import Session
from server.experiment import Experiment
from server.experiment.registry import ACTIVATIONS
from server.export import Unsupported, base
from server.export.weights_file import pack, unpack
from server.store import Deployment, DeploymentTable, Store

#: those that are ready to answer, in memory, the least recently asked given up
READY = 16
#: of one session
MOST = 50
#: threads that get one ready, which may read its data
WORKERS = 2


class TooMuch(Exception):
    """The server keeps no more of them; the message is a sentence for a person."""


class Deployments:
    """The deployed models of a store.

    programs: where what is compiled for them is kept, with that of the sessions. size: bytes
    that all may take. days: after how many in which nobody has called one, it makes room for a
    new one where that is short.
    """

    def __init__(self, programs: Programs, store: Store, size: int, days: float) -> None:
        self._programs = programs
        self._table = DeploymentTable(store)
        self._size = size
        self._days = days
        self._ready: OrderedDict[str, Run] = OrderedDict()
        self._lock = threading.Lock()
        self._workers = anyio.CapacityLimiter(WORKERS)

    async def deploy(
        self, session: Session, secret_hash: str, title: str
    ) -> tuple[Deployment, str]:
        """Freeze a session as it is now; with the key, of which a hash alone is kept. Raises
        Refused where it cannot be, TooMuch and StoreError."""
        if len(await self._table.of_session(session.id)) >= MOST:
            raise Refused("/session", f"it has been deployed {MOST} times; delete one of them")
        frozen, weights = await anyio.to_thread.run_sync(_frozen, session)
        if not await self._has_room(len(weights)):
            raise TooMuch("this server keeps no more deployed models; delete one of yours")
        key = secrets.token_urlsafe(24)
        new = Deployment(
            id=secrets.token_urlsafe(9),
            session=session.id,
            secret_hash=secret_hash,
            key_hash=hash_secret(key),
            title=title.strip() or frozen["facts"]["dataset"]["title"],
            **frozen,
        )
        return await self._table.keep(new, weights), key

    async def _has_room(self, more: int) -> bool:
        if await self._table.size() + more <= self._size:
            return True
        await self._table.forget_idle(time.time() - self._days * 86_400)
        return await self._table.size() + more <= self._size

    async def find(self, deployment_id: str) -> Deployment | None:
        return await self._table.find(deployment_id)

    async def of_session(self, session_id: str) -> list[Deployment]:
        """Those of a session, the newest first."""
        return await self._table.of_session(session_id)

    async def forget(self, deployment_id: str) -> None:
        await self._table.forget(deployment_id)
        with self._lock:
            self._ready.pop(deployment_id, None)

    async def ready(self, deployment: Deployment) -> Run:
        """What answers for it; the call is counted. Raises Refused where its data is no longer
        there, and LookupError where it was deleted meanwhile."""
        await self._table.call(deployment.id)
        with self._lock:
            run = self._ready.get(deployment.id)
            if run is not None:
                self._ready.move_to_end(deployment.id)
                return run
        weights = await self._table.weights(deployment.id)
        if weights is None:
            raise LookupError(deployment.id)
        limiter = self._workers
        return await anyio.to_thread.run_sync(self._load, deployment, weights, limiter=limiter)

    def _load(self, deployment: Deployment, weights: bytes) -> Run:
        try:
            experiment = Experiment.model_validate(deployment.experiment)
            run = Run.standing(experiment, self._programs, *unpack(experiment, weights))
        except (Refused, Unsupported, ValueError, RuntimeError, OSError) as error:
            message = (
                f"what it was made of cannot be read any more ({_reason(error)}); deploy it anew"
            )
            raise Refused("", message) from error
        with self._lock:
            run = self._ready.setdefault(deployment.id, run)
            while len(self._ready) > READY:
                self._ready.popitem(last=False)
        return run


def _reason(error: Exception) -> str:
    """Why, in a few words."""
    said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return said.removeprefix("Value error, ").partition("; ")[0]


def opens(given: str, *hashes: str) -> bool:
    """Whether a key, or a secret, is that of one of these hashes; it takes as long if not."""
    mine = hash_secret(given)
    found = [secrets.compare_digest(mine, one) for one in hashes]
    return any(found)


def filled(run: Run, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a table with what nobody has to give: the columns that are dropped before anything
    is made of them."""
    dataset, prepared = run.experiment.data.dataset, run.loaded.prepared
    if not isinstance(dataset, TableDataset) or prepared is None:
        return rows
    dropped = _dropped(run.experiment)
    usual = {name: value for name, value in _usual(run).items() if name in dropped}
    return [usual | row for row in rows]


def probabilities(
    outputs: NDArray[np.float32], experiment: Experiment
) -> list[dict[str, float | None]] | None:
    """Of outputs (N, K) of a classifier with one answer an example, how probable each class is,
    by its name; None where the outputs are no probabilities."""
    task = experiment.task
    sure = ACTIVATIONS[experiment.output_activation].hints.get("probability", False)
    if not task.classes or task.label_shape or not sure:
        return None
    names = experiment.data.dataset.class_names
    shares = outputs if outputs.shape[1] > 1 else np.hstack([1 - outputs, outputs])
    return [dict(zip(names, _finite(row.tolist()), strict=True)) for row in shares]


def _finite(values: list[float]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values]


# -- what is frozen, and what is told of it --------------------------------------------------


def _frozen(session: Session) -> tuple[dict[str, Any], bytes]:
    """The session at this moment as a `Deployment` has it, and its weights."""
    with session.lock:
        experiment, log = session.experiment, session.log()
        params, stats = session.parameters()
        facts = _facts(session)
    if experiment.generator is not None:
        raise Refused(
            "/session", "two networks against each other give no answers; take the generator out"
        )
    frozen = {
        "experiment": experiment.model_dump(mode="json"),
        "log": log.model_dump(mode="json"),
        "facts": facts,
        "step": log.step,
        "digest": log.digest,
    }
    return frozen, pack(base.Run(experiment, params, stats))


def _facts(session: Session) -> dict[str, Any]:
    """What everybody is told, whatever becomes of the session and of its data."""
    experiment, said = session.experiment, session.snapshot.session
    dataset = experiment.data.dataset
    return {
        "dataset": {
            "kind": dataset.kind,
            "title": dataset.title,
            "source": dataset.source,
            "licence": dataset.licence,
        },
        "caution": dataset.caution,
        "form": dataset.form,
        "problem": said["problem"],
        "input_shape": said["raw_shape"],
        "label_shape": said["label_shape"],
        "class_names": said["class_names"],
        "vocabulary": said["vocabulary"],
        "columns": _columns(session),
        "answer": _answer(dataset),
        "parameters": sum(
            array.size for tree in session.parameters()[0] for array in tree.values()
        ),
        "evaluation": _evaluation(session),
    }


def _evaluation(session: Session) -> dict[str, Any] | None:
    """What the test part said of these very weights, and how often it was asked; None where it
    was not."""
    digest = session.digest()
    tests = [one for one in session.evaluations if one["part"] == "test"]
    mine = [one for one in tests if one["digest"] == digest]
    return mine[-1] | {"asked": len(tests)} if mine else None


def _answer(dataset: Any) -> dict[str, str] | None:
    if not isinstance(dataset, TableDataset):
        return None
    return {"name": dataset.asked.name, "unit": dataset.asked.unit}


def _columns(run: Run) -> list[dict[str, Any]] | None:
    """Of a table, the columns of a row as it was collected, the answer's left out, each with a
    value to begin with: of numbers the median of the training rows, of categories the commonest."""
    dataset = run.experiment.data.dataset
    if not isinstance(dataset, TableDataset):
        return None
    dropped, usual = _dropped(run.experiment), _usual(run)
    return [
        {
            "name": v.name,
            "kind": v.kind,
            "categories": list(v.categories),
            "unit": v.unit,
            "gaps": v.gaps or v.kind == "text",
            "used": v.name not in dropped,
            "usual": usual[v.name],
        }
        for v in dataset.variables
    ]


def _usual(run: Run) -> dict[str, float | str | None]:
    prepared = run.loaded.prepared
    assert prepared is not None
    rows = prepared.frames[0].take(np.flatnonzero(prepared.parts[0] == TRAIN))
    profiles = (of_column(v, c) for v, c in zip(rows.variables, rows.columns, strict=True))
    return {profile["name"]: _middle(profile) for profile in profiles}


def _middle(profile: Mapping[str, Any]) -> float | str | None:
    if profile["kind"] == "text":
        return None  # what a person wrote is nobody else's
    if profile["kind"] == "category":
        return profile["counts"]["most"][0]["value"]
    return profile["numbers"] and profile["numbers"]["quarters"][1]


def _dropped(experiment: Experiment) -> set[str]:
    """The columns that are dropped before any other step."""
    gone: set[str] = set()
    for step in experiment.data.preparation:
        if not isinstance(step, DropColumns):
            break
        gone |= set(step.columns)
    return gone
