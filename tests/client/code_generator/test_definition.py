"""Reading definitions: v1 and v1beta1, alone, several and in lists; what is wrong is told on one line."""

from typing import Any

import orjson
import pytest
from tests.client.code_generator.crd_documents import as_yaml, crd

from steersman.client.code_generator.definition import parse_definitions

SCHEMA = {"type": "object", "properties": {"spec": {"type": "object"}}}


def v1beta1(**spec: Any) -> dict[str, Any]:
    content = crd(**spec)
    del content["spec"]["versions"]
    return {**content, "apiVersion": "apiextensions.k8s.io/v1beta1", "spec": {**content["spec"], **spec}}


def test_a_definition_says_its_names_and_its_served_versions_with_the_preferred_one_first() -> None:
    content = crd(
        names={"plural": "databases", "kind": "Database", "shortNames": ["db"], "categories": ["all"]},
        scope="Cluster",
        versions=[
            {"name": "v1alpha1", "served": False, "storage": False},
            {"name": "v1beta1", "served": True, "storage": False},
            {"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}},
        ],
    )
    (definition,) = parse_definitions(as_yaml(content))
    assert definition.name == "databases.example.com"
    assert (definition.kind, definition.singular, definition.namespaced) == ("Database", "database", False)
    assert (definition.short_names, definition.categories) == (("db",), ("all",))
    assert [(version.name, version.schema) for version in definition.versions] == [("v2", SCHEMA), ("v1beta1", {})]


@pytest.mark.parametrize(
    ("spec", "versions"),
    [
        ({"version": "v1", "validation": {"openAPIV3Schema": SCHEMA}}, [("v1", SCHEMA)]),
        (
            {
                "validation": {"openAPIV3Schema": SCHEMA},
                "versions": [{"name": "v1", "served": True}, {"name": "v2", "served": True}],
            },
            [("v2", SCHEMA), ("v1", SCHEMA)],
        ),
        (
            {"version": "v1", "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": SCHEMA}}]},
            [("v1", SCHEMA)],
        ),
        ({"version": "v1"}, [("v1", {})]),
    ],
)
def test_v1beta1_has_one_schema_for_all_versions_or_one_in_each(spec: Any, versions: Any) -> None:
    (definition,) = parse_definitions(as_yaml(v1beta1(**spec)))
    assert [(version.name, version.schema) for version in definition.versions] == versions


def test_documents_of_other_kinds_are_passed_over_and_lists_are_opened() -> None:
    other = {"apiVersion": "v1", "kind": "ConfigMap"}
    listed = {"apiVersion": "v1", "kind": "List", "items": [crd(plural="tables", kind="Table"), other]}
    untyped = {key: value for key, value in crd(plural="views", kind="View").items() if key == "spec"}
    typed = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinitionList", "items": [untyped]}
    body = b"# a comment\n---\n" + as_yaml(other, crd(), listed, typed) + b"---\n"
    assert [one.plural for one in parse_definitions(body)] == ["databases", "tables", "views"]
    assert [one.plural for one in parse_definitions(orjson.dumps(listed))] == ["tables"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (crd(names=None), "spec.names of a CustomResourceDefinition is missing"),
        (crd(names={"plural": "databases"}), "spec.names.kind of a CustomResourceDefinition is missing"),
        (crd(group=["a"]), "spec.group of a CustomResourceDefinition is not a string"),
        (crd(versions={}), "spec.version of a CustomResourceDefinition is missing"),
        (crd(versions="v1"), "spec.versions of a CustomResourceDefinition is not a list"),
        (crd(versions=[{"name": "v1", "served": False}]), "databases.example.com: no version of it is served"),
        (crd(versions=[{"name": "../v1", "served": True}]), "version '../v1': a DNS-1035 label must consist of"),
        (crd(plural="../etc"), "../etc.example.com: '../etc': a DNS-1035 label must consist of"),
        (crd(kind="a b"), "databases.example.com: 'a b': a DNS-1035 label must consist of"),
        (crd(scope="Galaxy"), "databases.example.com: spec.scope: 'Galaxy' is not Namespaced or Cluster"),
        ({**crd(), "spec": []}, "spec of a CustomResourceDefinition is not an object"),
    ],
)
def test_an_incomplete_definition_is_refused(content: Any, message: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_definitions(as_yaml(content))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_what_is_not_yaml_is_refused() -> None:
    with pytest.raises(ValueError, match="error converting YAML to JSON: "):
        parse_definitions(b"a: [")
