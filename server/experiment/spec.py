"""The experiment: an immutable value that says everything about a run.

It has one canonical JSON form and a digest. Two equal experiments give the same weights.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, model_validator

from .guards import is_object
from .network import Generator, Network
from .registry import (
    AUGMENTATIONS,
    DATASETS,
    FEATURES,
    LOSSES,
    OPTIMIZERS,
    PREPARATIONS,
    SCHEDULES,
    Spec,
    setting,
)
from .shapes import (
    GENERATOR,
    check_made,
    check_output,
    check_reading,
    check_size,
    layer_shapes,
)
from .task import Task, can_generate, can_rebuild

MAX_BATCH = 5000

Feature = Annotated[str, FEATURES]


class Split(Spec):
    """How the examples are divided, in percent; what is left over is the test part."""

    train: int = setting(
        50, title="Training part", ge=1, le=99, scale="linear",
        choices=[10, 20, 30, 40, 50, 60, 70, 80, 90],
        help="Share of the points the network learns from, in percent.",
    )  # fmt: skip
    validation: int = setting(
        0, title="Validation part", ge=0, le=90, choices=[0, 10, 20, 30, 40],
        help="Share held out to choose settings by (early stopping looks at it), in percent.",
    )  # fmt: skip

    method: Literal["random", "stratified", "grouped", "ordered"] = setting(
        "random", title="Divided", later=True, help="Which examples come into which part.",
        options={
            "random": ("At random", "Any example may be in any part."),
            "stratified": ("Stratified", "At random, with each class in every part by its share."),
            "grouped": ("By groups", "At random, but rows alike in a column stay together."),
            "ordered": ("In order", "The first are trained on, the last are the test: as in time."),
        },
    )  # fmt: skip
    column: str | None = setting(
        None, title="Column", max_length=200, widget="column", later=True,
        help="Which column groups the rows, or puts them in order; null is the rows' own order.",
    )  # fmt: skip
    folds: int | None = setting(
        None, title="Folds", ge=2, le=20, choices=[3, 5, 10], later=True,
        help="Divide into so many parts, each of which is the test once; null is not to.",
    )  # fmt: skip
    fold: int = setting(
        0, title="Fold", ge=0, le=19, later=True, help="Which of the folds is the test, from 0 on."
    )
    sealed: bool = setting(
        False, title="Seal the test part", change="keep", later=True,
        help="Its scores are told only when they are asked for, so that nothing is chosen by them.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _folds_fit(self) -> Self:
        if self.folds is not None and self.method == "ordered":
            raise ValueError("folds: what comes later cannot be trained on; choose another method")
        if self.fold and self.fold >= (self.folds or 1):
            raise ValueError(f"fold: there are {self.folds or 1}; count from 0")
        if self.method == "grouped" and self.column is None:
            raise ValueError("column: name the one whose equal values stay together")
        return self

    @model_validator(mode="after")
    def _sealed_leaves_something(self) -> Self:
        if self.sealed and not self.validation:
            raise ValueError(
                "sealed: nothing is left to choose by; hold out a validation part, or leave the "
                "test part open"
            )
        return self

    @model_validator(mode="after")
    def _leaves_a_test_part(self) -> Self:
        if self.train + self.validation > 99:
            raise ValueError(
                "train + validation must leave at least 1 % for the test part: "
                f"lower one of them by {self.train + self.validation - 99}"
            )
        return self


class Data(Spec):
    """Where the examples come from and how they are presented."""

    dataset: Annotated[Any, DATASETS] = setting(
        "circle", title="Dataset", validate_default=True,
        help="The problem to learn: points, pictures, sequences or text, each with an answer.",
    )  # fmt: skip
    features: tuple[Feature, ...] = setting(
        None, title="Features", max_length=16, validate_default=True,
        help="What the network is given of each point; of other examples it is given all.",
    )  # fmt: skip
    target: Literal["label", "input"] = setting(
        "label", title="Target", help="What the network is asked for.",
        options={
            "label": ("Label", "The answer that the dataset has for every example."),
            "input": ("The example itself", "To be rebuilt from what the layers keep of it."),
        },
    )  # fmt: skip
    preparation: tuple[Annotated[Any, PREPARATIONS], ...] = setting(
        None, title="Preparation", max_length=30, validate_default=True, later=True,
        help="Steps from the examples as they were collected to what the network is given; those "
        "of a table are fitted on the training part alone.",
    )  # fmt: skip
    augmentation: tuple[Annotated[Any, AUGMENTATIONS], ...] = setting(
        (), title="Augmentation", max_length=10, validate_default=True, later=True, change="keep",
        help="How pictures are changed at random, one after the other, each time that the network "
        "learns from them; what it is judged by stays as it is.",
    )  # fmt: skip
    split: Split = setting(Split(), title="Split", help="Train, validation and test parts.")
    seed: int = setting(
        0, title="Data seed", ge=0, le=2**32 - 1, change="keep",
        help="Another seed draws other points from the same distribution.",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _default_features(cls, value: Any) -> Any:
        """Left out, the features are the dataset's own coordinates, and the preparation is what
        its examples need."""
        if not is_object(value):
            return value
        try:
            dataset = DATASETS.validate(value.get("dataset", "circle"))
            usual = {
                "features": ("x", "y")[: dataset.dimensions],
                "preparation": dataset.preparation(),
            }
        except ValueError:
            usual = {"features": ("x",), "preparation": ()}
        return usual | value

    @model_validator(mode="after")
    def _preparation_fits_dataset(self) -> Self:
        self.dataset.prepared_shape(self.preparation)
        return self

    @model_validator(mode="after")
    def _augmentation_fits_dataset(self) -> Self:
        if self.augmentation and self.dataset.form != "image":
            raise ValueError(
                f"augmentation: it changes pictures, and {self.dataset.kind!r} has none; leave it "
                "empty"
            )
        return self

    @model_validator(mode="after")
    def _split_fits_dataset(self) -> Self:
        split, dataset = self.split, self.dataset
        if split.column is not None and split.column not in dataset.column_names:
            raise ValueError(
                f"split.column: {self.dataset.name()!r} has no column {split.column!r}; "
                + ("name one of its own" if dataset.column_names else "leave it null")
            )
        if split.method == "stratified" and (not dataset.classes or dataset.label_shape):
            raise ValueError(
                "split.method: shares are of classes, one for each example; choose 'random'"
            )
        if dataset.test and (split.method != "random" or split.folds is not None):
            raise ValueError(
                "split: this dataset has a test part of its own; choose 'random', without folds"
            )
        return self

    @model_validator(mode="after")
    def _past_is_in_order(self) -> Self:
        for i, step in enumerate(self.preparation):
            if getattr(step, "past", 0) and self.split.method != "ordered":
                raise ValueError(
                    f"preparation.{i}: what comes before a row is known where rows are in order, "
                    f"and the split is {self.split.method!r}; choose split.method 'ordered', or "
                    "take the step out"
                )
        return self

    @cached_property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of what the network is given of one example."""
        if self.features:
            return (len(self.features),)
        return self.dataset.prepared_shape(self.preparation)

    @property
    def example_shape(self) -> tuple[int, ...]:
        """The shape of one example: of a point its coordinates, of others once prepared."""
        return self.dataset.input_shape if self.features else self.input_shape

    @model_validator(mode="after")
    def _features_fit_dataset(self) -> Self:
        if self.dataset.form != "points":
            if self.features:
                raise ValueError(
                    f"features: {self.dataset.kind!r} has no points to take features of; "
                    "leave them empty"
                )
            return self
        if not self.features:
            raise ValueError("features: the network needs at least one; name one, such as 'x'")
        if len(set(self.features)) != len(self.features):
            raise ValueError("features: each feature may be named once; remove the repeated one")
        if self.dataset.dimensions == 1:
            bad = [f for f in self.features if "y" in FEATURES[f].hints["uses"]]
            if bad:
                raise ValueError(
                    f"features: {', '.join(bad)} need a second input, and "
                    f"{self.dataset.kind!r} has one; use features of x alone"
                )
        return self


class EarlyStopping(Spec):
    """Stop when the validation loss (test loss where no part is held out) stops falling."""

    patience: int = setting(
        20, title="Patience", ge=1, le=10_000, change="live", scale="log",
        help="Epochs without improvement before training stops.",
    )  # fmt: skip
    min_delta: float = setting(
        0.0, title="Minimum improvement", ge=0, le=1, change="live",
        help="A smaller fall of the loss does not count.", formula=r"\delta",
    )  # fmt: skip


_RATES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]


class Training(Spec):
    """How the weights are changed."""

    loss: Annotated[Any, LOSSES] = setting(
        "squared_error", title="Loss", validate_default=True,
        help="What the network is made to minimise.",
    )  # fmt: skip
    optimizer: Annotated[Any, OPTIMIZERS] = setting(
        "sgd", title="Optimizer", validate_default=True,
        help="The rule that turns gradients into changes of the weights.",
    )  # fmt: skip
    learning_rate: float = setting(
        0.03, title="Learning rate", ge=0, le=100, change="live", scale="log",
        choices=[0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
        help="How large a step is taken along the direction the optimizer gives.",
        formula=r"w \leftarrow w - \eta\,\nabla_w L",
    )  # fmt: skip
    schedule: Annotated[Any, SCHEDULES] = setting(
        "constant", title="Schedule", validate_default=True,
        help="How the learning rate changes while training goes on.",
    )  # fmt: skip
    batch_size: int = setting(
        10, title="Batch size", ge=1, le=MAX_BATCH, scale="log",
        choices=[1, 2, 5, 10, 15, 20, 25, 30, 50, 100, 250, 500],
        help="Examples per step; at or above the number of training points it is full batch.",
        formula=r"\nabla L = \tfrac1B\sum_{i=1}^{B}\nabla\ell_i",
    )  # fmt: skip
    l1: float = setting(
        0.0, title="L1 rate", ge=0, le=100, change="live", scale="log", choices=_RATES,
        help="Pulls every weight towards zero by a constant amount; many become exactly idle.",
        formula=r"\lambda_1\sum|w|",
    )  # fmt: skip
    l2: float = setting(
        0.0, title="L2 rate", ge=0, le=100, change="live", scale="log", choices=_RATES,
        help="Pulls every weight towards zero in proportion to its size.",
        formula=r"\lambda_2\sum\tfrac12 w^2",
    )  # fmt: skip
    weight_decay: float = setting(
        0.0, title="Weight decay", ge=0, le=10, change="live", scale="log", choices=_RATES,
        help="Shrinks the weights directly, apart from the gradient (decoupled, as in AdamW).",
        formula=r"w \leftarrow (1-\eta\lambda)\,w",
    )  # fmt: skip
    clip_norm: float | None = setting(
        None, title="Gradient clipping", gt=0, le=1000, change="live", scale="log",
        help="A gradient whose norm over all weights is larger is scaled down to this norm.",
        formula=r"g \leftarrow g\,\min(1, c/\lVert g\rVert)",
    )  # fmt: skip
    early_stopping: EarlyStopping | None = setting(
        None, title="Early stopping", change="keep",
        help="Stop by itself when held-out loss stops falling.",
    )  # fmt: skip
    rules: Literal["standard", "tf_playground"] = setting(
        "standard", title="Numeric rules",
        help="How batches are cut and penalties applied: as usual today, or as TensorFlow "
        "Playground does it.",
        options={
            "standard": ("Standard", "Reshuffled every epoch, with a smaller last batch."),
            "tf_playground": (
                "TensorFlow Playground",
                "Fixed order; the gradients of a partial last batch carry into the next epoch; "
                "L1 sets a weight that crosses zero dead.",
            ),
        },
    )  # fmt: skip

    @model_validator(mode="after")
    def _rules_fit_optimizer(self) -> Self:
        if self.rules == "tf_playground" and self.optimizer.kind != "sgd":
            raise ValueError(
                "rules: tf_playground knows plain SGD only; choose optimizer 'sgd' "
                "or rules 'standard'"
            )
        if self.rules == "tf_playground" and (self.weight_decay or self.clip_norm is not None):
            raise ValueError(
                "rules: tf_playground knows no weight decay and no clipping; "
                "set weight_decay 0 and clip_norm null, or rules 'standard'"
            )
        return self


class Experiment(Spec):
    """A whole experiment. Every field has a default: `{}` is the default playground."""

    version: Literal[1] = 1
    data: Data = setting({}, title="Data", validate_default=True, help="What is learned from.")
    network: Network = setting({}, title="Network", validate_default=True, help="What learns.")
    training: Training = setting({}, title="Training", validate_default=True, help="How it learns.")
    generator: Generator | None = setting(
        None, title="Generator", later=True,
        help="A second network, for adversarial training: it makes examples, and the first tells "
        "them from the real ones.",
    )  # fmt: skip
    seed: int = setting(
        0, title="Seed", ge=0, le=2**32 - 1,
        help="Fixes the initial weights, the order of the batches, dropout and noise.",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _suggested(cls, value: Any) -> Any:
        """Of network and training, what is left out is as the dataset suggests."""
        data = value.get("data", {}) if is_object(value) else None
        generates = data is not None and value.get("generator") is not None
        if not is_object(data) or not ("dataset" in data or generates):
            return value
        try:
            suggestion = _suggestion(Data.model_validate(data), generates)
        except ValueError:
            return value  # validation will say what is wrong, and where
        rooms = {name: value.get(name, {}) for name in suggestion}
        filled = {name: suggestion[name] | room for name, room in rooms.items() if is_object(room)}
        return value | filled

    @model_validator(mode="after")
    def _loss_fits_problem(self) -> Self:
        self.training.loss.check(self.task, self.network.output.activation)
        return self

    @model_validator(mode="after")
    def _network_fits_data(self) -> Self:
        layers, dataset = self.network.layers, self.data.dataset
        check_reading(layers, len(dataset.vocabulary))
        shapes = layer_shapes(layers, self.input_shape)
        check_output(shapes[-1], self.task.label_shape)
        if dataset.form == "points":
            return self
        check_size(layers, shapes, self.training.batch_size)
        if self.training.rules == "tf_playground":
            raise ValueError(
                "training.rules: TensorFlow Playground has points only; choose 'standard'"
            )
        return self

    @model_validator(mode="after")
    def _generator_fits_data(self) -> Self:
        generator, training = self.generator, self.training
        if generator is None:
            return self
        layers, judges = generator.layers, self.network.layers
        check_reading(layers, 0, GENERATOR)
        shapes = layer_shapes(layers, (generator.latent,), GENERATOR)
        check_made(shapes[-1], self.data.example_shape)
        # An update of the discriminator makes a batch, and judges two; one of the generator
        # makes and judges one.
        made = generator.discriminator_updates + generator.updates
        judged = 2 * generator.discriminator_updates + generator.updates
        check_size(layers, shapes, made * training.batch_size, GENERATOR)
        check_size(judges, layer_shapes(judges, self.input_shape), judged * training.batch_size)
        if training.rules == "tf_playground":
            raise ValueError(
                "training.rules: TensorFlow Playground has no generators; choose 'standard'"
            )
        if self.data.augmentation:
            raise ValueError(
                "data.augmentation: a generator would learn to make the changed pictures; leave it "
                "empty, or the generator out"
            )
        if training.early_stopping is not None:
            raise ValueError(
                "training.early_stopping: the losses of two networks that work against each "
                "other do not fall until they are done; set it null"
            )
        return self

    @cached_property
    def task(self) -> Task:
        """What the network is asked."""
        data, generates = self.data, self.generator is not None
        return Task.of(data.dataset, data.target, generates, data.example_shape)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of what the network is given of one example."""
        return self.data.input_shape

    @property
    def output_activation(self) -> str:
        """The output layer's activation, resolved."""
        return self.network.output.activation or self.training.loss.default_activation(self.task)

    @property
    def made_activation(self) -> str:
        """The activation that the generator's examples come out of, resolved."""
        assert self.generator is not None
        colours = self.data.dataset.form == "image"  # from 0 to 1
        return self.generator.output.activation or ("sigmoid" if colours else "linear")

    def canonical(self) -> str:
        """One text per experiment: sorted keys, no spaces, every default written out, but what
        came later to experiments only where it says something."""
        document = _said(self, self.model_dump(mode="json"))
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def digest(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()


def _said(spec: BaseModel, document: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a spec without fields that came later and say nothing."""
    said: dict[str, Any] = {}
    for name, field in type(spec).model_fields.items():
        value, extra = getattr(spec, name), field.json_schema_extra
        later = is_object(extra) and extra.get("x-later")
        if later and (not value or value == field.default):
            continue
        nested = isinstance(value, BaseModel)
        said[name] = _said(value, document[name]) if nested else document[name]
    return said


def _suggestion(data: Data, generates: bool) -> dict[str, Any]:
    dataset = data.dataset
    if generates and can_generate(dataset):
        return dataset.generating(data.example_shape)
    if data.target == "input" and can_rebuild(dataset):
        return dataset.rebuilding(data.example_shape)
    return dataset.suggestion()
