"""Sweeps survive the end of the process: what is new is kept once a second, those that were
running go on when the server is there again, the others come back when somebody asks."""

from __future__ import annotations

import asyncio
from math import isfinite
from typing import Any

import numpy as np
import structlog
from pydantic import TypeAdapter
from safetensors.numpy import load, save

from server.engine.history import Log
from server.records import Kept, pack_log, pack_state, readable, unpack
from server.store import ID, KeptRun, KeptSweep, Store, StoreError, SweepTable, Unreadable
from server.store.rounds import Rounds

from .plan import plan
from .runner import News, Sweeps, TooMany
from .spec import Sweep
from .study import Result, Run, State, Status, Study

log = structlog.get_logger()

#: a sweep that was running when the server crashed so often is not begun again by itself
CRASHES = 2
STATES, STATUSES = TypeAdapter[State](State), TypeAdapter[Status](Status)
UNREADABLE = "what was kept of this sweep cannot be read; begin it again"


class Keeping:
    """Keeps the sweeps of a `Sweeps` in a store, and brings them back.

    days, size: after how many days a sweep that nothing came of is forgotten, and how many
    bytes all may take before the oldest are.
    """

    def __init__(self, sweeps: Sweeps, store: Store, days: float, size: int) -> None:
        self._sweeps, self._table, self._size = sweeps, SweepTable(store), size
        self._rounds = Rounds("sweeps", self.keep, self._forget_old, days)
        self._one = asyncio.Lock()  # keeping, bringing back, or forgetting

    async def run(self) -> None:
        """Let those that were running go on; keep what changes, until `stop`."""
        try:
            for sweep_id in await self._table.interrupted(CRASHES):
                await self._go_on(sweep_id)
        except StoreError as error:
            log.error("interrupted sweeps cannot be brought back", reason=str(error))
        await self._rounds.run()

    async def stop(self) -> None:
        """Keep everything once more, and no more after that."""
        await self._rounds.stop(self.keep)

    async def keep(self) -> None:
        """Keep what is new. Raises StoreError."""
        async with self._one:
            news = self._sweeps.news()
            for number, one in enumerate(news):
                try:
                    await self._keep(one)
                except (StoreError, asyncio.CancelledError):
                    for left in news[number:]:
                        self._sweeps.keep_again(left)
                    raise
                except Exception:  # the others are kept all the same
                    log.exception("a sweep cannot be kept", sweep=one.study.id)

    async def _keep(self, news: News) -> None:
        runs = await asyncio.to_thread(lambda: [_packed(news, run) for run in news.runs])
        await self._table.keep([_row(news)], runs)

    async def find(self, sweep_id: str) -> Study | None:
        """The sweep of this id, from memory or from the store; None where neither has it.

        Raises Unreadable where what was kept is damaged, TooMany and StoreError.
        """
        study = self._sweeps.get(sweep_id)
        if study is not None or not ID.fullmatch(sweep_id):
            return study
        async with self._one:
            found = self._sweeps.get(sweep_id) or await self._table.find(sweep_id)
            if found is None or isinstance(found, Study):
                return found
            return self._sweeps.add(await self._study(*found))

    async def forget(self, study: Study) -> None:
        """End a sweep; nobody will come back to it. Raises StoreError."""
        async with self._one:  # nobody brings it back in between
            await asyncio.to_thread(self._sweeps.delete, study)
            await self._table.forget(study.id)

    async def _forget_old(self, before: float) -> int:
        return await self._table.forget_old(before, self._size, self._sweeps.ids)

    async def _go_on(self, sweep_id: str) -> None:
        try:
            await self.find(sweep_id)
        except (Unreadable, TooMany) as error:
            log.warning("a sweep does not go on", sweep=sweep_id, reason=str(error))

    async def _study(self, kept: KeptSweep, runs: list[KeptRun]) -> Study:
        try:
            return await asyncio.to_thread(_unpacked, kept, runs)
        except Exception:  # whatever is wrong with it
            log.exception("a sweep cannot be brought back", sweep=kept.id)
            raise Unreadable(UNREADABLE) from None


# -- as what the store holds it ----------------------------------------------------------


def _row(news: News) -> KeptSweep:
    study = news.study
    sweep = study.sweep.model_dump(mode="json")
    return KeptSweep(study.id, study.secret_hash, sweep, news.state, news.crashes)


def _packed(news: News, run: Run) -> KeptRun:
    """A run that has ended with its result, another with where it goes on from."""
    of, number = news.study.id, run.planned.index
    if run.over:
        data = b"" if run.outputs is None else save({"outputs": np.ascontiguousarray(run.outputs)})
        return KeptRun(of, number, run.status, run.step, _document(run), data)
    place = run.left_off
    if place is None:
        return KeptRun(of, number, "waiting", 0, {})
    return KeptRun(
        of, number, "waiting", place.log.step, pack_log(place.log), pack_state(Kept(place))
    )


def _document(run: Run) -> dict[str, Any]:
    result = run.result
    found: dict[str, Any] = {"message": run.message}
    if result is not None:
        found["result"] = {
            "loss": result.loss,
            "metrics": _finite(result.metrics),
            "curve": _finite(result.curve),
            "log": result.log.model_dump(mode="json"),
            "span": list(result.span),
        }
    return found


def _finite(value: Any) -> Any:
    """Null for what JSON has no number for, as REST says it."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _unpacked(kept: KeptSweep, runs: list[KeptRun]) -> Study:
    sweep = Sweep.model_validate(kept.sweep)
    study = Study(kept.id, kept.secret_hash, sweep, plan(sweep), crashes=kept.crashes)
    study.state = STATES.validate_python(kept.state)
    for row in runs:
        _restore(study, study.runs[row.run], row)
    study.stale = False
    return study


def _restore(study: Study, run: Run, row: KeptRun) -> None:
    if row.status == "waiting":
        _restore_place(run, row)
        return
    run.status = STATUSES.validate_python(row.status)
    run.step, run.message = row.step, row.result["message"]
    said = row.result.get("result")
    if said is not None:
        span = (float(said["span"][0]), float(said["span"][1]))
        log_ = Log.model_validate(said["log"])
        run.result = Result(said["loss"], said["metrics"], said["curve"], log_, span)
        if row.data:
            study.draw(run, load(row.data)["outputs"], span)


def _restore_place(run: Run, row: KeptRun) -> None:
    """From where it goes on, unless that cannot be read or is no place of this run."""
    if not row.data:
        return
    kept = unpack(row.result, row.step, row.data)
    log_ = kept.record.log
    if readable(kept) and log_.experiment == run.planned.experiment and not log_.entries:
        run.leave_off(kept.record)
