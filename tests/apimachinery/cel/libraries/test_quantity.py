from typing import Any

import pytest

from steersman.apimachinery.cel import KUBERNETES, Environment, EvaluationError

ENVIRONMENT = Environment(libraries=KUBERNETES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("isQuantity('1.3Gi')", True),
        ("isQuantity('1,3G')", False),
        ("isQuantity('10000k')", True),
        ("isQuantity(' 1')", False),
        ("isQuantity('Three')", False),
        ("quantity('50k').asInteger()", 50000),
        ("quantity('50000000G').isInteger()", True),
        ("quantity('9999999999999999999999999999G').isInteger()", False),
        ("quantity('1500m').isInteger()", False),
        ("quantity('50.7').asApproximateFloat()", 50.7),
        ("sign(quantity('-5'))", -1),
        ("sign(quantity('0'))", 0),
        ("quantity('-5').sign()", -1),
        ("quantity('1Gi').isGreaterThan(quantity('1G'))", True),
        ("quantity('200M').isLessThan(quantity('0.2G'))", False),
        ("quantity('200M').compareTo(quantity('0.2G'))", 0),
        ("quantity('50M').compareTo(quantity('100M'))", -1),
        ("quantity('200M') == quantity('0.2G')", True),
        ("quantity('50k').add(quantity('20')) == quantity('50020')", True),
        ("quantity('50k').add(20).asInteger()", 50020),
        ("quantity('50k').sub(quantity('20000')).asInteger()", 30000),
        ("quantity('5').sub(6).asInteger()", -1),
    ],
)
def test_quantities(source: str, expected: Any) -> None:
    value = ENVIRONMENT.compile(source).evaluate({})

    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "quantity('10 Mo')",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        ("quantity('1500m').asInteger()", "cannot convert value to integer"),
    ],
)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        ENVIRONMENT.compile(source).evaluate({})

    assert raised.value.message == message
