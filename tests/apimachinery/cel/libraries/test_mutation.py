from typing import Any

import pytest

from steersman.apimachinery.cel import DYN, KUBERNETES, MUTATION, CompileError, Environment

ENVIRONMENT = Environment({"object": DYN}, (*KUBERNETES, MUTATION))
POD = {"spec": {"replicas": 2, "containers": [{"name": "a"}]}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Object{}", {}),
        ("Object{spec: Object.spec{replicas: object.spec.replicas + 1}}", {"spec": {"replicas": 3}}),
        (
            "Object{metadata: Object.metadata{labels: {'a': 'b'}}}",
            {"metadata": {"labels": {"a": "b"}}},
        ),
        (
            "Object{spec: Object.spec{containers: object.spec.containers.map(c, "
            "Object.spec.containers{name: c.name, image: 'x'})}}",
            {"spec": {"containers": [{"name": "a", "image": "x"}]}},
        ),
        ("Object{?spec: optional.none(), ?kind: optional.of('Pod')}", {"kind": "Pod"}),
        (
            "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b~c'), value: {'x': 1}}]",
            [{"op": "add", "path": "/metadata/labels/a~1b~0c", "value": {"x": 1}}],
        ),
        ("JSONPatch{op: 'move', from: '/a', path: '/b'}", {"op": "move", "from": "/a", "path": "/b"}),
    ],
)
def test_what_is_constructed(source: str, expected: Any) -> None:
    assert ENVIRONMENT.compile(source).evaluate({"object": POD}) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "Object{spec: Object.sepc{}}",
            'unexpected type name "Object.sepc", expected "Object.spec", '
            "which matches field name path from root Object type",
        ),
        (
            "Object{items: [Object.spec{}]}",
            'unexpected type name "Object.spec", expected "Object.items", '
            "which matches field name path from root Object type",
        ),
        ("JSONPatch{op: 1, path: ''}", "expected type of field 'op' is 'string' but provided type is 'int'"),
        ("JSONPatch{operation: 'add'}", "undefined field 'operation'"),
        ("Pod{}", "undeclared reference to 'Pod' (in container '')"),
    ],
)
def test_what_cannot_be_constructed(source: str, message: str) -> None:
    with pytest.raises(CompileError) as raised:
        ENVIRONMENT.compile(source)

    assert [issue.message for issue in raised.value.issues] == [message]
