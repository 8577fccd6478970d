import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.encoding.yaml import decode, decode_with_duplicates
from steersman.apimachinery.errors import ApiError

# What is written, and the JSON that kubectl makes of it.
SCALARS: list[tuple[str, Any]] = [
    ("y", True),
    ("off", False),
    ("~", None),
    ("", None),
    ("0777", 511),
    ("0o777", 511),
    ("0b11", 3),
    ("1_000", 1000),
    ("09", 9),
    ("0123456789", 123456789),
    ("1e3", 1000),
    ("1.0", 1),
    ("-0.0", 0),
    ("1.5", 1.5),
    ("1e18", 10**18),
    ("123456789012345678e0", 123456789012345680),
    ("1e21", 1e21),
    ("1e400", "1e400"),
    ("1:30", "1:30"),
    ("2001-01-01", "2001-01-01"),
    ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
    ("=", "="),
    (".", "."),
    ("<<", "<<"),
    ("'yes'", "yes"),
    ('"0777"', "0777"),
    ("!!str 5", "5"),
    ("!!str yes", "yes"),
    ("!!str", ""),
    ("!!int '5'", 5),
    ("!!float 5", 5),
    ("!!float 0x10", 16),
    ("!!bool 'yes'", True),
    ("!!null ''", None),
    ("!!timestamp 2001-01-01", "2001-01-01"),
    ("!!binary aGVsbG8=", "hello"),
    ("!!binary /w==", "\ufffd"),
    ("!foo 5", "5"),
    ("!!unknown 5", "5"),
]
COLLECTIONS: list[tuple[str, Any]] = [
    (
        "{y: 1, on: 2, 1: 3, 1.5: 4, 0777: 5, off: 6, 'no': 7}",
        {"true": 2, "1": 3, "1.5": 4, "511": 5, "false": 6, "no": 7},
    ),
    ("{1e3: 1, 1.0: 2, 1e-7: 3, 123456789.5: 4}", {"1000": 1, "1": 2, "1e-07": 3, "1.2345679e+08": 4}),
    (
        "{1e6: 1, 1e5: 2, 123456: 3, 0.0001: 4, 0.00001: 5}",
        {"1e+06": 1, "100000": 2, "123456": 3, "0.0001": 4, "1e-05": 5},
    ),
    (
        "{99999.5: 1, -1.25: 2, -0.0: 3, -.inf: 4, .nan: 5, 1e300: 6}",
        {"99999.5": 1, "-1.25": 2, "-0": 3, "-.inf": 4, ".nan": 5, ".inf": 6},
    ),
    (
        "{=: 1, 1_000: 2, !!str 5: 3, !!binary aGk=: 4, 2001-01-01: 5}",
        {"=": 1, "1000": 2, "5": 3, "hi": 4, "2001-01-01": 5},
    ),
    ("{a: , b}", {"a": None, "b": None}),
    ("!!set {a, b}", {"a": None, "b": None}),
    ("!!omap [a: 1]", [{"a": 1}]),
    ("!foo {a: 1}", {"a": 1}),
    ("!!str [a]", ["a"]),
    ("[&b {x: 1}, *b, *b]", [{"x": 1}, {"x": 1}, {"x": 1}]),
    ("[&b yes, *b]", [True, True]),
    ("[&b 1, {*b : 2}]", [1, {"1": 2}]),
    ("[&b {x: 1, z: 2}, {<<: *b, x: 3}]", [{"x": 1, "z": 2}, {"x": 3, "z": 2}]),
    ("[&b {x: 1}, {x: 3, <<: *b}]", [{"x": 1}, {"x": 1}]),
    ("{<<: [{x: 1}, {x: 2, y1: 3}]}", {"x": 1, "y1": 3}),
    ("{<<: {a: 1}, <<: {b: 2}}", {"a": 1, "b": 2}),
    ("{!!merge <<: {a: 1}}", {"a": 1}),
    ("{'<<': {a: 1}}", {"<<": {"a": 1}}),
    ("{a: 1, a: 2}", {"a": 2}),
]


@pytest.mark.parametrize(("text", "value"), [*SCALARS, *COLLECTIONS])
def test_yaml_is_read_as_kubernetes_reads_it(text: str, value: Any) -> None:
    decoded = decode(f"v: {text}\n".encode())["v"]

    assert decoded == value
    assert type(decoded) is type(value)


def test_kubectl_reads_it_so() -> None:
    beside_python = Path(sys.executable).with_name("kubectl")
    kubectl = str(beside_python) if beside_python.exists() else shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    table = [*SCALARS, *COLLECTIONS]
    text = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n"
    text += "".join(f"v{index}: {written}\n" for index, (written, _) in enumerate(table))

    answer = subprocess.run(
        [kubectl, "label", "--local", "-o", "json", "-f", "-", "a=b"],
        input=text.encode(),
        capture_output=True,
        env={**os.environ, "KUBECONFIG": os.devnull},
        check=True,
    )

    read = json.loads(answer.stdout)
    for index, (written, value) in enumerate(table):
        assert (written, read[f"v{index}"]) == (written, value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v: .inf", "yaml: unsupported value: +Inf"),
        ("v: -.inf", "yaml: unsupported value: -Inf"),
        ("v: .nan", "yaml: unsupported value: NaN"),
        ("v: !!int abc", "yaml: cannot decode `abc` as a !!int"),
        ("v: !!int 1e3", "yaml: cannot decode `1e3` as a !!int"),
        ("v: !!bool 1", "yaml: cannot decode `1` as a !!bool"),
        ("v: !!binary '!!!'", "yaml: !!binary value contains invalid base64 data"),
        ("v: {~: 1}", "yaml: unsupported map key: null"),
        ("v: {[a]: 1}", "yaml: invalid map key: it must be a scalar"),
        ("v: {<<: 5}", "yaml: map merge requires map or sequence of maps as the value"),
        ("v: {<<: [5]}", "yaml: map merge requires map or sequence of maps as the value"),
        ("v: *nope", "yaml: line 1: found undefined alias"),
        ("v: &v [*v]", "yaml: anchor value contains itself"),
        ("v: &v {a: *v}", "yaml: anchor value contains itself"),
        ("a: b\nv: @a", "yaml: line 2: found character that cannot start any token"),
        ("a: b: c", "yaml: line 1: mapping values are not allowed in this context"),
        ("v: \x07", "yaml: unacceptable character #x0007: control characters are not allowed"),
        ("a: 1\n---\na: 2", "yaml: expected a single document, but found another one"),
        ("v: " + "[" * 201 + "]" * 201, "yaml: nested deeper than 200 levels"),
        ("[" * 100_000, "yaml: nested deeper than 200 levels"),
        ("- " * 100_000, "yaml: nested deeper than 200 levels"),
    ],
)
def test_what_cannot_be_json_is_a_bad_request(text: str, message: str) -> None:
    with pytest.raises(ApiError) as error:
        decode(text.encode())

    assert (error.value.code, error.value.reason) == (400, "BadRequest")
    assert error.value.message.startswith(f"error converting YAML to JSON: {message}")


def test_bytes_that_are_no_text_are_a_bad_request() -> None:
    with pytest.raises(ApiError, match="error converting YAML to JSON: yaml: "):
        decode(b"a: \xff\n")


def test_the_deepest_document_is_read() -> None:
    value = decode(b"[" * 200 + b"]" * 200)

    for _ in range(199):
        (value,) = value
    assert value == []


def test_aliases_do_not_nest_deeper_than_the_limit() -> None:
    lines = ["- &a0 [" + "[" * 150 + "]" * 150 + "]", "- " + "[" * 100 + "*a0" + "]" * 100]

    with pytest.raises(ApiError, match="nested deeper than 200 levels"):
        decode("\n".join(lines).encode())


@pytest.mark.parametrize("first", ["[x,x,x,x,x,x,x,x,x]", "{k: x, l: x, m: x}", f"'{'x' * 5000}'"])
def test_a_bomb_of_aliases_is_refused(first: str) -> None:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    with pytest.raises(ApiError, match="document contains excessive aliasing"):
        decode("\n".join(lines).encode())


def test_aliases_do_not_share_what_they_stand_for() -> None:
    value = decode(b"a: &a {x: [1]}\nb: *a\n")

    value["a"]["x"].append(2)

    assert value["b"] == {"x": [1]}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a: 1\nb: 2", []),
        ("a: 1\na: 2\na: 3", ["a"]),
        ("spec: {ports: [{name: a}, {name: a, name: b}]}", ["spec.ports[1].name"]),
        ("{1: a, '1': b}", ["1"]),
        ("{yes: a, on: b}", ["true"]),
        ("b: &b {x: 1}\nv: {<<: *b, x: 3}", []),
        ("b: &b {x: 1}\nv: {<<: *b, x: 3, x: 4}", ["v.x"]),
        ("v: {x: 3, <<: {x: 1}}", []),
    ],
)
def test_duplicate_keys_are_found(text: str, paths: list[str]) -> None:
    assert decode_with_duplicates(text.encode())[1] == paths


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n# nothing\n"])
def test_no_document_is_null(text: str) -> None:
    assert decode(text.encode()) is None


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.text(max_size=6),
    st.sampled_from([t for t, _ in SCALARS]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
)


@given(values, st.booleans())
def test_quoted_strings_and_structure_survive(value: Any, flow: bool) -> None:
    text = pyyaml.dump(value, Dumper=_Quoting, allow_unicode=True, default_flow_style=flow)

    assert decode(text.encode()) == value


class _Quoting(pyyaml.SafeDumper):
    """Quotes every string and repeats what stands twice, as a careful writer of Kubernetes YAML does."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        decode(body)
    except ApiError as error:
        refused = error.code
    else:
        refused = 400

    assert refused == 400
