"""A run: an experiment being trained, and the log of what was done to it.

Knows no clock and no watcher. It has a lock, which whoever reads or changes it holds; its public
methods take it themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.datasets.features import transform
from server.datasets.preparation import prepared_pictures
from server.datasets.preparation.pipeline import numbers
from server.datasets.split import Loaded, load
from server.experiment import Data, Experiment
from server.experiment.patch import Effect, effect
from server.experiment.shapes import TOGETHER
from server.layers.base import Params
from server.training.targets import output_range

from . import adversarial, describe, divergence
from .arrays import Tree
from .commands import Refused
from .data import Arrays
from .divergence import Turn
from .edit import edited
from .history import Changed, Edited, History, Log, Moment, Record, Resumed
from .platform import platform_name
from .program import Probe, Programs, Vector
from .steps import Report
from .views import Scene


def loadable(data: Data) -> Loaded:
    """The examples. Raises Refused where a step of their preparation cannot be done."""
    try:
        return load(data)
    except ValueError as error:
        step, _, message = str(error).partition(": ")
        raise Refused(f"/experiment/data/{step.replace('.', '/')}", message) from None


class Run:
    """An experiment, its program and data, its state at some step, and its history."""

    def __init__(self, experiment: Experiment, programs: Programs) -> None:
        self.lock = threading.RLock()
        self.experiment = experiment
        self.programs = programs
        self._load()
        self._start()

    @classmethod
    def standing(
        cls, experiment: Experiment, programs: Programs, params: list[Params], stats: list[Params]
    ) -> Run:
        """One that has these weights, to be asked: it has no past."""
        run = cls(experiment, programs)
        run.state = run.program.changed(run.state, params=params, stats=stats)
        return run

    def _load(self) -> None:
        """Data and program for the experiment as it is now."""
        self.loaded: Loaded = loadable(self.experiment.data)
        self.arrays = Arrays.of(self.experiment, self.loaded)
        self.program = self.programs.of(self.experiment, self.arrays)
        self.data = self.program.pack(self.arrays)
        self._live = self.program.shape.live(self.experiment)
        self.steps_per_epoch = int(self.program.shape.steps_per_epoch(self.arrays.count))
        lo, hi = output_range(self.experiment, self.loaded.label_range)
        self.span = (float(lo), float(hi))  # of the output's colours
        self._before: Turn | None = None
        self._moment: Scene | None = None

    def _start(self) -> None:
        """Initial weights, no past."""
        self.state: Vector = self.program.init(self.experiment)
        self.step = 0
        self._place = (0, 0)  # epochs done, batches done of the next
        self._before = None
        self._moment = None
        self.history = History(self.experiment)
        self.reach = 0  # the furthest step of the run; beyond `step` after going back
        self._applied = 0  # entries of the log behind the state
        self._keep_moment()
        self._replay: int | None = None  # the step that is being gone to
        self.reproduced: bool | None = None

    # -- training ------------------------------------------------------------------------

    def _next_turn(self) -> Turn:
        seed = np.uint32(self.experiment.seed)
        return Turn(self.program, self.state, self._live, seed, self.data, self.step)

    def _take(self, turn: Turn, state: Vector, report: Report) -> None:
        """Take over what a turn led to."""
        self.state = state
        self.step += report.taken
        self._place = (report.epoch, report.batch)
        self._moment = None
        if report.taken and not report.bad:
            self._before = turn

    def _stand(self, state: Vector, step: int) -> None:
        """Be at a step that was come to some other way than by the last turn."""
        self.state, self.step = state, step
        epoch, batch = (self.program.packing.read_part(state, n) for n in ("epoch", "batch"))
        self._place = (int(epoch), int(batch))
        self._before, self._moment = None, None

    def _diverge(self, turn: Turn) -> str:
        """Go back to the last good weights from a step whose loss was no number: what to say."""
        bad = self.step
        self._stand(*divergence.last_good(turn, bad, self._before))
        self._branch()
        return divergence.message(bad, self.step)

    @property
    def batch(self) -> int:
        """Batches done of the epoch under way."""
        return self._place[1]

    @property
    def epoch(self) -> float:
        whole, batch = self._place
        return whole + batch / self.steps_per_epoch

    # -- reading -------------------------------------------------------------------------

    def scene(self) -> Scene:
        """This moment, to be looked at; scored once."""
        if self._moment is None:
            self._moment = Scene(
                self.experiment,
                self.program,
                self.state,
                self._live,
                self.data,
                self.loaded,
                self.span,
            )
        return self._moment

    def weights(self) -> dict[str, Any]:
        """Step, digest and every parameter as nested lists."""
        with self.lock:
            layers = describe.describe_weights(self)
            return {"step": self.step, "digest": self.digest(), "layers": layers}

    def digest(self) -> str:
        """SHA-256 over the weights and running statistics, layer by layer in name order."""
        with self.lock:
            return describe.weights_digest(*self.parameters())

    def parameters(self) -> tuple[list[Params], list[Params]]:
        """(params, stats) of every layer, output last: float32 NumPy arrays by their names,
        not to be written to."""
        with self.lock:
            state = self.program.read(self.state)
            return state["params"], state["stats"]

    def predict(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """(N, *input_shape) examples, points as float32 (N, dimensions), pictures as they were
        collected -> (N, ..., K) outputs."""
        with self.lock:
            if not self.program.shape.streamed:
                features = transform(self.experiment.data.features, inputs)
                return self._predict(np.asarray(features, np.float32))
            parts = range(0, max(len(inputs), 1), TOGETHER)
            given = (self._prepared(inputs[i : i + TOGETHER]) for i in parts)
            return np.concatenate([self._predict(few) for few in given])

    def _prepared(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """What the network is given of these: pictures after the steps of their preparation."""
        data = self.experiment.data
        images = data.dataset.form == "image"
        return prepared_pictures(data.preparation, inputs) if images else inputs

    def predict_rows(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        """Rows of a table as they were collected, by the names of the columns -> (N, K) outputs;
        numbers in the unit of the answer. Of rows that are prepared with their past the first are
        only that, and have no output. Raises Refused, with the row and the column, where one
        cannot be read, or there are no more than these."""
        with self.lock:
            prepared, dataset = self.loaded.prepared, self.experiment.data.dataset
            if prepared is None:
                raise Refused("/rows", "the examples are no rows of a table; send 'inputs'")
            try:
                frame = prepared.pipeline.transform(dataset.frame_of(rows))
            except ValueError as error:
                raise Refused("/rows", str(error)) from None
            mean, deviation = prepared.scale
            return self.predict(numbers(frame)) * deviation + mean

    def _predict(self, given: NDArray[Any]) -> NDArray[np.float32]:
        rows = max(16, 1 << (len(given) - 1).bit_length())
        padded = np.pad(given, [(0, rows - len(given))] + [(0, 0)] * (given.ndim - 1))
        shape = self.program.shape

        def outputs(state: Tree, live: Any, _: Tree, examples: Any) -> Tree:
            return shape.predict(state, live, shape.given(examples))

        probe = Probe(f"predict {rows} {padded.dtype}", outputs, (padded,))
        return self.program.look(probe, self.state, self._live, self.data)[: len(given)]

    def generate(self, noise: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, latent) noise -> (N, *example) made of it; pictures from 0 to 1. Raises Refused
        where there is no generator."""
        with self.lock:
            if self.program.shape.maker is None:
                raise Refused("/experiment/generator", "there is none; give the experiment one")
            parts = range(0, max(len(noise), 1), TOGETHER)
            return np.concatenate([self._generate(noise[i : i + TOGETHER]) for i in parts])

    def _generate(self, noise: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.pad(noise, [(0, TOGETHER - len(noise)), (0, 0)])
        shape = self.program.shape

        def examples(state: Tree, live: Any, _: Tree, noise: Any) -> Tree:
            return adversarial.made(shape, state, live, noise)

        probe = Probe("generate", examples, (padded,))
        return self.program.look(probe, self.state, self._live, self.data)[: len(noise)]

    def equation(self) -> list[str]:
        """The network's formula in LaTeX, a line a layer; then the generator's."""
        with self.lock:
            shape = self.program.shape
            lines = describe.equation(shape.model)
            if shape.maker is None:
                return lines
            return lines + describe.equation(shape.maker, r"\mathbf{z}", r"\tilde{\mathbf{x}}")

    # -- changing ------------------------------------------------------------------------

    def _become(self, new: Experiment, change: Effect) -> None:
        """Be of another experiment, with the weights there are or, for `reset`, with new ones."""
        self.experiment = new
        if change == "live":
            self._tune()
        elif change == "keep":
            self._exchange_data()
        elif change == "reset":
            self._load()
            self._start()

    def _tune(self) -> None:
        """Live numbers moved."""
        self._live = self.program.shape.live(self.experiment)
        self._moment = None

    def _exchange_data(self) -> None:
        """Other points, or another program, for the weights there are."""
        state = self.program.read(self.state)
        self._load()
        self.state = self.program.exchanged(self.experiment, state)

    def _set(self, params: list[Params]) -> None:
        """Other weights."""
        self.state = self.program.changed(self.state, params=params)
        self._before = None
        self._moment = None

    # -- past and branches ---------------------------------------------------------------

    def _branch(self) -> None:
        """Whatever lies ahead did not happen: the run goes on from here."""
        self._replay, self.reproduced = None, None
        self.history.branch(self.step, self._applied)
        self.reach = self.step

    def _note(self, entry: Edited | Resumed) -> None:
        self.history.entries.append(entry)
        self._applied = len(self.history.entries)

    def _restore(self, moment: Moment) -> None:
        """Be as at a moment that was kept."""
        experiment = Experiment.model_validate(self.history.document(moment.entries))
        if experiment != self.experiment:
            self.experiment = experiment
            self._load()
        self._applied = moment.entries
        self._stand(moment.state, moment.step)

    def _keep_moment(self) -> None:
        """To be able to come back to it."""
        self.history.keep(Moment(self.step, self.state, self._applied))

    def _next_stop(self) -> int:
        """The step of the next entry of the log, or the one gone to."""
        assert self._replay is not None
        ahead = self.history.entries[self._applied :]
        return min(self._replay, ahead[0].step) if ahead else self._replay

    def _apply_entries(self) -> None:
        """Do again what was done at this step."""
        entries = self.history.entries
        while self._applied < len(entries) and entries[self._applied].step <= self.step:
            entry = entries[self._applied]
            self._applied += 1
            match entry:
                case Changed():
                    new = Experiment.model_validate(self.history.document(self._applied))
                    self._become(new, effect(self.experiment, new))
                case Edited():
                    self._set(edited(self.parameters()[0], entry.edit))
                case Resumed():
                    self.state = self.program.resumed(self.state)

    def log(self) -> Log:
        """The run up to this moment; with it, `replay` comes to the same weights."""
        with self.lock:
            return Log(
                experiment=self.history.experiment,
                entries=tuple(self.history.entries[: self._applied]),
                step=self.step,
                digest=self.digest(),
                platform=platform_name(),
            )

    def _restore_words(self, record: Record) -> bool:
        """Take over the state of a record, where its words mean here what they meant there."""
        history, entries = self.history, len(record.log.entries)
        experiment = Experiment.model_validate(history.document(entries))
        program = self.programs.of(experiment, Arrays.of(experiment, load(experiment.data)))
        if record.layout != program.packing.layout or len(record.state) != program.packing.words:
            return False
        moment = Moment(record.log.step, record.state, entries)
        history.moments.append(moment)
        self._restore(moment)
        return True
