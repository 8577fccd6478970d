"""What a schema says in terms of Python: classes with fields, and enumerations, in the order that they need each other.

The schemas are structural (KEP-1693), so that there are no references and no recursion.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson

from steersman.client.api_model import json_name
from steersman.client.code_generator.definition import Schema
from steersman.client.code_generator.python_name import Names, class_name, snake_case
from steersman.client.code_generator.python_text import quoted
from steersman.client.custom_resource import CustomResource

MAX_DEPTH = 100

_TYPE_NAMES = frozenset({"bool", "dict", "float", "int", "list", "str"})
# What a class's attributes must not be called: what the classes have, and what stands in the types of other fields.
_RESERVED_FIELDS = _TYPE_NAMES | {name for name in dir(CustomResource) if not name.startswith("__")}
_OF_ALL_OBJECTS = frozenset({"apiVersion", "kind", "metadata"})

_ANY = "Any"
_STRING_FORMATS = {"date-time": "AwareDatetime"}
_IMPORTED = ("Any", "AwareDatetime", "IntOrString")


class Default(Enum):
    """What a field is if it is not given."""

    REQUIRED = "required"
    NONE = "None"
    EMPTY_LIST = "list"
    EMPTY_MAP = "dict"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class: ``key`` is its name in JSON, ``annotation`` its type, with None where it may be that."""

    name: str
    key: str
    annotation: str
    default: Default
    description: str

    @property
    def needs_alias(self) -> bool:
        return json_name(self.name) != self.key


@dataclass(frozen=True, slots=True)
class Model:
    """A class."""

    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A choice of values, which are literals of Python."""

    name: str
    literals: tuple[str, ...]


@dataclass
class Models:
    """What the module of one version has: ``root`` is the object, ``parts`` all that it needs, each before its user.

    ``imports`` are the names in annotations that are not defined here.
    """

    root: Model
    parts: list[Model | Enumeration]
    imports: set[str] = field(default_factory=set)


def read_schema(schema: Schema, root: str, names: Names) -> Models:
    """The classes for a schema; ``root`` is the name of the object's class, which is in ``names``.

    Raises ValueError, with the path, for what is no schema.
    """
    return _Reader(root, names).read(schema)


class _Reader:
    def __init__(self, root: str, names: Names) -> None:
        self._root = root
        self._names = names
        self._parts: list[Model | Enumeration] = []
        self._imports: set[str] = set()

    def read(self, schema: Schema) -> Models:
        properties = {
            key: value for key, value in _mapping(schema, "properties", ()).items() if key not in _OF_ALL_OBJECTS
        }
        fields = self._fields({**schema, "properties": properties}, ())
        return Models(Model(self._root, _description(schema), fields), self._parts, self._imports)

    def _fields(self, schema: Schema, path: tuple[str, ...]) -> tuple[Field, ...]:
        required = _texts(schema, "required", path)
        names = Names(_RESERVED_FIELDS if path else _RESERVED_FIELDS | CustomResource.model_fields.keys())
        fields = []
        properties = _mapping(schema, "properties", path)
        # Names that need no alias come first, so that fooBar is foo_bar whatever else there is.
        chosen = {key: names.take(snake_case(key)) for key in sorted(properties, key=_needs_alias)}
        for key in sorted(properties):
            inner = (*path, key)
            value = properties[key]
            if not isinstance(value, dict):
                raise ValueError(f"{_dotted(inner)}: its schema is not an object")
            annotation = self._type(value, inner)
            default = _default(annotation, value, key in required)
            if annotation != _ANY and (value.get("nullable") is True or default is Default.NONE):
                annotation = f"{annotation} | None"
            fields.append(Field(chosen[key], key, annotation, default, _description(value)))
        return tuple(fields)

    def _type(self, schema: Schema, path: tuple[str, ...]) -> str:
        if len(path) > MAX_DEPTH:
            raise ValueError(f"{_dotted(path[:4])}: nested deeper than {MAX_DEPTH} levels")
        if schema.get("x-kubernetes-int-or-string") is True or schema.get("format") == "int-or-string":
            return self._import("IntOrString")
        if isinstance(schema.get("enum"), list):
            return self._enumeration(schema, path)
        kind = schema.get("type") or _implied_type(schema)
        read = _TYPES.get(kind) if isinstance(kind, str) else None
        return read(self, schema, path) if read else self._import(_ANY)

    def _object(self, schema: Schema, path: tuple[str, ...]) -> str:
        if _mapping(schema, "properties", path):
            fields = self._fields(schema, path)
            name = self._names.take(class_name(self._root, path), suffix="")
            self._parts.append(Model(name, _description(schema), fields))
            return name
        values = schema.get("additionalProperties")
        if isinstance(values, dict) and values:
            return f"dict[str, {self._item(values, path)}]"
        return f"dict[str, {self._import(_ANY)}]"

    def _array(self, schema: Schema, path: tuple[str, ...]) -> str:
        items = schema.get("items")
        return f"list[{self._item(items, path) if isinstance(items, dict) else self._import(_ANY)}]"

    def _item(self, schema: Schema, path: tuple[str, ...]) -> str:
        # The path grows by nothing that is seen in names, but by what is counted.
        annotation = self._type(schema, (*path, ""))
        return f"{annotation} | None" if schema.get("nullable") is True and annotation != _ANY else annotation

    def _string(self, schema: Schema, path: tuple[str, ...]) -> str:
        format = schema.get("format")
        return self._import(_STRING_FORMATS.get(format, "str") if isinstance(format, str) else "str")

    def _enumeration(self, schema: Schema, path: tuple[str, ...]) -> str:
        """A name for the values. Null among them is said by nullable; what Python has no literal of can be anything."""
        literals = [_literal(value) for value in schema["enum"] if value is not None]
        if not literals or None in literals:
            return self._import(_ANY)
        name = self._names.take(class_name(self._root, path), suffix="")
        self._parts.append(Enumeration(name, tuple(dict.fromkeys(one for one in literals if one is not None))))
        return name

    def _import(self, name: str) -> str:
        if name in _IMPORTED:
            self._imports.add(name)
        return name


_TYPES: Mapping[str, Callable[[_Reader, Schema, tuple[str, ...]], str]] = {
    "array": _Reader._array,
    "boolean": lambda *_: "bool",
    "integer": lambda *_: "int",
    "number": lambda *_: "int | float",  # an integer stays one
    "object": _Reader._object,
    "string": _Reader._string,
}


def _implied_type(schema: Schema) -> str | None:
    """The type that a schema of v1beta1 does not say, which need not be structural."""
    if schema.get("x-kubernetes-preserve-unknown-fields") is True and "properties" not in schema:
        return None
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema else None


def _default(annotation: str, schema: Schema, required: bool) -> Default:
    # The server fills in a default before it looks whether a field is there.
    if required and "default" not in schema:
        return Default.REQUIRED
    if schema.get("nullable") is not True:
        if annotation.startswith("list["):
            return Default.EMPTY_LIST
        if annotation.startswith("dict["):
            return Default.EMPTY_MAP
    return Default.NONE


def _description(schema: Schema) -> str:
    """What the schema says of itself, and the default that the server has for it."""
    text = schema.get("description")
    parts = [text] if isinstance(text, str) and text.strip() else []
    if schema.get("default") is not None:
        parts.append(f"The server's default is {orjson.dumps(schema['default']).decode()}.")
    return "\n\n".join(parts)


def _literal(value: object) -> str | None:
    if isinstance(value, str):
        return quoted(value)
    return repr(value) if isinstance(value, bool | int) else None


def _needs_alias(key: str) -> tuple[bool, str]:
    return json_name(snake_case(key)) != key, key


def _mapping(schema: Schema, key: str, path: tuple[str, ...]) -> Mapping[str, Any]:
    value = schema.get(key) or {}
    if not isinstance(value, dict):
        raise ValueError(f"{_dotted(path)}: {key} of its schema is not an object")
    return value


def _texts(schema: Schema, key: str, path: tuple[str, ...]) -> Iterable[str]:
    value = schema.get(key) or []
    if not isinstance(value, list):
        raise ValueError(f"{_dotted(path)}: {key} of its schema is not a list")
    return value


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(part for part in path if part) or "the object"
