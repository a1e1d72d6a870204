"""Plain JAX: how each layer is written. Arrays are (N, …, channels), as here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from .base import Place, Words, painted, windows
from .python_code import Layer

# -- definitions ---------------------------------------------------------------------------------

_LAYER_NORM = '''
def layer_norm(z: jax.Array) -> jax.Array:
    """Every example (and position) to mean 0 and variance 1 over the last axis."""
    mean, var = z.mean(-1, keepdims=True), z.var(-1, keepdims=True)
    return (z - mean) / jnp.sqrt(var + 1e-5)
'''

_BATCH_NORM = '''
def batch_norm(z: jax.Array, stats: Arrays, name: str, training: bool) -> tuple[jax.Array, Arrays]:
    """Every unit to mean 0 and variance 1 over all else, and the running averages after it.

    A single row has no variance: it is normalized by the running averages.
    """
    mean, var, count = stats[f"{name}.mean"], stats[f"{name}.var"], z.size // z.shape[-1]
    if not training or count == 1:
        return (z - mean) / jnp.sqrt(var + 1e-5), {}
    axes = tuple(range(z.ndim - 1))
    now, spread = z.mean(axes), z.var(axes)
    fresh = {
        f"{name}.mean": 0.9 * mean + 0.1 * now,
        f"{name}.var": 0.9 * var + 0.1 * spread * count / (count - 1),
    }
    return (z - now) / jnp.sqrt(spread + 1e-5), fresh
'''

_DROPOUT = '''
def dropout(h: jax.Array, share: float, key: jax.Array) -> jax.Array:
    """Silence a share of the units; the others are scaled up to make up for them."""
    kept = jax.random.bernoulli(key, 1 - share, h.shape)
    return jnp.where(kept, h / (1 - share), 0.0)
'''

_CONV = '''
def conv(
    h: jax.Array,
    w: jax.Array,
    stride: int = 1,
    padding: str | list[tuple[int, int]] = "VALID",
    spread: int = 1,
    dilation: int = 1,
    groups: int = 1,
) -> jax.Array:
    """(N, height, width, channels) or (N, time, channels), convolved with a kernel of as many axes
    that is (…, channels, filters). spread: distance that the inputs are drawn apart to."""
    axes = h.ndim - 2
    layout = ("NHWC", "HWIO", "NHWC") if axes == 2 else ("NHC", "HIO", "NHC")
    return jax.lax.conv_general_dilated(
        h,
        w,
        (stride,) * axes,
        padding,
        lhs_dilation=(spread,) * axes,
        rhs_dilation=(dilation,) * axes,
        dimension_numbers=layout,
        feature_group_count=groups,
    )
'''

_MAX_POOL = '''
def max_pool(h: jax.Array, size: int, stride: int, padding: str = "VALID") -> jax.Array:
    """(N, …, channels): the largest number of every window."""
    axes = h.ndim - 2
    window, strides = (1, *[size] * axes, 1), (1, *[stride] * axes, 1)
    return jax.lax.reduce_window(h, -jnp.inf, jax.lax.max, window, strides, padding)
'''

_AVERAGE_POOL = '''
def average_pool(h: jax.Array, size: int, stride: int, padding: str = "VALID") -> jax.Array:
    """(N, …, channels): the mean of every window; padding does not count."""
    axes = h.ndim - 2
    window, strides = (1, *[size] * axes, 1), (1, *[stride] * axes, 1)

    def total(h: jax.Array) -> jax.Array:
        return jax.lax.reduce_window(h, 0.0, jax.lax.add, window, strides, padding)

    return total(h) / total(jnp.ones_like(h[:1]))
'''

_SIMPLE_RNN = '''
def simple_rnn(
    params: Arrays,
    name: str,
    h: jax.Array,
    activation: Callable[[jax.Array], jax.Array],
    way: str = "",
) -> jax.Array:
    """(N, T, F) -> (N, T, units): the state at every step, read backwards where `way` says so."""
    w, u, b = (params[f"{name}.{part}{way}"] for part in "wub")

    def step(state: jax.Array, z: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = activation(z + state @ u)
        return state, state

    first, z = jnp.zeros((len(h), len(u))), (h @ w + b).swapaxes(0, 1)
    return jax.lax.scan(step, first, z, reverse=way == "_back")[1].swapaxes(0, 1)
'''

_GRU = '''
def gru(params: Arrays, name: str, h: jax.Array, way: str = "") -> jax.Array:
    """(N, T, F) -> (N, T, units): the state at every step, read backwards where `way` says so."""
    w, u, b, c = (params[f"{name}.{part}{way}"] for part in ("w", "u", "b", "b_hidden"))

    def step(state: jax.Array, z: jax.Array) -> tuple[jax.Array, jax.Array]:
        zr, zu, zn = jnp.split(z, 3, -1)
        ar, au, an = jnp.split(state @ u + c, 3, -1)
        reset, update = jax.nn.sigmoid(zr + ar), jax.nn.sigmoid(zu + au)
        state = update * state + (1 - update) * jnp.tanh(zn + reset * an)
        return state, state

    first, z = jnp.zeros((len(h), len(u))), (h @ w + b).swapaxes(0, 1)
    return jax.lax.scan(step, first, z, reverse=way == "_back")[1].swapaxes(0, 1)
'''

_LSTM = '''
def lstm(params: Arrays, name: str, h: jax.Array, way: str = "") -> jax.Array:
    """(N, T, F) -> (N, T, units): the state at every step, read backwards where `way` says so."""
    w, u, b = (params[f"{name}.{part}{way}"] for part in "wub")

    def step(
        states: tuple[jax.Array, jax.Array], z: jax.Array
    ) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
        state, cell = states
        i, f, g, o = jnp.split(z + state @ u, 4, -1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        state = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return (state, cell), state

    first, z = jnp.zeros((len(h), len(u))), (h @ w + b).swapaxes(0, 1)
    return jax.lax.scan(step, (first, first), z, reverse=way == "_back")[1].swapaxes(0, 1)
'''

_WAVES = '''
def waves(time: int, features: int) -> jax.Array:
    """(T, F): sines in even and cosines in odd columns, of many lengths."""
    column = jnp.arange(features)
    angle = jnp.arange(time)[:, None] / 10_000 ** (column // 2 * 2 / features)
    return jnp.where(column % 2 == 0, jnp.sin(angle), jnp.cos(angle))
'''

_ATTENTION = '''
def attention(
    params: Arrays,
    name: str,
    h: jax.Array,
    heads: int,
    causal: bool = False,
    share: float = 0.0,
    key: jax.Array | None = None,
) -> jax.Array:
    """Self-attention, (N, T, F) -> the same. share: of the attention that is cut at random,
    where there is a key."""
    _, time, features = h.shape

    def projected(h: jax.Array, part: str) -> jax.Array:
        return h @ params[f"{name}.w{part}"] + params[f"{name}.b{part}"]

    def split(part: str) -> jax.Array:
        return projected(h, part).reshape(-1, time, heads, features // heads)

    scores = jnp.einsum("nthd,nshd->nhts", split("q"), split("k")) / (features // heads) ** 0.5
    if causal:
        scores = jnp.where(jnp.tri(time, dtype=bool), scores, -jnp.inf)
    weights = jax.nn.softmax(scores)
    if key is not None:
        kept = jax.random.bernoulli(key, 1 - share, weights.shape)
        weights = jnp.where(kept, weights / (1 - share), 0.0)
    mixed = jnp.einsum("nhts,nshd->nthd", weights, split("v"))
    return projected(mixed.reshape(h.shape), "o")
'''

_SAMPLING = '''
def sampling(
    params: Arrays, name: str, h: jax.Array, key: jax.Array | None
) -> tuple[jax.Array, jax.Array]:
    """(N, F) -> numbers drawn around means (N, units), without a key the means themselves; and
    how unlike the standard normal they are, the Kullback-Leibler divergence."""
    mean, log = jnp.split(h @ params[f"{name}.w"] + params[f"{name}.b"], 2, -1)
    log = jnp.clip(log, -20, 20)
    divergence = 0.5 * (mean**2 + jnp.exp(log) - 1 - log).sum(-1).mean()
    noise = 0.0 if key is None else jax.random.normal(key, mean.shape)
    return mean + jnp.exp(0.5 * log) * noise, divergence
'''

_ACTIVATION = """
def {name}_activation(z: jax.Array) -> jax.Array:
    return {said}
"""

# -- words ---------------------------------------------------------------------------------------


def _said(say: Words, at: Place, of: str = "z") -> str:
    """The activation of a variable."""
    return re.sub(r"\bz\b", of, say.activation(at))


def _scaled(at: Place, z: str = "z", suffix: str = "") -> str:
    name = at.name
    return f'{z} * params["{name}.scale{suffix}"] + params["{name}.offset{suffix}"]'


def _key(at: Place) -> str:
    return f"jax.random.fold_in(key, {at.name.removeprefix('hidden_')})"


def _batch_normalized(at: Place, z: str) -> list[str]:
    return [
        f'{z}, fresh = batch_norm({z}, stats, "{at.name}", training)',
        "stats = stats | fresh",
        f"{z} = {_scaled(at, z)}",
    ]


def _dropped(at: Place, rate: float | None) -> list[str]:
    if rate is None:
        return []
    return ["if training:", f"    h = dropout(h, {rate!r}, {_key(at)})"]


def _finished(say: Words, at: Place, logits: list[str], needs: list[str]) -> Layer:
    """Normalization, activation and dropout, as the layer has them."""
    layer = at.layer
    if layer.normalization == "batch":
        logits, needs = [*logits, *_batch_normalized(at, "z")], [*needs, _BATCH_NORM]
    elif layer.normalization == "layer":
        logits, needs = [*logits, "z = layer_norm(z)", f"z = {_scaled(at)}"], [*needs, _LAYER_NORM]
    elif layer.normalization != "none":
        known = ["none", "batch", "layer"]
        raise say.unsupported(f"{at.path}/normalization", repr(layer.normalization), known)
    activate = [f"h = {_said(say, at)}", *_dropped(at, layer.dropout)]
    return Layer([], logits, activate, {}, [*needs, *[_DROPOUT] * (layer.dropout is not None)])


def _dense(say: Words, at: Place) -> Layer:
    return _finished(say, at, [f'z = h @ params["{at.name}.w"] + params["{at.name}.b"]'], [])


def _settings(**values: Any) -> str:
    """`, name=value` for every one of these that is not what it is anyway."""
    usual = {"stride": 1, "padding": "VALID", "spread": 1, "dilation": 1, "groups": 1}
    return "".join(f", {k}={_quoted(v)}" for k, v in values.items() if v != usual[k])


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _conv(say: Words, at: Place) -> Layer:
    layer, name = at.layer, at.name
    how = _settings(
        stride=layer.stride,
        padding=layer.padding.upper(),
        dilation=layer.dilation,
        groups=layer.groups,
    )
    lines = [f'z = conv(h, params["{name}.w"]{how})', f'z = z + params["{name}.b"]']
    return _finished(say, at, lines, [_CONV])


def _conv_transpose(say: Words, at: Place) -> Layer:
    """Inputs that are drawn apart, convolved with the kernel turned around."""
    layer, name = at.layer, at.name
    cut, also, more = painted(layer)
    before, after = layer.kernel_size - 1 - cut, layer.kernel_size - 1 - also + more
    how = _settings(padding=[(before, after)] * 2, spread=layer.stride)
    turned = f'w = params["{name}.w"][::-1, ::-1]'
    lines = [turned, f"z = conv(h, w{how})", f'z = z + params["{name}.b"]']
    return _finished(say, at, lines, [_CONV])


def _pool(function: str, code: str) -> Callable[[Words, Place], Layer]:
    def pool(say: Words, at: Place) -> Layer:
        stride, padding = windows(at)[0].stride, at.layer.padding.upper()
        how = f"{at.layer.pool_size}, {stride}{_settings(padding=padding)}"
        return Layer(activate=[f"h = {function}(h, {how})"], needs=[code])

    return pool


def _global(function: str) -> Callable[[Words, Place], Layer]:
    def whole(say: Words, at: Place) -> Layer:
        axes = "(1, 2)" if len(at.input_shape) == 3 else "1"
        return Layer(activate=[f"h = h.{function}({axes})"])

    return whole


def _recurrent(code: str) -> Callable[[Words, Place], Layer]:
    def recurrent(say: Words, at: Place) -> Layer:
        layer = at.layer
        more, needs = "", [code]
        if layer.kind == "simple_rnn":
            more = f", {at.name}_activation"
            needs.append(_ACTIVATION.format(name=at.name, said=say.activation(at)))
        head = f'{layer.kind}(params, "{at.name}", h{more}'
        if not layer.bidirectional:
            lines = [f"h = {head})"]
            lines += [] if layer.return_sequences else ["h = h[:, -1]"]
            return Layer(activate=lines, needs=needs)
        ends = ("ahead", "back") if layer.return_sequences else ("ahead[:, -1]", "back[:, 0]")
        return Layer(
            activate=[
                f"ahead = {head})",
                f'back = {head}, way="_back")',
                f"h = jnp.concatenate([{', '.join(ends)}], -1)",
            ],
            needs=needs,
        )

    return recurrent


def _embedding(say: Words, at: Place) -> Layer:
    return Layer(activate=[f'h = jnp.take(params["{at.name}.w"], h, axis=0, mode="clip")'])


def _positions(say: Words, at: Place) -> Layer:
    if at.layer.form == "learned":
        return Layer(activate=[f'h = h + params["{at.name}.w"]'])
    time, features = at.input_shape
    return Layer(activate=[f"h = h + waves({time}, {features})"], needs=[_WAVES])


def _attended(at: Place, h: str) -> str:
    causal = ", causal=True" if at.layer.causal else ""
    return f'attention(params, "{at.name}", {h}, {at.layer.heads}{causal}'


def _attention(say: Words, at: Place) -> Layer:
    if at.layer.dropout is None:
        return Layer(activate=[f"h = {_attended(at, 'h')})"], needs=[_ATTENTION])
    lines = [
        f"now = {_key(at)} if training else None",
        f"h = {_attended(at, 'h')}, share={at.layer.dropout!r}, key=now)",
    ]
    return Layer(activate=lines, needs=[_ATTENTION])


def _sampling(say: Words, at: Place) -> Layer:
    """What it adds to the loss goes out beside the running averages."""
    name, share = at.name, at.layer.divergence
    lines = [
        f"now = {_key(at)} if training else None",
        f'h, divergence = sampling(params, "{name}", h, now)',
        "if training:",
        f'    stats = stats | {{"{name}.cost": {share!r} * divergence}}',
    ]
    return Layer(activate=lines, needs=[_SAMPLING])


def _fed(say: Words, at: Place) -> list[str]:
    """Lines of the feed-forward network, from z to z."""
    name = at.name
    return [
        f'z = z @ params["{name}.w1"] + params["{name}.b1"]',
        f"z = {_said(say, at)}",
        f'z = z @ params["{name}.w2"] + params["{name}.b2"]',
    ]


def _feed_forward(say: Words, at: Place) -> Layer:
    first, *rest, last = _fed(say, at)
    return Layer(activate=[first.replace("z @", "h @"), *rest, last.replace("z = ", "h = ")])


def _block(say: Words, at: Place) -> Layer:
    layer, lines = at.layer, list[str]()
    for part, inner in (("1", [f"z = {_attended(at, 'z')})"]), ("2", _fed(say, at))):
        normalized = _scaled(at, "layer_norm(h)", part)
        lines += [f"z = {normalized}" if layer.norm == "pre" else "z = h", *inner]
        if layer.dropout is not None:
            key = f"jax.random.fold_in({_key(at)}, {part})"
            lines += ["if training:", f"    z = dropout(z, {layer.dropout!r}, {key})"]
        lines.append("h = h + z")
        lines += [f"h = {normalized}"] if layer.norm == "post" else []
    needs = [_LAYER_NORM, _ATTENTION, *[_DROPOUT] * (layer.dropout is not None)]
    return Layer(activate=lines, needs=needs)


def _simple(line: Callable[[Place], str], *needs: str) -> Callable[[Words, Place], Layer]:
    return lambda say, at: Layer(activate=[line(at)], needs=needs)


def _size(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))


LAYER_WORDS: dict[str, Callable[[Words, Place], Layer]] = {
    "dense": _dense,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv2d_transpose": _conv_transpose,
    "max_pooling1d": _pool("max_pool", _MAX_POOL),
    "max_pooling2d": _pool("max_pool", _MAX_POOL),
    "average_pooling1d": _pool("average_pool", _AVERAGE_POOL),
    "average_pooling2d": _pool("average_pool", _AVERAGE_POOL),
    "global_average_pooling1d": _global("mean"),
    "global_average_pooling2d": _global("mean"),
    "global_max_pooling1d": _global("max"),
    "global_max_pooling2d": _global("max"),
    "upsampling2d": _simple(
        lambda at: f"h = h.repeat({at.layer.size}, 1).repeat({at.layer.size}, 2)"
    ),
    "simple_rnn": _recurrent(_SIMPLE_RNN),
    "gru": _recurrent(_GRU),
    "lstm": _recurrent(_LSTM),
    "embedding": _embedding,
    "position_embedding": _positions,
    "multi_head_attention": _attention,
    "feed_forward": _feed_forward,
    "transformer_block": _block,
    "sampling": _sampling,
    "batch_normalization": lambda say, at: Layer(
        activate=_batch_normalized(at, "h"), needs=[_BATCH_NORM]
    ),
    "layer_normalization": _simple(lambda at: f"h = {_scaled(at, 'layer_norm(h)')}", _LAYER_NORM),
    "activation": lambda say, at: Layer(activate=[f"h = {_said(say, at, 'h')}"]),
    "dropout": lambda say, at: Layer(activate=_dropped(at, at.layer.rate), needs=[_DROPOUT]),
    "flatten": _simple(lambda at: "h = h.reshape(len(h), -1)"),
    "reshape": _simple(lambda at: f"h = h.reshape(-1, {_size(at.output_shape)})"),
    "last_step": _simple(lambda at: "h = h[:, -1]"),
    "add": _simple(lambda at: f"h = h + {at.other}"),
    "concatenate": _simple(lambda at: f"h = jnp.concatenate([h, {at.other}], -1)"),
}
