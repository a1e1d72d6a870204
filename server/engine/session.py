"""One live run: how it is driven, its curves, and who watches it.

A session is driven by the engine's workers (`turn`) and by commands (`act`), one at a
time under its lock; readers take the immutable `snapshot` without it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from server.experiment import Experiment
from server.experiment.patch import Effect, effect, patched
from server.layers.base import Params

from . import commands as c
from . import describe
from .commands import Refused
from .curve import MAX_EPOCHS, Curve, curve_row
from .divergence import Turn
from .edit import edited
from .evaluation import evaluate, examined
from .history import Edited, Ended, Log, Record, Resumed, check
from .jobs import Job, Rank
from .pace import TURN, Meter, Pace, Share
from .program import ADVANCE, Probe, Program, Programs, Vector
from .run import Run, loadable
from .snapshot import Snapshot, Status, Watcher
from .steps import Report
from .trial import Trial
from .views import SCORES, SLOPES, Scene, View, probes

#: looking may take at most this share of a session's computing, so large networks look less often
LOOK_SHARE = 0.5
#: looks at examples that may be large are whole, with scores and all, for this share of the time
WHOLE_SHARE = 0.15
#: seconds; a look that takes less comes late only because of others
QUICK = 0.01


class Session(Run):
    """A live run.

    notify: called when there may be something to do for the engine.
    """

    def __init__(
        self,
        experiment: Experiment,
        programs: Programs,
        id: str | None = None,
        secret: str | None = None,
        notify: Callable[[Session], None] = lambda _: None,
    ) -> None:
        now = time.monotonic()
        self.id = id or secrets.token_urlsafe(9)
        self.secret = secret or secrets.token_urlsafe(24)
        self.notify = notify
        self.watchers: list[Watcher] = []
        self.used = 0.0  # seconds of compute, for fairness
        self.touched = self.changed = now
        self.left: int | None = None  # steps until a limited run pauses
        self._row_epochs: int | None = None  # epochs from a row to the next, nobody looking
        self.done = threading.Event()  # set whenever no limited run is under way
        self.closed = False
        self._callers: list[c.Command] = []  # what waits to be carried out
        self.pace = Pace(now)
        self.late = 0.0  # seconds that the last frame came late
        self._meter = Meter(now)
        self._curve = Curve()
        self._versions = {"session": 0, "data": 0, "frame": 0}
        self._next_look = 0.0
        self._whole = Share(WHOLE_SHARE)
        self._owed = 0.0  # seconds of training until looking has its share
        self._look_cost = 1.0
        self._shown: Program | None = None  # the program of the last look
        self._scored: dict[str, Any] = {}  # what the last look found: metrics, then views
        self._scored_at: dict[str, Any] = {}  # and where
        self._views: dict[str, Any] = {}
        self._asked: list[dict[str, Any]] = []  # of any test part, when and what it said
        super().__init__(experiment, programs)

    # -- building ------------------------------------------------------------------------

    def _load(self) -> None:
        super()._load()
        self._see()
        self._versions["data"] += 1
        self._data_message = describe.describe_data(self.loaded, self.experiment.data)

    def _start(self) -> None:
        super()._start()
        self.playing = False
        self.status: Status = "paused"
        self.message: str | None = None
        self._after_replay = False  # whether to train on from there
        self._ended: tuple[Ended, str] | None = None  # how the run had ended there
        self._expected: Log | None = None  # the log that is being reproduced
        self._curve.clear()
        self._finish_limited()
        self._changed()

    def _become(self, new: Experiment, change: Effect) -> None:
        program = self.program
        super()._become(new, change)
        if self.program is not program:
            self.pace.forget()
        if self.arrays.count == 0 and self.playing:
            self._halt("paused", None)
        self._changed()

    def _set(self, params: list[Params]) -> None:
        super()._set(params)
        if self.status == "diverged":
            self.status, self.message = "paused", None
        self._dirty()

    def _changed(self) -> None:
        """The experiment or the graph is another: say so, and look again."""
        self.changed = time.monotonic()
        self._versions["session"] += 1
        self._session_message = describe.describe(self)
        self._dirty()

    def _dirty(self) -> None:
        self.stale = True
        self.touched = time.monotonic()
        self._publish()
        self.notify(self)

    # -- what the engine asks ------------------------------------------------------------

    def due(self, now: float) -> float | None:
        """Seconds until there is work (0: now), or None when there is none, or none before
        something has been compiled."""
        if self.closed or self._callers:
            return None
        if self._is_next_a_look():
            return 0.0
        if not self._running() or not self.program.has(ADVANCE):
            return None
        return 0.0 if self._replay is not None else self.pace.wait(self.steps_per_epoch, now)

    def cold(self) -> bool:
        """Whether something has to be compiled for the session to go on."""
        return bool(self._missing())

    def to_compile(self) -> list[Job]:
        """What has to be compiled for the session to go on, the pictures first."""
        with self.lock:
            scene, missing = self.scene(), self._missing()
            # What is found meanwhile is not kept: by then something else may be asked for.
            work: dict[str, Callable[[], object]] = {
                probe.name: partial(scene.answer, probe) for probe in scene.probes.values()
            }
            work[ADVANCE] = self._next_turn().compile
            ranks = dict.fromkeys(self._late, Rank.LATE) | {ADVANCE: Rank.TRAINING}
        return [
            Job(scene.program, name, work[name], ranks.get(name, Rank.PICTURES)) for name in missing
        ]

    def _missing(self) -> list[str]:
        if self.closed or not (self.watchers or self._running()):
            return []
        training = (ADVANCE,) if self._running() else ()
        has = self.program.has
        return [name for name in (*self._prompt, *training, *self._late) if not has(name)]

    def turn(self, seconds: float = TURN, compiled: bool = False) -> None:
        """Train for about so long, look if it is time. Called by one worker at a time.

        compiled: do only what needs no compiling.
        """
        with self.lock:
            start = time.monotonic()
            begun = self.begin(seconds, compiled)
            if begun is not None:
                turn, steps = begun
                self.end(turn, *turn.run(steps), time.monotonic() - start)
            self.look_if_due(compiled)
            self.used += time.monotonic() - start

    def _running(self) -> bool:
        return self._replay is not None or (
            self.playing and bool(self.watchers or self.left is not None)
        )

    # -- training ------------------------------------------------------------------------

    def begin(self, seconds: float, compiled: bool = True) -> tuple[Turn, int] | None:
        """The turn to take now and its steps, if there is one. The lock is held until `end`."""
        if self.closed or not self._running() or (compiled and not self.program.has(ADVANCE)):
            return None
        if self._is_next_a_look():
            return None  # what has just been changed is shown first
        if self._replay is not None:
            steps = self.pace.fits(self.room or 0, seconds)
        else:
            now = time.monotonic()
            steps = self.pace.allowance(self.steps_per_epoch, self.room, now, seconds)
        return (self._next_turn(), steps) if steps > 0 else None

    def end(
        self, turn: Turn, state: Vector, report: Report, seconds: float, lanes: int = 1
    ) -> None:
        """Take over what a turn led to, and what it and those beside it cost."""
        self._take(turn, state, report)
        if report.taken:
            self.pace.measure(report.taken, seconds)
        if self._replay is None:
            self.pace.spend(report.taken)
        self._owed -= seconds / lanes
        if report.taken and not report.bad and self._is_at_row() and self.program.has(SCORES):
            self._remember(self.scene(), compiled=True)
        if report.bad:
            self._halt("diverged", self._diverge(turn))
        elif self._replay is not None:
            self._replayed(report)
        else:
            self._end_if_over(report)

    @property
    def room(self) -> int | None:
        """Steps after which it has to stop, if there is such a number: for a row of its curve,
        for what is to be done then, for good."""
        last = self.left if self._replay is None else self._next_stop() - self.step
        if last is None or self._row_epochs is None:
            return last
        epoch, batch = self._place
        whole = self._row_epochs - epoch % self._row_epochs
        return min(last, whole * self.steps_per_epoch - batch)

    def _is_at_row(self) -> bool:
        """Whether the curve has a row here even where nobody looks."""
        epoch, batch = self._place
        return self._row_epochs is not None and batch == 0 and epoch % self._row_epochs == 0

    def _plan_rows(self, steps: int) -> None:
        """Have rows, and moments to come back to, on a way of so many steps."""
        self._row_epochs = 1 + steps // self.steps_per_epoch // MAX_EPOCHS

    def _end_if_over(self, report: Report) -> None:
        """Stop where early stopping says so, pause where a limited run is complete."""
        if self.left is not None:
            self.left -= report.taken
        if report.stopped:
            self._halt("stopped", "Early stopping: the held-out loss has stopped falling.")
        elif self.left is not None and self.left <= 0:
            self._halt("paused", None)

    def _halt(self, status: Status, message: str | None) -> None:
        self.playing = False
        self._replay = None
        self.status, self.message = status, message
        self.stale = True
        self._finish_limited()

    def _finish_limited(self) -> None:
        self.left, self._row_epochs = None, None
        self.done.set()

    # -- looking -------------------------------------------------------------------------

    def _can_look(self) -> bool:
        """Whether a look has nothing to wait for: where a network is shown for the first time,
        its scores and first pictures are shown together."""
        has = self.program.has
        if self._shown is self.program:
            return True
        return all(map(has, self._prompt))

    def _is_next_a_look(self) -> bool:
        """Whether what has just been changed will be shown before anything else is done."""
        return bool(self.stale and self.watchers) and self._can_look()

    def look_if_due(self, compiled: bool = True) -> None:
        """Look, if something has changed or it is time for the next frame."""
        if self.closed:
            return
        if compiled and not self._can_look():
            if self.stale:
                self._publish()  # where it is can be told without a look
            return
        now = time.monotonic()
        if self.stale:
            self._look(compiled)
        elif self._is_time(now):
            if self._has_earned():
                # A picture that takes long is seldom, and no sign of too much training.
                self.late = now - self._next_look if self._look_cost < QUICK else 0.0
                self._look(compiled)
            else:
                self._next_look = now  # not late: not earned yet

    def will_look(self) -> bool:
        """Whether `look_if_due` will find a picture to make."""
        if self.closed or not self._can_look():
            return False
        return self.stale or (self._is_time(time.monotonic()) and self._has_earned())

    def scene(self) -> Scene:
        """This moment, to be looked at, with what its watchers may ask of it."""
        scene = super().scene()
        if self._probes is None:
            self._probes = probes(scene, self._wanted.values())
        scene.ask(self._probes)
        return scene

    def _is_time(self, now: float) -> bool:
        return (self.playing or self._replay is not None) and now >= self._next_look

    def _has_earned(self) -> bool:
        return self._owed <= 0 or self.pace.limit is not None

    def _look(self, compiled: bool) -> None:
        """Score, add a row to the curve, compute every view that somebody shows. What takes long,
        of examples that may be large, is shown as it was a moment ago."""
        start, routine = time.monotonic(), not self.stale
        scene, has = self.scene(), self.program.has
        whole = not routine or not self.program.shape.streamed or self._whole.may(start)
        if whole:
            self._remember(scene, compiled)
            self._scored = {"metrics": self._metrics(scene, self._told)}
            self._scored_at = {"step": self.step, "epoch": self.epoch}
        before = {} if whole else self._views
        self._views = {
            key: before[key] if view.seldom and key in before else view.look(scene)
            for key, view in self._wanted.items()
            if not compiled or all(has(name) for name in view.needs)
        }
        if whole:
            self._whole.spend(start, time.monotonic())
        self._shown = self.program
        self._versions["frame"] += 1
        if self.playing:
            self.status = "playing"
        self.stale = False
        # About the least it has lately cost: waiting for a processor is not the session's doing.
        self._look_cost = min(time.monotonic() - start, 1.2 * self._look_cost)
        self._owed = self._look_cost * (1 / LOOK_SHARE - 1)
        fps = max([w.fps for w in self.watchers], default=30.0)
        self._next_look = max(self._next_look + 1.0 / fps, start)
        self._publish(frame=routine)

    def _remember(self, scene: Scene, compiled: bool) -> None:
        """Add a row to the curve and keep the moment, unless they are there already."""
        self._keep_moment()
        if self.step < self.reach and self.step <= self._curve.end:
            return
        self.reach = max(self.reach, self.step)
        norm, counts = scene.norm(compiled), self._told
        where = self.step, self.epoch
        self._curve.add(curve_row(*where, scene.scores, norm, counts, scene.generator))

    @property
    def _told(self) -> dict[str, int]:
        """Examples of every part whose scores are told unasked: none of a sealed one."""
        sealed = self.experiment.data.split.sealed
        return self.loaded.counts | ({"test": 0} if sealed else {})

    def _metrics(self, scene: Scene, counts: dict[str, int]) -> dict[str, Any]:
        problem = self.experiment.task.problem
        parts = describe.describe_scores(scene.scores, counts, problem)
        return parts | describe.describe_generator(scene.generator)

    # -- showing -------------------------------------------------------------------------

    def untried(self) -> str | None:
        """What sessions of its program might share (`trial`), and nobody knows whether they
        should."""
        program = self.program
        if not program.shares:
            return ADVANCE if program.shares is None else None
        asked = (*self._prompt, *self._late)
        return next((n for n in asked if program.has(n) and n not in program.looks), None)

    def trial(self, name: str) -> None:
        """Find out whether sessions of its program should share dispatches of training, or of
        a probe of this name, on data of ours."""
        with self.lock:
            trial = Trial(self.program, self._live, self.data)
            asked = self.scene().probes.values()
            probe = next((probe for probe in asked if probe.name == name), None)
        if name == ADVANCE:
            trial.program.shares = trial.training()
        elif probe is not None:
            trial.program.looks[name] = trial.looking(probe)

    def announce(self, message: str | None) -> None:
        """Say to the watchers that something is being compiled, and what there is to wait for."""
        with self.lock:
            if self.watchers and not self.closed and self.held_up():
                self._versions["frame"] += 1
                self._publish("compiling", message)

    def held_up(self) -> bool:
        """Whether the session stands still until something is compiled."""
        return not self._can_look() or (self._running() and not self.program.has(ADVANCE))

    def _publish(
        self, status: Status | None = None, message: str | None = None, frame: bool = False
    ) -> None:
        """Make the snapshot anew and wake the watchers, those whose turn it is for a frame."""
        if self._running() and not self.program.has(ADVANCE):
            status = "compiling"
        moment = {
            "step": self.step,
            "epoch": self.epoch,
            "end": max(self.reach, self.step),
            "playing": self.playing,
            "status": status or self.status,
            "message": message or self.message,
            "steps_per_second": self._meter.read(self.step, self.playing, time.monotonic()),
        }
        # A frame is of one moment: where a look is about to follow, of the last one's.
        shown = moment | self._scored_at if self._is_next_a_look() else moment
        self.snapshot = Snapshot(
            version=self._versions["session"],
            session=self._session_message | moment,
            data_version=self._versions["data"],
            data=self._data_message,
            curve_version=self._curve.version,
            curve=self._curve.rows,
            rows=len(self._curve.rows),
            frame_version=self._versions["frame"],
            frame=shown | self._scored,
            views=self._views,
        )
        self._wake(frame)

    def _wake(self, frame: bool = False) -> None:
        now = time.monotonic()
        for watcher in list(self.watchers):
            watcher.tell(now, frame)

    # -- reading -------------------------------------------------------------------------

    def metrics(self) -> dict[str, Any]:
        """Loss and score of every part, at this moment."""
        with self.lock:
            return self._metrics(self.scene(), self._told)

    def evaluate(self, part: str) -> dict[str, Any]:
        """Loss and score over all examples of a part at this moment; training may go on. Of the
        test part it is written down that it was asked."""
        with self.lock:
            scene, of = self.scene(), examined(self.experiment.data)
            found: dict[str, Any] = {"part": part, "step": self.step, "digest": self.digest()}
            in_sight = not self.program.shape.streamed or self.program.shape.maker is not None
            if in_sight:
                scores: dict[str, Any] | None = self._metrics(scene, self.loaded.counts)[part]
                found |= {"count": self.arrays.scored[part]} | (scores or {})
        if not in_sight:
            found |= evaluate(scene, part) or {"count": 0}
        found["time"] = time.time()
        if part == "test" and found["count"]:
            with self.lock:
                self._asked.append(found | {"of": of})
                self._changed()
        return found

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """When the test part that there is was asked, in order, and what it said."""
        of = examined(self.experiment.data)
        mine = (one for one in self._asked if one["of"] == of)
        return [{name: value for name, value in one.items() if name != "of"} for one in mine]

    def curve(self) -> dict[str, Any]:
        """The curves so far: columns and rows; NaN is null."""
        with self.lock:
            self._remember(self.scene(), compiled=False)
            return self._curve.document()

    # -- commands ------------------------------------------------------------------------

    def act(self, command: c.Command) -> None:
        """Carry out a command. Raises Refused or pydantic.ValidationError; then nothing
        has changed."""
        self._callers.append(command)  # no worker takes it meanwhile
        try:
            self._act(command)
        finally:
            self._callers.remove(command)
            self.notify(self)

    def _act(self, command: c.Command) -> None:
        with self.lock:
            match command:
                case c.Play():
                    self._play(command.steps)
                case c.Pause():
                    self._pause()
                case c.Advance():
                    steps = command.steps or self._steps_of(command.epochs or 0)
                    self._play(steps)
                    self._plan_rows(steps)
                case c.Reset():
                    self._reset(command.seed)
                case c.Speed():
                    self._set_speed(command.epochs_per_second)
                case c.Seek():
                    self._seek(command.step)
                case c.Edit():
                    self._edit(command)
                case c.Patch():
                    self._patch(patched(self.experiment, command.experiment))

    def _steps_of(self, epochs: int) -> int:
        """Steps to the end of the epoch that is `epochs` further on."""
        return epochs * self.steps_per_epoch - self._place[1]

    def _play(self, steps: int | None) -> None:
        if self.arrays.count == 0:
            raise Refused("/experiment/data/dataset", "there are no training points; draw some")
        self._branch()
        if self.status == "stopped":
            self._note(Resumed(step=self.step))
            self.state = self.program.resumed(self.state)
        self._finish_limited()
        self.playing, self.status, self.message = True, "playing", None
        self.left = steps
        if steps is not None:
            self.done.clear()
        self.pace.start(time.monotonic())
        self._dirty()

    def _pause(self) -> None:
        if self.playing or self._replay is not None:
            self._halt("paused", None)
        self._dirty()

    def _reset(self, seed: int | None) -> None:
        if seed is not None:
            self.experiment = self.experiment.model_copy(update={"seed": seed})
        self._start()

    def _set_speed(self, epochs_per_second: float | None) -> None:
        self.pace.set_limit(epochs_per_second, time.monotonic())
        self._changed()

    def _patch(self, new: Experiment) -> None:
        change = effect(self.experiment, new)
        if change == "none":
            return
        if new.data != self.experiment.data:
            # refused before anything has changed; and kept, so that it is worked out once
            _loaded = loadable(new.data)
        if change != "reset":
            self._branch()
            self.history.change(self.step, self.experiment, new)
            self._applied = len(self.history.entries)
        self._become(new, change)

    def _edit(self, command: c.Edit) -> None:
        params = edited(self.parameters()[0], command)
        self._branch()
        self._note(Edited(step=self.step, edit=command))
        self._set(params)

    # -- past and branches ---------------------------------------------------------------

    def _seek(self, step: int) -> None:
        """Begin to go to a step: from the last moment kept before it, as training did."""
        target = min(step, max(self.reach, self.step))
        moment = self.history.before(target)
        self._ended = None
        self._halt("seeking", None)
        if not moment.step <= self.step <= target:
            self._restore(moment)
        self._replay = target
        self._plan_rows(target - self.step)
        self.done.clear()
        self._apply_entries()
        if self.step >= target:
            self._arrive()
        self._changed()

    def _branch(self) -> None:
        told = self.reproduced is not None or self.step < self.reach
        super()._branch()
        if told:
            self._changed()

    def _replayed(self, report: Report) -> None:
        """A turn of a replay is over."""
        self._apply_entries()
        if self.step >= (self._replay or 0) or not report.taken:
            self._arrive()

    def _arrive(self) -> None:
        """The step gone to is reached."""
        expected = self._expected
        if expected is not None and self.step == expected.step and expected.digest is not None:
            self.reproduced = self.digest() == expected.digest
        status, message = self._ended or ("paused", None)
        self._halt(status, message)  # last: it tells those who wait
        self._changed()
        if self._after_replay:
            self._after_replay = False
            self._play(None)

    def replay(self, log: Log) -> None:
        """Become the run of a log, by doing all of it again. Raises Refused where it cannot
        have been; then nothing has changed."""
        with self.lock:
            check(log)
            self.experiment = log.experiment
            self._load()
            self._start()
            self.history.entries = list(log.entries)
            self.reach = log.step
            self._expected = log
            self._seek(log.step)

    @property
    def mark(self) -> tuple[int, int, bool, float | None]:
        """Differs where a new record would: cheap to ask."""
        return self.step, self._applied, self.playing, self.pace.limit

    def record(self) -> Record:
        """This moment, to be begun again from."""
        with self.lock:
            return Record(
                log=self.log(),
                state=np.asarray(self.state),
                layout=self.program.packing.layout,
                rows=self._curve.rows.copy(),
                playing=self.playing,
                speed=self.pace.limit,
                ended=self._how_it_ended(),
                asked=tuple(self._asked),
            )

    def _how_it_ended(self) -> tuple[Ended, str] | None:
        match self.status:
            case "diverged" | "stopped" as status:
                return status, self.message or ""
            case _:
                return None

    def recall(self, record: Record) -> None:
        """Go on from a record: its weights where they can be read, else those that a replay
        of its log comes to. Raises Refused for a log that cannot have been."""
        with self.lock:
            self._asked = list(record.asked)
            self.replay(record.log)
            self.pace.set_limit(record.speed, time.monotonic())
            self._curve.extend(record.rows)
            if self._restore_words(record):
                self._expected = None  # nothing is done again, so nothing reproduced
            self._after_replay, self._ended = record.playing, record.ended
            if self._replay is not None and self.step >= self._replay:
                self._arrive()
            self._dirty()

    # -- watching ------------------------------------------------------------------------

    def watch(self, watcher: Watcher) -> None:
        """Add a watcher, or take its changed views; it is woken when there is a frame. One that
        has gone stays away, though it was on its way here when it went."""
        with self.lock:
            if watcher.gone:
                return
            if watcher not in self.watchers:
                self.watchers.append(watcher)
            self._see()
            self._dirty()

    def _see(self) -> None:
        """The views that somebody shows, by their keys, and what they need of the compiler."""
        self._wanted = {
            key: view
            for w in self.watchers
            for key, view in w.views.items()
            if view.fits(self.experiment) and not self._is_sealed(view)
        }
        views = self._wanted.values()
        prompt = [name for view in views if view.prompt for name in view.needs]
        late = [name for view in views if not view.prompt for name in view.needs]
        self._prompt = tuple(dict.fromkeys([SCORES, *prompt]))
        self._probes: dict[str, Probe] | None = None
        self._late = tuple(dict.fromkeys([n for n in (*late, SLOPES) if n not in self._prompt]))

    def _is_sealed(self, view: View) -> bool:
        """Whether it would tell of the test part what only `evaluate` tells."""
        return self.experiment.data.split.sealed and getattr(view, "part", None) == "test"

    def unwatch(self, watcher: Watcher) -> None:
        """The watcher goes, for good."""
        with self.lock:
            watcher.gone = True
            if watcher in self.watchers:
                self.watchers.remove(watcher)
            self._see()
            self.touched = time.monotonic()

    def fail(self, message: str) -> None:
        """Stop where it is, with a sentence: something in the engine went wrong."""
        with self.lock:
            self._halt("paused", message)
            self.stale = False
            self._publish()

    def close(self) -> None:
        """End the session: its watchers are told."""
        with self.lock:
            self.closed = True
            self._finish_limited()
            self.snapshot = replace(self.snapshot, version=-1)
            self._wake()
