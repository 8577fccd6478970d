import math
from typing import Any

import pytest

from steersman.apimachinery.encoding.yaml_scalar import resolve

WORDS = [
    *((word, True) for word in ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE")),
    *((word, False) for word in ("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE")),
    *((word, None) for word in ("", "~", "null", "Null", "NULL")),
    *(
        (word, word)
        for word in ("yEs", "oN", "tRue", "nUll", "=", "inf", "nan", "Infinity", "NaN", ".Nan", "a", "+", "-")
    ),
    *((word, math.inf) for word in (".inf", ".Inf", ".INF", "+.inf", "+.INF")),
    *((word, -math.inf) for word in ("-.inf", "-.Inf", "-.INF")),
]
INTEGERS = [
    ("0", 0),
    ("00", 0),
    ("007", 7),
    ("0777", 511),
    ("-0777", -511),
    ("0o777", 511),
    ("0O777", 511),
    ("-0o777", -511),
    ("0b11", 3),
    ("0B11", 3),
    ("-0b11", -3),
    ("0x1F", 31),
    ("0X1f", 31),
    ("+1", 1),
    ("+0777", 511),
    ("1_000", 1000),
    ("1__0", 10),
    ("1_", 1),
    ("0x1_F", 31),
    ("0o7_7", 63),
    ("-9223372036854775808", -(2**63)),
    ("18446744073709551615", 2**64 - 1),
    ("0xFFFFFFFFFFFFFFFF", 2**64 - 1),
]
FLOATS = [
    ("09", 9.0),
    ("089", 89.0),
    ("0_9", 9.0),
    ("0123456789", 123456789.0),
    ("-09", -9.0),
    ("08.5", 8.5),
    ("1e3", 1000.0),
    ("1E+3", 1000.0),
    ("1e-3", 0.001),
    ("1.", 1.0),
    ("1.e3", 1000.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("1_000.5e1", 10005.0),
    ("18446744073709551616", 2.0**64),
    ("-9223372036854775809", -(2.0**63)),
    ("1" * 200, float("1" * 200)),
    ("1e-400", 0.0),
]
STRINGS = [
    "1:30",
    "190:20:30",
    "2001-01-01",
    "2001-12-14T21:59:43Z",
    ".",
    ".e1",
    "._5",
    ".5_0",
    "_1",
    "1e400",
    "1e",
    "1,000",
    "--1",
    "0b",
    "0x",
    "0xg",
    "0o8",
    "0b2",
    "0xFFFFFFFFFFFFFFFFF",
    "0x1p-2",
    "1f",
    "1\n",
]


@pytest.mark.parametrize(("text", "value"), [*WORDS, *INTEGERS, *FLOATS, *((text, text) for text in STRINGS)])
def test_a_plain_scalar_means_what_it_means_to_kubernetes(text: str, value: Any) -> None:
    resolved = resolve(text)

    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    value = resolve(text)

    assert isinstance(value, float)
    assert math.isnan(value)
