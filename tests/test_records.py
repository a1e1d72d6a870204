"""What is packed of a session is what is unpacked, whatever the numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from server.engine.curve import COLUMNS, Rows
from server.engine.history import Log, Record
from server.keeper import ROWS, thinned
from server.records import Kept, pack_log, pack_state, readable, unpack

STEPS = st.integers(0, 10**8)
CURVES = st.integers(0, 5).flatmap(lambda n: arrays(np.float64, (n, len(COLUMNS))))


def log(step: int = 0) -> Log:
    entries = [{"kind": "resumed", "step": step // 2}]
    document = {"experiment": {"seed": 7}, "entries": entries, "step": step, "digest": "d" * 64}
    return Log.model_validate(document)


@given(
    step=STEPS,
    state=arrays(np.uint32, st.integers(0, 40)),
    layout=st.text(st.characters(codec="utf-8"), min_size=1),
    rows=CURVES,
    playing=st.booleans(),
    speed=st.none() | st.floats(1e-3, 1e6),
    left=st.none() | STEPS,
)
def test_a_record_comes_back_as_it_was(
    step: int,
    state: Any,
    layout: str,
    rows: Rows,
    playing: bool,
    speed: float | None,
    left: int | None,
) -> None:
    record = Record(log(step), state, layout, rows, playing, speed)
    text = json.dumps(pack_log(record.log))
    found = unpack(json.loads(text), step, pack_state(Kept(record, left)))
    assert readable(found) and found.left == left
    again = found.record
    assert (again.log, again.layout, again.playing, again.speed) == (
        record.log,
        layout,
        playing,
        speed,
    )
    assert again.state.dtype == np.uint32
    np.testing.assert_array_equal(again.state, state)
    np.testing.assert_array_equal(again.rows, rows)


@given(place=st.floats(0, 1, exclude_max=True), cut=st.booleans(), bits=st.integers(1, 255))
def test_a_damaged_state_is_read_or_asks_for_a_replay(place: float, cut: bool, bits: int) -> None:
    words, rows = np.arange(50, dtype=np.uint32), np.ones((3, len(COLUMNS)))
    record = Record(log(9), words, "here", rows, playing=True, speed=2.0)
    state = bytearray(pack_state(Kept(record)))
    at = int(place * len(state))
    if cut:
        del state[at:]
    else:
        state[at] ^= bits
    found = unpack(pack_log(record.log), 9, bytes(state))
    assert found.record.log.entries == record.log.entries and found.record.log.step == 9
    assert isinstance(found.record.state, np.ndarray)


@given(count=st.integers(0, 5 * ROWS))
def test_a_thinned_curve_has_its_ends_and_is_short(count: int) -> None:
    rows = np.arange(2.0 * count).reshape(count, 2)
    few = thinned(rows)
    steps = few[:, 0]
    assert len(few) <= ROWS + 1 and set(steps) <= set(rows[:, 0]) and (np.diff(steps) > 0).all()
    np.testing.assert_array_equal(few[:1], rows[:1])
    np.testing.assert_array_equal(few[-1:], rows[-1:])
    assert count > ROWS or len(few) == count
