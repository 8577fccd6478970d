"""Why a name is not mapped to a resource, in the words of client-go."""

from collections.abc import Mapping, Sequence

from steersman.apimachinery.group_version import (
    GroupKind,
    GroupResource,
    GroupVersion,
    GroupVersionKind,
    GroupVersionResource,
)
from steersman.client.discovery.served import ServedResource


class NoMatchError(LookupError):
    """The server has no such resource.

    ``failures`` are the group versions whose resources could not be read, in which it may be, and why.
    """

    def __init__(self, message: str, failures: Mapping[GroupVersion, str]) -> None:
        unread = "; ".join(f"{group_version}: {why}" for group_version, why in failures.items())
        super().__init__(
            f"{message} (unable to retrieve the complete list of server APIs: {unread})" if unread else message
        )
        self.failures = failures


class NoKindMatchError(NoMatchError):
    """No resource of this kind, in the version that was asked for or in any."""

    def __init__(self, kind: GroupVersionKind | GroupKind, failures: Mapping[GroupVersion, str]) -> None:
        place = (
            f"version {_quoted(kind.api_version)}"
            if isinstance(kind, GroupVersionKind)
            else f"group {_quoted(kind.group)}"
        )
        super().__init__(f"no matches for kind {_quoted(kind.kind)} in {place}", failures)


class NoResourceMatchError(NoMatchError):
    """No resource of this name; a text is as a user typed it."""

    def __init__(self, what: GroupVersionResource | GroupResource | str, failures: Mapping[GroupVersion, str]) -> None:
        if isinstance(what, str):
            message = f"the server doesn't have a resource type {_quoted(what)}"
        elif isinstance(what, GroupResource):
            message = f"no matches for {GroupVersionResource(what.group, '', what.resource)}"
        else:
            message = f"no matches for {what}"
        super().__init__(message, failures)


class AmbiguousResourceError(LookupError):
    """Several resources of one group version have the name."""

    def __init__(self, what: object, matching: Sequence[ServedResource]) -> None:
        listed = " ".join(str(one.group_version_resource) for one in matching)
        super().__init__(f"{what} matches multiple resources [{listed}]")
        self.matching = tuple(matching)


def _quoted(text: str) -> str:
    return f'"{text}"'
