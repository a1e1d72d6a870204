"""Programs: pure functions compiled once for a *shape* of experiment.

`steps.py` trains, `scores.py` and `views.py` look. Every number a person can drag is an argument
(`live`), so is the seed and so are the data, padded to a capacity: none of them asks for
another compilation. State and data are one vector each (`packing.py`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from server.experiment import Experiment

from .arrays import Tree, compiled, device_put, shared
from .data import Arrays
from .kernel import Desk, Vector, in_one_kernel, one_after_the_other
from .lanes import trailing
from .model import sum_of_products
from .packing import Packing, Words
from .platform import quick_options
from .shape import Shape, shape_form
from .steps import Report, advance, init, not_stopped
from .traces import Traces, export

#: the name of the compiled training
ADVANCE = "advance"
#: what names for several sessions at once end with
TOGETHER = " lanes"
#: sessions in one dispatch of a program whose lanes pay
LANES = 16
#: multiplications of a step up to which lanes may pay (docs/performance.md)
LANE_LIMIT = 200


@dataclass(frozen=True)
class Probe:
    """What is asked of a state: `function(state, live, data, *common, *own)`, a pure function
    of the unpacked trees that gives a tree.

    name: what it is kept under once compiled. common: arrays that sessions may have alike, the
    very same object. own: arrays that each session has for itself. quick: whether it should
    be compiled in less time, to code that takes more: where somebody waits for its first answer.
    key: of what is asked, where one function answers several questions by its own arrays.
    """

    name: str
    function: Callable[..., Tree]
    common: tuple[Any, ...] = ()
    own: tuple[Any, ...] = ()
    quick: bool = False
    key: str = ""

    @property
    def question(self) -> str:
        """What its answer is kept under."""
        return self.key or self.name


class Program:
    """The compiled functions of one shape of experiment.

    form: text that differs where shapes do. traces: where traced functions are kept.
    """

    def __init__(
        self, experiment: Experiment, arrays: Arrays, form: str = "", traces: Traces | None = None
    ) -> None:
        self.shape = Shape.of(experiment, arrays)
        self._form = form
        self._traces = traces
        self._data_packing = None if self.shape.streamed else Packing(arrays.tree)
        self._desk = Desk(len(self.shape.paths))
        self._compiled: dict[str, Any] = {}
        self._outputs: dict[str, Packing] = {}
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        #: whether sessions may share a dispatch; None where that has not been tried
        self.shares: bool | None = None if self._may_share() else False
        #: the probes for which they may, by name, where that has been tried
        self.looks: dict[str, bool] = {}

    def _may_share(self) -> bool:
        shape = self.shape
        widest = max(shape.model.multiplications)
        rows = 2 * shape.batch if shape.carries else shape.batch
        return self._fused and rows * widest <= LANE_LIMIT

    @property
    def _fused(self) -> bool:
        return self.shape.step_linear is sum_of_products

    # -- state and data ------------------------------------------------------------------

    @cached_property
    def packing(self) -> Packing:
        """How a state lies in its vector."""
        return Packing(init(self.shape, self.shape.experiment))

    def init(self, experiment: Experiment) -> Words:
        """The state before the first step."""
        return self.packing.write(init(self.shape, experiment))

    def pack(self, arrays: Arrays) -> Vector:
        """The data as programs take them: one vector, or a dict of arrays where these may be
        large; all who train on the same share them."""
        if self._data_packing is None:
            return {name: shared(array) for name, array in arrays.tree.items()}
        return device_put(self._data_packing.write(arrays.tree))

    def _rows(self, data: Any) -> Tree:
        """The tree of traced data."""
        return data if self._data_packing is None else self._data_packing.unpack(data)

    def read(self, state: Vector) -> Tree:
        """The state's tree, of NumPy arrays not to be written to."""
        return self.packing.read(state)

    def changed(self, state: Vector, **fields: Tree) -> Words:
        """The state with other values for some of its entries."""
        return self.packing.write(self.read(state) | fields)

    def exchanged(self, experiment: Experiment, state: Tree) -> Words:
        """A state of this program with the weights and all else that goes on from another's."""
        fresh = init(self.shape, experiment)
        kept = {name: state.get(name, value) for name, value in fresh.items()}
        return self.packing.write(kept | {"stop": not_stopped()})

    def resumed(self, state: Vector) -> Words:
        """The state with early stopping begun anew."""
        return self.changed(state, stop=not_stopped())

    def report(self, state: Vector) -> Report:
        """How the call of `advance` that left this state ended."""
        return Report.of(self.packing.read_part(state, "report"))

    # -- training ------------------------------------------------------------------------

    def advance(
        self, state: Vector, live: Any, seed: np.uint32, data: Vector, steps: np.int32
    ) -> Vector:
        """`steps.advance`, compiled."""
        if not self._fused:
            args = (state, live, seed, data, steps)
            # Of convolutions XLA's quicker code is no slower (docs/performance.md).
            quick = self.shape.experiment.data.dataset.form == "image"
            return self._function(ADVANCE, self._step_vector, *args, quick=quick)(*args)
        args = (self.desk(state, live, seed, steps), data)
        return self._desk.state(np.asarray(self._function(ADVANCE, self._one, *args)(*args)))

    def desk(self, state: Vector, live: Any, seed: np.uint32, steps: np.int32) -> Words:
        """What `advance_lanes` takes of a session, beside its data."""
        return self._desk.write(state, live, seed, steps)

    def advance_lanes(self, desks: Any, data: Any) -> Any:
        """`advance` for LANES sessions at once: their desks (LANES, words) afterwards."""
        return self._function(together(ADVANCE), self._many, desks, data)(desks, data)

    def states(self, desks: Any) -> NDArray[np.uint32]:
        """The states (n, words) in desks."""
        return self._desk.state(np.asarray(desks))

    def _step_vector(
        self, state: jax.Array, live: jax.Array, seed: jax.Array, data: jax.Array, steps: jax.Array
    ) -> jax.Array:
        tree, rows = self.packing.unpack(state), self._rows(data)
        return self.packing.pack(advance(self.shape, tree, live, seed, rows, steps))

    def _step_desk(self, desk: jax.Array, data: jax.Array) -> jax.Array:
        state, live, seed, steps = self._desk.read(desk)
        return self._desk.done(desk, self._step_vector(state, live, seed, data, steps))

    def _one(self, desk: jax.Array, data: jax.Array) -> jax.Array:
        """One session. With a lane axis of one at the end of every array, XLA makes a faster
        loop of the sums (docs/performance.md)."""

        def one(desk: jax.Array, data: jax.Array) -> jax.Array:
            return trailing(self._step_desk, 1)(desk[:, None], data[:, None])[:, 0]

        return in_one_kernel(one, desk, data)

    def _many(self, desks: jax.Array, data: jax.Array) -> jax.Array:
        def many(desks: jax.Array, data: jax.Array) -> jax.Array:
            return trailing(self._step_desk, LANES)(desks.T, data.T).T

        return in_one_kernel(many, desks, data)

    # -- looking -------------------------------------------------------------------------

    def look(self, probe: Probe, state: Vector, live: Any, data: Vector) -> Tree:
        """What a probe finds, as NumPy arrays. Its function is compiled once, and kept."""

        def look(state: jax.Array, live: jax.Array, data: jax.Array, *more: Any) -> jax.Array:
            return self._found(probe, state, live, data, *more)

        args = (state, live, data, *probe.common, *probe.own)
        return self._read(probe, self._function(probe.name, look, *args, quick=probe.quick)(*args))

    def look_lanes(
        self, probe: Probe, desks: Any, data: Any, places: Sequence[int], own: Sequence[Any]
    ) -> list[Tree]:
        """`look` for several of LANES sessions at once, to the same bits.

        places: which of the desks and data are looked at. own: for each of them its arrays.
        """

        def looks(
            places: jax.Array, count: jax.Array, desks: jax.Array, data: jax.Array, *more: Any
        ) -> jax.Array:
            common, own = more[: len(probe.common)], more[len(probe.common) :]

            def one(place: jax.Array, *own: Any) -> jax.Array:
                state, live, *_ = self._desk.read(desks[place])
                return self._found(probe, state, live, data[place], *common, *own)

            return one_after_the_other(one, count, LANES, places, *own)

        spare = LANES - len(places)
        order = np.array([*places, *[0] * spare], np.int32)
        columns = [np.stack([*column, *[column[0]] * spare]) for column in zip(*own, strict=True)]
        args = (order, np.int32(len(places)), desks, data, *probe.common, *columns)
        function = self._function(together(probe.name), looks, *args, quick=probe.quick)
        found = np.asarray(function(*args))
        return [self._read(probe, words) for words in found[: len(places)]]

    def _found(
        self, probe: Probe, state: jax.Array, live: jax.Array, data: jax.Array, *more: Any
    ) -> jax.Array:
        tree, rows = self.packing.unpack(state), self._rows(data)
        found = probe.function(tree, live, rows, *more)
        packing = self._outputs[probe.name] = Packing(found)
        return packing.pack(found)

    def _read(self, probe: Probe, vector: Vector) -> Tree:
        return self._outputs[probe.name].read(vector)

    # -- compilation ---------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether this function has been compiled."""
        return name in self._compiled

    def _function(
        self, name: str, function: Callable[..., Any], *args: Any, quick: bool = False
    ) -> Callable[..., Any]:
        """`function` compiled for these shapes; by one thread, and once."""
        if name not in self._compiled:
            with self._lock_of(name):
                if name not in self._compiled:
                    options = quick_options() if quick else {}
                    self._compiled[name] = compiled(
                        self._traced(name, function, args), args, options
                    )
        return self._compiled[name]

    def _traced(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> Callable[..., Any]:
        """`function`, traced already where it is kept."""
        if self._traces is None:
            return function
        key, probe = f"{name} of {self._form}", name.removesuffix(TOGETHER)
        kept = self._traces.read(key)
        if kept is None:
            exported = export(function, args)
            found = self._outputs.get(probe)
            self._traces.write(key, exported, found and found.places)
            return exported.call
        call, places = kept
        if places is not None:
            self._outputs[probe] = Packing(places)
        return call

    def _lock_of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())


class Programs:
    """The compiled programs, the least recently used given up beyond a limit.

    traces: where what was traced is kept, if anywhere.
    """

    def __init__(self, limit: int = 256, traces: Traces | None = None) -> None:
        self._limit = limit
        self._traces = traces
        self._kept: OrderedDict[str, Program] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, experiment: Experiment, arrays: Arrays) -> Program:
        """The program for this shape of experiment and capacity of data."""
        key = shape_form(experiment, arrays)
        with self._lock:
            program = self._kept.get(key) or Program(experiment, arrays, key, self._traces)
            self._kept[key] = program
            self._kept.move_to_end(key)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return program


def together(name: str) -> str:
    """The name of what a function is compiled to for several sessions at once."""
    return f"{name}{TOGETHER}"
