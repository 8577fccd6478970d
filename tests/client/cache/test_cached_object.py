import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from steersman.apimachinery.label_selector import parse
from steersman.client.cache import CachedObject, MalformedObject, OwnerReference, ReadOnlyMapping, TypeMeta

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "6d1b",
        "resourceVersion": "41",
        "generation": 3,
        "labels": {"app": "web"},
        "annotations": {"note": "ü"},
        "deletionTimestamp": "2026-01-02T03:04:05Z",
        "ownerReferences": [
            {
                "apiVersion": "v1",
                "kind": "Shop",
                "name": "s",
                "uid": "77",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    },
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "c", "image": "i:1"}]}}},
}


def deployment() -> CachedObject:
    return CachedObject(orjson.dumps(DEPLOYMENT))


def test_the_metadata_is_there_without_parsing() -> None:
    obj = deployment()
    assert (obj.api_version, obj.kind, obj.namespace, obj.name, obj.key) == (
        "apps/v1",
        "Deployment",
        "shop",
        "web",
        "shop/web",
    )
    assert (obj.uid, obj.resource_version, obj.generation) == ("6d1b", "41", 3)
    assert obj.deletion_timestamp == "2026-01-02T03:04:05Z"
    assert obj.labels == {"app": "web"}
    assert obj.annotations == {"note": "ü"}
    assert obj.owner_references == (OwnerReference("v1", "Shop", "s", "77", True, True),)
    assert not obj.parsed


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "n"},
        {
            "name": "n",
            "namespace": None,
            "uid": None,
            "resourceVersion": None,
            "generation": None,
            "labels": None,
            "annotations": None,
            "ownerReferences": None,
            "deletionTimestamp": None,
        },
    ],
    ids=["absent", "null"],
)
def test_what_the_metadata_lacks_is_empty(metadata: dict[str, Any]) -> None:
    obj = CachedObject.from_dict({"metadata": metadata})
    assert (obj.key, obj.namespace, obj.uid, obj.resource_version, obj.generation) == ("n", "", "", "", 0)
    assert (obj.labels, obj.annotations, obj.owner_references, obj.deletion_timestamp) == ({}, {}, (), None)


def test_it_reads_like_the_mapping_it_is() -> None:
    obj = deployment()
    assert obj["spec"]["replicas"] == 2
    assert obj["spec"]["template"]["spec"]["containers"][0]["image"] == "i:1"
    assert obj.get("status") is None
    assert "spec" in obj
    assert "status" not in obj
    assert [*obj] == ["apiVersion", "kind", "metadata", "spec"]
    assert len(obj) == 4
    assert obj["metadata"]["annotations"]["note"] == "ü"


def test_it_is_equal_by_content() -> None:
    other_order = {key: DEPLOYMENT[key] for key in reversed(DEPLOYMENT)}
    assert deployment() == deployment()
    assert deployment() == CachedObject.from_dict(other_order)
    assert deployment() == DEPLOYMENT
    assert deployment() != CachedObject.from_dict(DEPLOYMENT | {"spec": {}})
    assert deployment() != {}
    assert deployment() != "a string"


def test_it_cannot_be_changed() -> None:
    obj: Any = deployment()
    with pytest.raises(TypeError, match=r"deep_copy\(\)"):
        obj["spec"] = {}
    with pytest.raises(TypeError, match=r"deep_copy\(\)"):
        del obj["spec"]
    with pytest.raises(TypeError, match=r"deep_copy\(\)"):
        obj["spec"]["template"]["spec"]["containers"].append({})
    with pytest.raises(TypeError, match=r"deep_copy\(\)"):
        obj.labels["app"] = "other"
    with pytest.raises(TypeError, match=r"deep_copy\(\)"):
        obj.setdefault("status", {})
    with pytest.raises(AttributeError):
        obj.name = "other"
    assert obj == DEPLOYMENT


def test_a_deep_copy_is_the_callers() -> None:
    obj = deployment()
    for copied in (obj.deep_copy(), copy.deepcopy(obj)):
        copied["spec"]["replicas"] = 5
    assert obj["spec"]["replicas"] == 2


def test_a_transform_makes_an_object_of_what_it_left() -> None:
    content = deployment().deep_copy()
    del content["spec"]
    lean = CachedObject.from_dict(content)
    assert lean.key == "shop/web"
    assert "spec" not in lean
    assert b"replicas" not in lean.raw


def test_released_content_is_parsed_again_and_held_views_stay_valid() -> None:
    obj = deployment()
    spec = obj["spec"]
    before = obj.parsed
    obj.release()
    assert (before, obj.parsed) == (True, False)
    assert spec["replicas"] == 2
    assert obj["spec"] == spec


@pytest.mark.parametrize(("selector", "selected"), [("app=web", True), ("app!=web", False), ("", True), ("!x", True)])
def test_it_matches_label_selectors(selector: str, selected: bool) -> None:
    assert deployment().matches(parse(selector)) is selected


def test_the_strings_that_all_objects_share_are_shared() -> None:
    one, other = deployment(), deployment()
    assert one.namespace is other.namespace
    assert one.kind is other.kind
    assert one.api_version is other.api_version


@pytest.mark.parametrize(
    ("own", "api_version", "kind"),
    [
        ({}, "v1", "Pod"),
        ({"apiVersion": "v2", "kind": "Other"}, "v2", "Other"),
        ({"kind": "Other"}, "v1", "Other"),
        ({"apiVersion": "v2"}, "v2", "Pod"),
    ],
)
def test_the_default_type_is_spliced_in_where_the_object_does_not_tell(
    own: dict[str, str], api_version: str, kind: str
) -> None:
    raw = orjson.dumps(own | {"metadata": {"name": "n"}})
    obj = CachedObject(raw, TypeMeta("v1", "Pod"))
    assert (obj.api_version, obj.kind) == (api_version, kind)
    assert obj == {"apiVersion": api_version, "kind": kind, "metadata": {"name": "n"}}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"{}", b'{"metadata":null}', b'{"metadata":{"name":1}}', b'{"metadata":{}} x']
)
def test_what_is_no_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedObject, match="unable to decode an object"):
        CachedObject(raw)


@pytest.mark.parametrize(
    ("metadata", "look"),
    [
        ({"labels": {"a": 1}}, lambda obj: obj.labels),
        ({"labels": ["a"]}, lambda obj: obj.matches(parse("a"))),
        ({"uid": 1}, lambda obj: obj.uid),
        ({"annotations": 1}, lambda obj: obj.annotations),
        ({"ownerReferences": 1}, lambda obj: obj.owner_references),
    ],
)
def test_what_is_decoded_late_is_malformed_when_it_is_looked_at(
    metadata: dict[str, Any], look: Callable[[CachedObject], object]
) -> None:
    obj = CachedObject.from_dict({"metadata": {"name": "n"} | metadata})
    with pytest.raises(MalformedObject, match="of n:"):
        look(obj)


def test_its_repr_names_it() -> None:
    assert repr(deployment()) == "<apps/v1 Deployment shop/web at 41>"
    assert repr(ReadOnlyMapping({"a": 1})) == "ReadOnlyMapping({'a': 1})"
