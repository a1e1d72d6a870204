"""An ONNX graph that grows, and what is left of it in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper


class Graph:
    """A graph that grows. Values go by their names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: dict[str, NDArray[Any]] = {}
        #: of what was turned, what it was before, and how it was turned
        self._turned: dict[str, tuple[str, tuple[int, ...]]] = {}

    def __call__(self, op: str, *inputs: str | float, name: str = "", **attributes: Any) -> str:
        """Add a node of this operator; the name of its output. A number stands for a constant."""
        return self.several(op, 1, *inputs, name=name, **attributes)[0]

    def several(
        self, op: str, count: int, *inputs: str | float, name: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node of so many outputs; their names."""
        taken = [value if isinstance(value, str) else self.number(value) for value in inputs]
        first = name or f"{op.lower()}_{len(self.nodes)}"
        outputs = [first, *(f"{first}.{i}" for i in range(1, count))]
        self.nodes.append(helper.make_node(op, taken, outputs, name=first, **attributes))
        return outputs

    def number(self, value: float) -> str:
        return self.array(f"number_{value!r}", np.float32(value))

    def array(self, name: str, value: Any) -> str:
        """A constant by its name."""
        self.arrays[name] = np.asarray(value)
        return name

    def integers(self, *values: int) -> str:
        """A constant of sizes, axes or places."""
        return self.array("_".join(["integers", *map(str, values)]), np.array(values, np.int64))

    def turn(self, value: str, *order: int) -> str:
        """The axes in this order; what was turned the other way before is itself again."""
        before, earlier = self._turned.get(value, ("", ()))
        if [earlier[i] for i in order if earlier] == sorted(order):
            return before
        turned = self("Transpose", value, perm=order)
        self._turned[turned] = value, order
        return turned

    def channels_first(self, value: str, rank: int) -> str:
        """(N, …, C) -> (N, C, …), where there is anything between them."""
        return self.turn(value, 0, rank, *range(1, rank)) if rank > 1 else value

    def channels_last(self, value: str, rank: int) -> str:
        """(N, C, …) -> (N, …, C)."""
        return self.turn(value, 0, *range(2, rank + 1), 1) if rank > 1 else value

    def used(self, outputs: Sequence[str]) -> tuple[list[Any], dict[str, NDArray[Any]]]:
        """The nodes and constants that these values are made of."""
        needed = set(outputs)
        nodes: list[Any] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                nodes.append(node)
        arrays = {name: array for name, array in self.arrays.items() if name in needed}
        return nodes[::-1], arrays
