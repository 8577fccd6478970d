"""From two JSON values to the JSON patch (RFC 6902) that makes the second one of the first, as a person would write it.

Members of objects are compared one by one. So are the elements of lists, once it is known which of them stayed: objects
that have a ``name`` are known by it, all else by what it is. Of what was there before, a patch shows only where it was.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec
import orjson

from steersman.apimachinery.json_patch import json_equal

Operation = dict[str, Any]
"""``{op, path, value}``: ``add``, ``remove`` (without a value) or ``replace``."""

MAX_COMPARISONS = 10_000
"""Where more than this (the product of their lengths) is left of two lists, once what they begin and end with alike is
taken off, element is compared with element: to find what stayed would take too long.
"""


def json_diff(before: Any, after: Any) -> list[Operation]:
    """The operations in the order in which they have to be applied; none for values that are equal as RFC 6902 has it.

    They share nothing with either value.
    """
    return list(_diff(before, after, ""))


def _diff(before: Any, after: Any, path: str) -> Iterator[Operation]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _diff_objects(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _diff_lists(before, after, path)
    elif not json_equal(before, after):
        yield _operation("replace", path, after)


def _diff_objects(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[Operation]:
    for name, value in before.items():
        place = f"{path}/{_escaped(name)}"
        if name in after:
            yield from _diff(value, after[name], place)
        else:
            yield {"op": "remove", "path": place}
    for name, value in after.items():
        if name not in before:
            yield _operation("add", f"{path}/{_escaped(name)}", value)


def _diff_lists(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Operation]:
    """From left to right: what stands before the place of an operation is already as it shall be."""
    for kind, start, end, new_start, new_end in _blocks(before, after):
        paired = min(end - start, new_end - new_start)
        for offset in range(paired):
            old, new, place = before[start + offset], after[new_start + offset], f"{path}/{new_start + offset}"
            if kind == "replace" and _name(old) != _name(new):
                yield _operation("replace", place, new)
            else:
                yield from _diff(old, new, place)
        for _ in range(start + paired, end):
            yield {"op": "remove", "path": f"{path}/{new_start + paired}"}
        for at in range(new_start + paired, new_end):
            yield _operation("add", f"{path}/{at}", after[at])


def _blocks(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[str, int, int, int, int]]:
    """Which part of ``before`` became which of ``after``: ``equal``, ``replace``, ``delete`` or ``insert``."""
    old, new = _identities(before), _identities(after)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    yield "equal", 0, head, 0, head
    if len(old) * len(new) > MAX_COMPARISONS:
        yield "replace", head, head + len(old), head, head + len(new)
    else:
        for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield kind, head + start, head + end, head + new_start, head + new_end
    yield "equal", len(before) - tail, len(before), len(after) - tail, len(after)


def _alike(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many elements there are before the first that differs."""
    pairs = zip(old, new, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))


def _identities(elements: Sequence[Any]) -> list[Any]:
    return [_name(one) or orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in elements]


def _name(element: Any) -> str | None:
    name = element.get("name") if isinstance(element, dict) else None
    return name if isinstance(name, str) and name else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _operation(op: str, path: str, value: Any) -> Operation:
    return {"op": op, "path": path, "value": msgspec.to_builtins(value)}
