"""What a plain YAML scalar means to Kubernetes: its resolution to null, a boolean, a number or a string.

The rules are those of go-yaml version 2, which sigs.k8s.io/yaml has kept: YAML 1.1 without sexagesimal numbers, and
with Go's notation of integers.
"""

import math
import re

Scalar = str | bool | int | float | None


def _words() -> dict[str, Scalar]:
    words: dict[str, Scalar] = {"": None, "~": None}
    forms: tuple[tuple[str, Scalar], ...] = (
        ("null", None),
        ("y", True),
        ("yes", True),
        ("on", True),
        ("true", True),
        ("n", False),
        ("no", False),
        ("off", False),
        ("false", False),
        (".nan", math.nan),
        (".inf", math.inf),
        ("+.inf", math.inf),
        ("-.inf", -math.inf),
    )
    for word, value in forms:
        sign, dot, letters = word.rpartition(".")
        for form in (letters, letters.title(), letters.upper()):
            words[f"{sign}{dot}{form}"] = value
    words[".NaN"] = math.nan
    del words[".Nan"]
    return words


_WORDS = _words()
_ABSENT = object()
_NUMERIC_START = frozenset("+-.0123456789")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile("([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
_BASES = (16, 2, 8, 10)
# More digits than any 64 bit number needs, leading noughts aside; keeps int() off very long ones.
_INTEGER_LENGTH = 128


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Floats may be infinite or not a number, which JSON cannot say."""
    if text[:1] in _NUMERIC_START:
        return _number(text)
    value = _WORDS.get(text, _ABSENT)
    return text if value is _ABSENT else value  # type: ignore[return-value]


def _number(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    plain = text
    # Underscores may stand anywhere in a number, except in one that starts with its point.
    if "_" in text and text[0] != ".":
        plain = text.replace("_", "")
    found = _INTEGER.fullmatch(plain)
    if found is not None and len(plain) <= _INTEGER_LENGTH:
        sign, *digits = found.groups()
        magnitude = next(int(one, base) for one, base in zip(digits, _BASES, strict=True) if one)
        number = -magnitude if sign == "-" else magnitude
        if -(2**63) <= number < (2**63 if sign else 2**64):
            return number
    if _FLOAT.fullmatch(plain):
        value = float(plain)
        if math.isfinite(value):
            return value
    return text
