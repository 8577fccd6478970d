"""Steps of a path to a field, written as FieldsV1 writes them (KEP-555, "Managers").

``f:NAME`` is a member of an object, ``k:{"name":"web"}`` the item of a list that has these key fields, ``v:"x"`` the
item of a set that is this value, ``i:0`` an item by its index. The text is canonical: equal steps are equal strings.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

Path = tuple[str, ...]
"""Steps from the root of an object; the empty path is the object itself."""

_EXACT = 2.0**53
"""Up to here a double tells each integer from the next."""

_NUMBER, _STRING, _BOOLEAN, _OTHER = range(4)


def field_element(name: str) -> str:
    return f"f:{name}"


def key_element(fields: Mapping[str, Any]) -> str:
    """The item whose key fields have these values."""
    return "k:" + _canonical({name: _number(value) for name, value in fields.items()})


def value_element(value: Any) -> str:
    return "v:" + _canonical(_number(value))


def parse_element(text: str) -> str | None:
    """The canonical form; None for a kind of step that is not known. Raises ValueError where it is malformed."""
    if len(text) < 2:
        raise ValueError("key must be 2 characters long:")
    if text[1] != ":":
        raise ValueError(f"missing colon: {text}")
    rest = text[2:]
    match text[0]:
        case "f":
            return text
        case "k":
            fields = orjson.loads(rest)
            if not isinstance(fields, dict):
                raise ValueError(f"expect an object of key fields: {text}")
            return key_element(fields)
        case "v":
            return value_element(orjson.loads(rest))
        case "i":
            return f"i:{int(rest)}"
    return None


def path_text(path: Sequence[str]) -> str:
    """As messages show it: ``.spec.containers[name="web"].args[="-v"]``."""
    return "".join(map(_text, path))


def order_of(element: str) -> tuple[Any, ...]:
    """What the canonical order of steps sorts by: members, keyed items, values, indices."""
    rest = element[2:]
    match element[0]:
        case "f":
            return (0, rest)
        case "k":
            return (1, [(name, _rank(value)) for name, value in orjson.loads(rest).items()])
        case "v":
            return (2, _rank(orjson.loads(rest)))
    return (3, int(rest))


def _text(element: str) -> str:
    rest = element[2:]
    match element[0]:
        case "f":
            return f".{rest}"
        case "k":
            return "[" + ",".join(f"{name}={_canonical(value)}" for name, value in orjson.loads(rest).items()) + "]"
        case "v":
            return f"[={rest}]"
    return f"[{rest}]"


def _rank(value: Any) -> tuple[int, Any]:
    if type(value) is bool:
        return (_BOOLEAN, value)
    if isinstance(value, int | float):
        return (_NUMBER, value)
    return (_STRING, value) if isinstance(value, str) else (_OTHER, _canonical(value))


def _number(value: Any) -> Any:
    """1.0 and 1 are one number."""
    return int(value) if type(value) is float and value.is_integer() and abs(value) <= _EXACT else value


def _canonical(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
