"""Keras: how each layer is written. Arrays are (N, …, channels), as here, and most weights lie
as here, too. `load` says for every Keras layer the expressions of its weights, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .base import Place, Words, painted, windows
from .python_code import Layer, call

# -- definitions ---------------------------------------------------------------------------------

_BATCH_NORM = '''
class BatchNorm(layers.Layer):
    """Batch normalization that remembers the unbiased variance; Keras's own the biased.

    A single row has no variance: it is normalized by what is remembered.
    """

    def build(self, shape):
        def add(name, initializer, trainable=True):
            return self.add_weight(
                shape=shape[-1:], initializer=initializer, trainable=trainable, name=name
            )

        self.scale, self.offset = add("scale", "ones"), add("offset", "zeros")
        self.mean, self.var = add("mean", "zeros", False), add("var", "ones", False)

    def call(self, z, training=False):
        mean, var = self.mean, self.var
        if training and (z.shape[0] != 1 or math.prod(z.shape[1:-1]) > 1):
            mean, var = ops.moments(z, axes=list(range(len(z.shape) - 1)))
            count = ops.cast(ops.shape(z)[0] * math.prod(z.shape[1:-1]), z.dtype)
            self.mean.assign(0.9 * self.mean + 0.1 * mean)
            self.var.assign(0.9 * self.var + 0.1 * var * count / (count - 1))
        return (z - mean) / ops.sqrt(var + 1e-5) * self.scale + self.offset
'''

_AVERAGE_POOL = '''
def average_pool(h, size, stride):
    """(N, …, channels): the mean of every window; "same" padding does not count."""
    slid = (stride,) * (len(h.shape) - 2)
    ends = [(0, 0)]
    for length in h.shape[1:-1]:
        added = max((-(-length // stride) - 1) * stride + size - length, 0)
        ends.append((added // 2, added - added // 2))
    ends.append((0, 0))
    there = ops.pad(ops.ones((1, *h.shape[1:])), ends)
    total = ops.average_pool(ops.pad(h, ends), size, slid, "valid")
    return total / ops.average_pool(there, size, slid, "valid")
'''

_PAINT = '''
class Paint(layers.Layer):
    """A transposed convolution: every position paints its kernel, (kernel, kernel, filters,
    channels), `stride` apart; then `cut` is taken off at the beginning and what is too much at
    the end. Keras's own has another place for its padding, depending on its backend."""

    def __init__(self, filters, kernel, stride, cut, size, **settings):
        super().__init__(**settings)
        self.filters, self.kernel_size, self.stride = filters, kernel, stride
        self.cut, self.size = cut, size

    def build(self, shape):
        kernel = (self.kernel_size, self.kernel_size, self.filters, shape[-1])
        self.kernel = self.add_weight(shape=kernel, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, h):
        spread = max(self.stride - self.kernel_size, 0)
        painted = ops.conv_transpose(h, self.kernel, self.stride, "valid")
        painted = ops.pad(painted, [(0, 0), (0, spread), (0, spread), (0, 0)])
        rows, columns = (slice(self.cut, self.cut + size) for size in self.size)
        return painted[:, rows, columns] + self.bias
'''

_GATES = '''
def gates(array):
    """The sums of a GRU from our order, reset first, to Keras's, update first."""
    reset, update, new = np.split(array, 3, -1)
    return np.concatenate([update, reset, new], -1)
'''

_POSITIONS = '''
class Positions(layers.Layer):
    """Adds to every step a learned vector for its place."""

    def build(self, shape):
        self.w = self.add_weight(shape=shape[1:], name="w")

    def call(self, h):
        return h + self.w
'''

_WAVES = '''
def waves(time, features):
    """(T, F): sines in even and cosines in odd columns, of many lengths."""
    column = np.arange(features)
    angle = np.arange(time)[:, None] / 10_000 ** (column // 2 * 2 / features)
    return np.where(column % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)
'''

_SAMPLING = '''
class Sampling(layers.Layer):
    """Numbers drawn around means, (N, inputs) -> (N, units); without training the means. How
    unlike the standard normal they are is added to the loss."""

    def __init__(self, units, divergence, **settings):
        super().__init__(**settings)
        self.units, self.divergence = units, divergence
        self.seeds = keras.random.SeedGenerator()

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 2 * self.units), name="w")
        self.b = self.add_weight(shape=(2 * self.units,), initializer="zeros", name="b")

    def call(self, h, training=False):
        mean, log = ops.split(ops.matmul(h, self.w) + self.b, 2, axis=-1)
        if not training:
            return mean
        log = ops.clip(log, -20, 20)
        unlike = ops.sum(mean**2 + ops.exp(log) - 1 - log, axis=-1)
        self.add_loss(self.divergence * 0.5 * ops.mean(unlike))
        return mean + ops.exp(0.5 * log) * keras.random.normal(ops.shape(mean), seed=self.seeds)
'''

_ACTIVATION = """
def {name}_activation(z):
    return {said}
"""

# -- words ---------------------------------------------------------------------------------------


def _said(say: Words, at: Place, of: str = "z") -> str:
    return re.sub(r"\bz\b", of, say.activation(at))


def _arrays(name: str, *parts: str) -> list[str]:
    return [f'arrays["{name}.{part}"]' for part in parts]


def _dropped(rate: float | None, of: str = "h") -> list[str]:
    return [] if rate is None else [f"{of} = layers.Dropout({rate!r})({of})"]


_AVERAGES = ("scale", "offset", "mean", "var")


def _finished(say: Words, at: Place, logits: list[str], needs: list[str]) -> Layer:
    """Normalization, activation and dropout, as the layer has them."""
    name, layer, load = at.name, at.layer, {at.name: _arrays(at.name, "w", "b")}
    if layer.normalization == "batch":
        logits, needs = [*logits, f'z = BatchNorm(name="{name}_norm")(z)'], [*needs, _BATCH_NORM]
        load[f"{name}_norm"] = _arrays(name, *_AVERAGES)
    elif layer.normalization == "layer":
        logits = [*logits, f"z = {_layer_norm(f'{name}_norm', 'z')}"]
        load[f"{name}_norm"] = _arrays(name, "scale", "offset")
    elif layer.normalization != "none":
        known = ["none", "batch", "layer"]
        raise say.unsupported(f"{at.path}/normalization", repr(layer.normalization), known)
    return Layer([], logits, [f"h = {_said(say, at)}", *_dropped(layer.dropout)], load, needs)


def _layer_norm(name: str, h: str) -> str:
    return f'layers.LayerNormalization(epsilon=1e-5, name="{name}")({h})'


def _dense(say: Words, at: Place) -> Layer:
    return _finished(say, at, [f'z = layers.Dense({at.units}, name="{at.name}")(h)'], [])


def _settings(**values: object) -> str:
    """`, name=value` for every one of these that is not 1 or "valid"."""
    kept = {name: value for name, value in values.items() if value not in (1, "valid")}
    shown = {n: f'"{v}"' if isinstance(v, str) else repr(v) for n, v in kept.items()}
    return "".join(f", {name}={value}" for name, value in shown.items())


def _conv(say: Words, at: Place) -> Layer:
    layer, axes = at.layer, len(at.input_shape) - 1
    how = _settings(
        strides=layer.stride,
        padding=layer.padding,
        dilation_rate=layer.dilation,
        groups=layer.groups,
    )
    make = f'layers.Conv{axes}D({layer.filters}, {layer.kernel_size}{how}, name="{at.name}")'
    return _finished(say, at, [f"z = {make}(h)"], [])


def _conv_transpose(say: Words, at: Place) -> Layer:
    layer, name = at.layer, at.name
    cut, *_ = painted(layer)
    sizes = f"{layer.filters}, {layer.kernel_size}, {layer.stride}, {cut}, {at.output_shape[:2]}"
    written = _finished(say, at, [f'z = Paint({sizes}, name="{name}")(h)'], [_PAINT])
    kernel, bias = _arrays(name, "w", "b")
    written.load[name][:] = [f"{kernel}.swapaxes(2, 3)", bias]
    return written


def _pool(kind: str) -> Callable[[Words, Place], Layer]:
    def pool(say: Words, at: Place) -> Layer:
        axes, slides = len(at.input_shape) - 1, windows(at)
        size, stride = slides[0].size, slides[0].stride
        if kind == "Average" and any(w.before or w.after for w in slides):
            line = f"h = average_pool(h, {size}, {stride})"
            return Layer(activate=[line], needs=[_AVERAGE_POOL])
        how = f", {stride}" * (stride != size) + _settings(padding=at.layer.padding)
        return Layer(activate=[f"h = layers.{kind}Pooling{axes}D({size}{how})(h)"])

    return pool


def _global(function: str) -> Callable[[Words, Place], Layer]:
    def whole(say: Words, at: Place) -> Layer:
        axes = "(1, 2)" if len(at.input_shape) == 3 else "1"
        return Layer(activate=[f"h = ops.{function}(h, axis={axes})"])

    return whole


def _recurrent(say: Words, at: Place) -> Layer:
    layer, name = at.layer, at.name
    make = {"simple_rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}[layer.kind]
    how = ", return_sequences=True" * layer.return_sequences
    needs = [_GATES] if layer.kind == "gru" else list[str]()
    if layer.kind == "simple_rnn" and layer.activation != "tanh":
        how += f", activation={name}_activation"
        needs.append(_ACTIVATION.format(name=name, said=say.activation(at)))
    load = [e for way in ("", "_back")[: 1 + layer.bidirectional] for e in _of_way(at, way)]
    line = f'h = layers.{make}({layer.units}{how}, name="{name}")(h)'
    if layer.bidirectional and layer.kind == "simple_rnn" and needs:
        return _both_ways(at, f"{layer.units}{how}".split(", "), load, needs)
    if layer.bidirectional:
        inner = f"layers.{make}({layer.units}{how})"
        line = f'h = layers.Bidirectional({inner}, name="{name}")(h)'
    return Layer([], [], [line], {name: load}, needs)


def _both_ways(at: Place, how: list[str], load: list[str], needs: list[str]) -> Layer:
    """As Bidirectional, which copies its layer, and cannot copy a function of ours."""
    name, half, head = at.name, len(load) // 2, "= layers.SimpleRNN("
    back = "ops.flip(back, axis=1)" if at.layer.return_sequences else "back"
    lines = [
        call(f"ahead {head}", [*how, f'name="{name}"'], 4, ")(h)"),
        call(f"back {head}", [*how, "go_backwards=True", f'name="{name}_back"'], 4, ")(h)"),
        f"h = ops.concatenate([ahead, {back}], axis=-1)",
    ]
    return Layer([], [], lines, {name: load[:half], f"{name}_back": load[half:]}, needs)


def _of_way(at: Place, way: str) -> list[str]:
    """The weights of one direction."""
    w, u, b, c = _arrays(at.name, *(f"{part}{way}" for part in ("w", "u", "b", "b_hidden")))
    if at.layer.kind != "gru":
        return [w, u, b]
    return [f"gates({w})", f"gates({u})", f"gates(np.stack([{b}, {c}]))"]


def _embedding(say: Words, at: Place) -> Layer:
    name, tokens = at.name, at.layer.tokens
    lines = [
        f"h = ops.clip(h, 0, {tokens - 1})",
        f'h = layers.Embedding({tokens}, {at.units}, name="{name}")(h)',
    ]
    return Layer([], [], lines, {name: _arrays(name, "w")})


def _positions(say: Words, at: Place) -> Layer:
    if at.layer.form == "sinusoidal":
        time, features = at.input_shape
        return Layer(activate=[f"h = h + waves({time}, {features})"], needs=[_WAVES])
    line = f'h = Positions(name="{at.name}")(h)'
    return Layer([], [], [line], {at.name: _arrays(at.name, "w")}, [_POSITIONS])


def _attend(at: Place, to: str, h: str, dropout: float | None) -> tuple[list[str], list[str]]:
    """Lines of an attention from a variable to itself, and its weights."""
    layer, features = at.layer, at.inputs
    heads, width = layer.heads, features // layer.heads
    how = "" if dropout is None else f", dropout={dropout!r}"
    make = f'layers.MultiHeadAttention({heads}, {width}{how}, name="{to}")'
    causal = ", use_causal_mask=True" if layer.causal else ""
    weights = [
        f'arrays["{at.name}.{kind}{part}"].reshape({shape})'
        for part in "qkv"
        for kind, shape in (("w", f"{features}, {heads}, {width}"), ("b", f"{heads}, {width}"))
    ]
    weights.append(f'arrays["{at.name}.wo"].reshape({heads}, {width}, {features})')
    weights.append(f'arrays["{at.name}.bo"]')
    return [f"attend = {make}", f"{h} = attend({h}, {h}{causal})"], weights


def _attention(say: Words, at: Place) -> Layer:
    lines, weights = _attend(at, at.name, "h", at.layer.dropout)
    return Layer([], [], lines, {at.name: weights})


def _feed(say: Words, at: Place, h: str) -> tuple[list[str], dict[str, list[str]]]:
    """Lines of the feed-forward network from a variable to itself, and its weights."""
    name = at.name
    lines = [
        f'{h} = layers.Dense({at.layer.hidden_units}, name="{name}_up")({h})',
        f"{h} = {_said(say, at, h)}",
        f'{h} = layers.Dense({at.inputs}, name="{name}_down")({h})',
    ]
    load = {f"{name}_up": _arrays(name, "w1", "b1"), f"{name}_down": _arrays(name, "w2", "b2")}
    return lines, load


def _feed_forward(say: Words, at: Place) -> Layer:
    lines, load = _feed(say, at, "h")
    return Layer([], [], lines, load)


def _block(say: Words, at: Place) -> Layer:
    name, layer, lines = at.name, at.layer, list[str]()
    attend, attended = _attend(at, f"{name}_attention", "z", None)
    feed, load = _feed(say, at, "z")
    load[f"{name}_attention"] = attended
    for part, inner in (("1", attend), ("2", feed)):
        norm = f"{name}_norm_{part}"
        load[norm] = _arrays(name, f"scale{part}", f"offset{part}")
        before = layer.norm == "pre"
        lines += [f"z = {_layer_norm(norm, 'h') if before else 'h'}", *inner]
        lines += [*_dropped(layer.dropout, "z"), "h = h + z"]
        lines += [] if before else [f"h = {_layer_norm(norm, 'h')}"]
    return Layer([], [], lines, load)


def _sampling(say: Words, at: Place) -> Layer:
    name = at.name
    line = f'h = Sampling({at.units}, {at.layer.divergence!r}, name="{name}")(h)'
    return Layer([], [], [line], {name: _arrays(name, "w", "b")}, [_SAMPLING])


def _batch_norm(say: Words, at: Place) -> Layer:
    name = at.name
    line = f'h = BatchNorm(name="{name}")(h)'
    return Layer([], [], [line], {name: _arrays(name, *_AVERAGES)}, [_BATCH_NORM])


def _normalized(say: Words, at: Place) -> Layer:
    name = at.name
    load = {name: _arrays(name, "scale", "offset")}
    return Layer([], [], [f"h = {_layer_norm(name, 'h')}"], load)


def _simple(line: Callable[[Place], str]) -> Callable[[Words, Place], Layer]:
    return lambda say, at: Layer(activate=[line(at)])


def _size(values: Sequence[int]) -> str:
    return f"({', '.join(map(str, values))}{',' * (len(values) == 1)})"


LAYER_WORDS: dict[str, Callable[[Words, Place], Layer]] = {
    "dense": _dense,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv2d_transpose": _conv_transpose,
    "max_pooling1d": _pool("Max"),
    "max_pooling2d": _pool("Max"),
    "average_pooling1d": _pool("Average"),
    "average_pooling2d": _pool("Average"),
    "global_average_pooling1d": _global("mean"),
    "global_average_pooling2d": _global("mean"),
    "global_max_pooling1d": _global("max"),
    "global_max_pooling2d": _global("max"),
    "upsampling2d": _simple(lambda at: f"h = layers.UpSampling2D({at.layer.size})(h)"),
    "simple_rnn": _recurrent,
    "gru": _recurrent,
    "lstm": _recurrent,
    "embedding": _embedding,
    "position_embedding": _positions,
    "multi_head_attention": _attention,
    "feed_forward": _feed_forward,
    "transformer_block": _block,
    "sampling": _sampling,
    "batch_normalization": _batch_norm,
    "layer_normalization": _normalized,
    "activation": lambda say, at: Layer(activate=[f"h = {_said(say, at, 'h')}"]),
    "dropout": lambda say, at: Layer(activate=_dropped(at.layer.rate)),
    "flatten": _simple(lambda at: "h = layers.Flatten()(h)"),
    "reshape": _simple(lambda at: f"h = layers.Reshape({_size(at.output_shape)})(h)"),
    "last_step": _simple(lambda at: "h = h[:, -1]"),
    "add": _simple(lambda at: f"h = h + {at.other}"),
    "concatenate": _simple(lambda at: f"h = ops.concatenate([h, {at.other}], axis=-1)"),
}
