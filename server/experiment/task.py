"""What a network is asked about every example: the dataset's answer, the example itself, or
whether it is a real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """What is asked.

    problem: "classification", "regression", or "generation" where the network tells real examples
    from those that a generator makes. classes: 0 for a regression. label_shape: the shape of an
    answer, without its numbers. values: numbers of an answer that is no class. rebuilds: whether
    the answer is the example.
    """

    name: str
    problem: str
    classes: int
    label_shape: tuple[int, ...]
    values: int = 1
    rebuilds: bool = False

    @classmethod
    def of(cls, dataset: Any, target: str, generates: bool, shape: tuple[int, ...]) -> Task:
        """The task of a dataset. shape: that of an example. Raises ValueError where examples
        cannot be the target."""
        if generates:
            return cls._of_generation(dataset, target)
        if target == "label":
            return cls(dataset.name(), dataset.problem, dataset.classes, dataset.label_shape)
        if not can_rebuild(dataset):
            raise ValueError(
                "data.target: pictures and sequences can be rebuilt; choose such a dataset, or "
                "the target 'label'"
            )
        *places, values = shape
        return cls(dataset.name(), "regression", 0, tuple(places), values, rebuilds=True)

    @classmethod
    def _of_generation(cls, dataset: Any, target: str) -> Task:
        if not can_generate(dataset):
            raise ValueError(
                "generator: points of a plane and pictures can be made; choose such a dataset, or "
                "leave the generator out"
            )
        if target != "label":
            raise ValueError(
                "data.target: a network beside a generator tells real examples from made ones; "
                "choose 'label', or leave the generator out"
            )
        return cls(dataset.name(), "generation", 2, ())


def can_generate(dataset: Any) -> bool:
    """Whether a generator can make its examples."""
    return dataset.form == "image" or dataset.dimensions == 2


def can_rebuild(dataset: Any) -> bool:
    """Whether its examples can be what is asked for: quantities, and more than a point's two."""
    return dataset.form in ("image", "sequence")
