"""Changing an experiment: RFC 7396 merge patches, and what a change does to a run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from .guards import is_object, is_tuple
from .live import change_of
from .network import Generator, Network
from .registry import DATASETS, LOSSES
from .shapes import GENERATOR, check_made, check_output, check_reading, layer_shapes
from .spec import Data, Experiment
from .task import Task, can_generate, can_rebuild

Effect = Literal["none", "live", "keep", "reset"]
_ORDER: tuple[Effect, ...] = ("none", "live", "keep", "reset")


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396, and one rule more: an object whose `kind` changes is replaced whole."""
    if not is_object(patch):
        return patch
    old = target if is_object(target) else {}
    if patch.get("kind", old.get("kind")) != old.get("kind"):
        old = {}
    merged = {key: value for key, value in old.items() if patch.get(key, ...) is not None}
    for key, value in patch.items():
        if value is not None:
            merged[key] = merge(old.get(key), value)
    return merged


def difference(old: Any, new: Any) -> dict[str, Any]:
    """The patch that makes `new` of `old`, two JSON objects without nulls that matter: with
    it, `merge(old, difference(old, new))` is `new`."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key, ...)
        if before == value:
            continue
        nested = is_object(value) and is_object(before) and value.get("kind") == before.get("kind")
        patch[key] = difference(before, value) if nested else value
    return patch


def patched(experiment: Experiment, patch: dict[str, Any]) -> Experiment:
    """The experiment after the patch.

    Raises pydantic.ValidationError where the result is no experiment.
    """
    document = merge(experiment.model_dump(mode="json"), patch)
    _follow(experiment, document, patch)
    return Experiment.model_validate(document)


def _follow(old: Experiment, document: Any, patch: dict[str, Any]) -> None:
    """Let what hangs on a dataset or loss of another kind follow it, unless the patch names
    it too: features the dataset lacks, a loss of the other problem, the output's activation, a
    network that cannot read its examples."""
    try:
        dataset = DATASETS.validate(document["data"]["dataset"])
        loss = LOSSES.validate(document["training"]["loss"])
    except (ValueError, KeyError, TypeError):
        return  # validation will say what is wrong, and where
    data, before, had = document["data"], old.data, old.generator is not None
    if not can_generate(dataset) and "generator" not in patch:
        document["generator"] = None
    generates = document.get("generator") is not None
    another = dataset.kind != before.dataset.kind
    rebuilds = can_rebuild(dataset) and not generates
    if (another or generates) and not rebuilds and not _names(patch, "data", "target"):
        data["target"] = "label"
    kinds = dataset.kind, loss.kind, data.get("target", "label"), generates
    if kinds == (before.dataset.kind, old.training.loss.kind, before.target, had):
        return
    if dataset.dimensions != old.data.dataset.dimensions and not _names(patch, "data", "features"):
        document["data"].pop("features", None)
    if another and not _names(patch, "data", "preparation"):
        document["data"].pop("preparation", None)
    pictures = dataset.form == "image" and not generates
    if not pictures and not _names(patch, "data", "augmentation"):
        document["data"].pop("augmentation", None)
    try:
        given = Data.model_validate(data)
        task = Task.of(dataset, kinds[2], generates, given.example_shape)
    except ValueError:
        return
    alike = generates == had and dataset.form == before.dataset.form
    fits = alike and _reads(given, task, document)
    if not _names(patch, "network", "layers") and not fits:
        rooms = ("network", "training", "generator") if generates else ("network", "training")
        for room in rooms:  # left out, they are as the dataset suggests
            document[room] = patch.get(room, {})
        return
    if not loss.fits(task) and not _names(patch, "training", "loss"):
        document["training"].pop("loss", None)
    if not _names(patch, "network", "output"):
        document["network"]["output"].pop("activation", None)


def _reads(data: Data, task: Task, document: Any) -> bool:
    """Whether the network can read these examples, and answer them."""
    try:
        layers = Network.model_validate(document["network"]).layers
        check_reading(layers, len(data.dataset.vocabulary))
        check_output(layer_shapes(layers, data.input_shape)[-1], task.label_shape)
        if document.get("generator") is not None:
            generator = Generator.model_validate(document["generator"])
            made = layer_shapes(generator.layers, (generator.latent,), GENERATOR)
            check_made(made[-1], data.example_shape)
    except ValueError:
        return False
    return True


def _names(patch: dict[str, Any], room: str, field: str) -> bool:
    return isinstance(patch.get(room), dict) and field in patch[room]


def effect(old: Experiment, new: Experiment) -> Effect:
    """The strongest thing the difference between two experiments does to a run."""
    return _ORDER[_difference(old, new, "reset")]


def _difference(old: Any, new: Any, change: str) -> int:
    """Index into _ORDER of the strongest change between two values."""
    if isinstance(old, BaseModel) and type(old) is type(new):
        return max(
            _difference(getattr(old, name), getattr(new, name), change_of(old, name))
            for name in type(old).model_fields
        )
    if is_tuple(old) and is_tuple(new) and len(old) == len(new):
        return max((_difference(a, b, change) for a, b in zip(old, new, strict=True)), default=0)
    if old == new:
        return 0
    strength = _ORDER.index(change)  # type: ignore[arg-type]
    # an option that appears or disappears is another program, be it for the same weights
    return max(strength, _ORDER.index("keep")) if old is None or new is None else strength
