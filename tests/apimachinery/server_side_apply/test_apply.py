"""Server-side apply as its users know it: sharing, conflicts, force, and giving fields up."""

from typing import Any

import pytest
from tests.apimachinery.server_side_apply.schemas import LATER, NOW, World, managers, thing

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.server_side_apply.merge_schema import MergeSchema


def refusal(world: World, applied: dict[str, Any], manager: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        world.apply(applied, manager)
    return caught.value


def test_an_applier_manages_what_it_applied() -> None:
    world = World()

    merged = world.apply(thing(replicas=1, limits={"cpu": "1"}, selector={"a": "b"}, args=["x"]))

    assert merged == thing(replicas=1, limits={"cpu": "1"}, selector={"a": "b"}, args=["x"])
    assert world.entries == [
        {
            "manager": "one",
            "operation": "Apply",
            "apiVersion": "example.com/v1",
            "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:spec": {"f:args": {}, "f:limits": {"f:cpu": {}}, "f:replicas": {}, "f:selector": {}},
            },
        }
    ]


def test_an_application_of_the_name_alone_manages_nothing() -> None:
    world = World()

    assert world.apply(thing()) == thing()
    assert world.entries == []


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        ({"replicas": 1}, {"image": "x"}, {"replicas": 1, "image": "x"}),
        ({"replicas": 1}, {"replicas": 1}, {"replicas": 1}),
        ({"ratio": 1}, {"ratio": 1.0}, {"ratio": 1}),
        ({"limits": {"a": "1"}}, {"limits": {"b": "2"}}, {"limits": {"a": "1", "b": "2"}}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, {"tags": ["a", "b", "c"]}),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, {"tags": ["b", "a"]}),
        ({"any": {"a": {"b": 1}}}, {"any": {"a": {"c": 2}}}, {"any": {"a": {"b": 1, "c": 2}}}),
        ({"args": ["a"]}, {"args": ["a"]}, {"args": ["a"]}),
        (
            {"ports": [{"port": 1}, {"port": 2}]},
            {"ports": [{"port": 2, "protocol": "TCP", "name": "x"}, {"port": 2, "protocol": "UDP"}]},
            {
                "ports": [
                    {"port": 1},
                    {"port": 2, "name": "x", "protocol": "TCP"},
                    {"port": 2, "protocol": "UDP"},
                ]
            },
        ),
        ({"limits": {"a": "1"}}, {"limits": None}, {"limits": {"a": "1"}}),
        ({"tags": ["a"]}, {"tags": []}, {"tags": ["a"]}),
    ],
)
def test_two_managers_side_by_side(one: dict[str, Any], other: dict[str, Any], merged: dict[str, Any]) -> None:
    world = World()
    world.apply(thing(**one), "one")

    assert world.apply(thing(**other), "other")["spec"] == merged


@pytest.mark.parametrize(
    ("one", "other", "fields"),
    [
        ({"replicas": 1}, {"replicas": 2}, [".spec.replicas"]),
        ({"selector": {"a": "1"}}, {"selector": {"a": "1", "b": "2"}}, [".spec.selector"]),
        ({"args": ["a"]}, {"args": ["a", "b"]}, [".spec.args"]),
        ({"limits": {"a": "1", "b": "1"}}, {"limits": {"a": "2", "b": "2"}}, [".spec.limits.a", ".spec.limits.b"]),
        (
            {"ports": [{"port": 1, "name": "x"}]},
            {"ports": [{"port": 1, "name": "y"}]},
            ['.spec.ports[port=1,protocol="TCP"].name'],
        ),
        ({"any": {"l": [1]}}, {"any": {"l": [1, 2]}}, [".spec.any.l"]),
        ({"target": 1}, {"target": "1"}, [".spec.target"]),
        ({"any": {"a": 1}}, {"any": {"a": True}}, [".spec.any.a"]),
    ],
)
def test_conflicts(one: dict[str, Any], other: dict[str, Any], fields: list[str]) -> None:
    world = World()
    world.apply(thing(**one), "one")

    error = refusal(world, thing(**other), "other")

    assert (error.code, error.reason) == (409, "Conflict")
    assert error.details == {
        "causes": [
            {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": field} for field in fields
        ]
    }


def test_the_message_of_one_conflict_names_manager_and_field() -> None:
    world = World()
    world.update(thing())
    world.apply(thing(image="x"), "one")
    world.update({**world.apply(thing(image="x"), "one"), **thing(replicas=1, image="x")}, "kubectl-edit")

    error = refusal(world, thing(replicas=2), "other")

    assert error.message == (
        'Apply failed with 1 conflict: conflict with "kubectl-edit" using example.com/v1: .spec.replicas'
    )


def test_the_message_of_several_conflicts_lists_them_by_manager() -> None:
    world = World()
    world.apply(thing(replicas=1, image="x"), "two")
    world.apply(thing(image="x", paused=True), "one")

    error = refusal(world, thing(replicas=2, image="y", paused=False), "other")

    assert error.message == (
        "Apply failed with 4 conflicts: "
        'conflicts with "one":\n- .spec.image\n- .spec.paused\nconflicts with "two":\n- .spec.image\n- .spec.replicas'
    )


def test_a_conflict_names_the_subresource() -> None:
    _, entries = managers(subresource="status").apply({}, {**thing(), "status": {"a": 1}}, "one", NOW)
    live = {**thing(metadata={"managedFields": entries}), "status": {"a": 1}}

    with pytest.raises(ApiError) as caught:
        managers(subresource="status").apply(live, {**thing(), "status": {"a": 2}}, "other", LATER)

    assert str(caught.value) == (
        'Apply failed with 1 conflict: conflict with "one" with subresource "status": .status.a'
    )


def test_force_takes_what_others_have() -> None:
    world = World()
    world.apply(thing(replicas=1, image="x"), "one")

    world.apply(thing(replicas=2), "other", force=True)

    assert world.live["spec"] == {"replicas": 2, "image": "x"}
    assert world.fields("one") == {"f:spec": {"f:image": {}}}
    assert world.fields("other") == {"f:spec": {"f:replicas": {}}}


def test_what_was_in_a_value_that_is_replaced_nobody_manages() -> None:
    world = World()
    world.apply(thing(image="x", any={"a": {"b": 1}}), "one")

    world.apply(thing(any={"a": 5}), "other", force=True)

    assert world.live["spec"]["any"] == {"a": 5}
    assert world.fields("one") == {"f:spec": {"f:image": {}}}


def test_who_loses_all_is_gone() -> None:
    world = World()
    world.apply(thing(replicas=1), "one")

    world.apply(thing(replicas=2), "other", force=True)

    assert world.fields("one") is None


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ({"replicas": 1, "image": "x"}, {"image": "x"}, {"image": "x"}),
        ({"nested": {"one": "1", "two": "2"}}, {"nested": {"one": "1"}}, {"nested": {"one": "1"}}),
        ({"nested": {"one": "1"}, "image": "x"}, {"image": "x"}, {"image": "x"}),
        ({"limits": {"a": "1", "b": "2"}}, {"limits": {"b": "2"}}, {"limits": {"b": "2"}}),
        ({"limits": {"a": "1"}, "image": "x"}, {"image": "x"}, {"image": "x"}),
        ({"tags": ["a", "b"]}, {"tags": ["b"]}, {"tags": ["b"]}),
        ({"ports": [{"port": 1}, {"port": 2}]}, {"ports": [{"port": 2}]}, {"ports": [{"port": 2}]}),
        ({"ports": [{"port": 1, "name": "x"}]}, {"ports": [{"port": 1}]}, {"ports": [{"port": 1}]}),
        ({"any": {"a": {"b": 1, "c": 2}}}, {"any": {"a": {"c": 2}}}, {"any": {"a": {"c": 2}}}),
        ({"args": ["a"], "image": "x"}, {"image": "x"}, {"image": "x"}),
        ({"selector": {"a": "1"}, "image": "x"}, {"image": "x"}, {"image": "x"}),
    ],
)
def test_what_is_no_longer_applied_goes(before: dict[str, Any], after: dict[str, Any], left: dict[str, Any]) -> None:
    world = World()
    world.apply(thing(**before))

    assert world.apply(thing(**after))["spec"] == left


def test_what_another_manages_stays() -> None:
    world = World()
    world.apply(thing(replicas=1, limits={"a": "1"}, ports=[{"port": 1, "name": "x"}]), "one")
    world.apply(thing(replicas=1, limits={"b": "1"}, ports=[{"port": 1, "name": "x"}]), "other")

    merged = world.apply(thing(), "one")

    assert merged["spec"] == {"replicas": 1, "limits": {"b": "1"}, "ports": [{"port": 1, "name": "x"}]}
    assert world.fields("one") is None


def test_an_item_that_another_put_something_into_stays() -> None:
    world = World()
    world.apply(thing(ports=[{"port": 1}]), "one")
    world.apply(thing(ports=[{"port": 1, "name": "x"}]), "other")

    assert world.apply(thing(), "one")["spec"] == {"ports": [{"port": 1, "name": "x"}]}


def test_defaults_of_what_went_go_with_it_unless_someone_manages_them() -> None:
    world = World()
    world.apply(thing(image="x", ports=[{"port": 1}]), "one")
    # The server sets defaults after the merge: nobody manages them.
    world.live["spec"]["ports"][0]["protocol"] = "TCP"

    assert world.apply(thing(image="x"), "one")["spec"] == {"image": "x"}


def test_what_nobody_manages_stays() -> None:
    world = World()
    world.apply(thing(replicas=1, nested={"one": "1"}))
    world.live["spec"]["image"] = "default"

    assert world.apply(thing(replicas=1))["spec"] == {"replicas": 1, "image": "default"}


def test_times_change_with_what_is_managed_or_its_values() -> None:
    world = World()
    world.apply(thing(replicas=1))
    told = []

    for replicas, now in ((1, LATER), (2, LATER), (2, "2030-01-01T00:02:00Z")):
        world.apply(thing(replicas=replicas), now=now)
        told.append(world.entries[0]["time"])

    assert told == [NOW, LATER, LATER]


def test_the_first_apply_finds_what_was_there() -> None:
    world = World(live={**thing(replicas=1, nested={"one": "1"}), "status": {"ready": True}})

    world.apply(thing(replicas=1, image="x"))

    assert world.fields("before-first-apply", "Update") == {
        "f:spec": {".": {}, "f:nested": {".": {}, "f:one": {}}, "f:replicas": {}},
        "f:status": {".": {}, "f:ready": {}},
    }
    assert refusal(world, thing(nested={"one": "2"}), "other").message == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using example.com/v1: .spec.nested.one'
    )


def test_nobody_manages_a_status_that_is_written_apart() -> None:
    live = {**thing(replicas=1), "status": {"ready": True}}
    applied = {**thing(image="x"), "status": {"ready": False}}

    merged, entries = managers(has_status=True).apply(live, applied, "one", NOW)

    assert merged["status"] == {"ready": False}
    assert ["f:status" in entry["fieldsV1"] for entry in entries] == [False, False]


def test_through_status_only_status_is_managed() -> None:
    applied = {**thing(image="x"), "status": {"ready": True}}

    _, entries = managers(has_status=True, subresource="status").apply({}, applied, "one", NOW)

    assert [(entry["subresource"], entry["fieldsV1"]) for entry in entries] == [
        ("status", {"f:status": {"f:ready": {}}})
    ]


def test_what_has_become_atomic_belongs_whole_to_who_had_a_part() -> None:
    world = World()
    world.apply(thing(nested={"one": "1"}, tags=["a"]))
    world.definition = more_atomic()

    world.apply(thing(metadata={"labels": {"a": "b"}}), "other")

    assert world.live["spec"] == {"nested": {"one": "1"}, "tags": ["a"]}
    assert world.fields("one") == {"f:spec": {"f:nested": {}, "f:tags": {}}}
    assert refusal(world, thing(tags=["a", "b"]), "other").message.endswith('conflict with "one": .spec.tags')


def more_atomic() -> dict[str, Any]:
    """The kind of these tests, in a version where more of it is atomic."""
    nested = {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"one": {"type": "string"}}}
    tags = {"type": "array", "items": {"type": "string"}}
    spec = {"type": "object", "properties": {"nested": nested, "tags": tags}}
    return {"type": "object", "properties": {"spec": spec}}


def test_without_a_schema_objects_merge_and_lists_are_whole() -> None:
    world = World({"type": "object"})
    world.apply(thing(a={"b": 1}, l=[1]), "one")

    assert world.apply(thing(a={"c": 2}, l=[1]), "other")["spec"] == {"a": {"b": 1, "c": 2}, "l": [1]}
    assert '"one": .spec.l' in refusal(world, thing(l=[2]), "other").message


def test_a_value_may_change_its_type_where_the_schema_leaves_it() -> None:
    world = World()
    world.apply(thing(any={"a": 1}))

    assert world.apply(thing(any={"a": {"b": 1}}))["spec"] == {"any": {"a": {"b": 1}}}
    assert world.apply(thing(any={"a": [1]}))["spec"] == {"any": {"a": [1]}}


def test_metadata_merges_as_that_of_every_kind() -> None:
    world = World()
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"}
    world.apply(thing(metadata={"labels": {"a": "1"}, "finalizers": ["x/a"], "ownerReferences": [owner]}), "one")

    merged = world.apply(
        thing(metadata={"labels": {"b": "1"}, "finalizers": ["x/b"], "ownerReferences": [{**owner, "uid": "2"}]}), "two"
    )

    assert merged["metadata"]["labels"] == {"a": "1", "b": "1"}
    assert merged["metadata"]["finalizers"] == ["x/a", "x/b"]
    assert [one["uid"] for one in merged["metadata"]["ownerReferences"]] == ["1", "2"]
    assert world.fields("two") == {
        "f:metadata": {
            "f:finalizers": {'v:"x/b"': {}},
            "f:labels": {"f:b": {}},
            "f:ownerReferences": {'k:{"uid":"2"}': {}},
        }
    }


@pytest.mark.parametrize(
    ("applied", "code", "message"),
    [
        ({"apiVersion": "v1"}, 400, "invalid object type: /v1, Kind=Thing"),
        ({"kind": None}, 400, "invalid object type: example.com/v1, Kind="),
        ({"apiVersion": 1.0}, 400, "invalid object type: /, Kind=Thing"),
        ({"metadata": {"managedFields": []}}, 400, "metadata.managedFields must be nil"),
        (
            {"metadata": {"name": "a", "namespace": "n"}, "spec": {"none": 1}},
            500,
            "failed to create typed patch object (n/a; example.com/v1, Kind=Thing): "
            ".spec.none: field not declared in schema",
        ),
        (
            {"spec": {"tags": ["a", "a"]}},
            500,
            "failed to create typed patch object (/a; example.com/v1, Kind=Thing): "
            '.spec.tags: duplicate entries for key [="a"]',
        ),
    ],
)
def test_configurations_that_are_refused(applied: dict[str, Any], code: int, message: str) -> None:
    error = refusal(World(), {**thing(), **applied}, "one")

    assert (error.code, error.message) == (code, message)


def test_live_entries_that_cannot_be_read_are_an_error_of_the_server() -> None:
    world = World(live=thing(metadata={"managedFields": [{"operation": "Patch"}]}))

    assert refusal(world, thing(), "one").code == 500


def test_live_items_that_cannot_be_told_apart_make_way_for_the_applied_one() -> None:
    world = World(live=thing(ports=[{"port": 1, "name": "x"}, {"port": 1, "name": "y"}, {"port": 2}]))

    merged = world.apply(thing(ports=[{"port": 1}]), force=True)

    assert merged["spec"]["ports"] == [{"port": 1}, {"port": 2}]


def test_a_schema_of_a_list_with_a_patch_merge_key_merges_by_it() -> None:
    item = {"type": "object", "properties": {"name": {"type": "string"}}}
    listed = {
        "type": "array",
        "items": item,
        "x-kubernetes-patch-strategy": "merge,retainKeys",
        "x-kubernetes-patch-merge-key": "name",
    }
    root = MergeSchema.read({"type": "object", "properties": {"items": listed}}, lambda ref: {})

    found = root.field("items")

    assert found is not None
    assert (found.list_type, found.list_keys) == ("map", ("name",))


def test_objects_may_be_deep() -> None:
    deep: Any = "end"
    for _ in range(180):
        deep = {"a": deep}
    world = World()
    world.apply(thing(any=deep), "one")
    world.update(thing(any={"a": 1}))

    assert refusal(world, thing(any=deep), "one").code == 409
