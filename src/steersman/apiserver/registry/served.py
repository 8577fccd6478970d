"""The table of served resources: looked up by every request, changed when a CRD comes or goes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from steersman.apimachinery.group_version import GroupResource, GroupVersion, version_priority
from steersman.apiserver.registry.resource import Resource


class ServedResources:
    """Resources by group-version and plural. ``generation`` rises with each change, for caches built from it."""

    def __init__(self, group_rank: Callable[[str], Any] = str) -> None:
        """``group_rank`` is the sort key of a group in the order of discovery; by name if nothing else is said."""
        self._resources: dict[GroupVersion, dict[str, Resource]] = {}
        self._preferred: dict[GroupResource, Resource | None] = {}
        self._group_rank = group_rank
        self._listeners: list[Callable[[], None]] = []
        self.generation = 0

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change."""
        self._listeners.append(listener)

    def install(self, resources: Iterable[Resource]) -> None:
        """Serve ``resources``, replacing those of the same group, version and plural."""
        for resource in resources:
            self._resources.setdefault(resource.group_version, {})[resource.plural] = resource
        self._changed()

    def uninstall(self, resources: Iterable[Resource]) -> None:
        """Stop serving ``resources``; a version, and a group, without resources is gone from discovery."""
        for resource in resources:
            of_version = self._resources.get(resource.group_version, {})
            if of_version.pop(resource.plural, None) is not None and not of_version:
                del self._resources[resource.group_version]
        self._changed()

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        of_version = self._resources.get((group, version))  # type: ignore[call-overload]
        return of_version.get(plural) if of_version else None

    def of_group_resource(self, resource: GroupResource) -> Resource | None:
        """The resource in the version whose bytes are stored, or else in the preferred one of those served."""
        if resource not in self._preferred:
            versions = (version for version in self._resources if version.group == resource.group)
            served = [self._resources[version].get(resource.resource) for version in sorted(versions, key=_preference)]
            found = [one for one in served if one is not None]
            stored = next((one for one in found if one.is_stored_version), None)
            self._preferred[resource] = stored or (found[0] if found else None)
        return self._preferred[resource]

    def groups(self) -> dict[str, list[str]]:
        """Group to its versions, both in the order of discovery: the preferred version is the first."""
        versions: dict[str, list[str]] = {}
        for group, version in self._resources:
            versions.setdefault(group, []).append(version)
        ordered = sorted(versions, key=self._group_rank)
        return {group: sorted(versions[group], key=version_priority) for group in ordered}

    def in_version(self, group: str, version: str) -> Mapping[str, Resource]:
        """Plural to resource; empty when the group-version is not served."""
        return self._resources.get(GroupVersion(group, version), {})

    def all(self) -> list[Resource]:
        return [resource for of_version in self._resources.values() for resource in of_version.values()]

    def _changed(self) -> None:
        self.generation += 1
        self._preferred.clear()
        for listener in self._listeners:
            listener()


def _preference(version: GroupVersion) -> Any:
    return version_priority(version.version)
