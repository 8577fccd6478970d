from collections import Counter
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupVersion, GroupVersionResource
from steersman.controllers.namespace_conditions import Outcome, conditions_after, unread_groups

PODS, DATABASES = GroupVersionResource("", "v1", "pods"), GroupVersionResource("example.com", "v1", "databases")
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"
WELL = {
    "NamespaceDeletionDiscoveryFailure": ("False", "ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("False", "ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": (
        "False",
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
}


def after(outcome: Outcome, present: Any = (), minor: int = 37, now: str = NOW) -> Any:
    return conditions_after(present, outcome, minor, now)


def said(conditions: Any) -> dict[str, tuple[str, str, str]]:
    return {one["type"]: (one["status"], one["reason"], one["message"]) for one in conditions}


def test_all_is_well_when_nothing_remains() -> None:
    conditions = after(Outcome())

    assert said(conditions) == WELL
    assert {one["lastTransitionTime"] for one in conditions} == {NOW}


@pytest.mark.parametrize(
    ("outcome", "type_", "reason", "message"),
    [
        (
            Outcome(undiscovered="no answer"),
            "NamespaceDeletionDiscoveryFailure",
            "DiscoveryFailed",
            "no answer",
        ),
        (
            Outcome(failures=["b", "a"]),
            "NamespaceDeletionContentFailure",
            "ContentDeletionFailed",
            "Failed to delete all resource types, 2 remaining: a, b",
        ),
        (
            Outcome(remaining=Counter({PODS: 2, DATABASES: 1})),
            "NamespaceContentRemaining",
            "SomeResourcesRemain",
            "Some resources are remaining: databases.example.com has 1 resource instances,"
            " pods. has 2 resource instances",
        ),
        (
            Outcome(finalizers=Counter({"example.com/y": 1, "example.com/x": 3})),
            "NamespaceFinalizersRemaining",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/x in 3 resource instances,"
            " example.com/y in 1 resource instances",
        ),
    ],
)
def test_what_is_wrong_is_said_by_one_condition(outcome: Outcome, type_: str, reason: str, message: str) -> None:
    assert said(after(outcome)) == {**WELL, type_: ("True", reason, message)}


def test_groups_that_cannot_be_read_are_named() -> None:
    failures = {GroupVersion("b.io", "v1"): "two", GroupVersion("a.io", "v1"): "one"}

    assert unread_groups(failures) == (
        "Discovery failed for some groups, 2 failing: "
        "unable to retrieve the complete list of server APIs: a.io/v1: one, b.io/v1: two"
    )


def test_nothing_is_written_where_the_same_was_said_before() -> None:
    outcome = Outcome(remaining=Counter({PODS: 2}))

    assert after(outcome, after(outcome), now=LATER) is None


def test_a_transition_has_its_time_and_a_new_message_has_not() -> None:
    first = after(Outcome(remaining=Counter({PODS: 2})))
    fewer = after(Outcome(remaining=Counter({PODS: 1})), first, now=LATER)
    none = after(Outcome(), fewer, now=LATER)

    times = [{one["type"]: one["lastTransitionTime"] for one in found} for found in (fewer, none)]
    assert [one["NamespaceContentRemaining"] for one in times] == [NOW, LATER]
    assert times[1]["NamespaceDeletionContentFailure"] == NOW


def test_the_conditions_of_others_stay() -> None:
    own = {"type": "Ours", "status": "True"}

    assert after(Outcome(), [own])[0] == own


@pytest.mark.parametrize(("minor", "count"), [(15, 0), (16, 3), (17, 5), (37, 5)])
def test_they_came_with_1_16_and_1_17(minor: int, count: int) -> None:
    assert len(after(Outcome(), minor=minor) or ()) == count
