"""What a loss, an optimizer and a schedule are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import jax
import optax

from server.experiment.registry import ACTIVATIONS, Kind

if TYPE_CHECKING:
    from server.datasets.base import Problem
    from server.experiment.task import Task


class Loss(Kind):
    """A loss per example, minimised in the mean over a batch.

    Targets have the shape of the outputs, (B, K). Classification with K = 1 codes the two
    classes as (`low`, 1), with K > 1 as one column per class with `low` and 1; `low` is -1
    where the output activation can be negative, else 0 (see `targets.py`).
    """

    problems: ClassVar[tuple[Problem | Literal["generation"], ...]] = (
        "classification",
        "regression",
    )
    #: whether it can be asked of pictures that are rebuilt, whose values are from 0 to 1
    rebuilds: ClassVar[bool] = True
    #: output activations it makes sense with; empty means any
    activations: ClassVar[tuple[str, ...]] = ()
    #: the target of a class that is not the example's, where the loss fixes it (targets.py)
    low: ClassVar[float | None] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.hints = cls.hints | {"problems": list(cls.problems), "rebuilds": cls.rebuilds}

    def default_activation(self, task: Task) -> str:
        """The output activation when the experiment leaves it empty."""
        raise NotImplementedError

    def per_example(self, logits: jax.Array, outputs: jax.Array, targets: jax.Array) -> jax.Array:
        """(B, K) pre-activations, (B, K) outputs, (B, K) targets -> (B,) losses."""
        raise NotImplementedError

    def fits(self, task: Task) -> bool:
        """Whether it can be the loss of a task."""
        return task.problem in self.problems or (task.rebuilds and self.rebuilds)

    def check(self, task: Task, activation: str | None) -> None:
        """Raise ValueError, with the mend, where loss, problem and output do not fit."""
        if not self.fits(task):
            raise ValueError(
                f"training.loss: {self.name()!r} is for {self.problems[0]}, and what is asked "
                f"of dataset {task.name!r} is {task.problem}; choose "
                + ("'non_saturating'" if task.problem == "generation" else "'squared_error'")
            )
        if activation is None:
            return
        if (
            task.problem == "regression"
            and task.values == 1
            and ACTIVATIONS[activation].hints.get("joint")
        ):
            raise ValueError(
                f"network.output.activation: {activation!r} of a single output is always 1; "
                "choose 'linear', or null to let the loss decide"
            )
        if not self.activations or activation in self.activations:
            return
        titles = " or ".join(repr(a) for a in self.activations)
        raise ValueError(
            f"network.output.activation: {self.name()!r} needs {titles}, not {activation!r}; "
            "choose that, or null to let the loss decide"
        )


class Optimizer(Kind):
    """An update rule without its learning rate, which is the training's and applied after."""

    #: a learning rate that usually works, offered when the optimizer is chosen
    learning_rate: ClassVar[float] = 0.03

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.hints = {"learning-rate": cls.learning_rate} | cls.hints

    def transform(self) -> optax.GradientTransformation:
        """Gradients -> direction to be multiplied by -learning_rate.

        Live fields may be traced values here.
        """
        raise NotImplementedError


class Schedule(Kind):
    """A factor on the learning rate over training time."""

    def factor(self, epoch: jax.Array) -> jax.Array:
        """Training time in epochs (a float, steps / steps per epoch) -> factor >= 0."""
        raise NotImplementedError


def activation(name: str, z: jax.Array) -> jax.Array:
    """Apply a registered activation to pre-activations of shape (B, units)."""
    return ACTIVATIONS[name].function(z)
