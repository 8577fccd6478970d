"""What expressions cost: cel-go's model, with the options that Kubernetes sets."""

import pytest

from steersman.apimachinery.cel import (
    BYTES,
    DYN,
    INT,
    KUBERNETES,
    STRING,
    Environment,
    list_type,
    map_type,
)

VARIABLES = {
    "a": DYN,
    "n": INT,
    "s": STRING,
    "t": STRING,
    "b": BYTES,
    "l": list_type(INT),
    "m": map_type(STRING, STRING),
    "p": map_type(STRING, map_type(STRING, INT)),
}
VALUES = {
    "a": {"b": {"c": [1, 2]}},
    "n": 1,
    "s": "x" * 25,
    "t": "y" * 95,
    "b": b"z" * 40,
    "l": [1, 2, 3],
    "m": {"k": "v"},
    "p": {"k": {"i": 1}},
}
ENVIRONMENT = Environment(VARIABLES, KUBERNETES)

CASES = [
    ("1", 0),
    ("n", 1),
    ("a.b", 2),
    ("a.b.c[0]", 4),
    ("a['b']", 2),
    ("m['k' + '']", 3),
    ("p.all(k, p[k].i > 0)", 9),
    ("has(a.b)", 1),
    ("has(a.b.c)", 2),
    ("n + n", 3),
    ("n == 1", 2),
    ("n < 2 && n > 0", 4),
    ("n > 2 && n > 0", 2),
    ("n > 0 || n > 1 || n > 2", 2),
    ("n > 0 ? n : n", 2),
    ("n > 0 ? n + 1 : n", 4),
    ("(n > 2 ? a : a).b", 3),
    ("s + t", 2 + 12),
    ("s == t", 2 + 3),
    ("s < t", 2 + 3),
    ("s.startsWith('x')", 1 + 3),
    ("s.contains(t)", 2 + 3 * 10),
    ("t.matches('[a-z]+z')", 1 + 10 * 2),
    ("size(s)", 2),
    ("string(b) == ''", 1 + 4 + 1),
    ("[1, 2, 3]", 0),
    ("[1 + 1]", 11),
    ("{'a': 1}", 0),
    ("duration('1h')", 0),
    ("string(n)", 2),
    ("[n, 2, 3]", 11),
    ("{'a': n}", 31),
    ("n in l", 1 + 1 + 3),
    ("n in [1, 2]", 1),
    ("n in a.b.c", 1 + 3 + 1),
    ("l.all(x, true)", 1 + 3 * 3 + 1),
    ("l.all(x, x > 0)", 1 + 3 * 5 + 1),
    ("l.all(x, x > 1)", 1 + 5 + 2 + 1),
    ("l.all(x, x < 3)", 1 + 3 * 5 + 1),
    ("l.exists(x, x == 3)", 1 + 3 * 6 + 1),
    ("l.exists(x, x == 1)", 1 + 6 + 3 + 1),
    ("l.exists_one(x, x == 1)", 1 + 3 * 2 + 2 + 2),
    ("l.filter(x, x > 1)", 1 + 3 * 2 + 2 * 13 + 1),
    ("l.map(x, x)", 1 + 3 * 13 + 1),
    ("l.map(x, x > 1, x)", 1 + 3 * 2 + 2 * 13 + 1),
    ("l.sum()", 1 + 3),
    ("s.lowerAscii()", 1 + 3),
    ("s.split('x')", 1 + 5),
    ("s.substring(1).size()", 1 + 3 + 1),
    ("isQuantity(s)", 1 + 3),
    ("quantity('1').isGreaterThan(quantity('2'))", 1 + 1 + 1),
    ("url('https://example.com/').getHost()", 2 + 1),
    ("sets.contains(l, l)", 2 + 1 + 9),
    ("s.find('[a-z]+')", 1 + 3 * 2),
    ("ip('10.0.0.1').family()", 1 + 1),
    ("cidr('10.0.0.0/8').containsIP('10.0.0.1')", 1 + 1 + 1),
    ("format.dns1123Label().validate(s).hasValue()", 1 + 1 + 3 * 8 + 1),
]


@pytest.mark.parametrize(("source", "expected"), CASES, ids=[source for source, _ in CASES])
def test_cost(source: str, expected: int) -> None:
    assert ENVIRONMENT.compile(source).cost(VALUES) == expected
