"""Programs: pure functions compiled once for a *shape* of experiment.

`steps.py` trains, `scores.py` and `views.py` look. Every number a person can drag is an argument
(`live`), so is the seed and so are the data, padded to a capacity: none of them asks for
another compilation. State and data are one vector each (`packing.py`).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from server.experiment import Experiment

from .arrays import Tree, compiled, device_put
from .data import Arrays
from .lanes import trailing
from .model import sum_of_products
from .packing import Packing, Words
from .shape import Shape, shape_form
from .steps import Report, advance, init, not_stopped

#: the name of the compiled training
ADVANCE = "advance"
#: sessions in one dispatch of a program whose lanes pay
LANES = 16
#: multiplications of a step up to which lanes may pay (docs/performance.md)
LANE_LIMIT = 200
#: steps of the trial that decides whether they do
AGREE_STEPS, PAY_STEPS = 100, 1000

Vector = Any
"""A packed state or data: (words,) uint32, of NumPy or JAX."""


class Program:
    """The compiled functions of one shape of experiment."""

    def __init__(self, experiment: Experiment, arrays: Arrays) -> None:
        self.shape = Shape.of(experiment, arrays)
        self._data_packing = Packing(arrays.tree())
        self._compiled: dict[str, Any] = {}
        self._outputs: dict[str, Packing] = {}
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        #: whether sessions may share a dispatch; None where that has not been tried
        self.shares: bool | None = None if self._may_share() else False

    def _may_share(self) -> bool:
        shape = self.shape
        widest = max(inputs * units for inputs, units in shape.model.shapes())
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
        """The data as programs take them."""
        return device_put(self._data_packing.write(arrays.tree()))

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
        args = (state, live, seed, data, steps)
        return self._function(ADVANCE, self._one, *args)(*args)

    def advance_lanes(
        self,
        states: Sequence[Vector],
        lives: Sequence[Any],
        seeds: Sequence[np.uint32],
        data: Sequence[Vector],
        steps: Sequence[np.int32],
    ) -> NDArray[np.uint32]:
        """`advance` for up to LANES sessions at once: (LANES, words)."""
        spare = LANES - len(states)
        rows = [
            np.stack([*column, *[column[0]] * spare]) for column in (states, lives, seeds, data)
        ]
        args = (*rows, np.array([*steps, *[0] * spare], np.int32))
        return np.asarray(self._function("lanes", self._many, *args)(*args))

    def _step_vector(
        self, state: jax.Array, live: jax.Array, seed: jax.Array, data: jax.Array, steps: jax.Array
    ) -> jax.Array:
        tree, rows = self.packing.unpack(state), self._data_packing.unpack(data)
        return self.packing.pack(advance(self.shape, tree, live, seed, rows, steps))

    def _one(self, *args: Any) -> jax.Array:
        """One session. With a lane axis of one at the end of every array, XLA makes a faster
        loop of the sums (docs/performance.md)."""
        if not self._fused:
            return self._step_vector(*args)

        def one(*args: Any) -> jax.Array:
            return trailing(self._step_vector, 1)(*[a[..., None] for a in args])[:, 0]

        return _in_one_kernel(one, args)

    def _many(self, *args: Any) -> jax.Array:
        def many(*args: Any) -> jax.Array:
            return trailing(self._step_vector, LANES)(*[a.T for a in args]).T

        return _in_one_kernel(many, args)

    def try_lanes(self, live: Any, data: Vector) -> None:
        """Find out whether sessions should share dispatches: every lane must give the bits of
        a session alone, and all together be faster than one after the other."""
        trial = Trial(self, live, data)
        self.shares = trial.agrees() and trial.pays()

    # -- looking -------------------------------------------------------------------------

    def look(
        self,
        name: str,
        function: Callable[..., Tree],
        state: Vector,
        live: Any,
        data: Vector,
        *more: Any,
    ) -> Tree:
        """`function(state, live, data, *more)` of the unpacked trees, compiled and kept under
        its name: a tree of NumPy arrays."""

        def packed(state: jax.Array, live: jax.Array, data: jax.Array, *more: Any) -> jax.Array:
            tree, rows = self.packing.unpack(state), self._data_packing.unpack(data)
            found = function(tree, live, rows, *more)
            packing = self._outputs[name] = Packing(found)
            return packing.pack(found)

        args = (state, live, data, *more)
        vector = self._function(name, packed, *args)(*args)
        return self._outputs[name].read(vector)

    # -- compilation ---------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether this function has been compiled."""
        return name in self._compiled

    def _function(self, name: str, function: Callable[..., Any], *args: Any) -> Callable[..., Any]:
        """`function` compiled for these shapes; by one thread, and once."""
        if name not in self._compiled:
            with self._lock_of(name):
                if name not in self._compiled:
                    self._compiled[name] = compiled(function, args)
        return self._compiled[name]

    def _lock_of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())


@dataclass
class Trial:
    """LANES sessions, together and one after the other."""

    program: Program
    live: Any
    data: Vector

    def __post_init__(self) -> None:
        experiment = self.program.shape.experiment
        self.seeds = [np.uint32(i) for i in range(LANES)]
        self.states = [
            self.program.init(experiment.model_copy(update={"seed": i})) for i in range(LANES)
        ]

    def together(self, steps: int) -> NDArray[np.uint32]:
        lives, data = [self.live] * LANES, [self.data] * LANES
        counts = [np.int32(steps)] * LANES
        return self.program.advance_lanes(self.states, lives, self.seeds, data, counts)

    def alone(self, steps: int) -> NDArray[np.uint32]:
        return np.stack(
            [
                self.program.advance(state, self.live, seed, self.data, np.int32(steps))
                for state, seed in zip(self.states, self.seeds, strict=True)
            ]
        )

    def agrees(self) -> bool:
        """Whether the bits are the same. Which sums XLA makes of a shape does not depend on
        the numbers in it: where it makes others, a few steps show it."""
        return np.array_equal(self.together(AGREE_STEPS), self.alone(AGREE_STEPS))

    def pays(self) -> bool:
        """Whether together takes less time, by a good part."""
        return _seconds(lambda: self.together(PAY_STEPS)) < 0.8 * _seconds(
            lambda: self.alone(PAY_STEPS)
        )


class Programs:
    """The compiled programs, the least recently used given up beyond a limit."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Program] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, experiment: Experiment, arrays: Arrays) -> Program:
        """The program for this shape of experiment and capacity of data."""
        key = shape_form(experiment, arrays)
        with self._lock:
            program = self._kept.get(key) or Program(experiment, arrays)
            self._kept[key] = program
            self._kept.move_to_end(key)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return program


def _in_one_kernel(step: Callable[..., jax.Array], args: tuple[Any, ...]) -> jax.Array:
    """`step(*args)`, which gives another first argument, inside a loop that goes round once:
    what stands in a small loop, reading and writing of vectors too, becomes one native kernel
    instead of some forty calls. How often it goes round must not be known to the compiler."""
    state, *rest = args
    rounds = (rest[-1].max() >= 0).astype(jnp.int32)

    def once(carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        return carry[0] + 1, step(carry[1], *rest)

    return jax.lax.while_loop(lambda carry: carry[0] < rounds, once, (jnp.int32(0), state))[1]


def _seconds(work: Callable[[], object]) -> float:
    """The shortest of three times."""
    times: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
