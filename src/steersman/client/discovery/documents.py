"""Read discovery documents: the aggregated one (KEP-3352) and the lists that older servers have (meta/v1).

All functions raise KeyError, TypeError, AttributeError or ValueError for documents that are not as specified.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.client.discovery.served import ServedResource, ServedSubresource

Json = dict[str, Any]

AGGREGATED = "APIGroupDiscoveryList"

ACCEPT = ",".join(
    (
        *(f"application/json;g=apidiscovery.k8s.io;v={version};as={AGGREGATED}" for version in ("v2", "v2beta1")),
        "application/json",
    )
)
"""Asks for the aggregated document, and takes the old one."""


def read_aggregated(document: Json) -> Iterator[tuple[GroupVersion, Sequence[ServedResource] | None]]:
    """The group versions in order, with their resources; None where the server itself could not read them lately."""
    for group in document.get("items") or ():
        name = group["metadata"].get("name", "")
        for version in group.get("versions") or ():
            group_version = GroupVersion(name, version["version"])
            if version.get("freshness") == "Stale":
                yield group_version, None
                continue
            entries = version.get("resources") or ()
            yield group_version, tuple(_aggregated(entry, group_version) for entry in entries if _is_complete(entry))


def _is_complete(entry: Json) -> bool:
    """False for a resource of which only subresources are served."""
    return bool((entry.get("responseKind") or {}).get("kind"))


def _aggregated(entry: Json, group_version: GroupVersion) -> ServedResource:
    subresources = (
        ServedSubresource(sub["subresource"], _kind(sub.get("responseKind") or {}, group_version), _verbs(sub))
        for sub in entry.get("subresources") or ()
    )
    return ServedResource(
        *group_version,
        entry["resource"],
        entry.get("singularResource") or entry["responseKind"]["kind"].lower(),
        entry["responseKind"]["kind"],
        entry["scope"] == "Namespaced",
        _verbs(entry),
        tuple(entry.get("shortNames") or ()),
        tuple(entry.get("categories") or ()),
        {sub.name: sub for sub in subresources},
    )


def _kind(said: Mapping[str, str], group_version: GroupVersion) -> GroupVersionKind:
    """A kind without group and version is of the list's."""
    group, version = said.get("group", ""), said.get("version", "")
    if not version:
        group, version = group or group_version.group, group_version.version
    return GroupVersionKind(group, version, said.get("kind", ""))


def _verbs(entry: Json) -> frozenset[str]:
    return frozenset(entry.get("verbs") or ())


def read_core_versions(document: Json) -> list[GroupVersion]:
    """An APIVersions: the versions of the core group."""
    return [GroupVersion("", version) for version in document.get("versions") or ()]


def read_groups(document: Json) -> list[GroupVersion]:
    """An APIGroupList: all group versions, the preferred one of each group first."""
    found: list[GroupVersion] = []
    for group in document.get("groups") or ():
        versions = [version["version"] for version in group.get("versions") or ()]
        preferred = (group.get("preferredVersion") or {}).get("version")
        found += [
            GroupVersion(group["name"], version) for version in sorted(versions, key=lambda one: one != preferred)
        ]
    return found


def read_resources(document: Json, group_version: GroupVersion) -> tuple[ServedResource, ...]:
    """An APIResourceList: its resources; subresources stand in it as ``pods/status``."""
    entries = document.get("resources") or ()
    subresources: dict[str, dict[str, ServedSubresource]] = {}
    for entry in entries:
        plural, slash, name = entry["name"].partition("/")
        if slash:
            read = ServedSubresource(name, _kind(entry, group_version), _verbs(entry))
            subresources.setdefault(plural, {})[name] = read
    return tuple(
        ServedResource(
            *group_version,
            entry["name"],
            entry.get("singularName") or entry["kind"].lower(),
            entry["kind"],
            entry["namespaced"],
            _verbs(entry),
            tuple(entry.get("shortNames") or ()),
            tuple(entry.get("categories") or ()),
            subresources.get(entry["name"], {}),
        )
        for entry in entries
        if "/" not in entry["name"]
    )
