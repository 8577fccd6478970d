"""What expressions mean, by the language definition."""

import math
from typing import Any

import pytest

from steersman.apimachinery.cel import DYN, EXTENSIONS, KUBERNETES, Duration, Environment, Timestamp, Uint, to_json
from steersman.apimachinery.cel.values import equal

ENVIRONMENT = Environment({"x": DYN, "pod": DYN}, (*KUBERNETES, *EXTENSIONS), homogeneous_literals=False)
POD = {
    "metadata": {"name": "web-0", "labels": {"app": "web", "tier": "front"}, "deletionTimestamp": None},
    "spec": {"replicas": 3, "containers": [{"name": "a", "image": "r/a:1"}, {"name": "b", "image": "r/b:2"}]},
}

LITERALS = [
    ("null", None),
    ("true", True),
    ("0", 0),
    ("-0", 0),
    ("0x1F", 31),
    ("-0x1f", -31),
    ("9223372036854775807", 2**63 - 1),
    ("-9223372036854775808", -(2**63)),
    ("18446744073709551615u", Uint(2**64 - 1)),
    ("0xFFu", Uint(255)),
    ("1.5", 1.5),
    (".5e3", 500.0),
    ("1e-3", 0.001),
    ('"a"', "a"),
    (r"'\a\b\f\n\r\t\v\\\?\"\'\`'", "\a\b\f\n\r\t\v\\?\"'`"),
    (r"'\x41\u00e9\U0001F431\101'", "Aé🐱A"),
    (r"r'\n'", "\\n"),
    ('"""two\nlines"""', "two\nlines"),
    ("'''it's'''", "it's"),
    ("b'é'", "é".encode()),
    (r"b'\xff\377'", b"\xff\xff"),
    (r"rb'\x'", b"\\x"),
    ("[]", []),
    ("[1, 2,]", [1, 2]),
    ("{}", {}),
    ("{'a': 1, 'b': [2]}", {"a": 1, "b": [2]}),
    ("{true: 1, false: 2}[false]", 2),
    ("1 // a comment\n + 1", 2),
]

ARITHMETIC = [
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 % -2", 1),
    ("-7 % 2", -1),
    ("7u / 2u", Uint(3)),
    ("7.0 / 2.0", 3.5),
    ("1.0 / 0.0", math.inf),
    ("-1.0 / 0.0", -math.inf),
    ("2 + 3 * 4", 14),
    ("(2 + 3) * 4", 20),
    ("1 - 2 - 3", -4),
    ("--1", 1),
    ("---1", -1),
    ("-(1 + 1)", -2),
    ("'a' + 'b'", "ab"),
    ("b'a' + b'b'", b"ab"),
    ("[1] + [2]", [1, 2]),
    ("duration('1h') + duration('1m')", Duration(3660 * 10**9)),
    ("timestamp('2024-01-01T00:00:00Z') - timestamp('2023-12-31T00:00:00Z')", Duration(86400 * 10**9)),
    ("timestamp('1970-01-01T00:00:01Z') - duration('1s')", Timestamp(0)),
    ("duration('1s') + timestamp(0)", Timestamp(10**9)),
]

COMPARISONS = [
    ("1 == 1", True),
    ("1 != 1", False),
    ("dyn(1) == 1.0", True),
    ("dyn(1) == 1u", True),
    ("dyn(true) == 1", False),
    ("dyn('1') == 1", False),
    ("dyn([true]) == [1]", False),
    ("dyn({'a': 1}) == {'a': 1.0}", True),
    ("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", True),
    ("[1, 2] == [2, 1]", False),
    ("dyn(null) == false", False),
    ("double('NaN') == double('NaN')", False),
    ("1 < 2.5", True),
    ("2u >= 2", True),
    ("-1 < 0u", True),
    ("'a' < 'b'", True),
    ("'Z' < 'a'", True),
    ("b'a' < b'b'", True),
    ("false < true", True),
    ("duration('59s') < duration('1m')", True),
    ("timestamp('2024-01-01T00:00:00+01:00') == timestamp('2023-12-31T23:00:00Z')", True),
    ("dyn(9223372036854775807) < 9223372036854775808.0", False),
    ("2 in [1, 2]", True),
    ("'a' in {'a': null}", True),
    ("1u in dyn([1])", True),
    ("true in dyn({1: 'a'})", False),
    ("type(1) == int", True),
    ("type(1u) == uint", True),
    ("type([]) == list", True),
    ("type({}) == map", True),
    ("type(null) == null_type", True),
    ("type(duration('1s')) == google.protobuf.Duration", True),
    ("type(type(1)) == type", True),
    ("type(1) == type(1.0)", False),
]

LOGIC = [
    ("true && true", True),
    ("false && 1 / 0 == 1", False),
    ("1 / 0 == 1 && false", False),
    ("1 / 0 == 1 || true", True),
    ("true || 1 / 0 == 1", True),
    ("dyn(1) && false", False),
    ("1 / 0 == 1 || false || true || false", True),
    ("!true || !false", True),
    ("!!true", True),
    ("true ? 1 : 1 / 0", 1),
    ("false ? 1 / 0 : 2", 2),
    ("true ? (false ? 1 : 2) : 3", 2),
    ("false ? 1 : true ? 2 : 3", 2),
    ("false || true && false", False),
]

CONVERSIONS = [
    ("int('-42')", -42),
    ("int(4.9)", 4),
    ("int(-4.9)", -4),
    ("int(7u)", 7),
    ("int(timestamp('1970-01-01T00:01:00.9Z'))", 60),
    ("uint(7)", Uint(7)),
    ("uint('8')", Uint(8)),
    ("double('1.5e3')", 1500.0),
    ("double(2)", 2.0),
    ("string(1)", "1"),
    ("string(1u)", "1"),
    ("string(true)", "true"),
    ("string(1.0)", "1"),
    ("string(123456.0)", "123456"),
    ("string(1000000.0)", "1e+06"),
    ("string(0.00001)", "1e-05"),
    ("string(0.5)", "0.5"),
    ("string(-1234567.0)", "-1.234567e+06"),
    ("string(b'abc')", "abc"),
    ("string(duration('1h1m1.5s'))", "3661.5s"),
    ("string(timestamp('2024-02-29T12:00:00.123456789+02:00'))", "2024-02-29T10:00:00.123456789Z"),
    ("bytes('é')", "é".encode()),
    ("bool('True')", True),
    ("timestamp(1)", Timestamp(10**9)),
    ("duration('-1.5h')", Duration(-5400 * 10**9)),
    ("duration('1ns') + duration('1us') + duration('1ms')", Duration(1_001_001)),
    ("dyn('a')", "a"),
]

FUNCTIONS = [
    ("size('🐱é')", 2),
    ("'🐱é'.size()", 2),
    ("size(b'\\xff\\xff')", 2),
    ("size([1, 2]) + size({'a': 1})", 3),
    ("'abc'.contains('bc')", True),
    ("'abc'.startsWith('b')", False),
    ("'abc'.endsWith('')", True),
    ("'hubba'.matches('ubb')", True),
    ("matches('abc', '^b')", False),
    ("'a\\nb'.matches('a.b')", False),
    ("timestamp('2024-02-29T23:59:58.123Z').getFullYear()", 2024),
    ("timestamp('2024-02-29T23:59:58.123Z').getMonth()", 1),
    ("timestamp('2024-02-29T23:59:58.123Z').getDate()", 29),
    ("timestamp('2024-02-29T23:59:58.123Z').getDayOfMonth()", 28),
    ("timestamp('2024-02-29T23:59:58.123Z').getDayOfWeek()", 4),
    ("timestamp('2024-02-29T23:59:58.123Z').getDayOfYear()", 59),
    ("timestamp('2024-02-29T23:59:58.123Z').getHours()", 23),
    ("timestamp('2024-02-29T23:59:58.123Z').getMinutes()", 59),
    ("timestamp('2024-02-29T23:59:58.123Z').getSeconds()", 58),
    ("timestamp('2024-02-29T23:59:58.123Z').getMilliseconds()", 123),
    ("timestamp('2024-02-29T23:59:58Z').getHours('+02:30')", 2),
    ("timestamp('2024-02-29T23:59:58Z').getDate('Asia/Tokyo')", 1),
    ("timestamp('2024-07-01T00:00:00Z').getHours('America/New_York')", 20),
    ("duration('90m').getHours()", 1),
    ("duration('90m').getMinutes()", 90),
    ("duration('1.5s').getMilliseconds()", 1500),
]

MACROS = [
    ("[1, 2].all(i, i > 0)", True),
    ("[].all(i, false)", True),
    ("{'a': 1}.all(k, k == 'a')", True),
    ("[0, 1].all(i, 1 / i == 2)", False),
    ("[1, 0].exists(i, 1 / i == 1)", True),
    ("[].exists(i, true)", False),
    ("[1, 2, 2].exists_one(i, i == 2)", False),
    ("[1, 2].exists_one(i, i == 2)", True),
    ("[1, 2].map(i, i * 2)", [2, 4]),
    ("[1, 2, 3].map(i, i > 1, i * 2)", [4, 6]),
    ("{'a': 1}.map(k, k + '!')", ["a!"]),
    ("[1, 2, 3].filter(i, i % 2 == 1)", [1, 3]),
    ("[[1, 2], [3]].map(l, l.map(i, i + size(l)))", [[3, 4], [4]]),
    ("[1].map(x, [2].map(x, x))", [[2]]),
    ("[].filter(i, i > dyn(1)).map(i, i + 0)", []),
    ("[1, 2].all(i, v, i + 1 == v)", True),
    ("{'a': 1}.exists(k, v, k == 'a' && v == 1)", True),
    ("[5, 5].existsOne(i, v, i == 1 && v == 5)", True),
    ("[3, 4].transformList(i, v, i * v)", [0, 4]),
    ("[3, 4].transformList(i, v, v > 3, i * v)", [4]),
    ("[3, 4].transformMap(i, v, v * 2)", {0: 6, 1: 8}),
    ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v)", {"b": 2}),
    ("{'a': 'x'}.transformMapEntry(k, v, {v: k})", {"x": "a"}),
    ("cel.bind(a, 2, cel.bind(b, a * a, a + b))", 6),
    ("has({'a': 1}.a)", True),
    ("has({'a': 1}.b)", False),
]

SELECTIONS = [
    ("pod.metadata.name", "web-0"),
    ("pod['metadata']['name']", "web-0"),
    ("pod.spec.containers[1].image", "r/b:2"),
    ("pod.spec.containers[1.0].name", "b"),
    ("has(pod.metadata.labels)", True),
    ("has(pod.metadata.annotations)", False),
    ("has(pod.metadata.deletionTimestamp)", True),
    ("has(pod.spec.replicas.nothing)", False),
    ("pod.metadata.labels.all(k, pod.metadata.labels[k] != '')", True),
    ("pod.spec.containers.map(c, c.image)", ["r/a:1", "r/b:2"]),
    ("pod.spec.containers.exists(c, c.name == 'b' && c.image.endsWith(':2'))", True),
    ("pod.metadata.deletionTimestamp == null", True),
    ("x.a.b", 1),
    (".x.a.b", 1),
]

OPTIONALS = [
    ("pod.?metadata.?name.orValue('none')", "web-0"),
    ("pod.?status.phase.orValue('none')", "none"),
    ("pod.?status.?phase.hasValue()", False),
    ("pod.metadata.labels[?'app'].value()", "web"),
    ("[1, 2][?5].orValue(7)", 7),
    ("optional.none().or(optional.of(1)).value()", 1),
    ("optional.of(1).orValue(1 / 0)", 1),
    ("optional.ofNonZeroValue('').hasValue()", False),
    ("optional.ofNonZeroValue(3).hasValue()", True),
    ("pod.?spec.replicas.optMap(r, r + 1).value()", 4),
    ("pod.?spec.optFlatMap(s, s.?nothing).hasValue()", False),
    ("[?optional.none(), ?optional.of(1), 2]", [1, 2]),
    ("{?'a': optional.of(1), ?'b': pod.?nothing}", {"a": 1}),
    ("optional.of(1) == optional.of(1)", True),
    ("optional.none() == optional.none()", True),
    ("has(pod.?metadata.name)", True),
    ("[1, 2].first().value() + [1, 2].last().value()", 3),
    ("optional.unwrap([optional.of(1), optional.none()])", [1]),
]

CASES = [
    *LITERALS,
    *ARITHMETIC,
    *COMPARISONS,
    *LOGIC,
    *CONVERSIONS,
    *FUNCTIONS,
    *MACROS,
    *SELECTIONS,
    *OPTIONALS,
]


@pytest.mark.parametrize(("source", "expected"), CASES, ids=[source for source, _ in CASES])
def test_an_expression_has_the_value_the_language_definition_gives_it(source: str, expected: Any) -> None:
    value = ENVIRONMENT.compile(source).evaluate({"pod": POD, "x": {"a": {"b": 1}}})

    assert type(value) is type(expected)
    assert equal(value, expected)


@pytest.mark.parametrize(
    ("source", "type"),
    [
        ("1 + 1", "int"),
        ("[1u]", "list(uint)"),
        ("{'a': [1.0]}", "map(string, list(double))"),
        ("[]", "list(dyn)"),
        ("x.a", "dyn"),
        ("x.a == 1", "bool"),
        ("type(1)", "type(int)"),
        ("[1].map(i, string(i))", "list(string)"),
        ("timestamp(0)", "timestamp"),
        ("x.?a", "optional_type(dyn)"),
        ("quantity('1')", "kubernetes.Quantity"),
        ("x.a ? 1 : x.b", "dyn"),
    ],
)
def test_the_checker_infers_the_type(source: str, type: str) -> None:
    assert str(ENVIRONMENT.compile(source).type) == type


def test_values_become_json() -> None:
    source = "{'d': duration('90s'), 't': timestamp(0), 'u': [uint(1)], 'b': b'hi', 'o': optional.of('x')}"
    value = Environment(libraries=KUBERNETES, homogeneous_literals=False).compile(source).evaluate({})

    assert to_json(value) == {"d": "90s", "t": "1970-01-01T00:00:00Z", "u": [1], "b": "aGk=", "o": "x"}
