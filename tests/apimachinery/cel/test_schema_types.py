"""The types that structural schemas declare."""

import pytest

from steersman.apimachinery.cel import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    KUBERNETES,
    STRING,
    TIMESTAMP,
    CompileError,
    Environment,
    ObjectType,
    Type,
    list_type,
    map_type,
    type_of_schema,
)
from steersman.apimachinery.cel.schema_types import escape

SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer"},
                "ratio": {"type": "number"},
                "max-size": {"type": "integer"},
                "namespace": {"type": "string"},
                "a__b": {"type": "string"},
                "x.y/z": {"type": "string"},
                "port": {"x-kubernetes-int-or-string": True},
                "since": {"type": "string", "format": "date-time"},
                "day": {"type": "string", "format": "date"},
                "every": {"type": "string", "format": "duration"},
                "secret": {"type": "string", "format": "byte"},
                "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "ratios": {"type": "object", "additionalProperties": {"type": "number"}},
                "template": {"type": "object", "x-kubernetes-embedded-resource": True},
                "anything": {"x-kubernetes-preserve-unknown-fields": True},
            },
        }
    },
}
OBJECT = {
    "metadata": {"name": "w"},
    "spec": {
        "replicas": 2,
        "ratio": 1,
        "max-size": 5,
        "namespace": "ns",
        "a__b": "u",
        "x.y/z": "s",
        "port": "http",
        "since": "2024-01-01T00:00:00Z",
        "day": "2024-01-02",
        "every": "1h",
        "secret": "aGk=",
        "items": [{"name": "a"}],
        "ratios": {"a": 1},
        "template": {"kind": "Pod", "metadata": {"name": "p"}},
    },
}


def environment() -> Environment:
    type = type_of_schema(SCHEMA, root=True)
    assert type is not None
    return Environment({"self": type}, KUBERNETES)


@pytest.mark.parametrize(
    ("schema", "type"),
    [
        ({"type": "string"}, STRING),
        ({"type": "string", "format": "ipv4"}, STRING),
        ({"type": "string", "format": "byte"}, BYTES),
        ({"type": "string", "format": "date"}, TIMESTAMP),
        ({"type": "string", "format": "date-time"}, TIMESTAMP),
        ({"type": "string", "format": "duration"}, DURATION),
        ({"type": "integer"}, INT),
        ({"type": "number"}, DOUBLE),
        ({"type": "boolean"}, BOOL),
        ({"x-kubernetes-int-or-string": True}, DYN),
        ({"type": "array", "items": {"type": "integer"}}, list_type(INT)),
        ({"type": "object", "additionalProperties": {"type": "string"}}, map_type(STRING, STRING)),
        ({"x-kubernetes-preserve-unknown-fields": True}, None),
        ({"type": "array"}, None),
    ],
)
def test_each_schema_has_its_type(schema: dict[str, object], type: Type | None) -> None:
    assert type_of_schema(schema) == type


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("replicas", "replicas"),
        ("max-size", "max__dash__size"),
        ("a.b", "a__dot__b"),
        ("a/b", "a__slash__b"),
        ("a__b", "a__underscores__b"),
        ("namespace", "__namespace__"),
        ("in", "__in__"),
        ("true", "__true__"),
        ("é", None),
        ("1a", None),
        ("", None),
    ],
)
def test_names_are_escaped(name: str, escaped: str | None) -> None:
    assert escape(name) == escaped


@pytest.mark.parametrize(
    "source",
    [
        "self.metadata.name == 'w'",
        "self.spec.replicas < 3",
        "self.spec.ratio / 2.0 == 0.5",
        "self.spec.max__dash__size == 5",
        "self.spec.__namespace__ == 'ns'",
        "self.spec.a__underscores__b == 'u'",
        "self.spec.x__dot__y__slash__z == 's'",
        "has(self.spec.max__dash__size)",
        "self.spec.port == 'http' || self.spec.port == 80",
        "self.spec.since < self.spec.day",
        "self.spec.every == duration('60m')",
        "self.spec.secret == b'hi'",
        "self.spec.items.all(i, i.name == 'a')",
        "self.spec.ratios.all(k, self.spec.ratios[k] * 2.0 == 2.0)",
        "self.spec.template.metadata.name == 'p'",
        "self.spec.?since.optMap(t, t.getFullYear()).orValue(0) == 2024",
    ],
)
def test_rules_see_an_object_as_its_schema_says(source: str) -> None:
    assert environment().compile(source).evaluate({"self": OBJECT}) is True


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("self.spec.replcas == 1", "undefined field 'replcas'"),
        ("self.spec.anything == 1", "undefined field 'anything'"),
        ("self.metadata.labels == {}", "undefined field 'labels'"),
        ("self.spec.items[0].nme == ''", "undefined field 'nme'"),
        ("self.spec.ratio == 1", "found no matching overload for '_==_' applied to '(double, int)'"),
    ],
)
def test_rules_that_do_not_fit_the_schema_are_refused(source: str, message: str) -> None:
    with pytest.raises(CompileError) as raised:
        environment().compile(source)

    assert [issue.message for issue in raised.value.issues] == [message]


def test_the_root_keeps_what_its_schema_says_of_metadata() -> None:
    metadata = {
        "type": "object",
        "properties": {"labels": {"type": "object", "additionalProperties": {"type": "string"}}},
    }
    type = type_of_schema({"type": "object", "properties": {"metadata": metadata}}, root=True)

    assert isinstance(type, ObjectType)
    program = Environment({"self": type}).compile("self.metadata.labels['a'] + self.metadata.name + self.kind")
    assert program.evaluate({"self": {"kind": "K", "metadata": {"name": "n", "labels": {"a": "l"}}}}) == "lnK"
