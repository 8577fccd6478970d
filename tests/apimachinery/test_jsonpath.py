import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.jsonpath import JSONPath

NODES: dict[str, Any] = {
    "kind": "List",
    "items": [
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1", "web/html": "x"}},
            "status": {"capacity": {"cpu": "4"}, "ready": True, "addresses": [{"type": "Host", "address": "10.0.0.1"}]},
        },
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.2", "labels": {"kubernetes.io/hostname": "127.0.0.2"}},
            "status": {
                "capacity": {"cpu": "8"},
                "ready": False,
                "addresses": [{"type": "Host", "address": "10.0.0.2"}, {"type": "Other", "address": "10.0.0.3"}],
            },
        },
    ],
    "users": [
        {"name": "myself", "user": {}, "age": 41.5},
        {"name": "e2e", "user": {"username": "admin", "password": "it's"}, "age": 7, "note": None},
    ],
    "numbers": [1, 2, 3, 4, 5],
}
FOUND: list[tuple[str, list[Any]]] = [
    (".kind", ["List"]),
    ("{.kind}", ["List"]),
    ("{ .kind }", ["List"]),
    ("$.kind", ["List"]),
    ("@.kind", ["List"]),
    ("['kind']", ["List"]),
    (".items[0]['metadata'].name", ["127.0.0.1"]),
    (".items[0]['metadata.name']", ["127.0.0.1"]),
    (".items[*].metadata.name", ["127.0.0.1", "127.0.0.2"]),
    (".items[0].metadata.labels.kubernetes\\.io/hostname", ["127.0.0.1"]),
    (".items[0].metadata.labels['kubernetes\\.io/hostname']", ["127.0.0.1"]),
    (".items[0].metadata.labels.web/html", ["x"]),
    (".items[*].status.addresses[*].address", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    (".items[*]['metadata.name', 'status.capacity']", ["127.0.0.1", "127.0.0.2", {"cpu": "4"}, {"cpu": "8"}]),
    (".numbers[0]", [1]),
    (".numbers[-1]", [5]),
    (".numbers[-2]", [4]),
    (".numbers[]", [1]),
    (".numbers[0:2]", [1, 2]),
    (".numbers[:2]", [1, 2]),
    (".numbers[3:]", [4, 5]),
    (".numbers[-2:]", [4, 5]),
    (".numbers[::2]", [1, 3, 5]),
    (".numbers[1:4:2]", [2, 4]),
    (".numbers[0,2,4]", [1, 3, 5]),
    (".numbers[*]", [1, 2, 3, 4, 5]),
    (".numbers", [[1, 2, 3, 4, 5]]),
    (".numbers[?(@<3)]", [1, 2]),
    (".numbers[?(@>=4)]", [4, 5]),
    (".numbers[?(@ > 4)]", [5]),
    (".numbers[?(@<=1)]", [1]),
    (".numbers[?(@!=1)]", [2, 3, 4, 5]),
    ('.users[?(@.name=="e2e")].user.password', ["it's"]),
    (".users[?(@.name=='e2e')].user.username", ["admin"]),
    (".users[?(@.user.password=='it\\'s')].name", ["e2e"]),
    (".users[?(@.user.username)].name", ["e2e"]),
    (".items[?(@.status.ready==true)].metadata.name", ["127.0.0.1"]),
    (".items[?(@..ready==true)].metadata.name", ["127.0.0.1"]),
    ('.items[?(@.status.addresses[0].type=="Host")].metadata.name', ["127.0.0.1", "127.0.0.2"]),
    ('.items[?(@.metadata.labels.kubernetes\\.io/hostname=="127.0.0.1")].kind', ["None"]),
    ('.items[*].status.addresses[?(@.type=="Other")].address', ["10.0.0.3"]),
    ("..address", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    ("...address", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    ("..addresses[0].address", ["10.0.0.1", "10.0.0.2"]),
    ("..name", ["127.0.0.1", "127.0.0.2", "myself", "e2e"]),
    (".items[0].status.capacity.*", ["4"]),
]
# What kubectl stops at with an error, or takes no notice of.
LENIENT: list[tuple[str, list[Any]]] = [
    ("", [NODES]),
    ("@", [NODES]),
    (".missing", []),
    (".missing.deeper[0]", []),
    (".kind.deeper", []),
    (".kind[0]", []),
    (".items.metadata", []),
    (".numbers[9]", []),
    (".numbers[-9]", []),
    (".numbers[3:9]", [4, 5]),
    (".users[?(@.age>10)].name", ["myself"]),
    (".users[?(@.age==7)].name", ["e2e"]),
    (".users[?(@.note=='a')].name", []),
    (".users[?(@.name!=5)].name", []),
    (".users[?(@.missing!='a')].name", []),
    (".users[1].note", [None]),
    (".kind[?(@.a)]", []),
    (".users[?(@.user==@.user)].name", []),
    (".users[?(@.name==@.name)].name", ["myself", "e2e"]),
    (".items[?(@.status.addresses[?(@.type=='Other')])].metadata.name", ["127.0.0.2"]),
]


@pytest.mark.parametrize(("text", "values"), [*FOUND, *LENIENT])
def test_what_an_expression_finds(text: str, values: list[Any]) -> None:
    assert JSONPath.compile(text).find(NODES) == values


def test_kubectl_finds_the_same(tmp_path: Path) -> None:
    beside_python = Path(sys.executable).with_name("kubectl")
    kubectl = str(beside_python) if beside_python.exists() else shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x"}, "v": NODES}
    wanted = [(f"{{.v{_after_root(text)}}}", values) for text, values in FOUND if not text.startswith("..")]

    answer = subprocess.run(
        [kubectl, "label", "--local", "-f", "-", "a=b", "-o", "jsonpath=" + "{'\\n'}".join(text for text, _ in wanted)],
        input=json.dumps(thing).encode(),
        capture_output=True,
        env={**os.environ, "KUBECONFIG": os.devnull},
        check=True,
    )

    for (text, values), line in zip(wanted, answer.stdout.decode().split("\n"), strict=True):
        assert (text, line) == (text, " ".join(_printed(value) for value in values))


def _after_root(text: str) -> str:
    return text.removeprefix("{").removesuffix("}").strip().lstrip("$@")


def _printed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize(
    ("text", "position", "why"),
    [
        ("spec", 0, "unrecognized character 's'"),
        (".a b", 3, "unrecognized character 'b'"),
        (".a}", 2, "unrecognized character '}'"),
        ("{.a", 0, "unrecognized character '{'"),
        ("{range .a[*]}", 1, "unrecognized character 'r'"),
        (".a[", 3, "invalid array index"),
        (".a[0", 3, "invalid array index"),
        (".a[x]", 3, "invalid array index"),
        (".a['b'", 6, "unterminated array"),
        (".a['b c']", 5, "unrecognized character ' '"),
        (".a[-]", 4, "array index is not a number"),
        (".a[9999999999999999999]", 22, "array index is not a number"),
        (".a[::0]", 6, "step must be > 0"),
        (".a[?(@.b==)]", 10, "expected a path or a value"),
        (".a[?()]", 5, "expected a path or a value"),
        (".a[?(@.b=='c')", 14, "unclosed array expect ]"),
        (".a[?(@.b=='c'", 13, "unterminated filter"),
        (".a[?(@.b='c')]", 8, "unterminated filter"),
        (".a[?(@.b=='\\q')]", 11, "invalid escape \\q"),
        ("....a", 4, "invalid multiple recursive descent"),
    ],
)
def test_a_bad_expression_is_refused_at_its_position(text: str, position: int, why: str) -> None:
    with pytest.raises(ValueError) as error:
        JSONPath.compile(text)

    assert str(error.value) == f"invalid JSONPath {text!r} at position {position}: {why}"


def test_filters_nest_only_so_deep() -> None:
    JSONPath.compile("[?(@" * 8 + ")]" * 8)

    with pytest.raises(ValueError, match="more than 8 filters within each other"):
        JSONPath.compile("[?(@" * 9 + ")]" * 9)


def test_an_expression_is_only_so_long() -> None:
    with pytest.raises(ValueError, match="longer than 4096 characters"):
        JSONPath.compile(".a" * 2049)


def test_a_search_ends() -> None:
    deep: Any = {"a": 1}
    for _ in range(150):
        deep = {"a": deep, "b": [deep]} if len(str(deep)) < 2000 else {"a": deep}
    path = JSONPath.compile(".a..a..a..a..a")

    with pytest.raises(ValueError, match="looks at more than 100000 values"):
        path.find(deep)


@given(st.text(alphabet=".a['*]?(@=)\"0:-,\\ {}", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = JSONPath.compile(text).find({"a": [{"a": 1}, 2]})
    except ValueError as error:
        refused = str(error)
        found = []
    else:
        refused = "invalid JSONPath"

    assert refused.startswith("invalid JSONPath")
    assert isinstance(found, list)
