"""cel-go's string extension, version 2, as Kubernetes has it: ``charAt``, ``split``, ``format``, ``strings.quote``…

Positions count code points.
"""

from collections.abc import Sequence
from typing import Final

from steersman.apimachinery.cel.cost import result_traversals, traversal, tree_traversal, two_traversals
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.libraries.string_format import format_string
from steersman.apimachinery.cel.types import DYN, INT, STRING, list_type

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_QUOTED: Final = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
    | dict.fromkeys(range(0xD800, 0xE000), "�")
)
# What Go's strings.TrimSpace takes for space: Python's str.strip would also take the separators 0x1c to 0x1f.
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def _out_of_range(position: int) -> EvaluationError:
    return EvaluationError(f"index out of range: {position}")


def _char_at(text: str, position: int) -> str:
    if not 0 <= position <= len(text):
        raise _out_of_range(position)
    return text[position : position + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if start < 0:
        raise _out_of_range(start)
    if not part:
        return min(start, len(text))
    return text.find(part, start)


def _last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


def _last_index_before(text: str, part: str, start: int) -> int:
    if start < 0:
        raise _out_of_range(start)
    if not part:
        return min(start, len(text))
    return text.rfind(part, 0, start + len(part)) if start < len(text) else -1


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, max(count, -1))


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    if count < 0 or count >= len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]]


def _substring(text: str, start: int) -> str:
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    return text[start:]


def _substring_between(text: str, start: int, end: int) -> str:
    if start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    for position in (start, end):
        if not 0 <= position <= len(text):
            raise _out_of_range(position)
    return text[start:end]


def _join(parts: Sequence[object], separator: str = "") -> str:
    texts: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            raise EvaluationError(f"join: invalid input: {part}")
        texts.append(part)
    return separator.join(texts)


def quote(text: str) -> str:
    """The text as a CEL literal."""
    return f'"{text.translate(_QUOTED)}"'


_STRINGS: Final = list_type(STRING)

STRINGS: Final[Library] = library(
    "strings",
    {
        "charAt": (method((STRING, INT), STRING, _char_at),),
        "indexOf": (
            method((STRING, STRING), INT, _index_of, tree_traversal),
            method((STRING, STRING, INT), INT, _index_of, tree_traversal),
        ),
        "lastIndexOf": (
            method((STRING, STRING), INT, _last_index_of, tree_traversal),
            method((STRING, STRING, INT), INT, _last_index_before, tree_traversal),
        ),
        "lowerAscii": (method((STRING,), STRING, lambda text: text.translate(_LOWER), traversal),),
        "upperAscii": (method((STRING,), STRING, lambda text: text.translate(_UPPER), traversal),),
        "replace": (
            method((STRING, STRING, STRING), STRING, _replace, two_traversals),
            method((STRING, STRING, STRING, INT), STRING, _replace, two_traversals),
        ),
        "split": (
            method((STRING, STRING), _STRINGS, _split, two_traversals),
            method((STRING, STRING, INT), _STRINGS, _split, two_traversals),
        ),
        "substring": (
            method((STRING, INT), STRING, _substring, traversal),
            method((STRING, INT, INT), STRING, _substring_between, traversal),
        ),
        "trim": (method((STRING,), STRING, lambda text: text.strip(_SPACE), traversal),),
        "join": (
            method((_STRINGS,), STRING, _join, result_traversals),
            method((_STRINGS, STRING), STRING, _join, result_traversals),
        ),
        "format": (method((STRING, list_type(DYN)), STRING, format_string, traversal),),
        "strings.quote": (function((STRING,), STRING, quote, traversal),),
    },
)

STRING_REVERSE: Final[Library] = library(
    "strings.reverse", {"reverse": (method((STRING,), STRING, lambda text: text[::-1], traversal),)}
)
"""``reverse``, which version 3 of the extension adds; Kubernetes does not have it."""
