from types import SimpleNamespace
from typing import Any

import pytest

from steersman.client.cache import CachedObject
from steersman.client.custom_resource import ApiModel, CustomResource, ObjectMeta
from steersman.client.event_recorder import reference


class Spec(ApiModel):
    size: int


class Database(CustomResource, group="example.com", version="v1", plural="databases"):
    spec: Spec


METADATA = {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", "labels": {"x": "y"}}
CONTENT: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Database",
    "metadata": METADATA,
    "spec": {"size": 1},
}
EXPECTED = {
    "apiVersion": "example.com/v1",
    "kind": "Database",
    "name": "a",
    "namespace": "n",
    "uid": "u",
    "resourceVersion": "7",
}


@pytest.mark.parametrize(
    "obj",
    [
        CONTENT,
        CachedObject.from_dict(CONTENT),
        Database.model_validate(CONTENT),
        Database(metadata=ObjectMeta(name="a", namespace="n", uid="u", resource_version="7"), spec=Spec(size=1)),
        SimpleNamespace(
            api_version="example.com/v1",
            kind="Database",
            metadata=SimpleNamespace(name="a", namespace="n", uid="u", resource_version="7"),
        ),
        EXPECTED,
    ],
)
def test_objects_of_all_forms_can_be_referred_to(obj: Any) -> None:
    assert reference(obj) == EXPECTED


def test_what_is_not_known_is_left_out() -> None:
    assert reference({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}) == {
        "apiVersion": "v1",
        "kind": "Node",
        "name": "a",
    }
    assert reference({"apiVersion": "v1", "kind": "Pod", "name": "a", "fieldPath": "spec"})["fieldPath"] == "spec"


@pytest.mark.parametrize(
    "obj",
    [{}, {"kind": "Pod", "metadata": {"name": "a"}}, {"apiVersion": "v1", "kind": "Pod", "metadata": {}}],
)
def test_what_cannot_be_found_again_cannot_be_referred_to(obj: Any) -> None:
    with pytest.raises(ValueError, match="cannot be referred to"):
        reference(obj)
