"""Recurrent layers: a state that is carried along a sequence and changed at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from server.experiment import network
from server.experiment.network import MAX_UNITS, Initializer
from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS, setting

from .base import Context, Layer, Params, Shape
from .dense import projected
from .settings import activation_setting, initializer_setting, sequence

#: hidden state first; (B, U) each, or (T, B, U) over time
State = tuple[jax.Array, ...]
#: (weighted inputs (B, GU), weighted hidden state (B, GU), state before) -> state after
Cell = Callable[[jax.Array, jax.Array, State], State]
Linear = Callable[[jax.Array, jax.Array], jax.Array]


def _unrolled(
    cell: Cell, linear: Linear, states: int, z: jax.Array, u: jax.Array, c: jax.Array
) -> tuple[State, jax.Array]:
    """All states after the first, which is 0, and what the hidden state was weighted to.

    z: (T, B, GU) weighted inputs. u: (U, GU), c: (GU,) the hidden state's weights and bias.
    A loop as it stands: unrolled, or with a gradient of its own, it is slower on the CPU.
    """

    def step(state: State, z: jax.Array) -> tuple[State, tuple[State, jax.Array]]:
        a = linear(state[0], u) + c
        state = cell(z, a, state)
        return state, (state, a)

    first = (jnp.zeros((z.shape[1], u.shape[0]), z.dtype),) * states
    return jax.lax.scan(step, first, z)[1]


class _Recurrent(Layer):
    """Fields and all but the cell.

    params: w (features, G units), u (units, G units), b (G units,), where G weighted sums lie
    side by side in the order of `gates`; some kinds have more. Of the other direction, where
    there is one, the same with `_back`.
    """

    regularized = ("w", "u", "w_back", "u_back")
    #: names of the weighted sums, in the order they lie in
    gates: ClassVar[tuple[str, ...]]
    #: names of the states
    states: ClassVar[tuple[str, ...]] = ("hidden",)
    symbol: ClassVar[str]

    units: int = setting(
        16, title="Units", ge=1, le=MAX_UNITS, choices=[4, 8, 16, 32, 64],
        help="How many numbers the state has.",
    )  # fmt: skip
    return_sequences: bool = setting(
        False, title="Return sequences",
        help="Whether the state of every step goes on, or that of the last one only.",
    )  # fmt: skip
    bidirectional: bool = setting(
        False, title="Bidirectional",
        help="A second layer reads the sequence backwards, and both states go on side by side.",
    )  # fmt: skip
    initializer: Initializer = initializer_setting()

    @property
    def _directions(self) -> tuple[str, ...]:
        return ("", "_back") if self.bidirectional else ("",)

    def output_shape(self, input_shape: Shape) -> Shape:
        length, _ = sequence(self.name(), input_shape)
        width = self.units * len(self._directions)
        return (length, width) if self.return_sequences else (width,)

    def init(self, rng: np.random.Generator, input_shape: Shape) -> tuple[Params, Params]:
        """Every weighted sum's weights on their own; those of the state are rotations."""
        params: Params = {}
        for suffix in self._directions:
            drawn = self._first(rng, input_shape[-1])
            params |= {f"{name}{suffix}": value for name, value in drawn.items()}
        return params, {}

    def _first(self, rng: np.random.Generator, features: int) -> Params:
        def drawn(initializer: str, inputs: int) -> Any:
            draw = INITIALIZERS[initializer].function
            return np.concatenate([draw(rng, (inputs, self.units)) for _ in self.gates], 1)

        w, u = drawn(self.initializer, features), drawn("orthogonal", self.units)
        return {"w": w, "u": u, "b": np.zeros(len(self.gates) * self.units, np.float32)}

    def _cell(self, z: jax.Array, a: jax.Array, state: State) -> State:
        raise NotImplementedError

    def _opened(self, z: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
        """The weighted sums after their activations, by name."""
        raise NotImplementedError

    def _run(
        self, params: Params, suffix: str, x: jax.Array, context: Context
    ) -> tuple[State, jax.Array, jax.Array]:
        """(B, T, F) -> (states, weighted inputs, weighted hidden states), (T, B, ...) each, in
        the order in which they are read."""
        x = x.transpose(1, 0, 2)
        x = x[::-1] if suffix else x
        z = projected(x, params[f"w{suffix}"], context) + params[f"b{suffix}"]
        c = params.get(f"b_hidden{suffix}", jnp.zeros(z.shape[-1], z.dtype))
        count = len(self.states)
        states, a = _unrolled(self._cell, context.linear, count, z, params[f"u{suffix}"], c)
        return states, z, a

    def apply(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> tuple[jax.Array, Params]:
        hidden = [self._run(params, suffix, x, context)[0][0] for suffix in self._directions]
        if not self.return_sequences:
            return jnp.concatenate([h[-1] for h in hidden], -1), stats
        ways = [h if way == 0 else h[::-1] for way, h in enumerate(hidden)]
        return jnp.concatenate(ways, -1).transpose(1, 0, 2), stats

    def inspect(
        self, params: Params, stats: Params, x: jax.Array, context: Context
    ) -> dict[str, jax.Array]:
        """States and gates over time, (B, T, units) each, differentiable by x; those of the
        other direction with `_back`."""
        seen: dict[str, jax.Array] = {}
        for suffix in self._directions:
            states, z, a = self._run(params, suffix, x, context)
            found = dict(zip(self.states, states, strict=True)) | self._opened(z, a)
            for name, values in found.items():
                values = values[::-1] if suffix else values
                seen[f"{name}{suffix}"] = values.transpose(1, 0, 2)
        return seen

    def multiplications(self, input_shape: Shape) -> int:
        length, features = input_shape
        each = (features + self.units) * self.units * len(self.gates)
        return length * each * len(self._directions)

    def workspace(self, input_shape: Shape) -> int:
        return input_shape[0] * self.units * len(self.gates) * len(self._directions)

    def latex(self, inputs: str, index: int) -> str:
        arrow = r"\overset{\leftrightarrow}" if self.bidirectional else ""
        name = rf"\operatorname{{{self.symbol}}}"
        name = f"{arrow}{{{name}}}" if arrow else name
        return rf"{name}_{{{index}}}\left({inputs}\right)"


@LAYERS.register
class SimpleRNN(_Recurrent):
    """h_t = activation(x_t w + h_{t-1} u + b)."""

    title = "Simple RNN"
    help = "Carries its last output along the sequence; what was long ago fades, with its gradient."
    formula = r"h_t = \varphi(x_t W + h_{t-1} U + b)"
    source = "Elman, 1990"
    gates = ("hidden",)
    symbol = "RNN"

    kind: Literal["simple_rnn"] = "simple_rnn"
    activation: network.Activation = activation_setting("tanh")

    def _cell(self, z: jax.Array, a: jax.Array, state: State) -> State:
        return (ACTIVATIONS[self.activation].function(z + a),)

    def _opened(self, z: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
        return {}


@LAYERS.register
class GRU(_Recurrent):
    """The gated recurrent unit in PyTorch's form, which is Keras' with reset_after.

    params: also b_hidden (3 units,), the bias of the weighted hidden state.
    """

    title = "GRU"
    help = "Gates decide how much of the old state stays and how much of it the new one sees."
    formula = (
        r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tanh\bigl(x_t W + b + "
        r"r_t \odot (h_{t-1} U + c)\bigr)"
    )
    source = "Cho and others, 2014"
    gates = ("reset", "update", "candidate")
    symbol = "GRU"

    kind: Literal["gru"] = "gru"

    def _first(self, rng: np.random.Generator, features: int) -> Params:
        first = super()._first(rng, features)
        return first | {"b_hidden": np.zeros_like(first["b"])}

    def _opened(self, z: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
        (zr, zu, zn), (ar, au, an) = jnp.split(z, 3, -1), jnp.split(a, 3, -1)
        reset = jax.lax.logistic(zr + ar)
        update, candidate = jax.lax.logistic(zu + au), jnp.tanh(zn + reset * an)
        return {"reset": reset, "update": update, "candidate": candidate}

    def _cell(self, z: jax.Array, a: jax.Array, state: State) -> State:
        gates = self._opened(z, a)
        new = gates["candidate"]
        return (new + gates["update"] * (state[0] - new),)


@LAYERS.register
class LSTM(_Recurrent):
    """Long short-term memory; the forget gate's bias begins at 1."""

    title = "LSTM"
    help = "A cell that gates write to, forget and read: what was long ago can last."
    formula = (
        r"c_t = f_t \odot c_{t-1} + i_t \odot g_t,\ h_t = o_t \odot \tanh c_t,\ "
        r"(i, f, g, o)_t = (\sigma, \sigma, \tanh, \sigma)(x_t W + h_{t-1} U + b)"
    )
    source = "Hochreiter and Schmidhuber, 1997; Gers and others, 2000"
    gates = ("input", "forget", "candidate", "output")
    states = ("hidden", "cell")
    symbol = "LSTM"

    kind: Literal["lstm"] = "lstm"

    def _first(self, rng: np.random.Generator, features: int) -> Params:
        first = super()._first(rng, features)
        first["b"][self.units : 2 * self.units] = 1  # remember at first (Jozefowicz, 2015)
        return first

    def _opened(self, z: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
        i, f, g, o = jnp.split(z + a, 4, -1)
        opened = [jax.lax.logistic(i), jax.lax.logistic(f), jnp.tanh(g), jax.lax.logistic(o)]
        return dict(zip(self.gates, opened, strict=True))

    def _cell(self, z: jax.Array, a: jax.Array, state: State) -> State:
        gates = self._opened(z, a)
        cell = gates["forget"] * state[1] + gates["input"] * gates["candidate"]
        return gates["output"] * jnp.tanh(cell), cell
