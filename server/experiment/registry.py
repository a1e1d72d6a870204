"""Registries: how one file adds a thing.

A *kind* is a pydantic class (its fields are its settings, its methods its behaviour);
an *entry* is a named function without settings. Either is registered once and then
stands in the JSON schema, and so in the page's forms, the REST docs and the
parametrised tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic.annotated_handlers import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from .guards import is_object

Change = Literal["live", "keep", "reset"]


class Spec(BaseModel):
    """An immutable, closed value: unknown fields and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Kind(Spec):
    """Base of every registered class. Subclasses set `kind: Literal["name"] = "name"`."""

    title: ClassVar[str]
    help: ClassVar[str]
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    #: further `x-…` keys of the kind's JSON schema, for the page's forms
    hints: ClassVar[dict[str, Any]] = {}
    #: how it is written in what is exported, by target; for kinds that server/export has no
    #: words of its own for (docs/adding.md)
    written: ClassVar[dict[str, Any]] = {}

    @classmethod
    def name(cls) -> str:
        return str(cls.model_fields["kind"].default)


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str,
    change: Change = "reset",
    formula: str = "",
    scale: Literal["linear", "log"] = "linear",
    choices: list[Any] | None = None,
    options: dict[str, tuple[str, str]] | None = None,
    widget: str = "",
    later: bool = False,
    **limits: Any,
) -> Any:
    """A field of a spec with what a form needs to draw it.

    change: what moving it does to a running session. `live`: a traced argument of the
        compiled program (never a constant); `keep`: data or program change, weights stay;
        `reset`: training starts again.
    choices: suggested values (a slider's stops), not limits.
    later: whether experiments had been without it: where it says nothing (None, nothing in it, its
        default), it has no part in the canonical form, so that their digests stay.
    options: title and help of every value of a `Literal`, as those of a registry have them.
    """
    extra: dict[str, Any] = {"x-change": change, "x-scale": scale}
    if formula:
        extra["x-formula"] = formula
    if choices is not None:
        extra["x-choices"] = choices
    if options is not None:
        extra["x-options"] = [
            {"value": value, "title": name, "help": words, "formula": ""}
            for value, (name, words) in options.items()
        ]
    if widget:
        extra["x-widget"] = widget
    if later:
        extra["x-later"] = True
    return Field(default, title=title, description=help, json_schema_extra=extra, **limits)


K = TypeVar("K", bound=Kind)


R = TypeVar("R")


class Registry(dict[str, R]):
    """Names to things, in the order of their registration. Equal only to itself."""

    # typing wants hashable annotations
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType] - a dict has none

    def __eq__(self, other: object) -> bool:
        return self is other

    def __init__(self, noun: str) -> None:
        super().__init__()
        self.noun = noun


class Kinds(Registry[type[Any]]):
    """A registry of kinds, and the pydantic type that is the union of them.

    The union is resolved at validation, so the experiment can name a registry
    without importing the rooms that fill it. A bare string is short for a kind
    with its defaults: `"adam"` is `{"kind": "adam"}`.
    """

    def register(self, cls: type[K]) -> type[K]:
        self[cls.name()] = cls
        return cls

    def validate(self, value: Any) -> Any:
        """The kind that the value describes. Raises ValueError or pydantic.ValidationError."""
        if isinstance(value, tuple(self.values())):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        name = value.get("kind") if is_object(value) else None
        if not isinstance(name, str) or name not in self:
            given = "" if name is None else f" {str(name)[:40]!r}"
            raise ValueError(f"no such {self.noun}{given}; kind is one of: {', '.join(self)}")
        return self[name].model_validate(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda v: v.model_dump(mode="json")
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        options = [_kind_schema(cls) for cls in self.values()]
        return {
            "oneOf": options,
            "discriminator": {"propertyName": "kind"},
            "x-registry": self.noun,
        }


def _kind_schema(cls: type[Kind]) -> JsonSchemaValue:
    schema = cls.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    schema["title"] = cls.title
    schema["description"] = cls.help
    schema["required"] = ["kind"]
    schema["x-formula"] = cls.formula
    schema["x-source"] = cls.source
    schema.update({f"x-{key}": value for key, value in cls.hints.items()})
    return schema


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """What is part of a kind stands in it: a union has no place for the kinds' own definitions."""
    if isinstance(node, list):
        return [_inlined(one, definitions) for one in cast("list[Any]", node)]
    if not is_object(node):
        return node
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    beside = {key: _inlined(value, definitions) for key, value in node.items() if key != "$ref"}
    return _inlined(definitions[name], definitions) | beside if name in definitions else beside


@dataclass(frozen=True)
class Entry:
    """A named function with the words the page shows about it."""

    name: str
    function: Callable[..., Any]
    title: str
    help: str
    formula: str
    hints: dict[str, Any] = field(default_factory=dict[str, Any])
    #: as `Kind.written`
    written: dict[str, Any] = field(default_factory=dict[str, Any])


class Entries(Registry[Entry]):
    """A registry of named functions, and the pydantic type of their names."""

    def register(
        self,
        name: str,
        *,
        title: str,
        help: str,
        formula: str = "",
        written: dict[str, Any] | None = None,
        **hints: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            self[name] = Entry(name, function, title, help, formula, hints, written or {})
            return function

        return add

    def validate(self, value: Any) -> str:
        if value not in self:
            known = ", ".join(self)
            raise ValueError(f"no such {self.noun} {str(value)[:40]!r}; it is one of: {known}")
        return str(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.chain_schema(
            [
                core_schema.str_schema(),
                core_schema.no_info_plain_validator_function(self.validate),
            ]
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "enum": list(self),
            "x-registry": self.noun,
            "x-options": [
                {
                    "value": entry.name,
                    "title": entry.title,
                    "help": entry.help,
                    "formula": entry.formula,
                    **entry.hints,
                }
                for entry in self.values()
            ],
        }


ACTIVATIONS = Entries("activation")
INITIALIZERS = Entries("initializer")
FEATURES = Entries("feature")
LAYERS = Kinds("layer")
DATASETS = Kinds("dataset")
LOSSES = Kinds("loss")
OPTIMIZERS = Kinds("optimizer")
SCHEDULES = Kinds("schedule")
PREPARATIONS = Kinds("preparation step")
AUGMENTATIONS = Kinds("augmentation")
