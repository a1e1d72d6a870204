"""What a view is, and the moment that it looks at."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from server.datasets.base import Form, Mixture
from server.datasets.split import Loaded
from server.experiment import Experiment
from server.experiment.registry import Kind, Kinds
from server.layers.base import Params

from ..arrays import Tree
from ..likeness import Likeness
from ..program import Probe, Program, Vector
from ..scores import evaluate, slopes

VIEWS = Kinds("view")
#: the names of the compiled scores and slopes
SCORES, SLOPES = "scores", "slopes"


@dataclass
class Scene:
    """What a view may look at: one moment of a session.

    experiment: the session's own (a program serves every experiment of its shape).
    loaded: its examples. span: (lo, hi) of the output's colours. probes: what may be asked, by
    question.
    """

    experiment: Experiment
    program: Program
    state: Vector
    live: NDArray[np.float32]
    data: Vector
    loaded: Loaded
    span: tuple[float, float]
    probes: dict[str, Probe] = field(default_factory=dict[str, Probe])
    _found: dict[str, Tree] = field(default_factory=dict[str, Tree])

    @property
    def scores(self) -> Tree:
        """What `evaluate` finds, as NumPy arrays."""
        return self.find(SCORES)

    @property
    def slopes(self) -> Tree:
        """What `slopes` finds, as NumPy arrays."""
        return self.find(SLOPES)

    def norm(self, compiled: bool) -> float:
        """The gradient's norm. compiled: NaN where that would have to be compiled first."""
        if compiled and not self.program.has(SLOPES):
            return float("nan")
        return length(self.slopes["norms"])

    @property
    def mixture(self) -> Mixture | None:
        """The clouds that the dataset is drawn from, where it is."""
        return self.experiment.data.dataset.mixture

    @cached_property
    def likeness(self) -> Likeness | None:
        """How like the real points those of the generator are; None where it makes none."""
        if self.experiment.generator is None or self.program.shape.streamed:
            return None
        return Likeness.of(self.scores["made"], self.loaded.inputs, self.mixture)

    @property
    def generator(self) -> dict[str, float | None]:
        """Of the generator its loss, and of points how they are distributed: divergences from the
        real ones and clouds covered. Empty where there is none."""
        if self.experiment.generator is None:
            return {}
        found = self.likeness
        distributed = {} if found is None else {"kl": found.kl, "js": found.js}
        modes = {} if found is None or found.covered is None else {"modes": found.covered}
        return {"loss": float(self.scores["cost"])} | distributed | modes

    @cached_property
    def params(self) -> list[Params]:
        """The parameters of every layer, as NumPy arrays."""
        return self.program.packing.read_part(self.state, "params")

    @cached_property
    def sample(self) -> NDArray[np.int32]:
        """The examples that scores look at, of which there may be many; padding, which is at the
        end, left out."""
        if not self.program.shape.streamed:
            return np.arange(len(self.loaded.part), dtype=np.int32)
        rows = np.asarray(self.data["sample"])
        return rows[rows < len(self.loaded.part)]

    def find(self, question: str) -> Tree:
        """What the probe of this question finds, as NumPy arrays; once."""
        if question not in self._found:
            self._found[question] = self.answer(self.probes[question])
        return self._found[question]

    def answer(self, probe: Probe) -> Tree:
        """What a probe finds, not to be kept."""
        return self.program.look(probe, self.state, self.live, self.data)

    def ask(self, probes: dict[str, Probe]) -> None:
        """May be asked these from now on; what was found of others is forgotten."""
        self.probes = probes
        self._found = {key: found for key, found in self._found.items() if key in probes}

    def knows(self, question: str) -> bool:
        """Whether that has been found."""
        return question in self._found

    def know(self, question: str, found: Tree) -> None:
        """Take over what was found elsewhere."""
        self._found[question] = found

    @property
    def dimensions(self) -> int:
        return self.experiment.data.dataset.dimensions


def probes(scene: Scene, views: Iterable[View]) -> dict[str, Probe]:
    """What the scores, the slopes and these views ask of the scene's program, by question."""
    shape = scene.program.shape
    always = (
        Probe(SCORES, lambda *args: evaluate(shape, *args), quick=True),
        Probe(SLOPES, lambda *args: slopes(shape, *args)),
    )
    own = [probe for view in views for probe in view.asked(scene)]
    return {probe.question: probe for probe in (*always, *own)}


class View(Kind):
    """Base of every view."""

    #: whether a network is shown only with it; others may follow when they are compiled
    prompt: ClassVar[bool] = False
    #: whether it is enough to see it anew now and then, where it takes long
    seldom: ClassVar[bool] = False
    #: the forms of examples that it shows something of
    forms: ClassVar[tuple[Form, ...]] = ("points", "image", "sequence", "tokens", "table")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.hints = cls.hints | {"forms": list(cls.forms)}

    def fits(self, experiment: Experiment) -> bool:
        """Whether there is such a thing to be seen of an experiment."""
        return experiment.data.dataset.form in self.forms

    @cached_property
    def key(self) -> str:
        """Text that names this view with its options."""
        return self.model_dump_json()

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the compiled functions that it calls."""
        return (self.key,)

    def probe(self, scene: Scene) -> Probe | None:
        """What it alone asks, under its key, if there is such a thing."""
        return None

    def asked(self, scene: Scene) -> tuple[Probe, ...]:
        """All that it asks; their names are its `needs`."""
        probe = self.probe(scene)
        return () if probe is None else (probe,)

    def look(self, scene: Scene) -> Any:
        """The view's value: a tree of NumPy arrays, numbers, lists and nulls."""
        raise NotImplementedError


def option(default: int, low: int, high: int, help: str) -> Any:
    return Field(default, ge=low, le=high, description=help)


def quantise(values: jax.Array, lo: Any, hi: Any) -> jax.Array:
    """Floats to bytes: lo -> 0, hi -> 255, clipped."""
    scaled = (values - lo) / jnp.maximum(hi - lo, 1e-9)
    return jnp.round(jnp.clip(jnp.nan_to_num(scaled), 0.0, 1.0) * 255).astype(jnp.uint8)


def bytes_of(outputs: jax.Array) -> Any:
    """A layer's outputs (..., units) as bytes (units, ...), from -limit to limit."""
    limit = jnp.max(jnp.abs(jnp.nan_to_num(outputs)))
    return {"values": quantise(jnp.moveaxis(outputs, -1, 0), -limit, limit), "limit": limit}


def length(vector: NDArray[np.float32]) -> float:
    """The norm of a vector."""
    return math.hypot(*vector.tolist())


#: views that one screen may ask for
MAX_VIEWS = 16
