"""What is said of expressions that do not parse, do not type-check or have no value: cel-go's words and positions."""

import pytest

from steersman.apimachinery.cel import (
    DYN,
    EXTENSIONS,
    INT,
    KUBERNETES,
    STRING,
    TIMESTAMP,
    CompileError,
    Environment,
    EvaluationError,
    Issue,
    list_type,
    map_type,
    object_type,
)

SELF = object_type("Widget", {"replicas": INT, "name": STRING, "tags": list_type(STRING), "since": TIMESTAMP})
ENVIRONMENT = Environment({"self": SELF, "x": DYN, "m": map_type(STRING, INT)}, KUBERNETES)
OPERAND = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)

SYNTAX = [
    ("1 +", 1, 4, f"Syntax error: mismatched input '<EOF>' expecting {OPERAND}"),
    ("", 1, 1, f"Syntax error: mismatched input '<EOF>' expecting {OPERAND}"),
    ("1 2", 1, 3, "Syntax error: mismatched input '2' expecting <EOF>"),
    ("(1", 1, 3, "Syntax error: mismatched input '<EOF>' expecting ')'"),
    ("true\n && && false", 2, 5, f"Syntax error: mismatched input '&&' expecting {OPERAND}"),
    ("x.", 1, 3, "Syntax error: mismatched input '<EOF>' expecting IDENTIFIER"),
    ("x ? 1", 1, 6, "Syntax error: mismatched input '<EOF>' expecting ':'"),
    ("'open", 1, 1, "Syntax error: token recognition error at: '''"),
    ("1 = 2", 1, 3, "Syntax error: token recognition error at: '='"),
    (r"'\q'", 1, 1, r"unable to unescape string: \q"),
    (r"'\ud800'", 1, 1, r"unable to unescape string: \ud800"),
    ("9223372036854775808", 1, 1, "invalid int literal"),
    ("18446744073709551616u", 1, 1, "invalid uint literal"),
    ("package + 1", 1, 1, "reserved identifier: package"),
    ("has(x)", 1, 5, "invalid argument to has() macro"),
    ("[1].all(1, true)", 1, 9, "argument must be a simple name"),
    ("[1].all(i, i, true)", 1, 12, "duplicate variable name: i"),
]

TYPES = [
    ("self.replcas > 1", 1, 5, "undefined field 'replcas'"),
    ("y > 1", 1, 1, "undeclared reference to 'y' (in container '')"),
    ("nope(1)", 1, 5, "undeclared reference to 'nope' (in container '')"),
    ("self.nope()", 1, 10, "undeclared reference to 'nope' (in container '')"),
    ("1 + 'a'", 1, 3, "found no matching overload for '_+_' applied to '(int, string)'"),
    ("self.name > 1", 1, 11, "found no matching overload for '_>_' applied to '(string, int)'"),
    ("self.replicas == '1'", 1, 15, "found no matching overload for '_==_' applied to '(int, string)'"),
    ("self.replicas == null", 1, 15, "found no matching overload for '_==_' applied to '(int, null)'"),
    ("self.name.startsWith(1)", 1, 21, "found no matching overload for 'startsWith' applied to 'string.(int)'"),
    ("size(1)", 1, 5, "found no matching overload for 'size' applied to '(int)'"),
    ("!1", 1, 1, "found no matching overload for '!_' applied to '(int)'"),
    ("1 && true", 1, 3, "found no matching overload for '_&&_' applied to '(int, bool)'"),
    ("true ? 1 : 'a'", 1, 6, "found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
    ("m['a'] == 'b'", 1, 8, "found no matching overload for '_==_' applied to '(int, string)'"),
    ("m[1] == 1", 1, 2, "found no matching overload for '_[_]' applied to '(map(string, int), int)'"),
    ("1 in self.tags", 1, 3, "found no matching overload for '@in' applied to '(int, list(string))'"),
    ("self.name.first", 1, 10, "type 'string' does not support field selection"),
    ("[1, 'a']", 1, 5, "expected type 'int' but found 'string'"),
    ("[x, 'a']", 1, 5, "expected type 'dyn' but found 'string'"),
    ("{'a': 1, 2: 1}", 1, 10, "expected type 'string' but found 'int'"),
    ("[1].all(i, i)", 1, 8, "found no matching overload for '_&&_' applied to '(bool, int)'"),
    (
        "self.name.all(c, true)",
        1,
        5,
        "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
    ),
    ("self.since < 'a'", 1, 12, "found no matching overload for '_<_' applied to '(timestamp, string)'"),
    ("Nope{a: 1}", 1, 5, "undeclared reference to 'Nope' (in container '')"),
    ("duration('1 hour') < duration('1h')", 1, 10, "invalid duration argument"),
    ("timestamp('today') == timestamp(0)", 1, 11, "invalid timestamp argument"),
    ("self.name.matches('(')", 1, 19, "invalid matches argument"),
]


@pytest.mark.parametrize(
    ("source", "line", "column", "message"), [*SYNTAX, *TYPES], ids=[case[0] for case in [*SYNTAX, *TYPES]]
)
def test_what_is_wrong_is_said_with_its_place(source: str, line: int, column: int, message: str) -> None:
    with pytest.raises(CompileError) as raised:
        ENVIRONMENT.compile(source)

    assert raised.value.issues == (Issue(line, column, message),)
    assert str(raised.value) == f"ERROR: <input>:{line}:{column}: {message}"


@pytest.mark.parametrize(
    ("source", "column", "syntax"), [("x.?a", 2, ".?"), ("x[?0]", 2, "[?"), ("[?x]", 2, "?"), ("{?1: x}", 2, "?")]
)
def test_optional_syntax_comes_with_the_library(source: str, column: int, syntax: str) -> None:
    with pytest.raises(CompileError) as raised:
        Environment({"x": DYN}).compile(source)

    assert raised.value.issues == (Issue(1, column, f"unsupported syntax '{syntax}'"),)


def test_every_type_error_is_reported() -> None:
    with pytest.raises(CompileError) as raised:
        ENVIRONMENT.compile("self.replcas > 1 &&\n self.nam == y")

    places = [(issue.line, issue.column) for issue in raised.value.issues]
    assert places == [(1, 5), (2, 6), (2, 14)]


EVALUATION = [
    ("1 / 0", "division by zero"),
    ("1u / 0u", "division by zero"),
    ("1 % 0", "modulus by zero"),
    ("9223372036854775807 + 1", "integer overflow"),
    ("-9223372036854775808 - 1", "integer overflow"),
    ("-(-9223372036854775808)", "integer overflow"),
    ("-9223372036854775808 / -1", "integer overflow"),
    ("5000000000 * 5000000000", "integer overflow"),
    ("0u - 1u", "unsigned integer overflow"),
    ("uint(-1)", "unsigned integer overflow"),
    ("int(1e19)", "integer overflow"),
    ("int('x')", "type conversion error from 'string' to 'int'"),
    ("bool('yes')", "type conversion error from 'string' to 'bool'"),
    ("duration(x.text) == duration('1s')", "type conversion error from 'string' to 'google.protobuf.Duration'"),
    ("string(b'\\xff')", "invalid UTF-8 in bytes, cannot convert to string"),
    ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "timestamp overflow"),
    ("duration('2562047h') + duration('1h')", "duration overflow"),
    ("timestamp(0).getHours('Mars/Olympus')", "unknown time zone Mars/Olympus"),
    ("x.nothing", "no such key: nothing"),
    ("x.text.nothing", "no such key: nothing"),
    ("x['nothing']", "no such key: nothing"),
    ("{1: 2}[3]", "no such key: 3"),
    ("x.list.nothing", "unsupported index type 'string' in list"),
    ("x.list[7]", "index out of bounds: 7"),
    ("x.list[-1]", "index out of bounds: -1"),
    ("x.list[0.5]", "unsupported index value 0.5 in list"),
    ("self.name", "no such key: name"),
    ("missing == 1", "no such attribute(s): missing"),
    ("x.list + 1", "no such overload"),
    ("x.list.startsWith('a')", "no such overload"),
    ("x.text < 1", "no such overload"),
    ("x.text && true", "no such overload"),
    ("x.number ? 1 : 2", "no such overload"),
    ("!x.number", "no such overload"),
    ("x.number.all(i, true)", "no such overload"),
    ("x.list.all(i, i)", "no such overload"),
    ("x.list.filter(i, i)", "no such overload"),
    ("double('NaN') < x.number", "NaN values cannot be ordered"),
    ("{'a': 1, 'a': 2}", "Failed with repeated key a"),
    ("x.text.matches(x.wrong)", "error parsing regexp: missing ): ("),
    ("optional.none().value()", "optional.none() dereference"),
    ("[?x.text]", "cannot initialize optional list element from non-optional value a"),
    ("[1, 2].transformMapEntry(i, v, {'k': v})", "insert failed: key k already exists"),
    ("[0].all(i, 1 / i == 1)", "division by zero"),
    ("1 / 0 == 1 || x.nothing == 1", "division by zero"),
]


@pytest.mark.parametrize(("source", "message"), EVALUATION, ids=[source for source, _ in EVALUATION])
def test_an_expression_without_a_value_says_why(source: str, message: str) -> None:
    program = ENVIRONMENT.extend({"missing": DYN}).compile(source)

    with pytest.raises(EvaluationError) as raised:
        program.evaluate({"x": {"text": "a", "wrong": "(", "number": 1, "list": [1]}, "self": {}})

    assert raised.value.message == message


def test_what_an_empty_list_is_made_of_is_learnt_from_its_first_use() -> None:
    environment = Environment(libraries=EXTENSIONS)

    assert environment.compile("cel.bind(e, [], e + [1] == [1] && e == [])").evaluate({}) is True
    with pytest.raises(CompileError, match=r"'_==_' applied to '\(list\(int\), list\(string\)\)'"):
        environment.compile("cel.bind(e, [], e + [1] == [1] && e == ['a'])")
