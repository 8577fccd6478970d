"""What the server sets on a definition, what it warns of, how a deletion begins."""

from copy import deepcopy
from typing import Any

import pytest

from steersman.apiextensions.definition_strategy import DefinitionStrategy

Definition = dict[str, Any]

V1, V1BETA1 = DefinitionStrategy(v1=True), DefinitionStrategy(v1=False)


def version(name: str, storage: bool = False, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": schema or {"type": "object"}},
    }


def definition(*versions: dict[str, Any], **spec: Any) -> Definition:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "databases.example.com", "uid": "1", "generation": 1},
        "spec": {
            "group": "example.com",
            "names": {"plural": "databases", "kind": "Database"},
            "scope": "Namespaced",
            "versions": list(versions) or [version("v1", storage=True)],
            **spec,
        },
    }


def with_schema(schema: dict[str, Any]) -> Definition:
    return definition(version("v1", storage=True, schema=schema))


def test_a_new_definition_gets_defaults_and_an_empty_status() -> None:
    crd = {**definition(), "status": {"storedVersions": ["v9"]}}
    V1.prepare_for_create(crd)
    assert crd["spec"]["names"]["listKind"] == "DatabaseList"
    assert crd["status"] == {
        "acceptedNames": {"kind": "", "plural": ""},
        "conditions": [],
        "storedVersions": ["v1"],
    }


def test_an_update_cannot_change_the_status() -> None:
    old = definition()
    V1.prepare_for_create(old)
    new = {**deepcopy(old), "status": {"storedVersions": ["v9"]}}
    V1.prepare_for_update(new, old)
    assert new["status"] == old["status"]


@pytest.mark.parametrize("strategy", [V1, V1BETA1])
@pytest.mark.parametrize("crd", [{}, {"spec": {}}, {"spec": {"versions": [{"storage": True}], "names": {}}}])
def test_what_is_incomplete_is_left_for_the_schema_to_refuse(strategy: DefinitionStrategy, crd: Definition) -> None:
    strategy.prepare_for_create(deepcopy(crd))
    strategy.prepare_for_update(deepcopy(crd), {"status": {}})


def test_a_new_storage_version_is_recorded() -> None:
    old = definition()
    V1.prepare_for_create(old)
    new = deepcopy(old)
    new["spec"]["versions"] = [version("v1"), version("v2", storage=True)]
    V1.prepare_for_update(new, old)
    assert new["status"]["storedVersions"] == ["v1", "v2"]
    assert old["status"]["storedVersions"] == ["v1"]
    assert V1.validate_update(new, old) == []


def test_a_status_update_is_checked_for_its_names_only() -> None:
    def change(crd: Definition) -> None:
        crd["status"]["acceptedNames"] = {"plural": "D", "kind": "Database"}

    old = definition()
    V1.prepare_for_create(old)
    new = deepcopy(old)
    change(new)
    (error,) = V1.validate_update(new, old)
    assert error.field == "status.acceptedNames.plural"


def test_deletion_begins_with_a_finalizer() -> None:
    crd = definition()
    V1.prepare_for_create(crd)
    assert not V1.may_go(crd)
    crd["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    V1.begin_deletion(crd)
    assert crd["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert not V1.may_go(crd)
    assert crd["status"]["conditions"] == [
        {
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
            "reason": "InstanceDeletionPending",
            "status": "True",
            "type": "Terminating",
        }
    ]
    crd["metadata"]["finalizers"] = []
    assert V1.may_go(crd)


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"format": "semver", "type": "string"}, 'unrecognized format "semver"'),
        ({"format": "int128", "type": "integer"}, 'unrecognized format "int128"'),
        (
            {
                "type": "array",
                "x-kubernetes-list-type": "set",
                "items": {"type": "object", "x-kubernetes-map-type": "atomic"},
            },
            'x-kubernetes-list-type: set for items of type "object" is not supported by server-side apply or CEL '
            "validation rules",
        ),
        ({"type": "object", "x-kubernetes-validations": [{"rule": "true"}]}, "does not evaluate them yet"),
    ],
)
def test_warnings(fields: dict[str, Any], part: str) -> None:
    (warning,) = V1.warnings(with_schema({"type": "object", "properties": {"spec": fields}}))
    assert part in warning


def test_known_formats_and_plain_definitions_do_not_warn() -> None:
    formats = {"a": {"type": "string", "format": "date-time"}, "b": {"type": "integer", "format": "int64"}}
    assert V1.warnings(with_schema({"type": "object", "properties": formats})) == []


def test_conversion_by_webhook_warns_where_there_is_something_to_convert() -> None:
    webhook = {
        "strategy": "Webhook",
        "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://a"}},
    }
    two = definition(version("v1"), version("v2", storage=True), conversion=webhook)
    (warning,) = V1.warnings(two)
    assert 'only the storage version "v2" is served' in warning
    assert V1.warnings(definition(conversion=webhook)) == []
