"""Walking schemas. Only what stands where a schema may stand is one: a property may itself be called ``$ref``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

_BY_NAME = frozenset(("properties", "patternProperties"))
_SINGLE = frozenset(("items", "additionalProperties", "not"))
_LISTED = frozenset(("allOf", "anyOf", "oneOf"))


def subschemas(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas directly in ``schema``."""
    for key, value in schema.items():
        if key in _SINGLE and isinstance(value, Mapping):
            yield value
        elif key in _BY_NAME:
            yield from value.values()
        elif key in _LISTED:
            yield from value


def references(schema: Mapping[str, Any]) -> Iterator[str]:
    """Every ``$ref`` in ``schema``, however deep."""
    stack = [schema]
    while stack:
        current = stack.pop()
        if "$ref" in current:
            yield current["$ref"]
        stack.extend(subschemas(current))


def rewrite(schema: Mapping[str, Any], change: Callable[[Mapping[str, Any]], Schema]) -> Schema:
    """A copy in which every schema is what ``change`` makes of it, from the outside in."""
    written: Schema = {}
    for key, value in change(schema).items():
        if key in _SINGLE and isinstance(value, Mapping):
            written[key] = rewrite(value, change)
        elif key in _BY_NAME:
            written[key] = {name: rewrite(one, change) for name, one in value.items()}
        elif key in _LISTED:
            written[key] = [rewrite(one, change) for one in value]
        else:
            written[key] = value
    return written
