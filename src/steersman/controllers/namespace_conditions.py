"""What the status of a namespace that is going says: what has been done, and what of its content remains.

The types, reasons and messages are those of Kubernetes (NamespaceConditionType); status ``True`` means trouble.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from steersman.apimachinery.conditions import with_condition
from steersman.apimachinery.group_version import GroupVersion, GroupVersionResource

Condition = dict[str, Any]


class Outcome(Struct):
    """What came of an attempt to empty a namespace.

    ``undiscovered``: why it is not known what the namespace may contain, empty if it is. ``failures``: what went wrong
    with the deletion of a resource. ``remaining``: how many objects there are still; ``finalizers``: how many of them
    have which.
    """

    undiscovered: str = ""
    failures: list[str] = field(default_factory=list)
    remaining: Counter[GroupVersionResource] = field(default_factory=Counter)
    finalizers: Counter[str] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        """Whether the namespace may go."""
        return not (self.undiscovered or self.failures or self.remaining)

    def __str__(self) -> str:
        """What keeps the namespace, in a line."""
        return "; ".join(said for said in _troubles(self).values() if said)


class _Aspect(Struct, frozen=True):
    """One condition: the Kubernetes minor that it came with, the reason in trouble, and what it says without."""

    type: str
    since: int
    troubled: str
    well: str
    message: str


_DISCOVERY = _Aspect(
    "NamespaceDeletionDiscoveryFailure",
    16,
    "DiscoveryFailed",
    "ResourcesDiscovered",
    "All resources successfully discovered",
)
_PARSING = _Aspect(
    "NamespaceDeletionGroupVersionParsingFailure",
    16,
    "GroupVersionParsingFailed",
    "ParsedGroupVersions",
    "All legacy kube types successfully parsed",
)
_DELETION = _Aspect(
    "NamespaceDeletionContentFailure",
    16,
    "ContentDeletionFailed",
    "ContentDeleted",
    "All content successfully deleted, may be waiting on finalization",
)
_CONTENT = _Aspect(
    "NamespaceContentRemaining", 17, "SomeResourcesRemain", "ContentRemoved", "All content successfully removed"
)
_FINALIZERS = _Aspect(
    "NamespaceFinalizersRemaining",
    17,
    "SomeFinalizersRemain",
    "ContentHasNoFinalizers",
    "All content-preserving finalizers finished",
)
_ASPECTS = (_DISCOVERY, _PARSING, _DELETION, _CONTENT, _FINALIZERS)


def conditions_after(present: Sequence[Condition], outcome: Outcome, minor: int, now: str) -> list[Condition] | None:
    """The conditions, once ``outcome`` is known; None if they are so already. Those of other types stay.

    ``now`` (RFC 3339) is the time of the transitions that this is. Before 1.16 there are none.
    """
    after = [*present]
    for new in _conditions(outcome, minor):
        after = with_condition(after, new, now)
    return None if after == present else after


def unread_groups(failures: Mapping[GroupVersion, str]) -> str:
    """What is said of group versions whose resources cannot be read."""
    told = ", ".join(f"{version}: {why}" for version, why in sorted(failures.items()))
    apis = f"unable to retrieve the complete list of server APIs: {told}"
    return f"Discovery failed for some groups, {len(failures)} failing: {apis}"


def _conditions(outcome: Outcome, minor: int) -> Iterator[Condition]:
    troubles = _troubles(outcome)
    for aspect in _ASPECTS:
        if minor >= aspect.since:
            said = troubles.get(aspect.type)
            status, reason = ("True", aspect.troubled) if said else ("False", aspect.well)
            yield {
                "type": aspect.type,
                "status": status,
                "reason": reason,
                "message": said or aspect.message,
            }


def _troubles(outcome: Outcome) -> dict[str, str]:
    """By the type of condition, what is wrong; empty or missing if nothing is."""
    failures = ", ".join(sorted(outcome.failures))
    remaining = ", ".join(
        sorted(f"{one.resource}.{one.group} has {count} resource instances" for one, count in outcome.remaining.items())
    )
    holding = ", ".join(sorted(f"{name} in {count} resource instances" for name, count in outcome.finalizers.items()))
    failed = f"Failed to delete all resource types, {len(outcome.failures)} remaining: {failures}"
    return {
        _DISCOVERY.type: outcome.undiscovered,
        _DELETION.type: failed if failures else "",
        _CONTENT.type: f"Some resources are remaining: {remaining}" if remaining else "",
        _FINALIZERS.type: f"Some content in the namespace has finalizers remaining: {holding}" if holding else "",
    }
