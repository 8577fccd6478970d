from typing import Any

import pytest

from steersman.apimachinery.errors import FieldError
from steersman.apimachinery.names import label_name, subdomain_name
from steersman.apimachinery.object_meta import (
    MAX_ERRORS,
    restore_object_meta,
    validate_field_manager,
    validate_object_meta,
    validate_object_meta_update,
)

SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
NAME_PART_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
OWNER = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1"}


def texts(errors: list[FieldError]) -> list[str]:
    return [str(error) for error in errors]


def valid(**fields: Any) -> dict[str, Any]:
    return {"name": "web", "namespace": "default"} | fields


@pytest.mark.parametrize(
    "meta",
    [
        valid(),
        valid(generateName="web-"),
        valid(labels={"app": "web", "example.com/tier": ""}, annotations={"Example.COM/Note": "any thing\n"}),
        valid(annotations={"a": "x" * (256 * 1024 - 1)}),
        valid(finalizers=["example.com/cleanup", "orphan"], ownerReferences=[OWNER | {"controller": True}, OWNER]),
        valid(labels=None, annotations=None, ownerReferences=None, finalizers=None, managedFields=None),
        valid(managedFields=[{"manager": "kubectl", "operation": "Apply", "fieldsType": "FieldsV1"}]),
    ],
)
def test_good_metadata_is_accepted(meta: dict[str, Any]) -> None:
    assert validate_object_meta(meta, True, subdomain_name) == []


@pytest.mark.parametrize(
    ("meta", "messages"),
    [
        (valid(name=""), ["metadata.name: Required value: name or generateName is required"]),
        (valid(name="X"), [f'metadata.name: Invalid value: "X": {SUBDOMAIN_RULE}']),
        (
            valid(name="x_", generateName="_"),
            [
                f'metadata.generateName: Invalid value: "_": {SUBDOMAIN_RULE}',
                f'metadata.name: Invalid value: "x_": {SUBDOMAIN_RULE}',
            ],
        ),
        (valid(namespace=""), ["metadata.namespace: Required value"]),
        (valid(namespace="a.b"), ['metadata.namespace: Invalid value: "a.b": must not contain dots']),
        (valid(namespace="A"), [f'metadata.namespace: Invalid value: "A": {LABEL_RULE}']),
        (valid(generation=-1), ["metadata.generation: Invalid value: -1: must be greater than or equal to 0"]),
        (valid(labels={"-": "x"}), [f'metadata.labels: Invalid value: "-": {NAME_PART_RULE}']),
        (
            valid(labels={"a": "x" * 64}),
            [f'metadata.labels: Invalid value: "{"x" * 64}": must be no more than 63 bytes'],
        ),
        (valid(annotations={"-": "x"}), [f'metadata.annotations: Invalid value: "-": {NAME_PART_RULE}']),
        (
            valid(annotations={"a": "é" * (128 * 1024)}),
            ["metadata.annotations: Too long: may not be more than 262144 bytes"],
        ),
        (valid(finalizers=["a b"]), [f'metadata.finalizers: Invalid value: "a b": {NAME_PART_RULE}']),
        (
            valid(finalizers=["orphan", "foregroundDeletion"]),
            [
                'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: '
                "finalizer orphan and foregroundDeletion cannot be both set"
            ],
        ),
        (
            valid(ownerReferences=[{}]),
            [f"metadata.ownerReferences[0].{field}: Required value: must not be empty" for field in OWNER],
        ),
        (
            valid(ownerReferences=[OWNER, OWNER | {"apiVersion": "a/b/c"}]),
            ['metadata.ownerReferences[1].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or <version>'],
        ),
        (
            valid(ownerReferences=[{"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "2"}]),
            [
                "metadata.ownerReferences[0]: Invalid value: "
                '{"apiVersion":"v1","kind":"Event","name":"e","uid":"2"}: '
                "/v1, Kind=Event is disallowed from being an owner"
            ],
        ),
        (
            valid(ownerReferences=[OWNER | {"controller": True}, OWNER | {"controller": True, "name": "b"}]),
            [
                "metadata.ownerReferences: Invalid value: "
                '[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"1","controller":true},'
                '{"apiVersion":"apps/v1","kind":"Deployment","name":"b","uid":"1","controller":true}]: '
                "Only one reference can have Controller set to true. "
                'Found "true" in references for Deployment/web and Deployment/b'
            ],
        ),
        (
            valid(managedFields=[{"operation": "Patch", "fieldsType": "V2"}, {}]),
            [
                'metadata.managedFields[0].operation: Unsupported value: "Patch": supported values: "Apply", "Update"',
                'metadata.managedFields[0].fieldsType: Invalid value: "V2": must be `FieldsV1`',
                "metadata.managedFields[1].operation: Required value: must not be empty",
            ],
        ),
        (
            valid(managedFields=[{"operation": "Apply", "subresource": "s" * 257}]),
            ["metadata.managedFields[0].subresource: Too long: may not be more than 256 bytes"],
        ),
    ],
)
def test_bad_metadata_is_explained(meta: dict[str, Any], messages: list[str]) -> None:
    assert texts(validate_object_meta(meta, True, subdomain_name)) == messages


def test_an_object_without_namespace_may_not_name_one() -> None:
    errors = validate_object_meta(valid(), False, label_name)

    assert texts(errors) == ["metadata.namespace: Forbidden: not allowed on this type"]


OLD = valid(
    uid="1",
    resourceVersion="7",
    generation=3,
    creationTimestamp="2020-01-01T00:00:00Z",
    finalizers=["a"],
    labels={"app": "web"},
)


def test_an_update_of_what_a_client_owns_is_accepted() -> None:
    new = OLD | {"labels": {"app": "api"}, "annotations": {"a": "b"}, "finalizers": [], "generation": 4}

    assert validate_object_meta_update(new, OLD) == []


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"resourceVersion": ""}, ['metadata.resourceVersion: Invalid value: "": must be specified for an update']),
        ({"name": "b"}, ['metadata.name: Invalid value: "b": field is immutable']),
        ({"namespace": None}, ['metadata.namespace: Invalid value: "": field is immutable']),
        ({"uid": "2"}, ['metadata.uid: Invalid value: "2": field is immutable']),
        (
            {"creationTimestamp": "2020-01-01T00:00:01Z"},
            ['metadata.creationTimestamp: Invalid value: "2020-01-01T00:00:01Z": field is immutable'],
        ),
        (
            {"deletionTimestamp": "2020-01-01T00:00:01Z", "deletionGracePeriodSeconds": 5},
            [
                'metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:01Z": field is immutable',
                "metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable",
            ],
        ),
        ({"generation": 2}, ["metadata.generation: Invalid value: 2: must not be decremented"]),
        ({"labels": {"-": ""}}, [f'metadata.labels: Invalid value: "-": {NAME_PART_RULE}']),
    ],
)
def test_a_forbidden_change_is_explained(change: dict[str, Any], messages: list[str]) -> None:
    assert texts(validate_object_meta_update(OLD | change, OLD)) == messages


def test_the_same_moment_in_another_zone_is_no_change() -> None:
    assert validate_object_meta_update(OLD | {"creationTimestamp": "2020-01-01T01:00:00+01:00"}, OLD) == []


def test_an_object_being_deleted_takes_no_new_finalizers() -> None:
    old = OLD | {"deletionTimestamp": "2020-01-01T00:00:01Z"}

    assert validate_object_meta_update(old | {"finalizers": []}, old) == []
    assert texts(validate_object_meta_update(old | {"finalizers": ["c", "a", "b"]}, old)) == [
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"b", "c"}'
    ]


def test_what_an_update_cannot_change_is_restored() -> None:
    old = OLD | {"deletionTimestamp": "2020-01-01T00:00:01Z", "deletionGracePeriodSeconds": 0}
    new = valid(
        resourceVersion="7", creationTimestamp="2021-01-01T00:00:00Z", deletionTimestamp=None, generation=9, labels={}
    )

    restored = restore_object_meta(new, old)

    assert validate_object_meta_update(restored, old) == []
    assert (restored["uid"], restored["generation"], restored["labels"]) == ("1", 3, {})
    assert (restored["creationTimestamp"], restored["deletionTimestamp"], restored["deletionGracePeriodSeconds"]) == (
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:01Z",
        0,
    )


def test_another_uid_is_kept_so_that_it_is_refused() -> None:
    restored = restore_object_meta(valid(uid="2", resourceVersion="7"), OLD)

    assert texts(validate_object_meta_update(restored, OLD)) == ['metadata.uid: Invalid value: "2": field is immutable']


@pytest.mark.parametrize(
    ("manager", "messages"),
    [
        ("kubectl-client-side-apply", []),
        ("a b", []),
        ("é\n", ['fieldManager: Invalid value: "é\\n": invalid character U+000A (at position 2)']),
        ("x" * 129, ["fieldManager: Too long: may not be more than 128 bytes"]),
    ],
)
def test_field_managers(manager: str, messages: list[str]) -> None:
    assert texts(validate_field_manager(manager)) == messages


@pytest.mark.parametrize(
    "meta",
    [
        {"labels": {f"bad key {number}": "bad value!" for number in range(1000)}},
        {"annotations": {f"bad key {number}": "" for number in range(1000)}},
        {"finalizers": [f"bad key {number}" for number in range(1000)]},
        {"ownerReferences": [{}] * 1000},
        {"managedFields": [{}] * 1000},
    ],
)
def test_of_very_many_faults_some_are_told(meta: dict[str, Any]) -> None:
    errors = validate_object_meta({"name": "a", "namespace": "b"} | meta, True, subdomain_name)

    assert MAX_ERRORS <= len(errors) <= MAX_ERRORS + 4


def test_a_second_controller_is_told_once_however_many_follow() -> None:
    reference = {"apiVersion": "v1", "kind": "Pod", "uid": "u", "controller": True}
    owners = [reference | {"name": f"p{number}"} for number in range(20)]
    (error,) = validate_object_meta({"name": "a", "namespace": "b", "ownerReferences": owners}, True, subdomain_name)

    assert 'Found "true" in references for Pod/p0 and Pod/p1' in str(error)


def test_the_letters_of_a_manager_that_is_too_long_are_not_looked_at() -> None:
    (error,) = validate_field_manager("\x01" * 20_000)

    assert str(error) == "fieldManager: Too long: may not be more than 128 bytes"
