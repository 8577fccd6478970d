from typing import Any

import pytest

from steersman.apimachinery.cel import DYN, KUBERNETES, CompileError, Environment, EvaluationError

ENVIRONMENT = Environment({"pattern": DYN}, KUBERNETES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'abc 123'.find('[0-9]+')", "123"),
        ("'abc'.find('[0-9]+')", ""),
        ("'123 abc 456'.findAll('[0-9]+')", ["123", "456"]),
        ("'123 abc 456'.findAll('[0-9]+', 1)", ["123"]),
        ("'123 abc 456'.findAll('[0-9]+', 0)", []),
        ("'abc'.findAll('[0-9]+', -1)", []),
        ("'añb'.find('ñ.')", "ñb"),
        ("'ab'.find(pattern)", "b"),
    ],
)
def test_finding(source: str, expected: Any) -> None:
    assert ENVIRONMENT.compile(source).evaluate({"pattern": "b"}) == expected


def test_a_wrong_pattern_is_found_when_compiled_or_else_when_used() -> None:
    with pytest.raises(CompileError, match="invalid find argument"):
        ENVIRONMENT.compile("'a'.find('(')")
    with pytest.raises(EvaluationError, match="error parsing regexp"):
        ENVIRONMENT.compile("'a'.find(pattern)").evaluate({"pattern": "("})


def test_backtracking_cannot_be_provoked() -> None:
    text = "a" * 30_000

    assert Environment({"t": DYN}).compile("t.matches('^(a+)+$b')").evaluate({"t": text}) is False
