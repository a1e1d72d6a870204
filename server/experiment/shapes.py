"""What shape an example has after every layer, and whether the layers fit together."""

from __future__ import annotations

from typing import Any

Shape = tuple[int, ...]

#: multiplications that a step may cost: beyond it, pausing and other people would wait
MAX_STEP = 600_000_000
#: numbers that the layers may work out for one batch
MAX_NUMBERS = 50_000_000
#: where an experiment has its layers, and a generator's
NETWORK, GENERATOR = "network.layers", "generator.layers"
#: examples that are looked at together, however small the batch is
TOGETHER = 64


def layer_shapes(layers: tuple[Any, ...], shape: Shape, path: str = NETWORK) -> list[Shape]:
    """The shape of an example on its way: as it comes in, then after every layer.

    Raises ValueError with the layer's path and the mend where one does not fit.
    """
    shapes = [shape]
    for i, layer in enumerate(layers):
        try:
            shapes.append(_following(layer, i, shapes))
        except ValueError as error:
            raise ValueError(f"{path}.{i}: {error}") from None
    return shapes


def _following(layer: Any, index: int, shapes: list[Shape]) -> Shape:
    back = getattr(layer, "back", None)
    if back is None:
        return layer.output_shape(shapes[-1])
    if back > index:
        raise ValueError(
            f"{layer.title!r} reaches {back} layers back, and there are {index} before it; "
            f"choose back {index} or less"
            if index
            else f"{layer.title!r} needs a layer before it; put it further on"
        )
    return layer.merged_shape(shapes[-1], shapes[index - back])


def check_reading(layers: tuple[Any, ...], tokens: int, path: str = NETWORK) -> None:
    """Whether tokens are read by who can, and by nobody else.

    tokens: how many different ones there are, 0 where examples are numbers. Raises ValueError.
    """
    for i, layer in enumerate(layers):
        known = getattr(layer, "tokens", None)
        if known is None:
            continue
        if i or not tokens:
            raise ValueError(
                f"{path}.{i}: {layer.title!r} reads tokens, and is given numbers; "
                "it can only be the first layer of a network for text or other tokens"
            )
        if known < tokens:
            raise ValueError(
                f"{path}.{i}.tokens: the data has {tokens} different tokens; choose {tokens}"
            )
    if tokens and (not layers or getattr(layers[0], "tokens", None) is None):
        raise ValueError(
            f"{path}: the examples are tokens, which are no quantities; "
            "let the first layer be 'embedding'"
        )


def check_output(shape: Shape, label_shape: Shape) -> None:
    """Whether an output layer can stand after the layers. Raises ValueError."""
    if shape[:-1] == label_shape:
        return
    given = "×".join(map(str, shape))
    if not label_shape:
        raise ValueError(
            f"network.layers: the last layer gives {given} numbers, and the output needs one row "
            "of them for an example; add 'flatten' or a global pooling (or, of a sequence, "
            "'last_step')"
        )
    raise ValueError(
        f"network.layers: the data asks for an answer at each of {label_shape[0]} steps, and the "
        f"last layer gives {given} numbers; keep the steps (return_sequences, no pooling over them)"
    )


def check_made(shape: Shape, wanted: Shape) -> None:
    """Whether an output layer that makes examples can stand after the layers. Raises
    ValueError."""
    if shape[:-1] == wanted[:-1]:
        return
    given, places = "×".join(map(str, shape)), "×".join(map(str, wanted[:-1]))
    raise ValueError(
        f"{GENERATOR}: an example has {places} places, and the last layer gives {given} numbers; "
        "let 'reshape' and transposed convolutions come to its height and width"
        if places
        else f"{GENERATOR}: an example is a row of {wanted[0]} numbers, and the last layer gives "
        f"{given}; add 'flatten'"
    )


def check_size(
    layers: tuple[Any, ...], shapes: list[Shape], batch: int, path: str = NETWORK
) -> None:
    """Whether a step, and a look at some examples, stays short and small. Raises ValueError."""
    costs = [
        layer.multiplications(shape)
        for layer, shape in zip(layers, shapes[: len(layers)], strict=True)
    ]
    # a look goes forward only, and so may be of more
    rows = max(batch, TOGETHER // 3)
    if costs and sum(costs) * rows > MAX_STEP:
        worst = max(range(len(costs)), key=costs.__getitem__)
        raise ValueError(
            f"{path}.{worst}: a step would take {sum(costs) * rows / 1e6:,.0f} million "
            f"multiplications, and {MAX_STEP // 1_000_000} million may be; make this layer or "
            "the batch smaller"
        )
    numbers = max(batch, TOGETHER) * numbers_of(layers, shapes)
    if numbers > MAX_NUMBERS:
        raise ValueError(
            f"{path}: what the layers work out for one batch would be {numbers / 1e6:,.0f} "
            f"million numbers, and {MAX_NUMBERS // 1_000_000} million may be; make the layers or "
            "the batch smaller"
        )


def numbers_of(layers: tuple[Any, ...], shapes: list[Shape]) -> int:
    """How many numbers one example takes on its way through the layers."""
    inside = sum(
        layer.workspace(shape) for layer, shape in zip(layers, shapes[: len(layers)], strict=True)
    )
    return inside + sum(_size(shape) for shape in shapes)


def _size(shape: Shape) -> int:
    size = 1
    for side in shape:
        size *= side
    return size
