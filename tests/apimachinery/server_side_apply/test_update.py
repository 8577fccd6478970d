"""Writes that are no apply: what they change is theirs from then on."""

from typing import Any

import pytest
from tests.apimachinery.server_side_apply.schemas import LATER, NOW, Object, World, managers, thing


def applied(**spec: Any) -> World:
    world = World()
    world.apply(thing(**spec), "applier")
    return world


def test_an_update_takes_what_it_changes_and_adds() -> None:
    world = applied(replicas=1, image="x")

    world.update(thing(replicas=2, image="x", paused=True), "kubectl-edit", now=LATER)

    assert world.fields("applier") == {"f:spec": {"f:image": {}}}
    assert world.fields("kubectl-edit", "Update") == {"f:spec": {"f:paused": {}, "f:replicas": {}}}
    assert [(entry["time"], entry["apiVersion"]) for entry in world.entries] == [
        (NOW, "example.com/v1"),
        (LATER, "example.com/v1"),
    ]


def test_what_an_update_removes_nobody_manages() -> None:
    world = applied(replicas=1, image="x")

    world.update(thing(image="x"), now=LATER)

    assert world.fields("applier") == {"f:spec": {"f:image": {}}}
    assert world.fields("user", "Update") is None
    assert world.entries[0]["time"] == NOW


def test_an_update_that_changes_nothing_changes_no_manager() -> None:
    world = applied(replicas=1, tags=["a", "b"], any={"a": 1.0})
    before = world.entries

    world.update(thing(tags=["b", "a"], any={"a": 1}, replicas=1), now=LATER)

    assert world.entries == before


def test_what_a_manager_has_from_before_stays_with_it() -> None:
    world = applied(image="x")
    world.update(thing(image="x", replicas=1))

    world.update(thing(image="x", replicas=1, paused=True), now=LATER)

    assert world.fields("user", "Update") == {"f:spec": {"f:paused": {}, "f:replicas": {}}}


def test_an_object_that_nobody_applied_is_not_tracked() -> None:
    world = World(live=thing(replicas=1))

    world.update(thing(replicas=2))

    assert world.entries == []


@pytest.mark.parametrize("sent", [[], [{}]])
def test_a_client_may_end_the_tracking(sent: list[Any]) -> None:
    world = applied(replicas=1)

    world.update(thing(replicas=2), sent=sent)

    assert world.entries == []


def test_a_client_may_say_who_manages_what() -> None:
    world = applied(replicas=1)
    sent = [{**world.entries[0], "manager": "heir"}]

    world.update(thing(replicas=1), sent=sent)

    assert world.entries == sent


@pytest.mark.parametrize("sent", [None, [{"operation": "Patch"}], [{}, {}], [{"manager": "x", "fieldsV1": {"f": {}}}]])
def test_what_a_client_says_that_cannot_be_read_counts_for_nothing(sent: Any) -> None:
    world = applied(replicas=1)
    before = world.entries

    world.update(thing(replicas=1), sent=sent)

    assert world.entries == before


def test_through_a_subresource_a_client_cannot_say_who_manages_what() -> None:
    world = applied(replicas=1)
    live = {**world.live, "status": {"a": 1}}
    manager = managers(has_status=True, subresource="status")

    entries = manager.update(live, {**thing(replicas=1), "status": {"a": 2}}, [{}], "kubelet", LATER)

    assert [(entry["manager"], entry.get("subresource"), entry["fieldsV1"]) for entry in entries] == [
        ("applier", None, {"f:spec": {"f:replicas": {}}}),
        ("kubelet", "status", {"f:status": {"f:a": {}}}),
    ]


def test_a_write_to_the_object_itself_takes_nothing_of_a_status_that_is_written_apart() -> None:
    world = applied(replicas=1)
    new = {**thing(replicas=1), "status": {"a": 2}}

    assert managers(has_status=True).update(world.live, new, None, "user", LATER) == world.entries


def test_a_client_without_a_name_is_unknown() -> None:
    world = applied(replicas=1)

    world.update(thing(replicas=2), "")

    assert world.fields("unknown", "Update") == {"f:spec": {"f:replicas": {}}}


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        ([{"port": 1}], [{"port": 1}, {"port": 1}], {}),
        ([{"port": 1}, {"port": 1}], [{"port": 1}, {"port": 1, "name": "x"}], {}),
        ([{"port": 1}, {"port": 1}], [{"port": 1}], {".": {}, "f:port": {}}),
    ],
)
def test_items_that_cannot_be_told_apart_are_one_whole(old: list[Object], new: list[Object], taken: Object) -> None:
    world = applied(image="x")
    world.live["spec"]["ports"] = old

    world.update(thing(image="x", ports=new))

    assert world.fields("user", "Update") == {"f:spec": {"f:ports": {'k:{"port":1,"protocol":"TCP"}': taken}}}


def test_lists_that_do_not_fit_the_schema_leave_the_managers_as_they_are() -> None:
    world = applied(image="x")
    before = world.entries

    world.update(thing(image="y", ports=[3]))

    assert world.entries == before
