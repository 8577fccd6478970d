"""What is served of an established definition."""

from copy import deepcopy
from typing import Any

import pytest

from steersman.apiextensions.custom_resource import served_resources, stored_kind, storing_resource
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.registry.resource import STANDARD_VERBS, Resource

Definition = dict[str, Any]

NAMES = {
    "plural": "databases",
    "singular": "database",
    "kind": "Database",
    "listKind": "DatabaseList",
    "shortNames": ["db"],
    "categories": ["all"],
}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}},
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}


def version(name: str, storage: bool = False, **fields: Any) -> dict[str, Any]:
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": SCHEMA}, **fields}


def definition(*versions: dict[str, Any], **spec: Any) -> Definition:
    return {
        "metadata": {"name": "databases.example.com", "uid": "1"},
        "spec": {
            "group": "example.com",
            "names": NAMES,
            "scope": "Namespaced",
            "versions": list(versions) or [version("v1", storage=True)],
            **spec,
        },
        "status": {"acceptedNames": NAMES, "conditions": []},
    }


def only(crd: Definition) -> Resource:
    (resource,) = served_resources(crd)
    return resource


def database(**fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Database",
        "metadata": {"name": "a", "namespace": "b"},
        **fields,
    }


def test_names_and_place() -> None:
    resource = only(definition())
    assert (resource.group, resource.version, resource.plural, resource.kind) == (
        "example.com",
        "v1",
        "databases",
        "Database",
    )
    assert (resource.singular, resource.list_kind) == ("database", "DatabaseList")
    assert (resource.short_names, resource.categories) == (("db",), ("all",))
    assert resource.verbs == STANDARD_VERBS
    assert resource.namespaced
    assert resource.custom
    assert not resource.strategic_merge
    assert resource.definition.name == "com.example.v1.Database"
    assert resource.stored is not None
    assert resource.stored.prefix == "/registry/example.com/databases/"
    assert resource.stored.key("b", "a") == "/registry/example.com/databases/b/a"
    assert resource.is_stored_version


def test_served_versions_share_what_is_stored() -> None:
    versions = (version("v1"), version("v2", storage=True), version("v3", served=False))
    first, second = served_resources(definition(*versions))
    assert (first.version, second.version) == ("v1", "v2")
    assert first.stored is second.stored
    assert first.stored is not None
    assert first.stored.kind == ("example.com", "v2", "Database")
    assert first.conversion is None
    assert not first.is_stored_version


def test_names_are_the_accepted_ones() -> None:
    crd = definition()
    crd["spec"]["names"] = {**NAMES, "singular": "wanted", "shortNames": ["taken"]}
    resource = only(crd)
    assert (resource.singular, resource.short_names) == ("database", ("db",))


def test_a_webhook_leaves_the_storage_version() -> None:
    webhook = {"strategy": "Webhook", "webhook": {}}
    assert only(definition(version("v1"), version("v2", storage=True), conversion=webhook)).version == "v2"
    assert only(definition(conversion=webhook)).version == "v1"


def test_the_storing_resource_is_there_when_no_version_is_served() -> None:
    crd = definition(version("v1", storage=True, served=False))
    assert served_resources(crd) == []
    assert storing_resource(crd).version == "v1"


def test_the_schema_prunes_defaults_and_validates() -> None:
    schema = only(definition()).definition.compiled
    obj = database(spec={"other": 1}, more={})
    assert schema.prune(obj) == ["more", "spec.other"]
    schema.default(obj)
    assert obj["spec"] == {"size": 1}
    assert [error.field for error in schema.validate(database(spec={"size": "x"}))] == ["spec.size"]


def test_unknown_fields_can_be_preserved() -> None:
    schema = only(definition(preserveUnknownFields=True)).definition.compiled
    obj = database(spec={"other": 1}, more={})
    assert schema.prune(obj) == []
    assert obj == database(spec={"other": 1}, more={})
    assert [error.field for error in schema.validate(database(spec={"size": "x"}))] == ["spec.size"]


def test_without_a_schema_everything_is_kept() -> None:
    bare = {"name": "v1", "served": True, "storage": True}
    schema = only(definition(bare, preserveUnknownFields=True)).definition.compiled
    obj = database(anything={"at": ["all"]})
    assert schema.prune(obj) == []
    assert schema.validate(obj) == []


def with_subresources(**subresources: Any) -> Resource:
    return only(definition(version("v1", storage=True, subresources=subresources)))


def test_status_is_apart_where_it_is_a_subresource() -> None:
    resource = with_subresources(status={})
    assert resource.strategy.has_status
    assert resource.subresources["status"].verbs == ("get", "patch", "update")
    created = database(status={"phase": "x"})
    resource.strategy.prepare_for_create(created)
    assert "status" not in created
    changed = database(status={"phase": "y"})
    resource.strategy.prepare_for_update(changed, database(status={"phase": "x"}))
    assert changed["status"] == {"phase": "x"}


def test_status_is_an_ordinary_field_where_it_is_not() -> None:
    resource = with_subresources()
    assert not resource.subresources
    created = database(status={"phase": "x"})
    resource.strategy.prepare_for_create(created)
    assert created["status"] == {"phase": "x"}


def test_scale() -> None:
    resource = with_subresources(scale={"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"})
    scale = resource.subresources["scale"]
    assert scale.kind == ("autoscaling", "v1", "Scale")
    assert scale.read is not None
    assert scale.read(database(spec={"size": 3}))["spec"] == {"replicas": 3}
    errors = resource.strategy.validate(database(spec={"size": -1}))
    assert [str(error) for error in errors] == [".spec.size: Invalid value: -1: should be a non-negative integer"]


def test_selectable_fields_are_read_as_text() -> None:
    fields = [{"jsonPath": ".spec.size"}, {"jsonPath": ".spec.on"}, {"jsonPath": ".spec.name"}]
    resource = only(definition(version("v1", storage=True, selectableFields=fields)))
    assert resource.selectable_fields == {"metadata.name", "metadata.namespace", "spec.size", "spec.on", "spec.name"}
    assert resource.stored is not None
    read = resource.stored.codec.fields
    assert read is not None
    assert read({"spec": {"size": 3, "on": True}}) == {"spec.size": "3", "spec.on": "true", "spec.name": ""}


def test_cluster_scoped_objects_have_no_namespace_to_select() -> None:
    resource = only(definition(scope="Cluster"))
    assert resource.selectable_fields == {"metadata.name"}
    assert resource.stored is not None
    assert resource.stored.key("", "a") == "/registry/example.com/databases/a"


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"schema": {"openAPIV3Schema": {"type": "object"}}}, True),
        ({"selectableFields": [{"jsonPath": ".spec.size"}]}, False),
        ({"name": "v2"}, False),
    ],
)
def test_the_stored_kind_is_kept_while_nothing_of_it_changes(change: dict[str, Any], kept: bool) -> None:
    before = stored_kind(definition())
    changed = definition({**version("v1", storage=True), **change})
    assert (stored_kind(changed, before) is before) is kept


def test_nothing_is_created_while_the_definition_goes() -> None:
    crd = definition()
    crd["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    with pytest.raises(ApiError) as caught:
        only(crd).strategy.prepare_for_create(database())
    assert caught.value.code == 403
    assert caught.value.message == (
        'databases.example.com "a" is forbidden: create not allowed while custom resource definition is terminating'
    )
    changed = database()
    only(crd).strategy.prepare_for_update(changed, database())
    assert changed == database()


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({}, "example.com/v1beta1 Database is deprecated; use example.com/v2 Database"),
        ({"deprecationWarning": "no more"}, "no more"),
    ],
)
def test_a_deprecated_version_warns(fields: dict[str, Any], warning: str) -> None:
    old = version("v1beta1", deprecated=True, **fields)
    first, second, third = served_resources(definition(old, version("v1"), version("v2", storage=True)))
    assert first.strategy.warnings(database()) == [warning]
    assert second.strategy.warnings(database()) == third.strategy.warnings(database()) == []


def test_a_deprecated_version_without_a_better_one() -> None:
    resource = only(definition(version("v1", storage=True, deprecated=True)))
    assert resource.strategy.warnings(database()) == ["example.com/v1 Database is deprecated"]


@pytest.mark.parametrize(
    ("finalizer", "warning"),
    [
        ("example.com/mine", None),
        ("orphan", None),
        (
            "mine",
            "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers",
        ),
        (
            "example.com",
            "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other "
            "finalizer writers",
        ),
    ],
)
def test_finalizers_without_a_domain_warn(finalizer: str, warning: str | None) -> None:
    obj = database()
    obj["metadata"]["finalizers"] = [finalizer]
    expected = [] if warning is None else [f'metadata.finalizers: "{finalizer}": {warning}']
    assert only(definition()).strategy.warnings(obj) == expected


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ([], ["Name", "Age"]),
        ([{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}], ["Name", "Size"]),
        ([{"name": "Size", "type": "integer", "jsonPath": ".spec["}], ["Name"]),
    ],
)
def test_columns(columns: list[dict[str, Any]], shown: list[str]) -> None:
    made = only(definition(version("v1", storage=True, additionalPrinterColumns=columns))).columns()
    assert [column.name for column in made.columns] == shown


def test_serving_leaves_the_definition_alone() -> None:
    crd = definition(version("v1", storage=True, additionalPrinterColumns=[]))
    before = deepcopy(crd)
    only(crd).definition.compiled.default(database())
    assert crd == before
