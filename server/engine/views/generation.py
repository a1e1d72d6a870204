"""Views of what a generator makes."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, Literal

import jax
import numpy as np
from numpy.typing import NDArray

from server.experiment import Experiment, Generator

from .. import adversarial
from ..arrays import Tree, map_in_batches
from ..likeness import REACH, due
from ..model import Model
from ..program import Probe
from .base import VIEWS, Scene, View, bytes_of, option, quantise

#: the share of normal noise on each side that the grid leaves out
TAIL = 0.02
#: real examples that are judged beside made ones: as many as are sent of a part that is no points
REAL = 64


class OfGenerator(View):
    """Base of the views of a generator."""

    forms = ("points", "image")

    def fits(self, experiment: Experiment) -> bool:
        return experiment.generator is not None


@VIEWS.register
class Generated(OfGenerator):
    """Made examples, the same noise at every step."""

    kind: Literal["generated"] = "generated"
    title = "Made examples"
    help = "What the generator makes of some noise, what is thought of it, where it is pushed."
    prompt = True
    count: int = option(200, 1, 1000, "How many; of pictures at most 100.")

    def _number(self, scene: Scene) -> int:
        return min(self.count, 100) if scene.program.shape.streamed else self.count

    def probe(self, scene: Scene) -> Probe:
        shape, count = scene.program.shape, self._number(scene)

        def look(state: Tree, live: Any, _: Tree, real: jax.Array) -> Tree:
            noise = adversarial.standing_noise(shape, count)
            examples = adversarial.made(shape, state, live, noise)
            known = adversarial.judged(shape, state, live, shape.given(real))
            found = {"verdicts": adversarial.judged(shape, state, live, examples).outputs[:, 0]}
            found |= {"real": known.outputs[:, 0]}
            if shape.streamed:
                return found | {"values": quantise(examples, 0.0, 1.0)}
            pushes = adversarial.pushes(shape, state, live, examples)
            return found | {"values": examples, "pushes": pushes}

        return Probe(self.key, look, (), (_real(scene),), quick=True)

    def look(self, scene: Scene) -> Any:
        found, training = scene.find(self.key), scene.loaded.counts["train"]
        found = found | {"real": found["real"][:training]}
        clouds, mixture = scene.likeness and scene.likeness.clouds, scene.mixture
        if mixture is None or clouds is None:
            return found | {"clouds": None}
        return found | {
            "clouds": {
                "centres": mixture.centres.astype(np.float32),
                "radius": REACH * mixture.deviation,
                "counts": clouds,
                "due": due(len(scene.scores["made"]), len(clouds)),
            }
        }


@VIEWS.register
class Manifold(OfGenerator):
    """The noise as it is warped."""

    kind: Literal["manifold"] = "manifold"
    title = "Warped noise"
    help = (
        "A grid over the first two numbers of the noise, the others 0, and where the generator "
        "puts it. Where two numbers are all, every cell is drawn from as often as any other."
    )
    size: int = option(16, 2, 40, "Cells per side; of pictures at most 12.")

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape
        picture = shape.streamed
        noise = noise_grid(_generator(scene), min(self.size, 12) if picture else self.size)

        def look(state: Tree, live: Any, _: Tree, noise: jax.Array) -> jax.Array:
            def one(z: jax.Array) -> jax.Array:
                return adversarial.made(shape, state, live, z[None])[0]

            found = map_in_batches(one, noise.reshape(-1, noise.shape[-1]))
            found = found.reshape(*noise.shape[:2], *found.shape[1:])
            return quantise(found, 0.0, 1.0) if picture else found

        return Probe(self.key, look, (noise,), quick=True)

    def look(self, scene: Scene) -> Any:
        return {"values": scene.find(self.key)}


@VIEWS.register
class GeneratorUnits(OfGenerator):
    """What every unit of the generator answers to noise."""

    kind: Literal["generator_units"] = "generator_units"
    title = "Generator's units"
    help = "What every hidden unit of the generator answers all over the first two noise numbers."
    size: int = option(20, 8, 50, "Places per side.")

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape
        noise = noise_grid(_generator(scene), self.size - 1)[::-1]

        def maps(state: Tree, live: Any, _: Tree, noise: jax.Array) -> list[Any]:
            maker, rows = Model.maker(shape.thaw(live)), noise.reshape(-1, noise.shape[-1])
            params, stats = shape.makers(state["params"]), shape.makers(state["stats"])
            result = maker.forward(params, stats, rows)
            hidden = [a.T if a.ndim == 2 else None for a in result.activations[:-1]]
            return [
                {} if a is None else quantise(a.reshape(len(a), *noise.shape[:2]), -1.0, 1.0)
                for a in hidden
            ]

        return Probe(self.key, maps, (np.ascontiguousarray(noise),), quick=True)

    def look(self, scene: Scene) -> Any:
        return {"layers": [m if len(m) else None for m in scene.find(self.key)]}


@VIEWS.register
class Forging(OfGenerator):
    """One draw of noise on its way through the generator."""

    kind: Literal["forging"] = "forging"
    title = "On its way through the generator"
    help = "One draw of noise: what every unit, or every feature map, makes of it."
    index: int = option(0, 0, 99, "Which of the made examples.")

    @property
    def probe_name(self) -> str:
        return "forging"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.probe_name,)

    def probe(self, scene: Scene) -> Probe:
        shape = scene.program.shape
        count = 100 if shape.streamed else 200

        def look(state: Tree, live: Any, _: Tree, index: jax.Array) -> Tree:
            noise = adversarial.standing_noise(shape, count)[index][None]
            params, stats = shape.makers(state["params"]), shape.makers(state["stats"])
            result = Model.maker(shape.thaw(live)).forward(params, stats, noise)
            verdict = adversarial.judged(shape, state, live, result.outputs).outputs[0]
            layers = [bytes_of(a[0]) for a in result.activations]
            return {"noise": noise[0], "layers": layers, "verdict": verdict[0]}

        return Probe(self.probe_name, look, (), (np.int32(self.index),), quick=True, key=self.key)

    def look(self, scene: Scene) -> Any:
        found = scene.find(self.key)
        layers = [layer | {"limit": float(layer["limit"])} for layer in found["layers"]]
        return {"noise": found["noise"], "verdict": float(found["verdict"]), "layers": layers}


def _real(scene: Scene) -> NDArray[Any]:
    """The first training examples (REAL, *input_shape), and zeros where there are fewer."""
    rows = scene.loaded.rows[: min(REAL, scene.loaded.counts["train"])]
    found = scene.loaded.pool[rows]
    return np.concatenate([found, np.zeros((REAL - len(found), *found.shape[1:]), found.dtype)])


def _generator(scene: Scene) -> Generator:
    generator = scene.program.shape.experiment.generator
    assert generator is not None
    return generator


def noise_grid(generator: Generator, cells: int) -> NDArray[np.float32]:
    """Noise (cells + 1, cells + 1, latent) over the first two numbers (or along the only one: one
    row then), by equal shares of what is drawn; the others are 0."""
    share = np.linspace(TAIL, 1 - TAIL, cells + 1)
    quantile = NormalDist().inv_cdf
    edges = 2 * share - 1 if generator.noise == "uniform" else [quantile(s) for s in share]
    rows = cells + 1 if generator.latent > 1 else 1
    noise = np.zeros((rows, cells + 1, generator.latent), np.float32)
    noise[..., 0] = edges
    if generator.latent > 1:
        noise[..., 1] = np.array(edges)[:, None]
    return noise
