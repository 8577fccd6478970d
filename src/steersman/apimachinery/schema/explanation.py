"""The exact answer to "what is wrong with this value?", in the words and order of kube-apiserver.

It is asked only about values that :mod:`.acceptance` refused, so it walks the schema as it stands.
"""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import re2
from msgspec import Struct, field

from steersman.apimachinery.errors import (
    FieldError,
    field_invalid,
    field_not_supported,
    field_required,
    field_too_many,
    field_type_invalid,
)
from steersman.apimachinery.json_patch import json_equal
from steersman.apimachinery.schema.acceptance import FLOAT32_MAX, integer_bits, is_multiple, pattern_problem, search_of
from steersman.apimachinery.schema.formats import string_format
from steersman.apimachinery.schema.node import SchemaNode
from steersman.apimachinery.schema.rendering import bounded, go_number

MAX_ERRORS = 100


class Result(Struct):
    """Errors, and how many checks matched, by which the best of several alternatives is chosen."""

    errors: list[FieldError] = field(default_factory=list)
    matched: int = 0

    def merge(self, other: "Result") -> None:
        self.errors += other.errors
        self.matched += other.matched

    @property
    def full(self) -> bool:
        return len(self.errors) >= MAX_ERRORS


def explain(node: SchemaNode, value: Any, path: str) -> Result:
    """``path`` is that of ``value`` (empty at the root). At least :data:`MAX_ERRORS` errors end the walk."""
    result = Result()
    if value is None:
        _explain_null(node, path, result)
        return result
    if node.types or node.format:
        _explain_type(node, value, path, result)
    _explain_junctors(node, value, path, result)
    for applies in _OF_TYPE[type(value)]:
        applies(node, value, path, result)
        result.matched += 1
    _explain_enum(node, value, path, result)
    result.matched += 3
    return result


def _label(path: str) -> str:
    return f"{path} in body"


def _no_field(message: str) -> FieldError:
    """kube-apiserver gives these the root as their field, and names the path in the message only."""
    return field_invalid("", "", message)


def _explain_null(node: SchemaNode, path: str, result: Result) -> None:
    if node.types and not node.nullable:
        result.errors.append(_wrong_type(path, ",".join(node.types), "null"))
    else:
        result.matched += 1
    if node.enum:
        result.errors.append(field_not_supported(path, None, _supported(node)))


_JSON_TYPES: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
}
_INFERRED_FORMATS: dict[type, str] = {int: "int64", float: "float64"}


def _wrong_type(path: str, wanted: str, found: str) -> FieldError:
    detail = f'{_label(path)} must be of type {wanted}: "{found}"'
    return field_type_invalid(path, found, detail)


def _explain_type(node: SchemaNode, value: Any, path: str, result: Result) -> None:
    found = _JSON_TYPES[type(value)]
    fits = (
        not node.types
        or found in node.types
        or (found == "integer" and "number" in node.types)
        or (found == "number" and "integer" in node.types and value.is_integer())
    )
    if fits:
        result.matched += 2
        return
    result.matched += 1
    if node.format and found not in ("string", "array"):
        result.errors.append(_wrong_type(path, node.format, _INFERRED_FORMATS.get(type(value), "")))
    else:
        result.errors.append(_wrong_type(path, ",".join(node.types), found))


def _explain_junctors(node: SchemaNode, value: Any, path: str, result: Result) -> None:
    if node.any_of:
        _explain_any_of(node.any_of, value, path, result)
    if node.one_of:
        _explain_one_of(node.one_of, value, path, result)
    if node.all_of:
        results = [explain(one, value, path) for one in node.all_of]
        for one in results:
            result.merge(one)
        failed = sum(bool(one.errors) for one in results)
        if failed:
            tail = ". None validated" if failed == len(results) else ""
            result.errors.append(_no_field(f'"{path}" must validate all the schemas (allOf){tail}'))
    if node.negated is not None and not explain(node.negated, value, path).errors:
        result.errors.append(_no_field(f'"{path}" must not validate the schema (not)'))
    result.matched += 2


def _best(failures: list[Result]) -> Result:
    return max(failures, key=lambda one: one.matched)


def _explain_any_of(alternatives: list[SchemaNode], value: Any, path: str, result: Result) -> None:
    failures = []
    for one in alternatives:
        tried = explain(one, value, path)
        if not tried.errors:
            result.merge(tried)
            return
        failures.append(tried)
    result.errors.append(_no_field(f'"{path}" must validate at least one schema (anyOf)'))
    result.merge(_best(failures))


def _explain_one_of(alternatives: list[SchemaNode], value: Any, path: str, result: Result) -> None:
    tried = [explain(one, value, path) for one in alternatives]
    valid = [one for one in tried if not one.errors]
    if len(valid) == 1:
        result.merge(valid[0])
        return
    found = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
    result.errors.append(_no_field(f'"{path}" must validate one and only one schema (oneOf). {found}'))
    if not valid:
        result.merge(_best(tried))


def _supported(node: SchemaNode) -> list[str]:
    return [one if isinstance(one, str) else orjson.dumps(one).decode() for one in node.enum or ()]


def _explain_enum(node: SchemaNode, value: Any, path: str, result: Result) -> None:
    if node.enum and not any(json_equal(value, one) for one in node.enum):
        result.errors.append(field_not_supported(path, bounded(value), _supported(node)))


def _explain_string(node: SchemaNode, value: str, path: str, result: Result) -> None:
    if node.max_length is not None and len(value) > node.max_length:
        message = f"Too long: may not be more than {node.max_length} bytes"
        result.errors.append(FieldError("FieldValueTooLong", path, message))
    elif node.min_length is not None and len(value) < node.min_length:
        detail = f"{_label(path)} should be at least {node.min_length} chars long"
        result.errors.append(field_invalid(path, value, detail))
    elif node.pattern:
        _explain_pattern(node.pattern, value, path, result)


def _explain_pattern(pattern: str, value: str, path: str, result: Result) -> None:
    try:
        if search_of(pattern)(value):
            return
    except re2.error as error:
        pattern = f"{pattern}, but pattern is invalid: {pattern_problem(error)}"
    result.errors.append(field_invalid(path, bounded(value), f"{_label(path)} should match '{pattern}'"))


def _explain_format(node: SchemaNode, value: str, path: str, result: Result) -> None:
    check = string_format(node.format)
    if check is not None and not check(value):
        detail = f'{_label(path)} must be of type {node.format}: "{bounded(value)}"'
        result.errors.append(field_type_invalid(path, bounded(value), detail))
    result.matched -= check is None


def _explain_number(node: SchemaNode, value: float, path: str, result: Result) -> None:
    label = _label(path)
    bits = integer_bits(node)
    if bits and not -(2**bits) <= value <= 2**bits - 1:
        kind = f"with format {node.format}" if node.format else "(default format)"
        result.errors.append(_no_field(f"Checked value must be of type integer {kind} in {path}"))
    elif node.types == ("number",) and node.format == "float" and abs(value) > FLOAT32_MAX:
        result.errors.append(_no_field(f"Checked value must be of type number with format float in {path}"))
    factor, lowest, highest = node.multiple_of, node.minimum, node.maximum
    if factor is not None and not is_multiple(value, factor):
        detail = f"{label} should be a multiple of {go_number(factor)}"
        result.errors.append(field_invalid(path, value, detail))
    if lowest is not None and (value <= lowest if node.exclusive_minimum else value < lowest):
        bound = "greater than" if node.exclusive_minimum else "greater than or equal to"
        result.errors.append(field_invalid(path, value, f"{label} should be {bound} {go_number(lowest)}"))
    if highest is not None and (value >= highest if node.exclusive_maximum else value > highest):
        bound = "less than" if node.exclusive_maximum else "less than or equal to"
        result.errors.append(field_invalid(path, value, f"{label} should be {bound} {go_number(highest)}"))
    result.matched += 1


def _explain_list(node: SchemaNode, value: list[Any], path: str, result: Result) -> None:
    label, size = _label(path), len(value)
    if node.items is not None:
        for index, one in enumerate(value):
            result.merge(explain(node.items, one, f"{path}[{index}]"))
            if result.full:
                return
    if node.min_items is not None and size < node.min_items:
        detail = f"{label} should have at least {node.min_items} items"
        result.errors.append(field_invalid(path, size, detail))
    if node.max_items is not None and size > node.max_items:
        result.errors.append(field_too_many(path, size, node.max_items))
    if node.unique_items and len({orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in value}) < size:
        result.errors.append(field_invalid(path, "", f"{label} shouldn't contain duplicates"))
    result.matched += 1


def _children(node: SchemaNode, value: dict[str, Any], path: str) -> Iterator[tuple[SchemaNode, Any, str]]:
    prefix = f"{path}." if path else ""
    if isinstance(node.additional, SchemaNode):
        for name, one in value.items():
            if name not in node.properties:
                yield node.additional, one, prefix + name
    for name, child in node.properties.items():
        if name in value:
            yield child, value[name], prefix + name


def _explain_object(node: SchemaNode, value: dict[str, Any], path: str, result: Result) -> None:
    size = len(value)
    if node.min_properties is not None and size < node.min_properties:
        detail = f"{_label(path)} should have at least {node.min_properties} properties"
        result.errors.append(field_invalid(path, size, detail))
    if node.max_properties is not None and size > node.max_properties:
        result.errors.append(field_too_many(path, size, node.max_properties))
    if node.additional is False:
        for name in value.keys() - node.properties.keys():
            detail = f"{path}.{name} in body is a forbidden property"
            result.errors.append(field_invalid(path, name, detail))
    for child, one, where in _children(node, value, path):
        result.merge(explain(child, one, where))
        if result.full:
            return
    prefix = f"{path}." if path else ""
    result.errors += [field_required(prefix + name) for name in node.required if name not in value]


_Explain = Callable[[SchemaNode, Any, str, Result], None]
_OF_TYPE: dict[type, tuple[_Explain, ...]] = {
    dict: (_explain_object,),
    list: (_explain_list,),
    str: (_explain_string, _explain_format),
    bool: (),
    int: (_explain_number,),
    float: (_explain_number,),
}
