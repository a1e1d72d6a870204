"""Many sessions in one program: `trailing`, a vmap whose axis is the last of every array.

Where XLA sees the lane as the innermost axis, a small network's loop becomes one native kernel
that computes a lane in every place of a vector register. `jax.vmap` moves its axis to the
front, so we read a function's jaxpr ourselves: primitives that do not care about a further
axis at the end are called with one, and whatever else there is goes through `jax.vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from .arrays import Tree, flatten, unflatten

_lax: Any = jax.lax
_jax: Any = jax
_jnp: Any = jnp


@dataclass(frozen=True)
class Value:
    """A value inside the function: shared by all lanes, or with the lane as its last axis."""

    array: Any
    laned: bool


def trailing(function: Callable[..., Tree], lanes: int) -> Callable[..., Tree]:
    """`function` over `lanes` lanes: every array argument and result has one more axis, the last.

    Each lane gets what `function` would give for it alone. Raises whatever tracing raises.
    """

    def over_lanes(*args: Tree) -> Tree:
        leaves, tree = flatten(args)
        alone = [jax.ShapeDtypeStruct(a.shape[:-1], a.dtype) for a in leaves]
        closed, out = _jax.make_jaxpr(function, return_shape=True)(*unflatten(tree, alone))
        found = _Reader(lanes).run(closed, [Value(a, True) for a in leaves])
        results = [_Reader(lanes).laned(v) for v in found]
        return unflatten(flatten(out)[1], results)

    return over_lanes


#: each element of the result comes of the elements at its place
ELEMENTWISE = frozenset(
    {
        "abs",
        "acos",
        "acosh",
        "add",
        "add_any",
        "and",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "bitcast_convert_type",
        "ceil",
        "clamp",
        "convert_element_type",
        "copy",
        "copy_p",
        "cos",
        "cosh",
        "div",
        "eq",
        "erf",
        "erf_inv",
        "erfc",
        "exp",
        "exp2",
        "expm1",
        "floor",
        "ge",
        "gt",
        "integer_pow",
        "is_finite",
        "le",
        "log",
        "log1p",
        "logistic",
        "lt",
        "max",
        "min",
        "mul",
        "ne",
        "neg",
        "nextafter",
        "not",
        "or",
        "population_count",
        "pow",
        "reduce_precision",
        "rem",
        "round",
        "rsqrt",
        "select_n",
        "shift_left",
        "shift_right_arithmetic",
        "shift_right_logical",
        "sign",
        "sin",
        "sinh",
        "sqrt",
        "square",
        "stop_gradient",
        "sub",
        "tan",
        "tanh",
        "xor",
    }
)
#: what they do, they do along axes counted from the first
AXES = frozenset(
    {
        "argmax",
        "argmin",
        "cumlogsumexp",
        "cummax",
        "cummin",
        "cumprod",
        "cumsum",
        "reduce_and",
        "reduce_max",
        "reduce_min",
        "reduce_or",
        "reduce_prod",
        "reduce_sum",
        "reduce_xor",
        "rev",
        "squeeze",
    }
)
#: functions called by name: read through
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "checkpoint": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}


class _Reader:
    """Reads a jaxpr and calls its primitives on values with lanes."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes

    # -- values --------------------------------------------------------------------------

    def laned(self, value: Value) -> Any:
        """The array with its lane axis, made by repetition where there is none."""
        if value.laned:
            return value.array
        array = _jnp.asarray(value.array)
        return _jnp.broadcast_to(array[..., None], (*array.shape, self.lanes))

    def one(self, value: Value) -> Value:
        """The same value without a lane axis, where there is a single lane."""
        return Value(value.array[..., 0], False) if value.laned else value

    # -- jaxprs --------------------------------------------------------------------------

    def run(self, closed: Any, args: Sequence[Value]) -> list[Value]:
        """The results of a closed jaxpr."""
        jaxpr = closed.jaxpr
        known: dict[Any, Value] = {}
        known.update(zip(jaxpr.constvars, (Value(c, False) for c in closed.consts), strict=True))
        known.update(zip(jaxpr.invars, args, strict=True))

        def read(atom: Any) -> Value:
            return Value(atom.val, False) if isinstance(atom, core.Literal) else known[atom]

        used = {a for eqn in jaxpr.eqns for a in eqn.invars if isinstance(a, core.Var)}
        used |= {a for a in jaxpr.outvars if isinstance(a, core.Var)}
        for eqn in jaxpr.eqns:
            ins = [read(atom) for atom in eqn.invars]
            if eqn.primitive.name == "while":
                results = self.loop(eqn, ins, [v in used for v in eqn.outvars])
            else:
                results = self.equation(eqn, ins)
            known.update(zip(eqn.outvars, results, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def equation(self, eqn: Any, ins: list[Value]) -> list[Value]:
        name, params = eqn.primitive.name, eqn.params
        if name in CALLS:
            return self.run(_closed(params[CALLS[name]]), ins)
        if not any(v.laned for v in ins) and name not in ("scan", "cond"):
            return self.bind(eqn, [v.array for v in ins], params, laned=False)
        if name in ELEMENTWISE:
            return self.bind(eqn, self.spread(ins), params)
        if name in AXES:
            return self.bind(eqn, [ins[0].array], params)
        rule = getattr(self, f"do_{name}", None)
        return self.other(eqn, ins) if rule is None else rule(eqn, ins)

    def bind(
        self, eqn: Any, arrays: Sequence[Any], params: dict[str, Any], laned: bool = True
    ) -> list[Value]:
        found = eqn.primitive.bind(*arrays, **eqn.primitive.get_bind_params(params))
        results = found if eqn.primitive.multiple_results else [found]
        return [Value(r, laned) for r in results]

    def spread(self, ins: list[Value]) -> list[Any]:
        """The operands of an elementwise primitive in one shape, lanes last."""
        shapes = [v.array.shape[:-1] if v.laned else _jnp.shape(v.array) for v in ins]
        whole = np.broadcast_shapes(*shapes)

        def spread(value: Value, shape: tuple[int, ...]) -> Any:
            array = value.array if value.laned else _jnp.asarray(value.array)[..., None]
            array = array.reshape((1,) * (len(whole) - len(shape)) + array.shape)
            return _jnp.broadcast_to(array, (*whole, self.lanes))

        return [spread(v, s) for v, s in zip(ins, shapes, strict=True)]

    def other(self, eqn: Any, ins: list[Value]) -> list[Value]:
        """A primitive with no rule here: as it is for a single lane, else by `jax.vmap`."""
        if self.lanes == 1:
            found = self.bind(eqn, [self.one(v).array for v in ins], eqn.params, laned=False)
            return [Value(v.array[..., None], True) for v in found]
        axes = tuple(-1 if v.laned else None for v in ins)
        params = eqn.primitive.get_bind_params(eqn.params)

        def call(*arrays: Any) -> Any:
            return eqn.primitive.bind(*arrays, **params)

        found = _jax.vmap(call, in_axes=axes, out_axes=-1)(*[v.array for v in ins])
        results = found if eqn.primitive.multiple_results else [found]
        return [Value(r, True) for r in results]

    # -- shapes --------------------------------------------------------------------------

    def do_broadcast_in_dim(self, eqn: Any, ins: list[Value]) -> list[Value]:
        p = eqn.params
        shape = (*p["shape"], self.lanes)
        dimensions = (*p["broadcast_dimensions"], len(p["shape"]))
        more = {"shape": shape, "broadcast_dimensions": dimensions}
        return self.bind(eqn, [ins[0].array], p | more)

    def do_reshape(self, eqn: Any, ins: list[Value]) -> list[Value]:
        if eqn.params["dimensions"] is not None:
            return self.other(eqn, ins)
        sizes = (*eqn.params["new_sizes"], self.lanes)
        return self.bind(eqn, [ins[0].array], eqn.params | {"new_sizes": sizes})

    def do_transpose(self, eqn: Any, ins: list[Value]) -> list[Value]:
        order = eqn.params["permutation"]
        return self.bind(eqn, [ins[0].array], {"permutation": (*order, len(order))})

    def do_slice(self, eqn: Any, ins: list[Value]) -> list[Value]:
        p = eqn.params
        more = {
            "start_indices": (*p["start_indices"], 0),
            "limit_indices": (*p["limit_indices"], self.lanes),
            "strides": None if p["strides"] is None else (*p["strides"], 1),
        }
        return self.bind(eqn, [ins[0].array], p | more)

    def do_pad(self, eqn: Any, ins: list[Value]) -> list[Value]:
        array, value = ins
        if value.laned:
            return self.other(eqn, ins)
        config = (*eqn.params["padding_config"], (0, 0, 0))
        return self.bind(eqn, [self.laned(array), value.array], {"padding_config": config})

    def do_concatenate(self, eqn: Any, ins: list[Value]) -> list[Value]:
        return self.bind(eqn, [self.laned(v) for v in ins], eqn.params)

    def do_optimization_barrier(self, eqn: Any, ins: list[Value]) -> list[Value]:
        return self.bind(eqn, [self.laned(v) for v in ins], eqn.params)

    def do_dynamic_slice(self, eqn: Any, ins: list[Value]) -> list[Value]:
        array, *starts = self._indexed(ins, 1)
        sizes = (*eqn.params["slice_sizes"], self.lanes)
        whole = self.laned(array)

        def together(first: Sequence[Any]) -> Any:
            where = [*first, _zero(starts)]
            (found,) = self.bind(eqn, [whole, *where], eqn.params | {"slice_sizes": sizes})
            return found.array

        if not any(v.laned for v in starts):
            return [Value(together([v.array for v in starts]), True)]
        # Lanes that were begun together are at the same place: no gather for them.
        firsts = [v.array[0] if v.laned else v.array for v in starts]
        agree = [(v.array == f).all() for v, f in zip(starts, firsts, strict=True)]

        def apart() -> Any:
            return self.other(eqn, ins)[0].array

        found = _lax.cond(_jnp.stack(agree).all(), lambda: together(firsts), apart)
        return [Value(found, True)]

    def do_dynamic_update_slice(self, eqn: Any, ins: list[Value]) -> list[Value]:
        array, update, *starts = self._indexed(ins, 2)
        if any(v.laned for v in starts):
            return self.other(eqn, ins)
        where = [*(v.array for v in starts), _zero(starts)]
        return self.bind(eqn, [self.laned(array), self.laned(update), *where], eqn.params)

    def _indexed(self, ins: list[Value], arrays: int) -> list[Value]:
        """Operands of which those after the first `arrays` are places."""
        if self.lanes > 1:
            return ins
        return [*ins[:arrays], *(self.one(v) for v in ins[arrays:])]

    # -- control -------------------------------------------------------------------------

    def loop(self, eqn: Any, ins: list[Value], read: list[bool]) -> list[Value]:
        """Until no lane goes on; a lane that has ended stays as it is. What nobody reads
        afterwards, a counter, may go on for it and so be shared by all lanes."""
        p = eqn.params
        of_cond, of_body = p["cond_nconsts"], p["body_nconsts"]
        outer, inner = ins[:of_cond], ins[of_cond : of_cond + of_body]
        start = ins[of_cond + of_body :]

        def goes_on(carry: list[Value]) -> Value:
            (more,) = self.run(p["cond_jaxpr"], [*outer, *carry])
            return self.one(more) if self.lanes == 1 else more

        def body(carry: list[Value]) -> list[Value]:
            return self.run(p["body_jaxpr"], [*inner, *carry])

        laned, by_lane = self._settled(start, body, goes_on, read)

        def values(arrays: Sequence[Any]) -> list[Value]:
            return [Value(a, on) for a, on in zip(arrays, laned, strict=True)]

        def more(arrays: list[Any]) -> Any:
            return goes_on(values(arrays)).array

        def next_of(arrays: list[Any]) -> list[Any]:
            return self._shaped(body(values(arrays)), laned)

        first = self._shaped(start, laned)
        if not by_lane:
            return values(_lax.while_loop(more, next_of, first))

        def anybody(carry: tuple[Any, list[Any]]) -> Any:
            return carry[0].any()

        def step(carry: tuple[Any, list[Any]]) -> tuple[Any, list[Any]]:
            going, arrays = carry
            kept = [
                _jnp.where(going, f, a) if on else f
                for f, a, on in zip(next_of(arrays), arrays, laned, strict=True)
            ]
            return going & more(kept), kept

        return values(_lax.while_loop(anybody, step, (more(first), first))[1])

    def do_scan(self, eqn: Any, ins: list[Value]) -> list[Value]:
        p = eqn.params
        consts, count = p["num_consts"], p["num_carry"]
        shared, start, xs = ins[:consts], ins[consts : consts + count], ins[consts + count :]
        body = p["jaxpr"]
        first = [Value(v.array[0], v.laned) for v in xs]
        laned, _ = self._settled(
            start, lambda carry: self.run(body, [*shared, *carry, *first])[:count]
        )
        kinds: list[bool] = []

        def step(carry: Sequence[Any], x: Sequence[Any]) -> tuple[list[Any], list[Any]]:
            values = [Value(a, on) for a, on in zip(carry, laned, strict=True)]
            rows = [Value(a, v.laned) for a, v in zip(x, xs, strict=True)]
            found = self.run(body, [*shared, *values, *rows])
            kinds[:] = [v.laned for v in found[count:]]
            return self._shaped(found[:count], laned), [v.array for v in found[count:]]

        end, ys = _lax.scan(
            step,
            self._shaped(start, laned),
            [v.array for v in xs],
            length=p["length"],
            reverse=p["reverse"],
            unroll=p["unroll"],
        )
        return [
            *(Value(a, on) for a, on in zip(end, laned, strict=True)),
            *(Value(a, on) for a, on in zip(ys, kinds, strict=True)),
        ]

    def do_cond(self, eqn: Any, ins: list[Value]) -> list[Value]:
        index, *args = ins
        branches = eqn.params["branches"]
        if self.lanes == 1:
            index = self.one(index)
        if index.laned:
            found = [[self.laned(v) for v in self.run(b, args)] for b in branches]
            return [Value(_pick(index.array, r), True) for r in zip(*found, strict=True)]

        def branch(b: Any) -> Callable[..., list[Any]]:
            return lambda *arrays: [
                self.laned(v)
                for v in self.run(b, [Value(a, v.laned) for a, v in zip(arrays, args, strict=True)])
            ]

        found = _lax.switch(index.array, [branch(b) for b in branches], *[v.array for v in args])
        return [Value(r, True) for r in found]

    def _settled(
        self,
        start: list[Value],
        body: Callable[[list[Value]], list[Value]],
        goes_on: Callable[[list[Value]], Value] | None = None,
        read: Sequence[bool] = (),
    ) -> tuple[list[bool], bool]:
        """Which values of a loop's carry have lanes once that has spread, and whether lanes
        end one by one; then whatever is read after the loop has them."""
        laned, by_lane = [v.laned or self.lanes == 1 for v in start], False
        while self.lanes > 1:
            kinds: list[bool] = []

            def once(
                arrays: list[Any], laned: list[bool] = laned, kinds: list[bool] = kinds
            ) -> list[Any]:
                carry = [Value(a, on) for a, on in zip(arrays, laned, strict=True)]
                found = body(carry)
                kinds += [v.laned for v in found]
                kinds.append(goes_on is not None and goes_on(carry).laned)
                return [v.array for v in found]

            _jax.eval_shape(once, self._shaped(start, laned))
            by_lane = kinds.pop()
            if by_lane:
                kinds = [k or r for k, r in zip(kinds, read, strict=True)]
            both = [a or b for a, b in zip(laned, kinds, strict=True)]
            if both == laned:
                break
            laned = both
        return laned, by_lane

    def _shaped(self, values: Sequence[Value], laned: Sequence[bool]) -> list[Any]:
        return [self.laned(v) if on else v.array for v, on in zip(values, laned, strict=True)]


def _closed(jaxpr: Any) -> Any:
    return jaxpr if hasattr(jaxpr, "consts") else core.ClosedJaxpr(jaxpr, ())


def _zero(starts: Sequence[Value]) -> Any:
    """Where the lane axis of a slice begins, in the type of the other places."""
    return _jnp.zeros((), _jnp.result_type(starts[0].array)) if starts else 0


def _pick(index: Any, branches: Sequence[Any]) -> Any:
    """The results of each lane's branch."""
    found = branches[0]
    for i, branch in enumerate(branches[1:], start=1):
        found = _jnp.where(index == i, branch, found)
    return found
