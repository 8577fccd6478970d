"""What holds for every value."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.cel import DYN, KUBERNETES, Environment, EvaluationError, Uint
from steersman.apimachinery.cel.values import equal

ENVIRONMENT = Environment({"a": DYN, "b": DYN, "c": DYN}, KUBERNETES)
INTS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, -1, 0, 1])
TEXTS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | INTS | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
}
ARITHMETIC = {operator: ENVIRONMENT.compile(f"a {operator} b") for operator in OPERATORS}
COMPARED = {operator: ENVIRONMENT.compile(f"a {operator} b") for operator in ("<", "<=", ">", ">=", "==", "!=")}


def run(source: str, **variables: Any) -> Any:
    return ENVIRONMENT.compile(source).evaluate(variables)


def outcome(source: str, **variables: Any) -> Any:
    try:
        return run(source, **variables)
    except EvaluationError:
        return "error"


@given(st.sampled_from(sorted(OPERATORS)), INTS, INTS)
def test_int_arithmetic_is_that_of_the_integers_within_64_bits(operator: str, a: int, b: int) -> None:
    if b == 0 and operator in "/%":
        return
    expected = OPERATORS[operator](a, b)
    overflows = not -(2**63) <= expected < 2**63 or (operator == "%" and a == -(2**63) and b == -1)

    if overflows:
        with pytest.raises(EvaluationError, match="integer overflow"):
            ARITHMETIC[operator].evaluate({"a": a, "b": b})
    else:
        assert ARITHMETIC[operator].evaluate({"a": a, "b": b}) == expected


@given(st.sampled_from(sorted(OPERATORS)), st.integers(0, 2**64 - 1), st.integers(1, 2**64 - 1))
def test_uint_arithmetic_likewise(operator: str, a: int, b: int) -> None:
    expected = OPERATORS[operator](a, b)
    variables = {"a": Uint(a), "b": Uint(b)}

    if not 0 <= expected < 2**64:
        with pytest.raises(EvaluationError, match="unsigned integer overflow"):
            ARITHMETIC[operator].evaluate(variables)
    else:
        value = ARITHMETIC[operator].evaluate(variables)
        assert (type(value), value) == (Uint, expected)


@given(INTS, st.integers(0, 2**64 - 1))
def test_ints_and_uints_compare_as_integers(a: int, b: int) -> None:
    variables = {"a": a, "b": Uint(b)}

    assert COMPARED["<"].evaluate(variables) is (a < b)
    assert COMPARED[">="].evaluate(variables) is (a >= b)
    assert COMPARED["=="].evaluate(variables) is (a == b)


@given(INTS, st.floats(allow_nan=False))
def test_exactly_one_order_holds_between_numbers(a: int, b: float) -> None:
    variables = {"a": a, "b": b}

    assert sum(COMPARED[operator].evaluate(variables) for operator in ("<", "==", ">")) == 1


@given(TEXTS)
def test_the_size_of_a_string_is_its_code_points_and_of_bytes_its_octets(text: str) -> None:
    encodable = text.encode(errors="replace").decode()

    assert run("size(a)", a=encodable) == len(encodable)
    assert run("size(bytes(a))", a=encodable) == len(encodable.encode())
    assert run("string(bytes(a)) == a", a=encodable) is True


@given(TEXTS, TEXTS)
def test_strings_are_ordered_by_code_points(a: str, b: str) -> None:
    assert COMPARED["<"].evaluate({"a": a, "b": b}) is (a < b)


OPERANDS = st.sampled_from(["true", "false", "1 / a == 1", "b"])


@given(OPERANDS, OPERANDS, st.sampled_from(["&&", "||"]))
def test_logic_absorbs_errors_on_either_side_alike(left: str, right: str, operator: str) -> None:
    variables = {"a": 0, "b": "no bool"}

    result = outcome(f"{left} {operator} {right}", **variables)

    assert result == outcome(f"{right} {operator} {left}", **variables)
    decisive = operator == "||"
    if str(decisive).lower() in (left, right):
        assert result is decisive
    elif left not in ("true", "false") or right not in ("true", "false"):
        assert result == "error"


@given(st.lists(OPERANDS, min_size=1, max_size=5))
def test_a_quantifier_is_a_chain(operands: list[str]) -> None:
    chain = " || ".join(operands)
    cases = ", ".join(f"[{position}]" for position in range(len(operands)))
    choice = " : ".join(f"i[0] == {position} ? dyn({operand})" for position, operand in enumerate(operands))

    quantified = outcome(f"[{cases}].exists(i, {choice} : false)", a=0, b="no bool")

    assert quantified == outcome(f"{chain} || false", a=0, b="no bool")


@given(JSON)
def test_every_value_equals_itself(value: Any) -> None:
    assert COMPARED["=="].evaluate({"a": value, "b": value}) is True
    assert COMPARED["!="].evaluate({"a": value, "b": value}) is False


@given(JSON, JSON)
def test_equality_is_symmetric(a: Any, b: Any) -> None:
    assert equal(a, b) is equal(b, a)


@given(st.lists(INTS, max_size=8))
def test_comprehensions_are_those_of_python(values: list[int]) -> None:
    assert run("a.filter(i, i > 0)", a=values) == [value for value in values if value > 0]
    assert run("a.map(i, i > 0, i - 1)", a=values) == [value - 1 for value in values if value > 0]
    assert run("a.all(i, i > 0)", a=values) is all(value > 0 for value in values)
    assert run("a.exists_one(i, i > 0)", a=values) is (sum(value > 0 for value in values) == 1)
    assert run("a.sort()", a=values) == sorted(values)
    assert run("a.isSorted()", a=values) is (values == sorted(values))


@given(st.floats())
def test_a_double_survives_its_text(value: float) -> None:
    text = run("string(a)", a=value)
    read = float(text.replace("Inf", "inf"))

    assert read == value or (math.isnan(read) and math.isnan(value))


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_duration_survives_its_text(nanos: int) -> None:
    assert run("int(duration(string(duration(a))))", a=nanos) == nanos


@given(TEXTS, TEXTS)
def test_split_and_join_undo_each_other(text: str, separator: str) -> None:
    assert run("a.split(b).join(b)", a=text, b=separator) == text
