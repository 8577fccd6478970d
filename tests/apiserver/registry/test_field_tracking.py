"""The last look at managedFields before an object is stored."""

from typing import Any

import pytest

from steersman.apiserver.registry.field_tracking import manager_name, settle

Object = dict[str, Any]


def entry(**changed: Any) -> Object:
    made = {
        "manager": "me",
        "operation": "Apply",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:x": {}},
    }
    return {**made, "time": "2030-01-01T00:00:00Z", **changed}


def obj(*entries: Object, x: int = 1) -> Object:
    return {"metadata": {"name": "a", "managedFields": list(entries)}, "x": x}


LATER = entry(time="2030-01-01T00:00:01Z")


def test_new_times_alone_are_no_change() -> None:
    new = obj(LATER)

    assert settle(new, obj(entry()), new["metadata"]["managedFields"]) == []
    assert new == obj(entry())


@pytest.mark.parametrize("old", [obj(entry(), x=2), obj(entry(fieldsV1={})), obj()])
def test_new_times_stay_where_something_has_changed(old: Object) -> None:
    new = obj(LATER)

    assert settle(new, old, new["metadata"]["managedFields"]) == []
    assert new == obj(LATER)


def test_what_admission_left_malformed_is_put_right() -> None:
    new = obj(entry(operation="Patch"))

    [warning] = settle(new, obj(), [entry()])

    assert new == obj(entry())
    assert warning == (
        ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating "
        "admission controller; please fix your requests: operation must be `Apply` or `Update`"
    )


def test_what_admission_changed_otherwise_stays() -> None:
    new = obj(entry(manager="you"))

    assert settle(new, obj(), [entry()]) == []
    assert new == obj(entry(manager="you"))


@pytest.mark.parametrize(
    ("parameter", "agent", "name"),
    [
        ("me", b"kubectl/v1.37", "me"),
        ("", b"kubectl/v1.37 (linux)", "kubectl"),
        ("", b"Mozilla", "Mozilla"),
        ("", b"a\x00\tb/1", "ab"),
        ("", b"/1", ""),
        ("", b"", ""),
        ("", b"x" * 200, "x" * 128),
    ],
)
def test_whose_a_write_is(parameter: str, agent: bytes, name: str) -> None:
    assert manager_name(parameter, agent) == name
