"""The classes for a schema: what a type is in Python, what a field is called, and that nothing is lost."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import orjson
import pytest
from tests.client.code_generator.crd_documents import as_yaml, crd, of_spec
from tests.client.code_generator.generated import imported, write

from steersman.client.code_generator.definition import parse_definitions
from steersman.client.code_generator.package import generate

STRING = {"type": "string"}


def source(content: dict[str, Any]) -> str:
    """The module of the definition's newest version."""
    (definition,) = parse_definitions(as_yaml(content))
    version = definition.versions[0].name
    return next(text for path, text in generate([definition]).items() if path.name == f"{version}.py")


def statements(text: str, name: str) -> list[str]:
    """The fields of a class in source text."""
    body = text.split(f"class {name}(", 1)[1].split("\n\n\n", 1)[0]
    return [line.strip() for line in body.splitlines()[1:] if line.strip()]


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        (STRING, "a: str | None = None"),
        ({"type": "string", "format": "date-time"}, "a: AwareDatetime | None = None"),
        ({"type": "string", "format": "byte"}, "a: str | None = None"),
        ({"type": "integer", "format": "int64"}, "a: int | None = None"),
        ({"type": "number"}, "a: int | float | None = None"),
        ({"type": "boolean"}, "a: bool | None = None"),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, STRING]}, "a: IntOrString | None = None"),
        ({"type": "array", "items": STRING}, "a: list[str] = Field(default_factory=list)"),
        ({"type": "array", "items": STRING, "nullable": True}, "a: list[str] | None = None"),
        ({"type": "array", "items": {**STRING, "nullable": True}}, "a: list[str | None] = Field(default_factory=list)"),
        ({"type": "array"}, "a: list[Any] = Field(default_factory=list)"),
        ({"type": "object", "additionalProperties": STRING}, "a: dict[str, str] = Field(default_factory=dict)"),
        (
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
            "a: dict[str, list[int]] = Field(default_factory=dict)",
        ),
        ({"type": "object", "additionalProperties": True}, "a: dict[str, Any] = Field(default_factory=dict)"),
        ({"type": "object"}, "a: dict[str, Any] = Field(default_factory=dict)"),
        (
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "a: dict[str, Any] = Field(default_factory=dict)",
        ),
        ({"x-kubernetes-preserve-unknown-fields": True}, "a: Any = None"),
        ({"type": "object", "properties": {"b": STRING}}, "a: DatabaseSpecA | None = None"),
        (
            {"type": "array", "items": {"type": "object", "properties": {"b": STRING}}},
            "a: list[DatabaseSpecA] = Field(default_factory=list)",
        ),
        ({"properties": {"b": STRING}}, "a: DatabaseSpecA | None = None"),
        ({"type": "string", "enum": ["x", "y"]}, "a: DatabaseSpecA | None = None"),
        ({"enum": [1.5]}, "a: Any = None"),
    ],
)
def test_types(schema: dict[str, Any], field: str) -> None:
    assert statements(source(of_spec(a=schema)), "DatabaseSpec") == [field]


@pytest.mark.parametrize(
    ("values", "literal"),
    [
        (["A", "B"], 'Literal["A", "B"]'),
        (["A", None], 'Literal["A"]'),
        ([1, 2, True, 1], "Literal[1, 2, True]"),
        (["it's", 'a "b"', "\n"], 'Literal["it\'s", \'a "b"\', "\\n"]'),
    ],
)
def test_enumerations(values: list[Any], literal: str) -> None:
    assert f"\nDatabaseSpecA: TypeAlias = Annotated[{literal}, OrNewer]\n" in source(of_spec(a={"enum": values}))


def test_values_that_a_newer_server_has_besides_are_read_and_kept(tmp_path: Path) -> None:
    content = of_spec(mode={"type": "string", "enum": ["Fast", "Safe"]})
    write(tmp_path, parse_definitions(as_yaml(content)), "newer")
    with imported(tmp_path, "newer.databases") as module:
        codec = module.Database.api_resource.codec
        for mode in ("Fast", "Faster", 3, True):
            database = codec.decode(orjson.dumps({"spec": {"mode": mode}}))
            assert database.spec.mode is mode or database.spec.mode == mode
            assert orjson.loads(codec.encode(database))["spec"] == {"mode": mode}
        with pytest.raises(ValueError, match=r"spec\.mode: Input should be a string, a number or a boolean"):
            codec.decode(b'{"spec":{"mode":[]}}')


@pytest.mark.parametrize(
    ("keywords", "field"),
    [
        ({}, "a: str"),
        ({"nullable": True}, "a: str | None"),
        ({"default": "x"}, "a: str | None = None"),
    ],
)
def test_required_fields_have_no_default_unless_the_server_has_one(keywords: dict[str, Any], field: str) -> None:
    spec = {"type": "object", "required": ["a"], "properties": {"a": {**STRING, **keywords}}}
    assert statements(source(crd({"properties": {"spec": spec}})), "DatabaseSpec")[0] == field


def test_descriptions_and_defaults_are_told() -> None:
    text = source(of_spec(a={"type": "integer", "default": 3, "description": "How many."}))
    assert 'How many.\n\n    The server\'s default is 3.\n    """' in text


AWKWARD = [
    "from", "class", "None", "str", "list", "dict", "copy", "json", "schema", "validate", "model_dump", "model_config",
    "fooBar", "foobar", "foo_bar", "FooBar", "foo-bar", "__hidden", "_private", "3d", "$ref", "a.b/c", "größe", "",
    "Any", "self", "cls", "type", "clusterIPs", "metadata", "kind", "apiVersion", "api_version",
    'q"uote', "back\\slash", "new\nline", "field", "Field", "construct", "model_fields", "model_extra", "print",
]  # fmt: skip


def test_any_name_of_a_field_can_be_read_and_written(tmp_path: Path) -> None:
    properties = {name: {"type": "integer"} for name in AWKWARD}
    content = crd({"properties": {**properties, "spec": {"type": "object", "properties": properties}}})
    write(tmp_path, parse_definitions(as_yaml(content)), "awkward")
    values = {name: number for number, name in enumerate(AWKWARD)}
    own = {"apiVersion": "example.com/v1", "kind": "Database", "metadata": {}}
    body = {**values, **own, "spec": values}
    with imported(tmp_path, "awkward.databases") as module:
        codec = module.Database.api_resource.codec
        database = codec.decode(orjson.dumps(body))
        assert orjson.loads(codec.encode(database)) == body
        fields = {field.validation_alias: name for name, field in type(database.spec).model_fields.items()}
        assert fields.keys() == set(AWKWARD)
        assert fields["fooBar"] == "foo_bar"
        assert {key: getattr(database.spec, name) for key, name in fields.items()} == values
        for number, name in enumerate(fields.values()):
            setattr(database.spec, name, number + 1000)
        assert min(orjson.loads(codec.encode(database))["spec"].values()) >= 1000
        get_type_hints(type(database.spec))


@pytest.mark.parametrize("kind", ["Any", "Field", "Client", "ApiModel", "CustomResource", "None", "List", "Foo-Bar"])
def test_any_kind_can_be_a_class(kind: str, tmp_path: Path) -> None:
    spec = {"type": "object", "properties": {"a": {"type": "array", "items": {}}}}
    content = crd({"properties": {"spec": spec}}, kind=kind, plural="list")
    write(tmp_path, parse_definitions(as_yaml(content)), "kinds")
    with imported(tmp_path, "kinds.list") as module:
        (cls,) = {one for one in vars(module).values() if isinstance(one, type) and hasattr(one, "api_resource")}
        assert cls(spec={"a": [1]}).kind == cls.api_resource.kind == kind


def test_classes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    part = {"type": "object", "properties": {"x": STRING}}
    content = of_spec(**{"a-b": part, "aB": part, "ab": {"type": "object", "properties": {"c": part}}, "abC": part})
    write(tmp_path, parse_definitions(as_yaml(content)), "same")
    with imported(tmp_path, "same.databases") as module:
        classes = {str(field.annotation) for field in module.DatabaseSpec.model_fields.values()}
        assert len(classes) == 4


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    evil = '"""\nraise SystemExit("out")\n"""\\'
    part = {"description": evil, "type": "string", "enum": [evil, "'\\"], "default": evil}
    names = {"plural": "databases", "kind": "Database", "singular": evil, "shortNames": ["db"], "categories": [evil]}
    content = crd({"description": evil, "properties": {"spec": {"type": "object", "properties": {evil: part}}}})
    content["spec"]["names"] = {**names, "singular": "database", "categories": []}
    write(tmp_path, parse_definitions(as_yaml(content)), "hostile")
    with imported(tmp_path, "hostile.databases") as module:
        (field,) = module.DatabaseSpec.model_fields.values()
        assert field.validation_alias == evil


def test_a_version_without_a_schema_keeps_all_there_is(tmp_path: Path) -> None:
    write(tmp_path, parse_definitions(as_yaml(crd())), "plain")
    with imported(tmp_path, "plain.databases") as module:
        body = {"apiVersion": "example.com/v1", "kind": "Database", "spec": {"a": [1]}}
        codec = module.Database.api_resource.codec
        assert orjson.loads(codec.encode(codec.decode(orjson.dumps(body)))) == body


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"properties": []}, None),
        ({"properties": [1]}, "the object: properties of its schema is not an object"),
        ({"properties": {"spec": 1}}, "spec: its schema is not an object"),
        ({"properties": {"spec": {"properties": {"a": 1}}}}, "spec.a: its schema is not an object"),
        ({"required": "a"}, "the object: required of its schema is not a list"),
    ],
)
def test_a_schema_that_is_none_is_told_with_its_path(schema: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert "class Database(" in source(crd(schema))
        return
    with pytest.raises(ValueError, match=f"^databases.example.com: version v1: {message}$"):
        source(crd(schema))


def test_nesting_has_a_limit() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(150):
        schema = {"type": "array", "items": schema}
    (definition,) = parse_definitions(orjson.dumps(of_spec()))
    version = replace(definition.versions[0], schema={"properties": {"spec": schema}})
    with pytest.raises(ValueError, match="nested deeper than 100 levels"):
        generate([replace(definition, versions=(version,))])
