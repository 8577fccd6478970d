"""From client-side apply to server-side apply, and back."""

import json
from typing import Any

import pytest
from tests.apimachinery.server_side_apply.schemas import World, thing

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.server_side_apply.last_applied import LAST_APPLIED


def client_side(live: dict[str, Any], applied: dict[str, Any]) -> World:
    """An object that client-side apply made, and others may have changed since."""
    annotations = {LAST_APPLIED: json.dumps(applied)}
    return World(live={**live, "metadata": {**live["metadata"], "annotations": annotations}})


def test_kubectl_takes_over_from_its_client_side_apply() -> None:
    world = client_side(thing(replicas=1, image="x"), thing(replicas=1, image="x"))

    world.apply(thing(replicas=2, image="x"), "kubectl")

    assert world.live["spec"] == {"replicas": 2, "image": "x"}
    assert world.fields("kubectl-client-side-apply", "Update") == {
        "f:metadata": {"f:annotations": {f"f:{LAST_APPLIED}": {}}},
        "f:spec": {".": {}, "f:image": {}},
    }


def test_what_others_have_changed_since_is_not_its_own() -> None:
    world = client_side(thing(replicas=5, image="x"), thing(replicas=1, image="x"))

    with pytest.raises(ApiError, match=r'1 conflict: conflict with "before-first-apply" using .*: \.spec\.replicas'):
        world.apply(thing(replicas=2, image="y"), "kubectl")


def test_another_manager_does_not_take_over() -> None:
    world = client_side(thing(replicas=1), thing(replicas=1))

    with pytest.raises(ApiError, match=r'"kubectl-client-side-apply" using example.com/v1: \.spec\.replicas'):
        world.apply(thing(replicas=2), "flux")


@pytest.mark.parametrize(
    "annotation", ["", "{", "[]", '{"apiVersion": "v2"}', json.dumps(thing(none=1)), json.dumps(thing(replicas="1"))]
)
def test_an_annotation_that_does_not_tell(annotation: str) -> None:
    live = thing(replicas=1, metadata={"annotations": {LAST_APPLIED: annotation}})

    with pytest.raises(ApiError, match=r'"before-first-apply" using example.com/v1: \.spec\.replicas'):
        World(live=live).apply(thing(replicas=2), "kubectl")


def test_the_annotation_is_kept_up_to_date() -> None:
    world = client_side(thing(replicas=1), thing(replicas=1))
    applied = thing(replicas=2, metadata={"annotations": {"a": "b", LAST_APPLIED: "none"}})

    merged = world.apply(applied, "kubectl", force=True)

    told = merged["metadata"]["annotations"][LAST_APPLIED]
    assert told.endswith("\n")
    assert json.loads(told) == thing(replicas=2, metadata={"annotations": {"a": "b"}})


def test_who_never_applied_on_the_client_gets_no_annotation() -> None:
    assert "annotations" not in World().apply(thing(replicas=2), "kubectl")["metadata"]


def test_an_annotation_that_would_be_too_large_is_taken_away() -> None:
    world = client_side(thing(image="x"), thing(image="x"))

    merged = world.apply(thing(image="y" * 300_000), "kubectl")

    assert merged["metadata"]["annotations"] == {}
