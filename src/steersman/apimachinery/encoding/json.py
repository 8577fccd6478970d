"""JSON as the API takes it: bounded in depth, without loss in numbers, duplicate keys found where they matter.

Specified in RFC 8259; duplicate keys are what ``fieldValidation`` Strict and Warn look for (KEP-2885).
"""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from steersman.apimachinery.errors import bad_request

MAX_DEPTH = 200
"""Levels of objects and arrays in a body. The encoder gives up at 254; the rest is for what answers wrap around it."""

_ENCODER_DEPTH = 254
_ENCODER_GAVE_UP = "Recursion limit reached"

# With every digit a nought, one search finds a run of nineteen: the shortest number that may be beyond 64 bits.
_DIGITS_AS_NOUGHTS = bytes.maketrans(b"0123456789", b"0" * 10)
_NINETEEN_DIGITS = b"0" * 19
_LEAST, _GREATEST = -(2**63), 2**64 - 1
# Digits of the greatest number that a double holds.
_DOUBLE_DIGITS = 309

_WHITE_SPACE = b" \t\r\n"


def decode(body: bytes) -> Any:
    """The value that a body says. Raises ApiError 400 BadRequest if it is not JSON, or not kept whole by this program.

    Not kept whole is what nests deeper than :data:`MAX_DEPTH`, and an integer that needs more than 64 bits, unless it
    is exactly what a double holds (Go's clients write 1e20 as such).
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"json parse error: {error}") from None
    # There is no level without a bracket: most bodies are told by their count.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deep(value):
        raise bad_request(f"json parse error: nested deeper than {MAX_DEPTH} levels")
    if _NINETEEN_DIGITS in body.translate(_DIGITS_AS_NOUGHTS):
        json.loads(body, parse_int=_check_integer)
    return value


def _is_deep(value: Any) -> bool:
    # The encoder finds the depth many times faster than a walk would; the lists bring its limit down to ours.
    for _ in range(_ENCODER_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return True
    return False


def _check_integer(text: str) -> None:
    digits = len(text.lstrip("-"))
    if digits <= _DOUBLE_DIGITS:
        number = int(text)
        if _LEAST <= number <= _GREATEST or int(float(number)) == number:
            return
    shown = text if digits <= 40 else f"{text[:40]}…"
    raise bad_request(f"json parse error: the number {shown} needs more than 64 bits; write it as a string")


def encode(value: Any) -> bytes:
    """Compact JSON, keys in the order they have. Raises ApiError 400 BadRequest if it nests deeper than 254 levels."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        if str(error) != _ENCODER_GAVE_UP:
            raise
        raise bad_request(f"the object nests deeper than {_ENCODER_DEPTH} levels") from None


def duplicate_keys(body: bytes, value: Any) -> list[str]:
    """Where a body has a key twice, as paths such as ``spec.ports[0].name``, in the order they are met.

    ``value`` is what :func:`decode` gave for the body. A body without duplicates, which is nearly every one, costs
    about as much as decoding it.
    """
    # Without white space, a body and its value encoded anew are alike only if they have as many members, and the value
    # has none twice. Where numbers or escapes are written otherwise, it takes a closer look to tell.
    encoded = orjson.dumps(value)
    if encoded == body or encoded.translate(None, _WHITE_SPACE) == body.translate(None, _WHITE_SPACE):
        return []
    pairs = json.loads(body, object_pairs_hook=_Pairs)
    return list(dict.fromkeys(_duplicates(pairs, "")))


class _Pairs(list[tuple[str, Any]]):
    """An object's members as they stand, duplicates included."""


def _duplicates(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            place = f"{path}.{key}" if path else key
            if key in seen:
                yield place
            seen.add(key)
            yield from _duplicates(item, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _duplicates(item, f"{path}[{index}]")
