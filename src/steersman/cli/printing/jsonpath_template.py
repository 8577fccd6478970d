"""JSONPath templates: text with expressions in braces, ``{range …}`` to ``{end}``, and quoted text in braces.

Specified in "JSONPath Support"; what an object lacks prints as nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from steersman.apimachinery.jsonpath import JSONPath
from steersman.cli.printing.json_text import compact_json

Render = Callable[[Any, Any], str]
"""From the root and the value that is current to text."""

# Text, or what stands in braces, in which quoted strings may have braces of their own.
_PIECE = re.compile(r"""\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*)\}|([^{]+)""", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def compile_template(text: str) -> Callable[[Any], str]:
    """Raises ValueError for a template that cannot be read."""
    pieces = _pieces(text)
    render, ended = _block(pieces)
    if ended:
        raise ValueError("error parsing jsonpath: not in range, nothing to end")
    return lambda value: render(value, value)


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Each piece, and whether it stood in braces."""
    position = 0
    while position < len(text):
        match = _PIECE.match(text, position)
        if not match:
            raise ValueError(f"error parsing jsonpath {text}: unclosed action at position {position}")
        position = match.end()
        yield (True, match[1].strip()) if match[1] is not None else (False, match[2])


def _block(pieces: Iterator[tuple[bool, str]]) -> tuple[Render, bool]:
    """What comes up to an ``{end}``, or the end of the template."""
    parts: list[Render] = []
    for is_action, text in pieces:
        if is_action and text == "end":
            return _together(parts), True
        parts.append(_action(text, pieces) if is_action else _constant(text))
    return _together(parts), False


def _action(text: str, pieces: Iterator[tuple[bool, str]]) -> Render:
    if text.startswith("range ") or text == "range":
        return _range(text.removeprefix("range").strip(), pieces)
    if text[:1] in ("'", '"'):
        return _constant(re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1]))
    find = _finder(text)
    return lambda root, value: " ".join(map(_format_value, find(root, value)))


def _range(expression: str, pieces: Iterator[tuple[bool, str]]) -> Render:
    find = _finder(expression)
    inner, ended = _block(pieces)
    if not ended:
        raise ValueError("error parsing jsonpath: unclosed range: {end} is missing")
    return lambda root, value: "".join(inner(root, one) for one in find(root, value))


def _finder(expression: str) -> Callable[[Any, Any], list[Any]]:
    find = JSONPath.compile(expression).find
    if expression.startswith("$"):
        return lambda root, value: find(root)
    return lambda root, value: find(value)


def _constant(text: str) -> Render:
    return lambda root, value: text


def _together(parts: Sequence[Render]) -> Render:
    return lambda root, value: "".join(part(root, value) for part in parts)


def _format_value(value: Any) -> str:
    """Text as it is; objects and arrays as compact JSON."""
    return value if isinstance(value, str) else compact_json(value)
