from typing import Any

import pytest

from steersman.apimachinery.cel import EXTENSIONS, KUBERNETES, CompileError, Environment, EvaluationError

ENVIRONMENT = Environment(libraries=KUBERNETES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'tacocat'.charAt(3)", "o"),
        ("'añ🐱'.charAt(2)", "🐱"),
        ("'abc'.charAt(3)", ""),
        ("'hello mellow'.indexOf('ello')", 1),
        ("'hello mellow'.indexOf('ello', 2)", 7),
        ("'hello'.indexOf('jello')", -1),
        ("'hello'.indexOf('', 2)", 2),
        ("'hello'.indexOf('', 9)", 5),
        ("'🐱ab'.indexOf('b')", 2),
        ("'hello mellow'.lastIndexOf('ello')", 7),
        ("'hello mellow'.lastIndexOf('ello', 6)", 1),
        ("'hello'.lastIndexOf('')", 5),
        ("'hello'.lastIndexOf('o', 9)", -1),
        ("'TacoCÆt'.lowerAscii()", "tacocÆt"),
        ("'tacocæt'.upperAscii()", "TACOCæT"),
        ("'hello hello'.replace('he', 'we')", "wello wello"),
        ("'hello hello'.replace('he', 'we', 1)", "wello hello"),
        ("'hello'.replace('he', 'we', 0)", "hello"),
        ("'ab'.replace('', '_')", "_a_b_"),
        ("'a b c'.split(' ')", ["a", "b", "c"]),
        ("'a b c'.split(' ', 2)", ["a", "b c"]),
        ("'a b c'.split(' ', 0)", []),
        ("'a b c'.split(' ', -1)", ["a", "b", "c"]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("'tacocat'.substring(4)", "cat"),
        ("'tacocat'.substring(0, 4)", "taco"),
        ("'ta©o©αT'.substring(2, 6)", "©o©α"),
        ("' \\t\\u00a0trim\\n'.trim()", "trim"),
        ("['x', 'y'].join()", "xy"),
        ("['x', 'y'].join('-')", "x-y"),
        ("[].join('-')", ""),
        (r"strings.quote('a\n\"b\"\t\\')", r'"a\n\"b\"\t\\"'),
        ("'no clause'.format([])", "no clause"),
        ("'%s, %s and %%'.format(['a', 1])", "a, 1 and %"),
        ("'%s %s %s %s'.format([1.5, true, null, b'x'])", "1.5 true null x"),
        ("'%s'.format([[1, 'a', 2.0]])", '[1, "a", 2.000000]'),
        ("'%s'.format([{'b': 1, 'a': [true]}])", '{"a":[true], "b":1}'),
        ("'%s %s'.format([duration('90s'), timestamp(0)])", "90s 1970-01-01T00:00:00Z"),
        ("'%s'.format([type(1)])", "int"),
        ("'%d %d'.format([-3, 4u])", "-3 4"),
        ("'%f %.1f'.format([2.0, 2.25])", "2.000000 2.2"),
        ("'%e'.format([1052.03])", "1.052030e+03"),
        ("'%.3e'.format([0.0001])", "1.000e-04"),
        ("'%f'.format([1.0 / 0.0])", "∞"),
        ("'%b %b'.format([5, true])", "101 1"),
        ("'%x %X %x'.format([255, 'hi', b'\\xff'])", "ff 6869 ff"),
        ("'%o'.format([8])", "10"),
    ],
)
def test_strings(source: str, expected: Any) -> None:
    assert ENVIRONMENT.compile(source).evaluate({}) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("'a'.charAt(2)", "index out of range: 2"),
        ("'a'.indexOf('a', -1)", "index out of range: -1"),
        ("'a'.lastIndexOf('a', -1)", "index out of range: -1"),
        ("'a'.substring(2)", "index out of range: 2"),
        ("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1"),
        ("'abc'.substring(1, 4)", "index out of range: 4"),
        ("[dyn('a'), dyn(1)].join()", "join: invalid input: 1"),
        ("'%s'.format([])", "index 0 out of range"),
        ("'%'.format([1])", "unexpected end of string"),
        ("'%z'.format([1])", 'could not parse formatting clause: unrecognized formatting clause "z"'),
        (
            "'%d'.format(['a'])",
            "error during formatting: decimal clause can only be used on integers, was given string",
        ),
        (
            "'%f'.format([1])",
            "error during formatting: fixed-point clause can only be used on doubles, was given int",
        ),
    ],
)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        ENVIRONMENT.compile(source).evaluate({})

    assert raised.value.message == message


def test_reverse_is_an_extension_that_kubernetes_leaves_out() -> None:
    assert Environment(libraries=EXTENSIONS).compile("'añb'.reverse()").evaluate({}) == "bña"
    with pytest.raises(CompileError):
        ENVIRONMENT.compile("'abc'.reverse()")
