"""The types that structural schemas declare, for rules of CRDs and for checking the types of policies.

Specified in "CustomResourceDefinitions", section "Validation rules": which schema has which type, and how the names of
properties are escaped so that expressions can name them.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from steersman.apimachinery.cel.lexer import RESERVED_WORDS
from steersman.apimachinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    Kind,
    ObjectType,
    Type,
    list_type,
    map_type,
    object_type,
)

Schema = Mapping[str, Any]

_KEYWORDS: Final = RESERVED_WORDS | {"true", "false", "null", "in"}
_ESCAPABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*", re.ASCII)
_SPECIAL: Final = re.compile(r"__|[./-]")
_ESCAPED: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}

_SCALARS: Final[Mapping[str, Type]] = {"boolean": BOOL, "integer": INT, "number": DOUBLE}
_STRINGS: Final[Mapping[str, Type]] = {
    "byte": BYTES,
    "duration": DURATION,
    "date": TIMESTAMP,
    "date-time": TIMESTAMP,
}
_METADATA: Final = object_type("ObjectMeta", {"name": STRING, "generateName": STRING})
_ALWAYS_THERE: Final[Mapping[str, Field]] = {
    "apiVersion": Field(STRING),
    "kind": Field(STRING),
    "metadata": Field(_METADATA),
}


def escape(name: str) -> str | None:
    """The name under which expressions know a property, None if they cannot name it."""
    if name in _KEYWORDS:
        return f"__{name}__"
    if not _ESCAPABLE.fullmatch(name):
        return None
    return _SPECIAL.sub(lambda match: _ESCAPED[match[0]], name)


def type_of_schema(schema: Schema, *, root: bool = False, name: str = "object") -> Type | None:
    """The type of the values that a structural schema (OpenAPI v3) describes; None if expressions cannot reach them.

    The ``root`` of an object has ``apiVersion``, ``kind`` and ``metadata.name`` and ``generateName`` whatever its
    schema says. Object types are called after their path, which begins with ``name``.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    kind = schema.get("type")
    if kind == "array":
        element = _nested(schema.get("items"), f"{name}.@items")
        return list_type(element) if element is not None else None
    if kind == "object":
        return _object(schema, root, name)
    if kind == "string":
        return _STRINGS.get(schema.get("format", ""), STRING)
    return _SCALARS.get(kind) if isinstance(kind, str) else None


def _nested(schema: Any, name: str) -> Type | None:
    if not isinstance(schema, Mapping):
        return None
    return type_of_schema(schema, root=bool(schema.get("x-kubernetes-embedded-resource")), name=name)


def _object(schema: Schema, root: bool, name: str) -> Type | None:
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        value = _nested(values, f"{name}.@values")
        return map_type(STRING, value) if value is not None else None
    fields: dict[str, Field] = {}
    for property, declared in (schema.get("properties") or {}).items():
        type = _nested(declared, f"{name}.{property}")
        escaped = escape(property)
        if type is not None and escaped is not None:
            fields[escaped] = Field(type, property)
    if root:
        fields |= _with_metadata(fields)
    return ObjectType(Kind.OBJECT, name, (), fields)


def _with_metadata(fields: Mapping[str, Field]) -> dict[str, Field]:
    declared = fields.get("metadata")
    own = declared.type.fields if declared is not None and isinstance(declared.type, ObjectType) else {}
    return {**_ALWAYS_THERE, "metadata": Field(object_type("ObjectMeta", {**_METADATA.fields, **own}))}
