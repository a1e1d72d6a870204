"""PyTorch: how each layer is written.

PyTorch has channels first where it convolves and pools, we have them last. `arranged` puts in
the turns where two layers that follow each other want it differently; kernels are turned when
they are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.experiment.registry import ACTIVATIONS

from .base import GIVEN, Place, Stack, Words, painted, windows
from .python_code import Layer

FIRST, LAST = "h = h.movedim(-1, 1)", "h = h.movedim(1, -1)"

# -- definitions ---------------------------------------------------------------------------------

_BATCH_NORM = '''
class BatchNorm(nn.BatchNorm1d):
    """PyTorch's, of (N, channels, …); but a batch of one value each, which has no variance, is
    no error: it is normalized by the running averages."""

    def forward(self, z: Tensor) -> Tensor:
        training = self.training and z.numel() > self.num_features
        averages = self.running_mean, self.running_var
        return F.batch_norm(z, *averages, self.weight, self.bias, training, self.momentum, self.eps)
'''

_AVERAGE_POOL = '''
def average_pool(h: Tensor, size: int, stride: int, padding: tuple[int, ...]) -> Tensor:
    """(N, channels, …): the mean of every window; padding does not count."""
    pool = F.avg_pool1d if h.ndim == 3 else F.avg_pool2d
    there = F.pad(torch.ones_like(h[:1]), padding)
    return pool(F.pad(h, padding), size, stride) / pool(there, size, stride)
'''

_RECURRENT = '''
class SimpleRNN(nn.Module):
    """A simple RNN with any activation; PyTorch's own knows tanh and ReLU."""

    def __init__(
        self, inputs: int, units: int, activation: Callable[[Tensor], Tensor], back: bool = False
    ) -> None:
        super().__init__()
        self.inputs = nn.Linear(inputs, units)
        self.state = nn.Linear(units, units, bias=False)
        self.activation, self.back = activation, back

    def forward(self, h: Tensor) -> Tensor:
        """(N, T, inputs) -> (N, T, units): the state at every step."""
        z, states = self.inputs(h).unbind(1), []
        state = torch.zeros_like(z[0])
        for at in reversed(z) if self.back else z:
            state = self.activation(at + self.state(state))
            states.append(state)
        return torch.stack(states[::-1] if self.back else states, 1)
'''

_WAVES = '''
def waves(h: Tensor) -> Tensor:
    """(N, T, F) -> (T, F): sines in even and cosines in odd columns, of many lengths."""
    _, time, features = h.shape
    column = torch.arange(features, device=h.device)
    angle = torch.arange(time, device=h.device)[:, None] / 10_000 ** (column // 2 * 2 / features)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())
'''

_ATTENTION = '''
class Attention(nn.MultiheadAttention):
    """Self-attention, (N, T, F) -> the same."""

    def __init__(
        self, features: int, heads: int, causal: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__(features, heads, dropout, batch_first=True)
        self.causal = causal

    def forward(self, h: Tensor) -> Tensor:
        square = h.new_ones(h.shape[1], h.shape[1], dtype=torch.bool)
        ahead = square.triu(1) if self.causal else None
        return super().forward(h, h, h, need_weights=False, attn_mask=ahead)[0]


def side_by_side(arrays: dict[str, Tensor], name: str) -> Tensor:
    """The arrays of query, key and value, as `Attention` has them."""
    return torch.cat([arrays[name.replace("?", part)] for part in "qkv"], -1)
'''

_FEED_FORWARD = '''
class FeedForward(nn.Module):
    """Two dense layers at every step alike, (N, T, F) -> the same."""

    def __init__(self, features: int, hidden: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(features, hidden), nn.Linear(hidden, features)
        self.activation = activation

    def forward(self, h: Tensor) -> Tensor:
        return self.down(self.activation(self.up(h)))
'''

_BLOCK = '''
class Block(nn.Module):
    """Attention and feed-forward network, each with normalization and a way around it.

    before: whether the normalization stands before them, or after the sums.
    """

    def __init__(
        self, features: int, attend: nn.Module, feed: nn.Module, before: bool, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.attend, self.feed, self.before = attend, feed, before
        self.norm_1, self.norm_2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor) -> Tensor:
        for inner, norm in ((self.attend, self.norm_1), (self.feed, self.norm_2)):
            h = h + self.dropout(inner(norm(h) if self.before else h))
            h = h if self.before else norm(h)
        return h
'''

_SAMPLING = '''
class Sampling(nn.Linear):
    """Numbers drawn around means, (N, inputs) -> (N, units); without training the means.

    cost: how unlike the standard normal the last ones were, weighted.
    """

    def __init__(self, inputs: int, units: int, divergence: float) -> None:
        super().__init__(inputs, 2 * units)
        self.divergence = divergence

    def forward(self, h: Tensor) -> Tensor:
        mean, log = super().forward(h).chunk(2, -1)
        log = log.clamp(-20, 20)
        self.cost = self.divergence * 0.5 * (mean**2 + log.exp() - 1 - log).sum(-1).mean()
        return mean + torch.exp(0.5 * log) * torch.randn_like(mean) if self.training else mean
'''

# -- words ---------------------------------------------------------------------------------------


def _said(say: Words, at: Place, of: str = "z") -> str:
    return re.sub(r"\bz\b", of, say.activation(at))


def _joint(at: Place) -> bool:
    """Whether its activation is one over the channels, as the last axis."""
    return bool(ACTIVATIONS[at.layer.activation].hints.get("joint"))


def _array(name: str, part: str, turned: str = "") -> str:
    return f'arrays["{name}.{part}"]{turned}'


def _scaled(name: str, to: str, suffix: str = "") -> dict[str, str]:
    return {
        f"{to}.weight": _array(name, f"scale{suffix}"),
        f"{to}.bias": _array(name, f"offset{suffix}"),
    }


def _averages(name: str, to: str) -> dict[str, str]:
    return {
        **_scaled(name, to),
        f"{to}.running_mean": _array(name, "mean"),
        f"{to}.running_var": _array(name, "var"),
        f"{to}.num_batches_tracked": "torch.tensor(0)",
    }


def _linear(name: str, to: str, w: str, b: str) -> dict[str, str]:
    return {f"{to}.weight": _array(name, w, ".T"), f"{to}.bias": _array(name, b)}


def _dropped(at: Place, rate: float | None) -> tuple[list[str], list[str]]:
    """What makes a dropout, and its line."""
    if rate is None:
        return [], []
    made = f"self.{at.name}_dropout = nn.Dropout({rate!r})"
    return [made], [f"h = self.{at.name}_dropout(h)"]


def _dense(say: Words, at: Place) -> Layer:
    name, layer = at.name, at.layer
    build = [f"self.{name} = nn.Linear({at.inputs}, {at.units})"]
    logits, load, needs = [f"z = self.{name}(h)"], _linear(name, name, "w", "b"), list[str]()
    if layer.normalization == "batch":
        build.append(f"self.{name}_norm = BatchNorm({at.units})")
        line = f"z = self.{name}_norm(z)"
        if len(at.input_shape) > 1:
            line = f"z = self.{name}_norm(z.movedim(-1, 1)).movedim(1, -1)"
        logits.append(line)
        load |= _averages(name, f"{name}_norm")
        needs.append(_BATCH_NORM)
    elif layer.normalization == "layer":
        build.append(f"self.{name}_norm = nn.LayerNorm({at.units})")
        logits.append(f"z = self.{name}_norm(z)")
        load |= _scaled(name, f"{name}_norm")
    elif layer.normalization != "none":
        known = ["none", "batch", "layer"]
        raise say.unsupported(f"{at.path}/normalization", repr(layer.normalization), known)
    made, lines = _dropped(at, layer.dropout)
    return Layer([*build, *made], logits, [f"h = {_said(say, at)}", *lines], load, needs)


def _finished(say: Words, at: Place, layer: Layer) -> Layer:
    """A convolution, with its normalization, activation and dropout."""
    name, build, logits = at.name, list(layer.build), list(layer.logits)
    load, needs = dict(layer.load), list(layer.needs)
    if at.layer.normalization == "batch":
        build.append(f"self.{name}_norm = BatchNorm({at.units})")
        logits.append(f"z = self.{name}_norm(z)")
        load |= _averages(name, f"{name}_norm")
        needs.append(_BATCH_NORM)
    made, lines = _dropped(at, at.layer.dropout)
    activate = [f"h = {_said(say, at)}", *lines]
    if _joint(at):
        activate = [f"h = {_said(say, at, 'z.movedim(1, -1)')}", FIRST, *lines]
    return Layer([*build, *made], logits, activate, load, needs, "first")


def _padding(at: Place) -> tuple[list[str], str]:
    """Lines that pad, where both ends differ, and else the module's argument."""
    slides = windows(at)
    if all(w.before == w.after for w in slides):
        sides = [w.before for w in slides]
        if not any(sides):
            return [], ""
        return [], f", padding={sides[0] if len(set(sides)) == 1 else tuple(sides)}"
    return [f"h = F.pad(h, {_ends(at)})"], ""


def _ends(at: Place) -> str:
    """What is padded, the last axis first."""
    return str(tuple(end for w in reversed(windows(at)) for end in (w.before, w.after)))


def _conv(say: Words, at: Place) -> Layer:
    layer, name, axes = at.layer, at.name, len(at.input_shape) - 1
    lines, padding = _padding(at)
    more = f", stride={layer.stride}" * (layer.stride != 1) + padding
    more += f", dilation={layer.dilation}" * (layer.dilation != 1)
    more += f", groups={layer.groups}" * (layer.groups != 1)
    arguments = f"{at.inputs}, {layer.filters}, {layer.kernel_size}{more}"
    turned = ".permute(2, 1, 0)" if axes == 1 else ".permute(3, 2, 0, 1)"
    return _finished(
        say,
        at,
        Layer(
            [f"self.{name} = nn.Conv{axes}d({arguments})"],
            [*lines, f"z = self.{name}(h)"],
            load={
                f"{name}.weight": _array(name, "w", turned),
                f"{name}.bias": _array(name, "b"),
            },
        ),
    )


def _conv_transpose(say: Words, at: Place) -> Layer:
    layer, name = at.layer, at.name
    cut, also, more = painted(layer)
    how = f", stride={layer.stride}" * (layer.stride != 1)
    how += f", padding={cut}" * bool(cut) + f", output_padding={more}" * bool(more)
    arguments = f"{at.inputs}, {layer.filters}, {layer.kernel_size}{how}"
    line = f"z = self.{name}(h)" + "[:, :, :-1, :-1]" * (also > cut)
    return _finished(
        say,
        at,
        Layer(
            [f"self.{name} = nn.ConvTranspose2d({arguments})"],
            [line],
            load={
                f"{name}.weight": _array(name, "w", ".permute(2, 3, 0, 1)"),
                f"{name}.bias": _array(name, "b"),
            },
        ),
    )


def _max_pool(say: Words, at: Place) -> Layer:
    axes, slides = len(at.input_shape) - 1, windows(at)
    padded = any(w.before or w.after for w in slides)
    lines = [f'h = F.pad(h, {_ends(at)}, value=float("-inf"))'] * padded
    size, stride = slides[0].size, slides[0].stride
    lines.append(f"h = F.max_pool{axes}d(h, {size}, {stride})")
    return Layer(activate=lines, channels="first")


def _average_pool(say: Words, at: Place) -> Layer:
    axes, slides = len(at.input_shape) - 1, windows(at)
    size, stride = slides[0].size, slides[0].stride
    if any(w.before or w.after for w in slides):
        line = f"h = average_pool(h, {size}, {stride}, {_ends(at)})"
        return Layer(activate=[line], needs=[_AVERAGE_POOL], channels="first")
    return Layer(activate=[f"h = F.avg_pool{axes}d(h, {size}, {stride})"], channels="first")


def _recurrent(say: Words, at: Place) -> Layer:
    layer, name = at.layer, at.name
    if layer.kind == "simple_rnn" and layer.activation not in ("tanh", "relu"):
        return _any_recurrent(say, at)
    kinds = {"simple_rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
    more = ', nonlinearity="relu"' if getattr(layer, "activation", "") == "relu" else ""
    more += ", batch_first=True" + ", bidirectional=True" * layer.bidirectional
    arguments = f"{at.inputs}, {layer.units}{more}"
    build = [f"self.{name} = nn.{kinds[layer.kind]}({arguments})"]
    load: dict[str, str] = {}
    for way, there in (("", ""), ("_back", "_reverse"))[: 1 + layer.bidirectional]:
        load[f"{name}.weight_ih_l0{there}"] = _array(name, f"w{way}", ".T")
        load[f"{name}.weight_hh_l0{there}"] = _array(name, f"u{way}", ".T")
        load[f"{name}.bias_ih_l0{there}"] = _array(name, f"b{way}")
        second = f"{name}.bias_hh_l0{there}"
        if layer.kind == "gru":
            load[second] = _array(name, f"b_hidden{way}")
        else:  # one bias says it all
            load[second] = f"torch.zeros_like({_array(name, f'b{way}')})"
            build.append(f"self.{second}.requires_grad_(False)")
    if layer.return_sequences:
        return Layer(build, [], [f"h, _ = self.{name}(h)"], load)
    last = "_, (h, _)" if layer.kind == "lstm" else "_, h"
    end = "h = torch.cat((h[0], h[1]), 1)" if layer.bidirectional else "h = h[0]"
    return Layer(build, [], [f"{last} = self.{name}(h)", end], load)


def _any_recurrent(say: Words, at: Place) -> Layer:
    layer, name = at.layer, at.name
    ways = ["", "_back"][: 1 + layer.bidirectional]
    build, load = list[str](), dict[str, str]()
    for way in ways:
        back = ", back=True" * bool(way)
        activation = f"lambda z: {say.activation(at)}"
        arguments = f"{at.inputs}, {layer.units}, {activation}{back}"
        build.append(f"self.{name}{way} = SimpleRNN({arguments})")
        load |= _linear(name, f"{name}{way}.inputs", f"w{way}", f"b{way}")
        load[f"{name}{way}.state.weight"] = _array(name, f"u{way}", ".T")
    ends = ["", ""] if layer.return_sequences else ["[:, -1]", "[:, 0]"]
    calls = [f"self.{name}{way}(h){end}" for way, end in zip(ways, ends, strict=False)]
    line = f"h = torch.cat(({', '.join(calls)}), -1)" if len(calls) > 1 else f"h = {calls[0]}"
    return Layer(build, [], [line], load, [_RECURRENT])


def _embedding(say: Words, at: Place) -> Layer:
    name, tokens = at.name, at.layer.tokens
    return Layer(
        [f"self.{name} = nn.Embedding({tokens}, {at.units})"],
        [],
        [f"h = self.{name}(h.clamp(0, {tokens - 1}))"],
        {f"{name}.weight": _array(name, "w")},
    )


def _positions(say: Words, at: Place) -> Layer:
    name, (time, features) = at.name, at.input_shape
    if at.layer.form == "sinusoidal":
        return Layer(activate=["h = h + waves(h)"], needs=[_WAVES])
    build = [f"self.{name} = nn.Parameter(torch.empty({time}, {features}))"]
    return Layer(build, [], [f"h = h + self.{name}"], {name: _array(name, "w")})


def _attend(at: Place, to: str, dropout: float | None) -> tuple[str, dict[str, str]]:
    """The call that makes an attention, and what is loaded into it."""
    name, layer = at.name, at.layer
    more = ", causal=True" * layer.causal
    more += f", dropout={dropout!r}" if dropout is not None else ""
    made = f"Attention({at.inputs}, {layer.heads}{more})"
    return made, {
        f"{to}.in_proj_weight": f'side_by_side(arrays, "{name}.w?").T',
        f"{to}.in_proj_bias": f'side_by_side(arrays, "{name}.b?")',
        **_linear(name, f"{to}.out_proj", "wo", "bo"),
    }


def _attention(say: Words, at: Place) -> Layer:
    name = at.name
    made, load = _attend(at, name, at.layer.dropout)
    return Layer([f"self.{name} = {made}"], [], [f"h = self.{name}(h)"], load, [_ATTENTION])


def _feed(say: Words, at: Place, to: str) -> tuple[str, dict[str, str]]:
    hidden = at.layer.hidden_units
    made = f"FeedForward({at.inputs}, {hidden}, lambda z: {say.activation(at)})"
    load = _linear(at.name, f"{to}.up", "w1", "b1") | _linear(at.name, f"{to}.down", "w2", "b2")
    return made, load


def _feed_forward(say: Words, at: Place) -> Layer:
    name = at.name
    made, load = _feed(say, at, name)
    return Layer([f"self.{name} = {made}"], [], [f"h = self.{name}(h)"], load, [_FEED_FORWARD])


def _block(say: Words, at: Place) -> Layer:
    name, layer = at.name, at.layer
    attend, attended = _attend(at, f"{name}.attend", None)
    feed, fed = _feed(say, at, f"{name}.feed")
    more = f", before={layer.norm == 'pre'}"
    more += f", dropout={layer.dropout!r}" if layer.dropout is not None else ""
    load = attended | fed
    load |= _scaled(name, f"{name}.norm_1", "1") | _scaled(name, f"{name}.norm_2", "2")
    return Layer(
        [
            f"attend = {attend}",
            f"feed = {feed}",
            f"self.{name} = Block({at.inputs}, attend, feed{more})",
        ],
        [],
        [f"h = self.{name}(h)"],
        load,
        [_ATTENTION, _FEED_FORWARD, _BLOCK],
    )


def _sampling(say: Words, at: Place) -> Layer:
    name = at.name
    build = [f"self.{name} = Sampling({at.inputs}, {at.units}, {at.layer.divergence!r})"]
    return Layer(build, [], [f"h = self.{name}(h)"], _linear(name, name, "w", "b"), [_SAMPLING])


def _batch_norm(say: Words, at: Place) -> Layer:
    name = at.name
    return Layer(
        [f"self.{name} = BatchNorm({at.units})"],
        [],
        [f"h = self.{name}(h)"],
        _averages(name, name),
        [_BATCH_NORM],
        "first",
    )


def _layer_norm(say: Words, at: Place) -> Layer:
    name = at.name
    build = [f"self.{name} = nn.LayerNorm({at.units})"]
    return Layer(build, [], [f"h = self.{name}(h)"], _scaled(name, name))


def _activation(say: Words, at: Place) -> Layer:
    line = f"h = {_said(say, at, 'h')}"
    return Layer(activate=[line], channels="last" if _joint(at) else "any")


def _dropout(say: Words, at: Place) -> Layer:
    build, lines = _dropped(at, at.layer.rate)
    return Layer(build, [], lines, channels="any")


def _simple(
    line: Callable[[Place], str], channels: Any = "last"
) -> Callable[[Words, Place], Layer]:
    return lambda say, at: Layer(activate=[line(at)], channels=channels)


def _size(values: Sequence[int]) -> str:
    return ", ".join(map(str, values))


def _axes(at: Place) -> str:
    return "(2, 3)" if len(at.input_shape) == 3 else "2"


def _up(at: Place) -> str:
    return f'h = F.interpolate(h, scale_factor={at.layer.size}, mode="nearest")'


LAYER_WORDS: Mapping[str, Callable[[Words, Place], Layer]] = {
    "dense": _dense,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv2d_transpose": _conv_transpose,
    "max_pooling1d": _max_pool,
    "max_pooling2d": _max_pool,
    "average_pooling1d": _average_pool,
    "average_pooling2d": _average_pool,
    "global_average_pooling1d": _simple(lambda at: f"h = h.mean({_axes(at)})", "first"),
    "global_average_pooling2d": _simple(lambda at: f"h = h.mean({_axes(at)})", "first"),
    "global_max_pooling1d": _simple(lambda at: "h = h.max(2).values", "first"),
    "global_max_pooling2d": _simple(lambda at: "h = h.flatten(2).max(2).values", "first"),
    "upsampling2d": _simple(_up, "first"),
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
    "layer_normalization": _layer_norm,
    "activation": _activation,
    "dropout": _dropout,
    "flatten": _simple(lambda at: "h = h.flatten(1)"),
    "reshape": _simple(lambda at: f"h = h.reshape(-1, {_size(at.output_shape)})"),
    "last_step": _simple(lambda at: "h = h[:, -1]"),
    # what they merge with, and along which axis, is filled in by `arranged`
    "add": _simple(lambda at: "h = h + {other}", "any"),
    "concatenate": _simple(lambda at: "h = torch.cat((h, {other}), {axis})", "any"),
}


# -- where the channels are --------------------------------------------------------------------


@dataclass
class _Turns:
    """Whether the channels are first in `h`, and in what is kept."""

    first: bool
    kept: dict[str, bool]

    def to(self, wanted: str, rank: int) -> list[str]:
        """Lines that bring an example of this rank to the form wanted."""
        if wanted == "any" or rank < 2 or self.first == (wanted == "first"):
            return []
        self.first = wanted == "first"
        return [FIRST if self.first else LAST]

    def other(self, name: str, rank: int) -> str:
        """What is merged with, in the form of `h`."""
        if rank < 2 or self.kept[name] == self.first:
            return name
        return f"{name}.movedim({'-1, 1' if self.first else '1, -1'})"


def arranged(stack: Stack, layers: list[Layer]) -> list[Layer]:
    """The layers with their turns; and what another comes back to is kept."""
    turns = _Turns(False, {GIVEN: False})
    pairs = zip(stack.places, layers, strict=True)
    return [_turned(place, layer, turns) for place, layer in pairs]


def _turned(place: Place, layer: Layer, turns: _Turns) -> Layer:
    rank = len(place.input_shape)
    before, lines = turns.to(layer.channels, rank), list(layer.activate)
    if place.other:
        other = turns.other(place.other, rank)
        axis = 1 if turns.first else -1
        lines = [line.format(other=other, axis=axis) for line in lines]
    if len(place.output_shape) < 2:
        turns.first = False
    if place.kept:
        turns.kept[place.name] = turns.first
        lines.append(f"{place.name} = h")
    if layer.logits:
        return replace(layer, logits=[*before, *layer.logits], activate=lines)
    return replace(layer, activate=[*before, *lines])
