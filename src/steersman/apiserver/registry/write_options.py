"""What comes with a write beside the object: CreateOptions, UpdateOptions, PatchOptions, DeleteOptions of meta/v1."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from steersman.apiserver.admission.attributes import Attributes
from steersman.apiserver.admission.observed import Observed
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.resource import Object, Resource


class WriteOptions(Struct, frozen=True):
    """``field_validation`` is Ignore, Warn or Strict; ``duplicates`` are field paths that stood twice in the body.

    ``patched`` tells that the object comes of a patch, whose errors are worded otherwise, ``applied`` that it comes of
    server-side apply, with managedFields as they shall be. Whose fields a write changes is told by ``field_manager``
    (the parameter) or else by ``user_agent`` (the header). ``deadline`` is on the event loop's clock.
    ``observed`` takes what is to be known of the way through admission, None where nobody asks.
    """

    user: UserInfo
    dry_run: bool = False
    field_validation: str = "Ignore"
    duplicates: tuple[str, ...] = ()
    patched: bool = False
    applied: bool = False
    field_manager: str = ""
    user_agent: bytes = b""
    deadline: float | None = None
    observed: Observed | None = None

    def as_object(self) -> Object:
        """CreateOptions, UpdateOptions or PatchOptions as admission webhooks see them, without dryRun."""
        said = {"fieldManager": self.field_manager, "fieldValidation": self.field_validation}
        return {name: value for name, value in said.items() if value}


class DeleteOptions(Struct, frozen=True):
    """``said`` is the request's DeleteOptions, whose preconditions may hold uid and resourceVersion.

    ``deadline`` is on the event loop's clock; ``observed`` as in WriteOptions. ``admitted`` is a deletion that
    admission let pass as something else, such as an eviction.
    """

    user: UserInfo
    dry_run: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)
    deadline: float | None = None
    observed: Observed | None = None
    admitted: bool = False

    @property
    def preconditions(self) -> Mapping[str, str]:
        preconditions: Mapping[str, str] = self.said.get("preconditions") or {}
        return preconditions

    def as_object(self) -> Object:
        """DeleteOptions as admission webhooks see them, without dryRun."""
        return dict(self.said)


def attributes_of(
    operation: str,
    resource: Resource,
    namespace: str,
    name: str,
    obj: Object | None,
    old: Object | None,
    options: WriteOptions | DeleteOptions,
    subresource: str = "",
) -> Attributes:
    """What admission is told of a write."""
    attributes = Attributes(
        operation,
        resource,
        namespace,
        name,
        obj,
        old,
        options.user,
        subresource,
        options.dry_run,
        options.as_object(),
        options.deadline,
    )
    if options.observed is not None:
        attributes.annotations, attributes.trace = options.observed.annotations, options.observed.trace
    return attributes
