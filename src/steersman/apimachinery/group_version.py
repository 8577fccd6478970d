"""Names of what is served: group, version, kind and resource (API conventions, section "Resources")."""

from typing import NamedTuple


class GroupVersion(NamedTuple):
    """An API group in one version; the core group is the empty string."""

    group: str
    version: str

    @classmethod
    def parse(cls, api_version: str) -> "GroupVersion":
        """Read an ``apiVersion`` such as ``v1`` or ``apps/v1``; raise ValueError if it has more than one slash."""
        group, slash, version = api_version.partition("/")
        if not slash:
            return cls("", group)
        if "/" in version:
            raise ValueError(f"unexpected GroupVersion string: {api_version}")
        return cls(group, version)

    def __str__(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


class GroupKind(NamedTuple):
    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


class GroupVersionKind(NamedTuple):
    group: str
    version: str
    kind: str

    @property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)

    @property
    def group_kind(self) -> GroupKind:
        return GroupKind(self.group, self.kind)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.api_version}, Kind={self.kind}"


class GroupResource(NamedTuple):
    """A resource whatever its version; ``resource`` is the lower-case plural."""

    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource


class GroupVersionResource(NamedTuple):
    group: str
    version: str
    resource: str

    @property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)

    @property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.group, self.resource)

    def __str__(self) -> str:
        return f"{self.group}/{self.version}, Resource={self.resource}"


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Sort key that puts the version Kubernetes prefers first: v2, v1, v2beta1, v1beta2, v1alpha1, then others by name.

    Specified in "Versions in CustomResourceDefinitions", section "Version priority".
    """
    if version.startswith("v"):
        for rank, marker in ((1, "beta"), (2, "alpha")):
            major, found, minor = version[1:].partition(marker)
            if found and major.isdecimal() and minor.isdecimal():
                return (rank, -int(major), -int(minor), "")
        if version[1:].isdecimal():
            return (0, -int(version[1:]), 0, "")
    return (3, 0, 0, version)
