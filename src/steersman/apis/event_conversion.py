"""Events in the two groups that have them: one stored object, whose fields have other names in events.k8s.io."""

from collections.abc import Mapping

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.registry.resource import Conversion, Object

_CORE_NAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""Names in events.k8s.io to those in the core group; all other fields have the same."""


def event_conversion(kind: GroupVersionKind) -> Conversion:
    """Between ``kind``, a version of events.k8s.io, and the core group's v1."""
    own_names = {core: name for name, core in _CORE_NAMES.items()}
    return Conversion(
        lambda obj: _renamed(obj, _CORE_NAMES, "v1"), lambda obj: _renamed(obj, own_names, kind.api_version)
    )


def _renamed(obj: Object, names: Mapping[str, str], api_version: str) -> Object:
    return {names.get(name, name): value for name, value in obj.items()} | {"apiVersion": api_version}
