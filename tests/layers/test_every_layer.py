"""What every registered layer promises, whatever its settings and its input's shape."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import server.layers  # noqa: F401 - registers
from server.experiment.registry import ACTIVATIONS, INITIALIZERS, LAYERS
from server.layers.base import Context, Merge

KEY = jax.random.key(5)
ALONE = [kind for kind in LAYERS if not issubclass(LAYERS[kind], Merge)]
MERGES = [kind for kind in LAYERS if issubclass(LAYERS[kind], Merge)]
BATCH = 6


def context(training: bool = True, mask: Any = None) -> Context:
    return Context(training, KEY, mask, jnp.matmul)


# -- layers and inputs of any form ---------------------------------------------------------

SIDES, CHANNELS = st.integers(1, 9), st.sampled_from([1, 2, 4, 6])
SHAPES = {
    1: st.tuples(SIDES),
    2: st.tuples(SIDES, CHANNELS),
    3: st.tuples(SIDES, SIDES, CHANNELS),
}
ANY_SHAPE = st.one_of(*SHAPES.values())
#: what is drawn from, where it is less than what may be
SMALL: dict[str, st.SearchStrategy[Any]] = {
    "target_shape": st.sampled_from([(4,), (2, 2), (4, 1), (2, 1, 2)]),
    "filters": st.sampled_from([2, 4]),
    "groups": st.sampled_from([1, 1, 1, 2]),
    "dilation": st.sampled_from([1, 1, 1, 2]),
    "heads": st.sampled_from([1, 1, 2]),
    "activation": st.sampled_from(["relu", "tanh", "softmax"]),
    "initializer": st.sampled_from(list(INITIALIZERS)),
    "dropout": st.sampled_from([None, 0.3]),
    "rate": st.just(0.3),
    "bias": st.just(0.1),
}


def values(kind: str, name: str) -> st.SearchStrategy[Any]:
    annotation = LAYERS[kind].model_fields[name].annotation
    if name in SMALL:
        return SMALL[name]
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    return st.booleans() if annotation is bool else st.integers(1, 4)


def forms(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    names = [name for name in LAYERS[kind].model_fields if name not in ("kind", "tokens")]
    return st.fixed_dictionaries({name: values(kind, name) for name in names})


def output_of(kind: str, fields: dict[str, Any], shape: tuple[int, ...]) -> Any:
    """(layer, its output's shape), or None where settings or shape are refused in a sentence."""
    try:
        layer = LAYERS[kind].model_validate(fields)
        return layer, layer.output_shape(shape)
    except ValidationError as error:
        message = str(error)
    except ValueError as error:
        message = str(error)
    assert any(mend in message for mend in ("put it", "choose", "make", "take", "lower")), message
    return None


def arrays(layer: Any, shape: tuple[int, ...], rows: int = BATCH) -> Any:
    """A batch of inputs."""
    rng = np.random.default_rng(7)
    if layer.kind == "embedding":
        return rng.integers(0, layer.tokens, (rows, *shape)).astype(np.int32)
    return rng.normal(size=(rows, *shape)).astype(np.float32)


def shapes_for(kind: str, fields: dict[str, Any]) -> st.SearchStrategy[tuple[int, ...]]:
    """Mostly shapes that fit."""
    if kind == "reshape":
        return st.sampled_from([(4,), (1, 4), (2, 2, 1), (3,)])
    return st.one_of(*[SHAPES[len(shape_of(kind))]] * 3, ANY_SHAPE)


@pytest.mark.parametrize("kind", ALONE)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_shapes(kind, data):
    """What a layer says of its output's shape, its weights and what there is to see is so."""
    fields = data.draw(forms(kind))
    found = output_of(kind, fields, shape := data.draw(shapes_for(kind, fields)))
    if found is None:
        return
    layer, output = found
    assert output and all(type(side) is int and side >= 1 for side in output)
    params, stats = layer.init(np.random.default_rng(0), shape)
    assert all(a.dtype == np.float32 and np.isfinite(a).all() for a in (params | stats).values())
    assert not set(params) & set(stats)
    x = arrays(layer, shape)
    for training in (True, False):
        out, fresh = jax.eval_shape(
            lambda p, s, x, training=training: layer.apply(p, s, x, context(training)),
            params, stats, x,
        )  # fmt: skip
        assert (out.shape, out.dtype) == ((BATCH, *output), jnp.float32)
        assert jax.tree.map(np.shape, fresh) == jax.tree.map(np.shape, stats)
    seen = jax.eval_shape(lambda p, s, x: layer.inspect(p, s, x, context(False)), params, stats, x)
    assert all(values.shape[0] == BATCH for values in seen.values())
    weights = sum(a.size for name, a in params.items() if name in layer.regularized)
    assert type(layer.multiplications(shape)) is int and layer.multiplications(shape) >= 0
    assert not weights or kind in ADDED or layer.multiplications(shape) > 0


#: whose weights are added or looked up, not multiplied with
ADDED = ("embedding", "position_embedding")


# -- numbers -------------------------------------------------------------------------------

SIZES = ((6, 6, 4), (5, 4), (2,))


def shape_of(kind: str) -> tuple[int, ...]:
    """The first of SIZES that the kind takes with its defaults."""
    return next(shape for shape in SIZES if takes(LAYERS[kind](), shape))


def takes(layer: Any, shape: tuple[int, ...]) -> bool:
    try:
        return bool(layer.output_shape(shape))
    except ValueError:
        return False


def variants() -> list[Any]:
    """Every kind as it is by default, and with all that draws or averages turned on."""
    more = {"normalization": "batch", "dropout": 0.4, "bidirectional": True, "causal": True}
    found = []
    for kind in ALONE:
        fields = LAYERS[kind].model_fields
        for extra in ({}, {name: value for name, value in more.items() if name in fields}):
            if extra or not found or found[-1].values[0] != kind:
                found.append(pytest.param(kind, extra, id=f"{kind}-{len(extra)}"))
    return found


@pytest.mark.parametrize(("kind", "fields"), variants())
def test_gradients_padding_and_repetition(kind, fields):
    """Values and gradients are finite; padded rows change nothing, whatever stands in them;
    evaluation draws nothing and keeps what is averaged."""
    layer, shape = LAYERS[kind].model_validate(fields), shape_of(kind)
    params, stats = layer.init(np.random.default_rng(0), shape)
    x, mask = arrays(layer, shape), (np.arange(BATCH) < 4).astype(np.float32)
    cotangent = np.random.default_rng(1).normal(size=(BATCH, *layer.output_shape(shape)))

    @jax.jit
    def learn(params: Any, x: Any) -> Any:
        def total(params: Any) -> Any:
            out, fresh = layer.apply(params, stats, x, context(mask=mask))
            return (out * cotangent)[:4].sum(), (out[:4], fresh)

        return jax.grad(total, has_aux=True)(params)

    @jax.jit
    def read(x: Any) -> Any:
        return layer.apply(params, stats, x, context(False))

    found = learn(params, x)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    other = x.copy()
    other[4:] = other[4:] * 3 if x.dtype == np.float32 else 0
    jax.tree.map(np.testing.assert_array_equal, found, learn(params, other))
    (one, kept), (two, _) = read(x), read(x)
    np.testing.assert_array_equal(one, two)
    jax.tree.map(np.testing.assert_array_equal, kept, stats)
    np.testing.assert_array_equal(read(other)[0][:4], one[:4])


@pytest.mark.parametrize("kind", LAYERS)
def test_words(kind):
    layer = LAYERS[kind]()
    for index in (1, 12):
        tex = layer.latex("h_{1}", index)
        assert "h_{1}" in tex
        assert tex.count("{") == tex.count("}")
        assert tex.count(r"\left") == tex.count(r"\right")


@pytest.mark.parametrize("kind", ALONE)
def test_first_weights_follow_the_generator(kind):
    layer, shape = LAYERS[kind](), shape_of(kind)
    one, two, other = (layer.init(np.random.default_rng(n), shape) for n in (1, 1, 2))
    jax.tree.map(np.testing.assert_array_equal, one, two)
    drawn = [name for name in layer.regularized if name in one[0]]
    assert bool(drawn) == bool(layer.regularized)
    assert all(not np.array_equal(one[0][name], other[0][name]) for name in drawn)


@pytest.mark.parametrize("kind", [k for k in ALONE if "activation" in LAYERS[k].model_fields])
def test_every_activation_fits_everywhere(kind):
    shape = shape_of(kind)
    for activation in ACTIVATIONS:
        layer = LAYERS[kind].model_validate({"activation": activation})
        params, stats = layer.init(np.random.default_rng(0), shape)
        out, _ = jax.eval_shape(
            lambda p, s, x, layer=layer: layer.apply(p, s, x, context()),
            params, stats, arrays(layer, shape),
        )  # fmt: skip
        assert out.shape == (BATCH, *layer.output_shape(shape))


# -- merges --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MERGES)
@given(shape=ANY_SHAPE, other=ANY_SHAPE)
@settings(max_examples=30, deadline=None)
def test_merges_say_what_they_give(kind, shape, other):
    layer = LAYERS[kind]()
    for second in (shape, other):
        fits = shape == second if kind == "add" else shape[:-1] == second[:-1]
        if not fits:
            with pytest.raises(ValueError, match=f"{kind}: .*'back'"):
                layer.merged_shape(shape, second)
            continue
        merged = layer.merged_shape(shape, second)
        one, two = np.ones((2, *shape), np.float32), np.ones((2, *second), np.float32)
        assert jax.eval_shape(layer.merge, one, two).shape == (2, *merged)


def test_merges_add_and_lay_side_by_side():
    one, two = np.ones((2, 3), np.float32), np.full((2, 3), 2, np.float32)
    np.testing.assert_array_equal(LAYERS["add"]().merge(one, two), one + two)
    beside = LAYERS["concatenate"]().merge(one, two)
    np.testing.assert_array_equal(beside, np.concatenate([one, two], 1))


# -- what is refused -----------------------------------------------------------------------

REFUSED: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
    ("conv2d", {}, (64,), r"conv2d needs pictures .* gets \(64,\): put it before"),
    ("conv2d", {"kernel_size": 5}, (4, 9, 1), "height is 4 and the window 5.*padding 'same'"),
    ("conv2d", {"kernel_size": 3, "dilation": 2}, (9, 4, 1), "width is 4 and the window 5"),
    ("conv2d", {"groups": 2}, (4, 4, 3), "3 input channels do not divide into 2 groups"),
    ("conv1d", {}, (4, 4, 3), r"conv1d needs sequences \(time, features\)"),
    ("max_pooling2d", {"pool_size": 5}, (4, 9, 1), "height is 4 and the window 5"),
    ("lstm", {}, (4,), r"lstm needs sequences .* gets \(4,\)"),
    ("multi_head_attention", {"heads": 3}, (5, 8), "8 features do not divide into 3 heads"),
    ("transformer_block", {"heads": 3}, (5, 8), "8 features do not divide into 3 heads"),
    ("embedding", {}, (4, 2), r"embedding needs tokens \(time,\), and gets \(4, 2\): put it first"),
    ("reshape", {"target_shape": (3, 3)}, (8,), "has 8 numbers and .* has 9; choose"),
]


@pytest.mark.parametrize(("kind", "fields", "shape", "message"), REFUSED)
def test_inputs_that_do_not_fit_are_refused_with_the_mend(kind, fields, shape, message):
    with pytest.raises(ValueError, match=message):
        LAYERS[kind].model_validate(fields).output_shape(shape)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("conv2d", {"filters": 5, "groups": 2}, "5 filters do not divide into 2 groups"),
        ("conv1d", {"stride": 2, "dilation": 2}, "the stride must be 1"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(kind, fields, message):
    with pytest.raises(ValidationError, match=message):
        LAYERS[kind].model_validate(fields)


@pytest.mark.parametrize(
    ("kind", "fields", "shape", "expected"),
    [
        ("conv2d", {"filters": 8}, (28, 28, 1), 26 * 26 * 9 * 8),
        ("conv2d", {"filters": 8, "groups": 2}, (5, 5, 4), 3 * 3 * 9 * 2 * 8),
        ("conv1d", {"filters": 4, "padding": "same"}, (10, 2), 10 * 3 * 2 * 4),
        ("lstm", {"units": 5}, (7, 2), 7 * 4 * 5 * (2 + 5)),
        ("dense", {"units": 3}, (4, 2), 4 * 2 * 3),
        ("feed_forward", {"hidden_units": 6}, (5, 4), 2 * 5 * 4 * 6),
    ],
)
def test_multiplications(kind, fields, shape, expected):
    assert LAYERS[kind].model_validate(fields).multiplications(shape) == expected


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_kernels_are_drawn_for_their_fans(groups):
    """Glorot's variance, with fans of kernel size times channels of the group."""
    layer = LAYERS["conv2d"](filters=64, kernel_size=5, groups=groups, initializer="glorot_normal")
    params, _ = layer.init(np.random.default_rng(0), (8, 8, 64))
    assert params["w"].shape == (5, 5, 64 // groups, 64)
    variance = 2 / (25 * (64 / groups + 64 / groups))
    assert params["w"].var() == pytest.approx(variance, rel=0.05)
