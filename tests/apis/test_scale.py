"""The replicas of a kind as a Scale, and back."""

from typing import Any

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apis.scale import read_scale, write_scale

METADATA = {
    "name": "web",
    "namespace": "ns",
    "uid": "u",
    "resourceVersion": "7",
    "creationTimestamp": "2026-01-01T00:00:00Z",
}


def test_what_a_scale_shows() -> None:
    deployment = {
        "metadata": {**METADATA, "labels": {"a": "b"}, "generation": 3},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"replicas": 2},
    }
    assert read_scale(deployment) == {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": METADATA,
        "spec": {"replicas": 3},
        "status": {"replicas": 2, "selector": "app=web"},
    }


@pytest.mark.parametrize("parts", [{}, {"spec": None, "status": None}, {"spec": {"replicas": None}, "status": {}}])
def test_a_scale_of_an_incomplete_object_is_zero(parts: dict[str, Any]) -> None:
    scale = read_scale({"metadata": {"name": "web"}, **parts})
    assert scale["spec"] == {"replicas": 0}
    assert scale["status"] == {"replicas": 0, "selector": ""}


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"tier": "front", "app": "web"}, "app=web,tier=front"),
        ({}, ""),
        ({"matchLabels": {}}, ""),
        (
            {
                "matchLabels": {"m": "1"},
                "matchExpressions": [
                    {"key": "z", "operator": "NotIn", "values": ["b", "a"]},
                    {"key": "a", "operator": "Exists"},
                    {"key": "n", "operator": "DoesNotExist"},
                    {"key": "b", "operator": "In", "values": ["y", "x"]},
                ],
            },
            "a,b in (x,y),m=1,!n,z notin (a,b)",
        ),
    ],
)
def test_the_selector_is_written_in_order_of_its_keys(selector: dict[str, Any], text: str) -> None:
    assert read_scale({"metadata": {}, "spec": {"selector": selector}})["status"]["selector"] == text


@pytest.mark.parametrize(
    ("spec", "replicas"), [({"replicas": 5}, 5), ({"replicas": 0}, 0), ({}, 0), ({"replicas": None}, 0)]
)
def test_replicas_are_put_into_the_object(spec: dict[str, Any], replicas: int) -> None:
    parent = {"metadata": dict(METADATA), "spec": {"replicas": 3, "paused": True}}
    written = write_scale(parent, {"metadata": {"resourceVersion": "6"}, "spec": spec})
    assert written["spec"] == {"replicas": replicas, "paused": True}
    assert written["metadata"] == {**METADATA, "resourceVersion": "6"}


@pytest.mark.parametrize("spec", [{"replicas": -1}, {"replicas": "3"}, {"replicas": True}, {"replicas": 1.5}, "x"])
def test_what_is_no_number_of_replicas_is_refused(spec: Any) -> None:
    parent = {"metadata": dict(METADATA), "spec": {"replicas": 3}}
    with pytest.raises(ApiError, match="must be greater than or equal to 0") as refused:
        write_scale(parent, {"spec": spec})
    assert refused.value.code == 422
    assert parent["spec"] == {"replicas": 3}
