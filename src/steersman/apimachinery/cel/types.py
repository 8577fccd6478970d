"""The static types of CEL: what the checker infers, and what ``type(x)`` yields.

A type is known by its name and parameters. ``dyn`` stands for "known only at run time"; a type parameter stands for
any one type within the signature of an overload.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Kind(Enum):
    """What sort of type it is: decides which types can stand for which."""

    PRIMITIVE = "primitive"
    DYN = "dyn"
    NULL = "null"
    LIST = "list"
    MAP = "map"
    NULLABLE = "nullable"  # a well-known type: timestamp, duration
    TYPE = "type"
    OPTIONAL = "optional"
    OPAQUE = "opaque"
    OBJECT = "object"
    PARAMETER = "parameter"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Type:
    """A static type. ``str()`` is how error messages show it, ``name`` what ``string(type(x))`` yields."""

    kind: Kind
    name: str
    parameters: tuple["Type", ...] = ()

    def __str__(self) -> str:
        shown = _SHOWN.get(self.name, self.name)
        if not self.parameters:
            return shown
        return f"{shown}({', '.join(map(str, self.parameters))})"


_SHOWN: Final = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "null_type": "null",
}

DYN: Final = Type(Kind.DYN, "dyn")
ERROR: Final = Type(Kind.ERROR, "!error!")
NULL: Final = Type(Kind.NULL, "null_type")
BOOL: Final = Type(Kind.PRIMITIVE, "bool")
INT: Final = Type(Kind.PRIMITIVE, "int")
UINT: Final = Type(Kind.PRIMITIVE, "uint")
DOUBLE: Final = Type(Kind.PRIMITIVE, "double")
STRING: Final = Type(Kind.PRIMITIVE, "string")
BYTES: Final = Type(Kind.PRIMITIVE, "bytes")
TIMESTAMP: Final = Type(Kind.NULLABLE, "google.protobuf.Timestamp")
DURATION: Final = Type(Kind.NULLABLE, "google.protobuf.Duration")
TYPE: Final = Type(Kind.TYPE, "type")


def list_type(element: Type) -> Type:
    """``list(element)``"""
    return Type(Kind.LIST, "list", (element,))


def map_type(key: Type, value: Type) -> Type:
    """``map(key, value)``"""
    return Type(Kind.MAP, "map", (key, value))


def optional_type(value: Type) -> Type:
    """``optional_type(value)``"""
    return Type(Kind.OPTIONAL, "optional_type", (value,))


def type_type(instance: Type) -> Type:
    """The type of a type."""
    return Type(Kind.TYPE, "type", (instance,))


def parameter_type(name: str) -> Type:
    """A type parameter of an overload: the same type wherever it stands in the signature."""
    return Type(Kind.PARAMETER, name)


@dataclass(frozen=True, slots=True)
class OpaqueType(Type):
    """A type of a library's own, whose values are instances of one Python class."""

    python_class: type = field(default=object, compare=False, repr=False)


def opaque_type(name: str, python_class: type) -> OpaqueType:
    """The type called ``name``, whose values are of ``python_class``."""
    return OpaqueType(Kind.OPAQUE, name, (), python_class)


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field: its type, and under which key the JSON object has it, if not under the field's own name."""

    type: Type
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectType(Type):
    """An object with declared fields; selecting any other field does not type-check.

    Two object types are the same if they have the same name. Values are dicts.
    """

    fields: Mapping[str, Field] = field(default_factory=dict, compare=False, repr=False)

    def field_named(self, name: str) -> Field | None:
        """The field that expressions call ``name``, None if there is none."""
        return self.fields.get(name)


@dataclass(frozen=True, slots=True)
class OpenObjectType(ObjectType):
    """An object with any fields: the ``Object.spec…`` of mutations. An object in a field is named after its path."""

    def field_named(self, name: str) -> Field | None:
        return Field(DYN)


def object_type(name: str, fields: Mapping[str, Field | Type]) -> ObjectType:
    """An object type called ``name``; a bare type stands for a field whose JSON key is its name."""
    declared = {key: value if isinstance(value, Field) else Field(value) for key, value in fields.items()}
    return ObjectType(Kind.OBJECT, name, (), declared)
