import math
from typing import Any

import pytest

from steersman.apimachinery.cel import EXTENSIONS, Environment, EvaluationError, Uint

ENVIRONMENT = Environment(libraries=EXTENSIONS, homogeneous_literals=False)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("math.greatest(1)", 1),
        ("math.greatest(1, 2.5, 2u)", 2.5),
        ("math.greatest([1, 3, 2])", 3),
        ("math.least(1u, 2u)", Uint(1)),
        ("math.least(-1, 2.5)", -1),
        ("math.ceil(1.2)", 2.0),
        ("math.floor(-1.2)", -2.0),
        ("math.round(-1.5)", -2.0),
        ("math.round(2.5)", 3.0),
        ("math.trunc(-1.9)", -1.0),
        ("math.ceil(1.0 / 0.0)", math.inf),
        ("math.abs(-1)", 1),
        ("math.abs(-1.5)", 1.5),
        ("math.sign(-3.0)", -1.0),
        ("math.sign(3u)", Uint(1)),
        ("math.isNaN(0.0 / 0.0)", True),
        ("math.isInf(1.0 / 0.0)", True),
        ("math.isFinite(1.0)", True),
        ("math.sqrt(9)", 3.0),
        ("math.bitAnd(6, 3)", 2),
        ("math.bitOr(6u, 1u)", Uint(7)),
        ("math.bitXor(6, 3)", 5),
        ("math.bitNot(1)", -2),
        ("math.bitNot(0u)", Uint(2**64 - 1)),
        ("math.bitShiftLeft(1, 63)", -(2**63)),
        ("math.bitShiftLeft(1, 64)", 0),
        ("math.bitShiftRight(-1, 63)", 1),
        ("math.bitShiftRight(8u, 2)", Uint(2)),
    ],
)
def test_math(source: str, expected: Any) -> None:
    value = ENVIRONMENT.compile(source).evaluate({})

    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    "source", ["math.abs(-9223372036854775808)", "math.bitShiftLeft(1, -1)", "math.greatest(dyn([]))"]
)
def test_errors(source: str) -> None:
    with pytest.raises(EvaluationError):
        ENVIRONMENT.compile(source).evaluate({})
