"""``metadata.managedFields``: entries read, written, ordered and kept few."""

from typing import Any

import pytest

from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.managed_fields import (
    APPLY,
    UPDATE,
    Managed,
    ManagedFields,
    Manager,
    cap_update_managers,
    decode_managed_fields,
    encode_managed_fields,
    is_reset,
    same_but_for_times,
)


def entry(manager: str = "me", **changed: Any) -> dict[str, Any]:
    made = {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2030-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:x": {}}},
        **changed,
    }
    return {key: value for key, value in made.items() if value is not None}


def test_entries_come_back_as_they_were() -> None:
    entries = [entry(operation="Apply"), entry(subresource="status"), entry("you", time=None)]

    encoded = encode_managed_fields(decode_managed_fields(entries))

    assert sorted(encoded, key=str) == sorted(entries, key=str)
    assert list(encoded[0]) == ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1"]


def test_entries_are_in_order_of_operation_time_manager_version_and_subresource() -> None:
    ordered = [
        entry("z", operation="Apply"),
        entry("z", time=None),
        entry("y", time="2029-12-31T23:59:59Z"),
        entry("a", apiVersion="v1"),
        entry("a", apiVersion="v2"),
        entry("a", apiVersion="v2", subresource="status"),
        entry("b"),
        entry("a", time="2030-01-01T00:00:01Z", apiVersion="v3"),
    ]

    assert encode_managed_fields(decode_managed_fields(ordered[::-1])) == ordered


@pytest.mark.parametrize(
    ("malformed", "fault"),
    [
        ({"operation": "Patch"}, "operation must be `Apply` or `Update`"),
        ({"operation": None}, "operation must be `Apply` or `Update`"),
        ({"apiVersion": ""}, "apiVersion must not be empty"),
        ({"fieldsType": None}, "missing fieldsType in managed fields entry 1"),
        ({"fieldsType": "FieldsV2"}, 'invalid fieldsType "FieldsV2" in managed fields entry 1'),
        ({"fieldsV1": {"f": {}}}, "key must be 2 characters long:"),
    ],
)
def test_entries_that_no_server_wrote(malformed: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        decode_managed_fields([entry(), entry(**malformed)])


@pytest.mark.parametrize(
    ("entries", "reset"),
    [([], True), ([{}], True), ([None], True), (None, False), ([{}, {}], False), ([entry()], False)],
)
def test_what_resets(entries: Any, reset: bool) -> None:
    assert is_reset(entries) == reset


def test_an_applier_is_the_same_one_in_every_version() -> None:
    managed = decode_managed_fields([entry(operation="Apply"), entry(operation="Apply", apiVersion="v2")])

    assert list(managed) == [Manager("me", APPLY)]


def test_entries_that_differ_in_times_alone() -> None:
    assert same_but_for_times([entry()], [entry(time=None)])
    assert same_but_for_times([entry(), entry("you")], [entry("you"), entry(time=None)])
    assert not same_but_for_times([entry()], [entry("you")])
    assert not same_but_for_times([entry()], [])


def updaters(count: int, api_version: str = "v1", minute: int = 0) -> ManagedFields:
    return {
        Manager(f"m{index}", UPDATE, "", api_version): Managed(
            FieldSet.of((f"f:{api_version}{index}",)), api_version, f"2030-01-01T00:{minute:02}:{index:02}Z"
        )
        for index in range(count)
    }


def test_ten_managers_are_kept_as_they_are() -> None:
    managed = {**updaters(10), Manager("applier", APPLY): Managed(FieldSet.of(("f:a",)), "v1")}

    assert cap_update_managers(managed) == managed


def test_the_oldest_of_more_are_merged() -> None:
    capped = cap_update_managers(updaters(12))

    assert len(capped) == 10
    ancient = capped.pop(Manager("ancient-changes", UPDATE, "", "v1"))
    assert ancient == Managed(FieldSet.of(("f:v10",), ("f:v11",), ("f:v12",)), "v1", "2030-01-01T00:00:02Z")
    assert [manager.name for manager in capped] == [f"m{index}" for index in range(3, 12)]


def test_what_was_merged_takes_in_the_next() -> None:
    capped = cap_update_managers(updaters(11))
    more = {
        **capped,
        Manager("new", UPDATE, "", "v1"): Managed(FieldSet.of(("f:n",)), "v1", "2031-01-01T00:00:00Z"),
    }

    again = cap_update_managers(more)

    assert len(again) == 10
    assert ("f:v12",) in again[Manager("ancient-changes", UPDATE, "", "v1")].fields


def test_versions_are_merged_apart() -> None:
    capped = cap_update_managers({**updaters(6), **updaters(6, "v2", minute=1)})

    assert len(capped) == 10
    assert {manager.api_version for manager in capped if manager.name == "ancient-changes"} == {"v1"}
