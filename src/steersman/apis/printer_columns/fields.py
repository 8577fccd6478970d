"""Reading fields of objects that may be incomplete or odd: what is missing, or of another type, is empty.

So no cell of a table ever raises, whatever an old object holds. A path is the fields' names, outermost first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.apimachinery.table import age

UNKNOWN, NONE, UNSET = "<unknown>", "<none>", "<unset>"
_NO_FIELDS: Mapping[str, Any] = {}
_OPERATORS = {
    "In": "{0} in ({1})",
    "NotIn": "{0} notin ({1})",
    "Exists": "{0}",
    "DoesNotExist": "!{0}",
}


def at(obj: Any, *path: str) -> Any:
    """The value at ``path``; None where there is none."""
    for step in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(step)
    return obj


def text(obj: Any, *path: str) -> str:
    value = at(obj, *path)
    return value if isinstance(value, str) else ""


def integer(obj: Any, *path: str) -> int:
    value = at(obj, *path)
    return value if type(value) is int else 0


def amount(obj: Any, *path: str) -> str:
    """A quantity, or a number that may be a string; nothing is ``0``."""
    value = at(obj, *path)
    return str(value) if type(value) in (str, int, float) and value != "" else "0"


def mapping(obj: Any, *path: str) -> Mapping[str, Any]:
    value = at(obj, *path)
    return value if isinstance(value, dict) else _NO_FIELDS


def items(obj: Any, *path: str) -> Sequence[Any]:
    """The list at ``path``, whatever is in it."""
    value = at(obj, *path)
    return value if isinstance(value, list) else ()


def mappings(obj: Any, *path: str) -> list[dict[str, Any]]:
    """The objects of the list at ``path``."""
    return [item for item in items(obj, *path) if isinstance(item, dict)]


def texts(obj: Any, *path: str) -> list[str]:
    """The strings of the list at ``path``."""
    return [item for item in items(obj, *path) if isinstance(item, str)]


def condition(obj: Any, name: str) -> Mapping[str, Any]:
    """The first of the status' conditions that is of type ``name``; empty if it has none."""
    for one in mappings(obj, "status", "conditions"):
        if one.get("type") == name:
            return one
    return _NO_FIELDS


def is_true(obj: Any, name: str) -> bool:
    """Whether the condition of type ``name`` is true."""
    return condition(obj, name).get("status") == "True"


def is_deleted(obj: Any) -> bool:
    return at(obj, "metadata", "deletionTimestamp") is not None


def since(moment: Any, now: float) -> str:
    """How long ago an RFC 3339 time was; ``<unknown>`` for anything else and for Go's zero time."""
    if not isinstance(moment, str) or moment.startswith("0001-01-01T00:00:00"):
        return UNKNOWN
    return age(moment, now)


def labels_text(labels: Mapping[str, Any]) -> str:
    """Labels, or a plain selector, as ``key=value`` in order; ``<none>`` if there is none."""
    return ",".join(sorted(f"{key}={value}" for key, value in labels.items())) or NONE


def selector_text(selector: Any) -> str | None:
    """A LabelSelector in its string form, ``""`` if it is empty or missing; None if an operator of it is not one."""
    terms = [(key, f"{key}={value}") for key, value in mapping(selector, "matchLabels").items()]
    for expression in mappings(selector, "matchExpressions"):
        shape = _OPERATORS.get(text(expression, "operator"))
        if shape is None:
            return None
        key = text(expression, "key")
        terms.append((key, shape.format(key, ",".join(sorted(set(texts(expression, "values")))))))
    return ",".join(shown for _, shown in sorted(terms))


def first_of(values: Sequence[str], most: int, count: int) -> str:
    """Up to ``most`` values, and how many of ``count`` there are beyond; ``<unset>`` if there is none."""
    shown = ",".join(values[:most])
    return f"{shown} + {count - most} more..." if count > most else shown or UNSET
