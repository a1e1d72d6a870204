"""Bodies mean what they say: pydantic takes "3" for 3, and true for 1; a schema does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

Path = tuple[str | int, ...]
SHOWN = 20
NAMES = {bool: "true or false", int: "a number", float: "a number", str: "text"}


def _exactly(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    taken = handler(value)
    if isinstance(taken, BaseModel):
        # of a body that is all wrong the first mistakes say enough
        errors = list(islice(_turned(value, taken.model_dump(mode="json")), SHOWN))
        if errors:
            raise ValidationError.from_exception_data("body", errors)
    return taken


#: in the annotation of a body: nothing in it is turned into another type
Exact = WrapValidator(_exactly)


def _turned(given: Any, taken: Any, path: Path = ()) -> Iterator[InitErrorDetails]:
    """Where a plain value became one of another type."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for key in given.keys() & taken.keys():
            yield from _turned(given[key], taken[key], (*path, key))
    elif isinstance(given, list) and isinstance(taken, list) and len(given) == len(taken):
        for i, (one, other) in enumerate(zip(given, taken, strict=True)):
            yield from _turned(one, other, (*path, i))
    elif type(given) in NAMES and type(taken) in NAMES and _name(given) != _name(taken):
        words = PydanticCustomError("exact_type", "Input should be {name}", {"name": _name(taken)})
        yield InitErrorDetails(type=words, loc=path, input=given)


def _name(value: Any) -> str:
    return NAMES[type(value)]
