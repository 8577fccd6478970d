"""The same expressions in Google's C++ engine: the same values, and errors where it has errors."""

import datetime
import math
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from steersman.apimachinery.cel import DYN, Duration, Environment, EvaluationError, Timestamp

DATA = {
    "x": {"n": 3, "s": "héllo🐱", "d": 2.5, "t": True, "l": [1, 2, 3], "m": {"a": 1, "b": 2}, "z": None},
    "u": 5,
}
OURS = Environment({"x": DYN, "u": DYN}, homogeneous_literals=False)
THEIRS = cel.NewEnv(variables={"x": cel.Type.DYN, "u": cel.Type.DYN})
ERROR = "<error>"


def evaluate_ours(source: str) -> Any:
    program = OURS.compile(source)
    try:
        return comparable(program.evaluate(DATA))
    except EvaluationError:
        return ERROR


def evaluate_theirs(source: str) -> Any:
    result = THEIRS.compile(source).eval(data=DATA)
    return ERROR if result.type() == cel.Type.ERROR else comparable(result.plain_value())


def comparable(value: Any) -> Any:
    """A value with what kind it is, so that 1, 1.0 and true differ, and not-a-number is itself."""
    if isinstance(value, float):
        return ("double", "NaN" if math.isnan(value) else value)
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int):
        return ("int", int(value))
    if isinstance(value, bytes | bytearray):
        return ("bytes", bytes(value))
    if isinstance(value, list):
        return [comparable(element) for element in value]
    if isinstance(value, dict):
        return {comparable(key): comparable(content) for key, content in value.items()}
    if isinstance(value, Timestamp):
        return ("timestamp", value.nanos)
    if isinstance(value, datetime.datetime):
        return ("timestamp", round(value.timestamp() * 10**6) * 1000)
    if isinstance(value, Duration):
        return ("duration", value.nanos)
    if isinstance(value, datetime.timedelta):
        return ("duration", value // datetime.timedelta(microseconds=1) * 1000)
    return value


def nesting(source: str) -> int:
    depth = greatest = 0
    for character in source:
        depth += (character in "([") - (character in ")]")
        greatest = max(greatest, depth)
    return greatest


def wrap(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda chosen: template.format(*chosen))


def binary(operators: list[str], operand: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(operand, st.sampled_from(operators), operand).map(lambda parts: f"({' '.join(parts)})")


INT_LEAVES = st.sampled_from(["0", "1", "-1", "7", "x.n", "u", "9223372036854775807", "-9223372036854775808", "x.l[1]"])
STRING_LEAVES = st.sampled_from(["''", "'a'", "'héllo'", "x.s", "'🐱'", r"'\n'", "'l+'"])
DOUBLE_LEAVES = st.sampled_from(["0.0", "1.5", "-2.25", "x.d", "1e300", "double(x.n)"])
BOOL_LEAVES = st.sampled_from(["true", "false", "x.t", "has(x.n)", "has(x.q)", "x.z == null"])
LIST_LEAVES = st.sampled_from(["[]", "[1, 2]", "x.l", "[x.n]"])
FAILING = st.sampled_from(["x.q", "x.l[9]", "x.m.q"])


# Each kind of expression, from leaves and from the other kinds. Leaves come first, so that examples end.
ints: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        INT_LEAVES,
        FAILING,
        binary(["+", "-", "*", "/", "%"], ints),
        wrap("size({})", strings),
        wrap("size({})", lists),
        wrap("({} ? {} : {})", bools, ints, ints),
        wrap("{}[{}]", lists, ints),
        wrap("int({})", doubles),
        wrap("(-({}))", ints),
    )
)
strings: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        STRING_LEAVES,
        binary(["+"], strings),
        wrap("string({})", ints),
        wrap("({} ? {} : {})", bools, strings, strings),
    )
)
doubles: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(DOUBLE_LEAVES, binary(["+", "-", "*", "/"], doubles), wrap("double({})", ints))
)
bools: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        BOOL_LEAVES,
        binary(["<", "<=", ">", ">=", "==", "!="], ints),
        binary(["<", "<=", ">", ">=", "==", "!="], strings),
        wrap("(dyn({}) < {})", ints, doubles),
        binary(["&&", "||"], bools),
        wrap("(!({}))", bools),
        wrap("({} in {})", ints, lists),
        wrap("({} in x.m)", strings),
        wrap("{}.startsWith({})", strings, strings),
        wrap("{}.contains({})", strings, strings),
        wrap("{}.all(v, v > {} || {})", lists, ints, bools),
        wrap("{}.exists(v, v / {} == 1)", lists, ints),
        wrap("{}.exists_one(v, v == {})", lists, ints),
        binary(["==", "!="], lists),
    )
)
lists: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        LIST_LEAVES,
        wrap("[{}, {}]", ints, ints),
        binary(["+"], lists),
        wrap("{}.map(v, v + {})", lists, ints),
        wrap("{}.filter(v, v > {})", lists, ints),
        wrap("{}.map(v, {}, v)", lists, bools),
    )
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(bools, ints, strings, doubles, lists))
def test_generated_expressions_mean_the_same_in_both_engines(source: str) -> None:
    # Their parser goes no deeper than 32 levels.
    assume(nesting(source) < 14)

    assert evaluate_ours(source) == evaluate_theirs(source)
