"""The scale subresource of custom resources."""

from typing import Any

import pytest

from steersman.apiextensions.scale import ScalePaths
from steersman.apimachinery.errors import ApiError

PATHS = ScalePaths(
    {
        "specReplicasPath": ".spec.scale.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
)
META = {"name": "a", "namespace": "b", "uid": "u", "resourceVersion": "7", "creationTimestamp": "t"}


def parent(spec: Any, status: Any = None) -> dict[str, Any]:
    obj = {"apiVersion": "example.com/v1", "kind": "Database", "metadata": {**META, "labels": {"x": "y"}}, "spec": spec}
    return obj if status is None else {**obj, "status": status}


def scale(replicas: Any, **meta: Any) -> dict[str, Any]:
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": {"replicas": replicas}}


def test_read() -> None:
    assert PATHS.read(parent({"scale": {"replicas": 3}}, {"replicas": 2, "selector": "app=a"})) == {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": META,
        "spec": {"replicas": 3},
        "status": {"replicas": 2, "selector": "app=a"},
    }


def test_read_without_values() -> None:
    read = PATHS.read(parent({}))
    assert (read["spec"], read["status"]) == ({}, {"replicas": 0})


def test_read_of_a_wrong_type_is_an_internal_error() -> None:
    with pytest.raises(ApiError) as caught:
        PATHS.read(parent({"scale": {"replicas": "3"}}))
    assert caught.value.code == 500
    assert caught.value.message == (
        "Internal error occurred: .spec.scale.replicas accessor error: 3 is of the type string, expected int64"
    )


def test_write_makes_the_way_and_takes_the_resource_version() -> None:
    written = PATHS.write(parent({}), scale(5, resourceVersion="6", labels={"x": "z"}))
    assert written["spec"] == {"scale": {"replicas": 5}}
    assert written["metadata"] == {**META, "resourceVersion": "6", "labels": {"x": "y"}}


@pytest.mark.parametrize(
    ("replicas", "message"),
    [
        (None, 'the spec replicas field ".spec.scale.replicas" cannot be empty'),
        (
            "3",
            'Scale in version "v1" cannot be handled as a Scale: spec.replicas is not an integer (Go value of type '
            "int32)",
        ),
    ],
)
def test_write_of_no_number_is_refused(replicas: Any, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        PATHS.write(parent({}), scale(replicas))
    assert (caught.value.code, caught.value.message) == (400, message)


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (parent({"scale": {"replicas": 0}}, {"replicas": 0, "selector": ""}), []),
        (parent({}), []),
        (
            parent({"scale": {"replicas": -1}}),
            [".spec.scale.replicas: Invalid value: -1: should be a non-negative integer"],
        ),
        (
            parent({"scale": {"replicas": 2**31}}),
            [".spec.scale.replicas: Invalid value: 2147483648: should be less than or equal to 2147483647"],
        ),
        (
            parent({"scale": 1}, {"replicas": "x", "selector": 1}),
            [
                ".spec.scale.replicas: Invalid value: 0: "
                ".spec.scale accessor error: 1 is of the type int64, expected map[string]interface{}",
                ".status.replicas: Invalid value: 0: "
                ".status.replicas accessor error: x is of the type string, expected int64",
                '.status.selector: Invalid value: "": '
                ".status.selector accessor error: 1 is of the type int64, expected string",
            ],
        ),
    ],
)
def test_validate(obj: dict[str, Any], expected: list[str]) -> None:
    assert [str(error) for error in PATHS.validate(obj)] == expected
