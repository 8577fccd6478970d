"""Whatever is written and whatever it is given, there is a value or one of this room's own errors."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.cel import (
    DYN,
    EXTENSIONS,
    KUBERNETES,
    MUTATION,
    STRING,
    TIMESTAMP,
    CompileError,
    Environment,
    EvaluationError,
    object_type,
)

SELF = object_type("Widget", {"text": STRING, "since": TIMESTAMP})
ENVIRONMENT = Environment({"x": DYN, "self": SELF}, (*KUBERNETES, *EXTENSIONS, MUTATION))
ATOMS = st.sampled_from(
    [
        *("x", "x.a", "self.text", "self.since", "1", "2u", "1.5", "'a'", "b'a'", "true", "null", "[]", "{}", "[x]"),
        *("optional.of(x)", "optional.none()", "duration('1s')", "timestamp(0)", "int", "quantity('1')", "ip('::1')"),
        *("cidr('::1/8')", "url('/a')", "semver('1.0.0')", "Object{}", "'%s'", "format.uri()", "9223372036854775807"),
    ]
)
NAMES = st.sampled_from(sorted(name for name in ENVIRONMENT.functions if name[0].isalpha() and "." not in name))
FUNCTIONS = st.sampled_from(sorted(name for name in ENVIRONMENT.functions if name[0].isalpha()))
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"])
MACROS = st.sampled_from(["all", "exists", "exists_one", "map", "filter", "optMap", "optFlatMap", "sortBy"])


PIECES = st.sampled_from([*"()[]{}.?:,!-+'\"1ax \n", "in", "has", "all"])


def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, part, OPERATORS, part),
        st.builds("{}.{}()".format, part, NAMES),
        st.builds("{}.{}({})".format, part, NAMES, part),
        st.builds("{}({})".format, FUNCTIONS, part),
        st.builds("{}({}, {})".format, FUNCTIONS, part, part),
        st.builds("{}.{}(v, {})".format, part, MACROS, part | st.just("v")),
        st.builds("{}.transformMap(k, v, {})".format, part, part | st.just("k")),
        st.builds("{}[{}]".format, part, part),
        st.builds("{}[?{}].?a.b".format, part, part),
        st.builds("({} ? {} : {})".format, part, part, part),
        st.builds("dyn({})".format, part),
    )


DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "text"]), inner, max_size=3),
    max_leaves=5,
)


@given(st.recursive(ATOMS, larger, max_leaves=8), DATA, DATA)
def test_well_formed_expressions(source: str, x: Any, self: Any) -> None:
    try:
        ENVIRONMENT.compile(source).evaluate({"x": x, "self": self})
    except (CompileError, EvaluationError):
        return


@given(st.text(max_size=30) | st.lists(PIECES).map("".join))
def test_any_text(source: str) -> None:
    try:
        ENVIRONMENT.compile(source).evaluate({"x": 1, "self": {}})
    except (CompileError, EvaluationError):
        return
