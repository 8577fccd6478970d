from typing import Any

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.object_meta_types import check_object_meta_types


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"name": "a", "labels": {"a": "b", "c": None}, "annotations": None, "unknown": 5},
        {"ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "1", "controller": True}, None]},
        {"finalizers": ["a"], "generation": 3, "creationTimestamp": "2020-01-01T00:00:00Z"},
        {"creationTimestamp": None, "deletionTimestamp": None, "deletionGracePeriodSeconds": None},
        {"managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}, "time": "2020-01-01T00:00:00Z"}]},
    ],
)
def test_metadata_of_the_right_types_is_accepted(metadata: Any) -> None:
    check_object_meta_types(metadata, "ConfigMap", "v1")


META = "ObjectMeta.metadata"
OWNER = "OwnerReference.metadata.ownerReferences"
MANAGED = "ManagedFieldsEntry.metadata.managedFields"


@pytest.mark.parametrize(
    ("metadata", "got", "field", "wanted"),
    [
        ("a", "string", "ConfigMap.metadata", "v1.ObjectMeta"),
        ([], "array", "ConfigMap.metadata", "v1.ObjectMeta"),
        ({"name": 1}, "number", f"{META}.name", "string"),
        ({"uid": {}}, "object", f"{META}.uid", "types.UID"),
        ({"labels": {"a": 1}}, "number", f"{META}.labels", "string"),
        ({"labels": ["a"]}, "array", f"{META}.labels", "map[string]string"),
        ({"annotations": {"a": True}}, "bool", f"{META}.annotations", "string"),
        ({"generation": 1.5}, "number 1.5", f"{META}.generation", "int64"),
        ({"generation": 2**63}, "number 9223372036854775808", f"{META}.generation", "int64"),
        ({"generation": "1"}, "string", f"{META}.generation", "int64"),
        ({"generation": True}, "bool", f"{META}.generation", "int64"),
        ({"creationTimestamp": 1}, "number", f"{META}.creationTimestamp", "string"),
        ({"finalizers": "a"}, "string", f"{META}.finalizers", "[]string"),
        ({"finalizers": [1]}, "number", f"{META}.finalizers", "string"),
        ({"ownerReferences": ["a"]}, "string", f"{META}.ownerReferences", "v1.OwnerReference"),
        ({"ownerReferences": {}}, "object", f"{META}.ownerReferences", "[]v1.OwnerReference"),
        ({"ownerReferences": [{"name": 1}]}, "number", f"{OWNER}.name", "string"),
        ({"ownerReferences": [{}, {"controller": "yes"}]}, "string", f"{OWNER}.controller", "bool"),
        ({"managedFields": [{"operation": 1}]}, "number", f"{MANAGED}.operation", "v1.ManagedFieldsOperationType"),
    ],
)
def test_a_wrong_type_is_a_bad_request_in_the_decoders_words(metadata: Any, got: str, field: str, wanted: str) -> None:
    with pytest.raises(ApiError) as error:
        check_object_meta_types(metadata, "ConfigMap", "v1")

    assert (error.value.code, error.value.reason) == (400, "BadRequest")
    assert str(error.value) == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
        f"json: cannot unmarshal {got} into Go struct field {field} of type {wanted}"
    )


def test_a_time_that_is_none_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match=r'cannot be handled as a Pod: parsing time "now" as .*: cannot parse "now"'):
        check_object_meta_types({"deletionTimestamp": "now"}, "Pod", "v1")
