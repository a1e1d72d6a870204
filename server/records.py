"""A session's record as what the store holds: the log as JSON, all else as safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from server.engine.curve import COLUMNS, widened
from server.engine.history import Ended, Log, Record


@dataclass(frozen=True)
class Kept:
    """A record, and the steps that were left of a limited run (None: of no such run)."""

    record: Record
    left: int | None = None


def pack_log(log: Log) -> dict[str, Any]:
    """The log's JSON but for what changes with every step."""
    return log.model_dump(mode="json", exclude={"step", "digest"})


def pack_state(kept: Kept) -> bytes:
    """State, curve, and what else there is beside the log."""
    record = kept.record
    arrays = {
        "state": np.ascontiguousarray(record.state),
        "rows": np.ascontiguousarray(record.rows),  # float32 cannot count steps far enough
    }
    words = {
        "layout": record.layout,
        "columns": list(COLUMNS),
        "digest": record.log.digest,
        "playing": record.playing,
        "left": kept.left,
        "speed": record.speed,
        "ended": record.ended,
        "asked": record.asked,
    }
    return save(arrays, {name: json.dumps(word) for name, word in words.items()})


def unpack(log: Mapping[str, Any], step: int, state: bytes | None) -> Kept:
    """What these were packed from. Where the state is missing or cannot be read, the record
    asks for a replay of its log. Raises ValueError or TypeError where there is no log."""
    run = Log.model_validate({**log, "step": step})
    no_rows = np.empty((0, len(COLUMNS)))
    bare = Record(run, np.zeros(0, np.uint32), "", no_rows, playing=False, speed=None)
    try:
        return _with_state(bare, state or b"")
    except (SafetensorError, LookupError, TypeError, ValueError):
        return Kept(bare)


def readable(kept: Kept) -> bool:
    """Whether there is a state to go on from."""
    return bool(kept.record.layout)


def _with_state(bare: Record, state: bytes) -> Kept:
    arrays = load(state)
    length = int.from_bytes(state[:8], "little")
    written = json.loads(state[8 : 8 + length])["__metadata__"]
    words = {name: json.loads(word) for name, word in written.items()}
    rows = widened(words["columns"], arrays["rows"])
    record = replace(
        bare,
        log=bare.log.model_copy(update={"digest": words["digest"]}),
        state=arrays["state"],
        layout=words["layout"],
        rows=bare.rows if rows is None else rows,
        playing=words["playing"],
        speed=words["speed"],
        ended=_ended(words.get("ended")),
        asked=tuple(words.get("asked", ())),
    )
    return Kept(record, words["left"])


def _ended(value: Any) -> tuple[Ended, str] | None:
    """How the run had ended; nothing where an older server has not kept it."""
    match value:
        case [("diverged" | "stopped") as status, str(message)]:
            return status, message
        case _:
            return None
