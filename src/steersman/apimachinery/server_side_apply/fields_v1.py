"""FieldsV1: a set of fields as JSON, the ``fieldsV1`` of a managedFields entry (API reference, ObjectMeta).

An object has one member for each step; ``"."`` in it says that the step itself belongs to the set, not only what is
below. A step with an empty object is a path that ends there.
"""

from typing import Any

from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.path_element import order_of, parse_element

_SELF = "."


def encode_fields(fields: FieldSet) -> dict[str, Any]:
    """The JSON object of a set, its members in canonical order."""
    encoded: dict[str, Any] = {}
    for element in sorted(fields.members | fields.children.keys(), key=order_of):
        below = fields.children.get(element)
        if below is None:
            encoded[element] = {}
        else:
            inner = encode_fields(below)
            encoded[element] = {_SELF: {}, **inner} if element in fields.members else inner
    return encoded


def decode_fields(encoded: Any) -> FieldSet:
    """The set that a JSON object says; steps of unknown kinds are left out. Raises ValueError."""
    return _read(encoded)[0]


def _read(encoded: Any) -> tuple[FieldSet, bool]:
    """What is below a step, and whether the step itself belongs to the set."""
    if not isinstance(encoded, dict):
        raise ValueError("expect { or n, but found something else")
    below, is_member = FieldSet(), False
    for text, inner in encoded.items():
        if text == _SELF:
            is_member = True
            continue
        element = parse_element(text)
        if element is None:
            continue
        grandchildren, belongs = _read(inner)
        if belongs:
            below.members.add(element)
        if grandchildren:
            below.children[element] = grandchildren
    return below, is_member or not below
