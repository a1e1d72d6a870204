"""Setting one weight or bias by hand."""

from __future__ import annotations

import numpy as np

from server.layers.base import Params

from .commands import Edit, Refused


def edited(params: list[Params], edit: Edit) -> list[Params]:
    """The parameters with that one changed. Raises Refused where there is no such one."""
    if edit.layer >= len(params):
        raise Refused("/layer", f"there are {len(params)} layers; count from 0")
    layer = params[edit.layer]
    if edit.param not in layer:
        raise Refused("/param", f"layer {edit.layer} has {', '.join(sorted(layer))}")
    value = np.array(layer[edit.param])
    if not _inside(edit.index, value.shape):
        raise Refused("/index", f"{edit.param} has shape {list(value.shape)}")
    value[edit.index] = edit.value
    changed = layer | {edit.param: value}
    return [*params[: edit.layer], changed, *params[edit.layer + 1 :]]


def _inside(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(i < n for i, n in zip(index, shape, strict=True))
