import re
from typing import Any

import pytest

from steersman.client.event_recorder import Reporter
from steersman.client.event_recorder.event import make_event

REPORTER = Reporter("example.com/operator", "operator-1")
POD = {"apiVersion": "v1", "kind": "Pod", "name": "a", "namespace": "n"}
AT = 1_700_000_000_123_456_789


def event(**fields: Any) -> dict[str, Any]:
    given = {"regarding": POD, "related": None, "type": "Normal", "reason": "R", "action": "A", "note": "N"} | fields
    return make_event(REPORTER, nanoseconds=AT, **given)


def test_an_event_says_what_happened_to_what_and_who_says_so() -> None:
    assert event(related={"apiVersion": "v1", "kind": "Node", "name": "b"}) == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "a.17979cfe3d85cd15", "namespace": "n"},
        "eventTime": "2023-11-14T22:13:20.123456Z",
        "type": "Normal",
        "reason": "R",
        "action": "A",
        "note": "N",
        "regarding": POD,
        "related": {"apiVersion": "v1", "kind": "Node", "name": "b"},
        "reportingController": "example.com/operator",
        "reportingInstance": "operator-1",
    }


def test_events_of_objects_of_the_cluster_are_in_the_default_namespace() -> None:
    made = event(regarding={"apiVersion": "v1", "kind": "Node", "name": "b"})
    assert made["metadata"]["namespace"] == "default"


@pytest.mark.parametrize("name", ["x" * 250, "system:node", "Upper"])
def test_names_that_cannot_be_part_of_an_events_name_are_replaced(name: str) -> None:
    assert re.fullmatch("[0-9a-f-]{36}", event(regarding={**POD, "name": name})["metadata"]["name"])


@pytest.mark.parametrize(
    ("note", "kept"),
    [("x" * 1024, "x" * 1024), ("x" * 1025, "x" * 1024), ("é" * 600, "é" * 512), ("x" + "é" * 600, "x" + "é" * 511)],
)
def test_notes_are_trimmed_to_what_the_api_takes(note: str, kept: str) -> None:
    assert event(note=note)["note"] == kept


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "Error"}, "neither Normal nor Warning"),
        ({"reason": ""}, "no reason"),
        ({"action": ""}, "no action"),
        ({"reason": "é" * 65}, "reason has more than 128 bytes"),
        ({"action": "x" * 129}, "action has more than 128 bytes"),
    ],
)
def test_what_the_server_would_refuse_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        event(**fields)


def test_a_reporter_has_a_qualified_name() -> None:
    with pytest.raises(ValueError, match="is no qualified name"):
        Reporter("my operator", "1")
    assert len(Reporter("a", "x" * 200).instance) == 128
