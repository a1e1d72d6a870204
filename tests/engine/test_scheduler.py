"""Who runs next: fair turns, room for newcomers, a pace, and an end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.engine import commands as c
from server.engine.pace import Pace
from server.engine.program import Programs
from server.engine.scheduler import Engine, Full
from server.engine.session import Session
from server.engine.snapshot import Watcher
from server.experiment import Experiment

SMALL = Experiment.model_validate({})
LARGE = Experiment.model_validate(
    {
        "network": {"layers": [{"kind": "dense", "units": 256}] * 4},
        "data": {"dataset": {"kind": "circle", "samples": 5000}},
        "training": {"batch_size": 2000},
    }
)
STOPPING = Experiment.model_validate(
    {"training": {"early_stopping": {"patience": 3}, "learning_rate": 0.3}}
)
#: far more than anything here needs; only a test that fails waits so long
PATIENCE = 100


class Screen:
    """A watcher that can wait for its session to reach a condition."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.woken = threading.Event()
        self.watcher = Watcher(wake=self.woken.set)
        session.watch(self.watcher)

    def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.woken.clear()
            if not condition():
                assert self.woken.wait(PATIENCE), "nothing happened any more"


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(train_workers=1)
    yield made
    made.stop()


@pytest.fixture
def idle() -> Iterator[Engine]:
    """An engine without workers: the test gives the turns."""
    made = Engine(train_workers=0, compile_workers=0, max_sessions=3)
    yield made
    made.stop()


def play(session: Session) -> Screen:
    screen = Screen(session)
    session.act(c.Play(steps=None))
    return screen


def give_turns(engine: Engine, condition: Callable[[], bool]) -> dict[str, float]:
    """Run whom the engine chooses; the longest turn of every session, in seconds."""
    longest: dict[str, float] = {}
    while not condition():
        compile_all(engine)
        sessions = engine.choose()
        assert sessions, "nobody is due"
        before = {s.id: s.used for s in sessions}
        engine.run(sessions)
        for s in sessions:
            longest[s.id] = max(longest.get(s.id, 0.0), s.used - before[s.id])
    return longest


def compile_all(engine: Engine) -> None:
    while (job := engine.job()) is not None:
        engine.work(job)


def test_small_networks_get_their_turns_beside_a_large_one(engine: Engine) -> None:
    large = play(engine.create(LARGE))
    large.until(lambda: large.session.step > 0)
    small = [play(engine.create(SMALL)) for _ in range(3)]
    for screen in small:
        screen.until(lambda s=screen.session: s.step > 1000)
    begun = large.session.step
    large.until(lambda: large.session.step > begun + 3)
    for screen in small:
        reached = screen.session.step
        screen.until(lambda s=screen.session, n=reached: s.step > n + 1000)


def test_compute_is_shared_to_within_one_turn(idle: Engine) -> None:
    sessions = [idle.create(e) for e in (LARGE, SMALL, SMALL)]
    for session in sessions:
        play(session)
        while session.step < 3:
            session.turn()
    compile_all(idle)
    level = max(s.used for s in sessions)
    for session in sessions:
        session.used = level
        session.act(c.Play(steps=None))
    longest = give_turns(idle, lambda: sessions[0].step > 20)
    shares = [s.used - level for s in sessions]
    assert all(s.step > sessions[0].step for s in sessions[1:])
    assert max(shares) - min(shares) <= max(longest.values())


def test_who_was_idle_is_not_owed_the_past(idle: Engine) -> None:
    busy, late = idle.create(SMALL), idle.create(SMALL)
    busy.used = 50.0
    busy.act(c.Play(steps=10**6))
    compile_all(idle)
    assert idle.choose() == [busy]
    late.act(c.Play(steps=10**6))
    assert idle.choose() == [late]
    assert 49 < late.used <= 50


def test_what_nobody_watches_does_not_run(idle: Engine) -> None:
    session = idle.create(SMALL)
    session.act(c.Play(steps=None))
    assert session.playing and not idle.choose() and idle.job() is None
    screen = Screen(session)
    give_turns(idle, lambda: session.step > 0)
    session.unwatch(screen.watcher)
    assert session.playing and not idle.choose() and idle.job() is None
    reached = session.step
    session.turn()
    assert session.step == reached
    Screen(session)
    give_turns(idle, lambda: session.step > reached)


def test_who_has_gone_stays_away(idle: Engine) -> None:
    """Though its wish to see something else was on its way when it went."""
    session = idle.create(SMALL)
    screen = play(session)
    session.unwatch(screen.watcher)
    session.watch(screen.watcher)
    assert not session.watchers and not idle.choose() and idle.job() is None


def test_a_limited_run_needs_no_watcher(engine: Engine) -> None:
    session = engine.create(SMALL)
    session.act(c.Play(steps=321))
    assert session.done.wait(PATIENCE)
    assert session.step == 321 and session.status == "paused"


def test_the_longest_untouched_makes_room_and_a_watched_one_never(idle: Engine) -> None:
    sessions = [idle.create(SMALL) for _ in range(3)]
    screen = Screen(sessions[0])
    sessions[1].touched, sessions[2].touched = sessions[0].touched + 2, sessions[0].touched + 1
    fourth = idle.create(SMALL)
    assert sessions[2].closed and idle.get(sessions[2].id) is None
    assert set(idle.sessions) == {sessions[0].id, sessions[1].id, fourth.id}
    for session in (sessions[1], fourth):
        Screen(session)
    with pytest.raises(Full):
        idle.create(SMALL)
    assert len(idle.sessions) == 3 and not any(s.closed for s in idle.sessions.values())
    sessions[0].unwatch(screen.watcher)
    idle.create(SMALL)
    assert sessions[0].closed


def test_a_limited_run_does_not_make_room(idle: Engine) -> None:
    for _ in range(3):
        idle.create(SMALL).act(c.Play(steps=10))
    with pytest.raises(Full):
        idle.create(SMALL)


def test_idle_sessions_are_dropped() -> None:
    engine = Engine(train_workers=0, compile_workers=0, idle_seconds=60)
    old, watched = engine.create(SMALL), engine.create(SMALL)
    Screen(watched)
    old.touched -= 61
    watched.touched -= 61
    fresh = engine.create(SMALL)
    assert set(engine.sessions) == {watched.id, fresh.id} and old.closed
    engine.stop()


def test_stop_ends_the_threads_and_tells_the_watchers() -> None:
    engine = Engine(train_workers=2, compile_workers=1)
    screen = play(engine.create(SMALL))
    screen.until(lambda: screen.session.step > 0)
    threads = list(engine._threads)
    assert len(threads) == 3 and all(t.is_alive() for t in threads)
    engine.stop()
    assert not any(t.is_alive() for t in threads)
    assert screen.session.closed and screen.session.snapshot.version == -1


def test_stop_lets_nobody_wait_for_a_run_that_will_not_end() -> None:
    engine = Engine(train_workers=0, compile_workers=0)
    session = engine.create(SMALL)
    session.act(c.Play(steps=10))
    assert not session.done.is_set()
    engine.stop()
    assert session.done.is_set()


def test_a_turn_that_fails_is_said_and_harms_nobody(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = engine.create(SMALL), engine.create(SMALL)
    monkeypatch.setattr(broken, "begin", lambda *_: 1 / 0)
    screen = play(broken)
    screen.until(lambda: not broken.playing)
    assert broken.snapshot.frame["status"] == "paused"
    assert "could not train" in broken.snapshot.frame["message"]
    other = play(whole)
    other.until(lambda: whole.step > 100)


def test_early_stopping_stops_and_can_be_continued(engine: Engine) -> None:
    session = engine.create(STOPPING)
    screen = play(session)
    screen.until(lambda: session.snapshot.frame["status"] == "stopped")
    first = session.step
    assert not session.playing and "Early stopping" in (session.message or "")
    assert first > 0 and first % session.steps_per_epoch == 0
    session.act(c.Play(steps=None))
    assert session.status == "playing" and session.message is None
    screen.until(lambda: session.status == "stopped" and session.step > first)
    # the count begins anew: patience epochs at the least, the first of them an improvement
    assert session.step - first >= 3 * session.steps_per_epoch


# -- pace --------------------------------------------------------------------------------


@given(
    limit=st.floats(0.05, 100),
    per_epoch=st.integers(1, 500),
    waits=st.lists(st.floats(0.0, 0.5), min_size=1, max_size=60),
)
def test_a_limited_pace_is_never_exceeded(limit, per_epoch, waits) -> None:
    pace, now, taken = Pace(100.0), 100.0, 0
    pace.measure(1000, 0.001)  # a fast network: only the limit holds it back
    pace.set_limit(limit, now)
    pace.start(now)
    for wait in waits:
        now += wait
        steps = pace.allowance(per_epoch, None, now)
        assert steps >= 0
        pace.spend(steps)
        taken += steps
        assert taken <= 1 + (now - 100.0) * limit * per_epoch * (1 + 1e-9)


def test_a_limited_pace_is_kept() -> None:
    """5 epochs a second of 25 steps, asked when it wants to be: 125 steps a second."""
    pace, now, taken = Pace(0.0), 0.0, 0
    pace.measure(1000, 0.001)
    pace.set_limit(5.0, now)
    pace.start(now)
    while now < 10.0:
        now += pace.wait(25, now)
        steps = pace.allowance(25, None, now)
        pace.spend(steps)
        taken += steps
    assert 1240 <= taken <= 1260


def test_a_long_break_is_not_made_up_for() -> None:
    pace = Pace(0.0)
    pace.measure(1000, 0.001)
    pace.set_limit(4.0, 0.0)
    pace.start(0.0)
    assert pace.allowance(25, None, 3600.0) <= 25


@pytest.mark.parametrize(("overhead", "per_step"), [(0.0, 1e-5), (0.004, 1e-6), (0.0, 0.5)])
def test_without_a_limit_turns_come_to_last_what_they_should(overhead, per_step) -> None:
    pace = Pace(0.0)
    assert pace.allowance(25, None, 0.0) == 1  # nothing is known yet
    steps = 0
    for _ in range(40):
        steps = pace.allowance(25, None, 0.0, seconds=0.01)
        pace.measure(steps, overhead + steps * per_step)
    fits = max(1, (0.01 - overhead) / per_step)
    assert steps == pytest.approx(fits, rel=0.05)
    assert pace.allowance(25, 7, 0.0) <= 7
    assert pace.wait(25, 0.0) == 0.0
    pace.forget()
    assert pace.allowance(25, None, 0.0) == 1


def test_a_session_keeps_to_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock of the test's own."""
    now = 1000.0
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("server.engine.session.time", clock)
    session = Session(SMALL, Programs())
    session.act(c.Speed(epochs_per_second=5))
    assert session.snapshot.session["speed"] == 5
    screen = play(session)
    for _ in range(240):
        now += 1 / 60
        session.turn()
        assert session.step <= 1 + (now - 1000.0) * 5 * 25
    assert session.step >= 0.95 * 4 * 5 * 25
    session.unwatch(screen.watcher)
