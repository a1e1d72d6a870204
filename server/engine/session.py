"""One live run: its state, its step count, its curves, and who watches it.

A session is driven by the engine's workers (`turn`) and by commands (`act`), one at a
time under its lock; readers take the immutable `snapshot` without it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from server.datasets.base import DOMAIN
from server.datasets.features import transform
from server.datasets.split import Loaded, load
from server.experiment import Experiment
from server.experiment.patch import effect, patched
from server.training.targets import output_range

from . import commands as c
from .program import PARTS, Arrays, Program, Programs, Tree
from .views import Scene, View, feature_maps

Status = Literal["paused", "playing", "compiling", "diverged", "stopped"]

COLUMNS = (
    "step",
    "epoch",
    *(f"{part}_{what}" for part in PARTS for what in ("loss", "score")),
    "gradient_norm",
    "learning_rate",
)
#: beyond so many rows every second one of a curve is given up
MAX_ROWS = 2000
#: seconds of training in one turn, so that nobody waits long for a worker
TURN = 0.012
#: looking may cost at most this share of a session's time, so large networks look less often
LOOK_SHARE = 0.25


class Refused(Exception):
    """A command that cannot be carried out; `path` names the field, the text the mend."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Snapshot:
    """What a reader may send at any moment. Versions rise when their part changed."""

    version: int
    session: dict[str, Any]
    data_version: int
    data: dict[str, Any]
    curve_version: int
    curve: list[tuple[float, ...]]
    rows: int
    frame_version: int
    frame: dict[str, Any]
    views: dict[str, Any]


@dataclass(eq=False)
class Watcher:
    """A subscriber: the views it shows, how often, and how to wake it."""

    wake: Callable[[], None]
    #: by their keys
    views: dict[str, View] = field(default_factory=dict[str, View])
    fps: float = 30.0


@dataclass
class _Past:
    """The turn before this one, to go back to when the loss stops being a number."""

    state: Tree
    live: NDArray[np.float32]
    seed: np.uint32
    data: Tree
    program: Program
    steps: int


@dataclass(eq=False)
class Session:
    """A live run of an experiment."""

    experiment: Experiment
    programs: Programs
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    #: called when there may be something to do for the engine
    notify: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.watchers: list[Watcher] = []
        self.used = 0.0  # seconds of compute, for fairness
        self.touched = time.monotonic()
        self.playing = False
        self.speed: float | None = None
        self.left: int | None = None  # steps until a limited run pauses
        self.done = threading.Event()  # set whenever no limited run is under way
        self.done.set()
        self.closed = False
        self._versions = {"session": 0, "data": 0, "curve": 0, "frame": 0}
        self._rate = 0.0  # steps per second of compute
        self._shown_rate = 0.0
        self._rate_mark = (time.monotonic(), 0)
        self._look_cost = 0.0
        self._next_look = 0.0
        self._debt = 0.0  # steps a limited pace allows
        self._paced = time.monotonic()
        self._load()
        self._begin()

    # -- building ------------------------------------------------------------------------

    def _load(self) -> None:
        """Data and program for the experiment as it is now."""
        self.loaded: Loaded = load(self.experiment.data)
        self.arrays = Arrays.of(self.experiment, self.loaded)
        self.program = self.programs.of(self.experiment, self.arrays)
        self.data: Tree = jax.tree.map(jnp.asarray, self.arrays.tree())
        self._live = self.program.live(self.experiment)
        self._versions["data"] += 1
        self._data_message = self._describe_data()

    def _begin(self) -> None:
        """Initial weights, no past."""
        self.state: Tree = self.program.init(self.experiment)
        self.step = 0
        self.status: Status = "paused"
        self.message: str | None = None
        self.playing = False
        self._past: _Past | None = None
        self._scores: Tree | None = None
        self._curve: list[tuple[float, ...]] = []
        self._versions["curve"] += 1
        self._finish_limited()
        self._changed()

    def _changed(self) -> None:
        """The experiment or the graph is another: say so, and look again."""
        self._versions["session"] += 1
        self._session_message: dict[str, Any] | None = None
        self._dirty()

    def _dirty(self) -> None:
        self.stale = True
        self.touched = time.monotonic()
        self._publish()
        self.notify()

    # -- what the engine asks ------------------------------------------------------------

    def due(self, now: float) -> float | None:
        """Seconds until there is work (0: now), or None when there is none."""
        if self.closed:
            return None
        if self._running():
            return 0.0 if self.speed is None else max(0.0, self._paced + self._tick() - now)
        if self.stale and self.watchers:
            return 0.0
        return None

    def _running(self) -> bool:
        return self.playing and bool(self.watchers or self.left is not None)

    def _tick(self) -> float:
        """Seconds between turns at a limited pace."""
        steps = (self.speed or 1.0) * self.steps_per_epoch
        return max(1.0 / 60.0, min(1.0, 1.0 / steps))

    def cold(self) -> bool:
        """Whether the next turn has to compile something first."""
        if self._running() and not self.program.has("advance"):
            return True
        if not self.program.has("evaluate"):
            return True
        return any(
            view.compiled and not self.program.has(key)
            for watcher in self.watchers
            for key, view in watcher.views.items()
        )

    @property
    def steps_per_epoch(self) -> int:
        return int(self.program.steps_per_epoch(self.arrays.count))

    def turn(self) -> None:
        """Train a little, look if it is time. Called by one worker at a time."""
        with self.lock:
            if self.closed:
                return
            start = time.monotonic()
            if self.cold():
                self._announce_compiling()
            if self._running():
                self._train()
            if self.stale or (self.playing and time.monotonic() >= self._next_look):
                self._look()
            self.used += time.monotonic() - start

    # -- training ------------------------------------------------------------------------

    def _train(self) -> None:
        steps = self._allowance()
        if steps <= 0:
            return
        past = _Past(
            self.state, self._live, np.uint32(self.experiment.seed), self.data, self.program, 0
        )
        fresh = not self.program.has("advance")
        start = time.monotonic()
        state, taken, bad = self._advance(past, steps)
        took = max(time.monotonic() - start, 1e-6)
        past.steps = taken
        if taken and not fresh:
            self._rate = taken / took if not self._rate else 0.7 * self._rate + 0.3 * taken / took
        self.state = state
        self.step += taken
        self._scores = None
        self._debt -= taken
        if bad:
            self._diverge(past)
            return
        if taken:
            self._past = past
        if self.left is not None:
            self.left -= taken
        if bool(np.asarray(state["stop"]["now"])):
            self._halt("stopped", "Early stopping: the held-out loss has stopped falling.")
        elif self.left is not None and self.left <= 0:
            self._halt("paused", None)

    def _allowance(self) -> int:
        """Steps for this turn: what fits into its time, the pace and what is left."""
        steps = max(1, int(self._rate * TURN)) if self._rate else 1
        if self.left is not None:
            steps = min(steps, self.left)
        if self.speed is None:
            return steps
        now = time.monotonic()
        pace = self.speed * self.steps_per_epoch
        self._debt = min(self._debt + (now - self._paced) * pace, max(pace * 0.25, 1.0))
        self._paced = now
        return min(steps, int(self._debt))

    def _advance(self, past: _Past, steps: int) -> tuple[Tree, int, bool]:
        args = (past.state, past.live, past.seed, past.data, np.int32(steps))
        state, taken, bad = past.program.call("advance", past.program.advance, *args)
        return state, int(taken), bool(bad)

    def _diverge(self, past: _Past) -> None:
        """Go back to the last weights whose loss was a number: one step before the bad one,
        found by replaying, so that it does not depend on how the run was cut into turns."""
        if past.steps == 0 and self._past is not None:
            past = self._past
        if past.steps > 0:
            self.state, taken, _ = self._advance(past, past.steps - 1)
            self.step -= past.steps - taken
        self._halt(
            "diverged",
            f"The loss stopped being a number at step {self.step + 1}; "
            "these are the last good weights. A smaller learning rate usually mends it.",
        )

    def _halt(self, status: Status, message: str | None) -> None:
        self.playing = False
        self.status, self.message = status, message
        self.stale = True
        self._finish_limited()

    def _finish_limited(self) -> None:
        self.left = None
        self.done.set()

    # -- looking -------------------------------------------------------------------------

    def _scene(self) -> Scene:
        if self._scores is None:
            args = (self.state, self._live, self.data)
            self._scores = self.program.call("evaluate", self.program.evaluate, *args)
        return Scene(
            self.experiment,
            self.program,
            self.state,
            self._live,
            self.data,
            self.span,
            self._scores,
        )

    @property
    def span(self) -> tuple[float, float]:
        lo, hi = output_range(self.experiment, self.loaded.label_range)
        return float(lo), float(hi)

    def _look(self) -> None:
        """Score, add a row to the curve, compute every view that somebody shows."""
        start = time.monotonic()
        scene = self._scene()
        self._add_row(scene.scores)
        wanted = {key: view for w in self.watchers for key, view in w.views.items()}
        self._views = {key: view.look(scene) for key, view in wanted.items()}
        self._frame_extra = {"metrics": self._metrics(scene.scores)}
        self._versions["frame"] += 1
        if self.playing:
            self.status = "playing"
        self.stale = False
        cost = time.monotonic() - start
        fps = max([w.fps for w in self.watchers], default=30.0)
        self._next_look = time.monotonic() + max(1.0 / fps - cost, cost / LOOK_SHARE - cost)
        self._publish()

    def _add_row(self, scores: Tree) -> None:
        loss, score = np.asarray(scores["loss"]), np.asarray(scores["score"])
        counts = self.counts()
        parts: list[float] = []
        for i, part in enumerate(PARTS):
            some = counts[part] > 0
            parts += [float(loss[i]), float(score[i])] if some else [float("nan")] * 2
        row = (
            float(self.step),
            self.epoch,
            *parts,
            float(scores["norm"]),
            self.learning_rate(),
        )
        if self._curve and self._curve[-1][0] == row[0]:
            self._curve = [*self._curve[:-1], row]
            self._versions["curve"] += 1
            return
        self._curve.append(row)
        if len(self._curve) > MAX_ROWS:
            self._curve = self._curve[::2]
            self._versions["curve"] += 1

    def learning_rate(self) -> float:
        """The rate at this moment, schedule included."""
        training = self.experiment.training
        return training.learning_rate * float(training.schedule.factor(jnp.float32(self.epoch)))

    def counts(self) -> dict[str, int]:
        return {part: int((self.loaded.part == i).sum()) for i, part in enumerate(PARTS)}

    def _metrics(self, scores: Tree) -> dict[str, Any]:
        name = "r2" if self.experiment.data.dataset.problem == "regression" else "accuracy"
        loss, score = np.asarray(scores["loss"]), np.asarray(scores["score"])
        counts = self.counts()
        return {
            part: {"loss": _number(loss[i]), name: _number(score[i])} if counts[part] else None
            for i, part in enumerate(PARTS)
        }

    @property
    def epoch(self) -> float:
        whole, batch = int(self.state["epoch"]), int(self.state["batch"])
        return whole + batch / self.steps_per_epoch

    def metrics(self) -> dict[str, Any]:
        """Loss and score of every part, at this moment."""
        with self.lock:
            return self._metrics(self._scene().scores)

    # -- messages ------------------------------------------------------------------------

    def _announce_compiling(self) -> None:
        if not self.watchers or self.status == "compiling":
            return
        before, self.status = self.status, "compiling"
        self._versions["frame"] += 1
        self._publish()
        self.status = before

    def _publish(self) -> None:
        """Make the snapshot anew and wake the watchers."""
        if self._session_message is None:
            self._session_message = self.describe()
        moment = {
            "step": self.step,
            "epoch": self.epoch,
            "playing": self.playing,
            "status": self.status,
            "message": self.message,
            "steps_per_second": self._measure_rate(),
        }
        self.snapshot = Snapshot(
            version=self._versions["session"],
            session=self._session_message | moment,
            data_version=self._versions["data"],
            data=self._data_message,
            curve_version=self._versions["curve"],
            curve=self._curve,
            rows=len(self._curve),
            frame_version=self._versions["frame"],
            frame=moment | getattr(self, "_frame_extra", {}),
            views=getattr(self, "_views", {}),
        )
        for watcher in list(self.watchers):
            watcher.wake()

    def _measure_rate(self) -> float:
        now, (then, step) = time.monotonic(), self._rate_mark
        if not self.playing or self.step < step:
            self._rate_mark = (now, self.step)
            return 0.0
        if now - then > 0.5:
            self._shown_rate = (self.step - step) / (now - then)
            self._rate_mark = (now, self.step)
        return self._shown_rate

    def describe(self) -> dict[str, Any]:
        """The session as JSON, without its secret (docs/protocol.md)."""
        dataset = self.experiment.data.dataset
        names = [*(layer.title for layer in self.experiment.network.layers), "Output"]
        kinds = [*(layer.kind for layer in self.experiment.network.layers), "output"]
        layers = [
            {
                "title": title,
                "kind": kind,
                "units": units,
                "activation": getattr(layer, "activation", "linear"),
                "params": {name: list(a.shape) for name, a in params.items()},
            }
            for title, kind, layer, params, (_, units) in zip(
                names,
                kinds,
                self.program.model.layers,
                self.state["params"],
                self.program.model.shapes(),
                strict=True,
            )
        ]
        return {
            "id": self.id,
            "experiment": self.experiment.model_dump(mode="json"),
            "digest": self.experiment.digest(),
            "step": self.step,
            "epoch": self.epoch,
            "playing": self.playing,
            "speed": self.speed,
            "status": self.status,
            "message": self.message,
            "graph": {"inputs": list(self.experiment.data.features), "layers": layers},
            "problem": dataset.problem,
            "dimensions": dataset.dimensions,
            "classes": dataset.classes,
            "range": list(self.span),
            "domain": [-DOMAIN, DOMAIN],
            "steps_per_epoch": self.steps_per_epoch,
            "counts": self.counts(),
        }

    def _describe_data(self) -> dict[str, Any]:
        return {
            "inputs": self.loaded.inputs,
            "labels": self.loaded.labels,
            "split": self.loaded.part,
            "features": feature_maps(self.experiment.data.dataset.dimensions),
        }

    def curve(self) -> dict[str, Any]:
        """The curves so far: columns and rows; NaN is null."""
        with self.lock:
            self._add_row(self._scene().scores)
            rows = [[None if v != v else v for v in row] for row in self._curve]
        return {"columns": list(COLUMNS), "rows": rows}

    def weights(self) -> dict[str, Any]:
        """Step, digest and every parameter as nested lists."""
        with self.lock:
            titles = [layer["title"] for layer in self.describe()["graph"]["layers"]]
            layers = [
                {"title": title, "params": {k: np.asarray(v).tolist() for k, v in p.items()}}
                for title, p in zip(titles, self.state["params"], strict=True)
            ]
            return {"step": self.step, "digest": self.digest(), "layers": layers}

    def digest(self) -> str:
        """SHA-256 over the weights and running statistics, layer by layer in name order."""
        with self.lock:
            hasher = hashlib.sha256()
            for tree in (*self.state["params"], *self.state["stats"]):
                for name in sorted(tree):
                    hasher.update(np.ascontiguousarray(tree[name], "<f4").tobytes())
            return hasher.hexdigest()

    def predict(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, dimensions) points -> (N, K) outputs."""
        with self.lock:
            features = np.asarray(transform(self.experiment.data.features, inputs), np.float32)
            rows = max(16, 1 << (len(features) - 1).bit_length())
            padded = np.pad(features, ((0, rows - len(features)), (0, 0)))
            args = (self.state, self._live, padded)
            outputs = self.program.call(f"predict {rows}", self.program.predict, *args)
            return np.asarray(outputs)[: len(features)]

    def equation(self) -> list[str]:
        """The network's formula in LaTeX, a line a layer."""
        with self.lock:
            lines: list[str] = []
            symbol, layers = r"\mathbf{x}", self.program.model.layers
            for i, layer in enumerate(layers, start=1):
                name = r"\hat{\mathbf{y}}" if i == len(layers) else rf"\mathbf{{h}}_{{{i}}}"
                lines.append(f"{name} = {layer.latex(symbol, i)}")
                symbol = name
            return lines

    # -- commands ------------------------------------------------------------------------

    def act(self, command: c.Command) -> None:
        """Carry out a command. Raises Refused or pydantic.ValidationError; then nothing
        has changed."""
        with self.lock:
            if isinstance(command, c.Play):
                self._play(command.steps)
            elif isinstance(command, c.Pause):
                self._pause()
            elif isinstance(command, c.Advance):
                self._play(command.steps or self._steps_of(command.epochs or 0))
            elif isinstance(command, c.Reset):
                self._reset(command.seed)
            elif isinstance(command, c.Speed):
                self._set_speed(command.epochs_per_second)
            elif isinstance(command, c.Edit):
                self._edit(command)
            else:
                self._patch(patched(self.experiment, command.experiment))

    def _steps_of(self, epochs: int) -> int:
        """Steps to the end of the epoch that is `epochs` further on."""
        return epochs * self.steps_per_epoch - int(self.state["batch"])

    def _play(self, steps: int | None) -> None:
        if self.arrays.count == 0:
            raise Refused("/experiment/data/dataset", "there are no training points; draw some")
        if self.status == "stopped":
            self.state["stop"] = self.program.init(self.experiment)["stop"]
        self._finish_limited()
        self.playing, self.status, self.message = True, "playing", None
        self.left = steps
        if steps is not None:
            self.done.clear()
        self._paced = time.monotonic()
        self._debt = 1.0
        self._dirty()

    def _pause(self) -> None:
        if self.playing:
            self._halt("paused", None)
        self._dirty()

    def _reset(self, seed: int | None) -> None:
        if seed is not None:
            self.experiment = self.experiment.model_copy(update={"seed": seed})
        self._begin()

    def _set_speed(self, epochs_per_second: float | None) -> None:
        self.speed = epochs_per_second
        self._paced, self._debt = time.monotonic(), 0.0
        self._changed()

    def _patch(self, new: Experiment) -> None:
        change = effect(self.experiment, new)
        if change == "none":
            return
        before = self.program
        self.experiment = new
        if change == "live":
            self._live = self.program.live(new)
            self._scores = None
            self._changed()
            return
        self._load()
        if change == "reset":
            self._begin()
            return
        self._scores = None
        if self.program is not before:
            self._rate = 0.0
        if self.arrays.count == 0 and self.playing:
            self._halt("paused", None)
        self._changed()

    def _edit(self, command: c.Edit) -> None:
        params = self.state["params"]
        if command.layer >= len(params):
            raise Refused("/layer", f"there are {len(params)} layers; count from 0")
        layer = params[command.layer]
        if command.param not in layer:
            raise Refused("/param", f"layer {command.layer} has {', '.join(sorted(layer))}")
        value = np.array(layer[command.param])
        inside = len(command.index) == value.ndim and all(
            i < n for i, n in zip(command.index, value.shape, strict=True)
        )
        if not inside:
            raise Refused("/index", f"{command.param} has shape {list(value.shape)}")
        value[command.index] = command.value
        edited = [*params]
        edited[command.layer] = layer | {command.param: jnp.asarray(value)}
        self.state = self.state | {"params": edited}
        self._scores = None
        if self.status == "diverged":
            self.status, self.message = "paused", None
        self._dirty()

    # -- watching ------------------------------------------------------------------------

    def watch(self, watcher: Watcher) -> None:
        """Add a watcher, or take its changed views; it is woken when there is a frame."""
        with self.lock:
            if watcher not in self.watchers:
                self.watchers.append(watcher)
            self._dirty()

    def unwatch(self, watcher: Watcher) -> None:
        with self.lock:
            if watcher in self.watchers:
                self.watchers.remove(watcher)
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
            for watcher in list(self.watchers):
                watcher.wake()


def _number(value: Any) -> float | None:
    """A float, or None where it is none (JSON has no NaN)."""
    return float(value) if np.isfinite(value) else None
