"""What an admission plugin is: a small class with ``admit``, ``validate`` or both.

::

    class NoShortPasswords:
        name = "NoShortPasswords"
        operations = frozenset(("CREATE", "UPDATE"))
        resources = frozenset((GroupResource("", "secrets"),))

        def validate(self, attributes: Attributes) -> None:
            if is_short(attributes.object):
                raise forbidden(attributes.group_resource, attributes.name, "the password is too short")

A plugin refuses by raising ApiError. Where it has to wait, a method is ``async``. It is found by its entry point in the
group ``steersman.admission``, or handed to ``ControlPlane(admission=AdmissionOptions(extra=[…]))``.
"""

from collections.abc import Awaitable
from typing import Protocol, runtime_checkable

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission.attributes import Attributes


class AdmissionPlugin(Protocol):
    """One with neither ``admit`` nor ``validate`` is refused when a chain is made of it."""

    @property
    def name(self) -> str: ...

    @property
    def operations(self) -> frozenset[str]:
        """Of CREATE, UPDATE, DELETE and CONNECT, those that the plugin is asked about."""
        ...

    @property
    def resources(self) -> frozenset[GroupResource] | None:
        """The resources that the plugin is asked about, with their subresources; None: all."""
        ...


@runtime_checkable
class MutationPlugin(Protocol):
    """Has a part in the mutating phase."""

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        """Change ``attributes.object`` or raise ApiError. It may be called twice for one request; see ``reinvoked``."""
        ...


@runtime_checkable
class ValidationPlugin(Protocol):
    """Has a part in the validating phase."""

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        """Raise ApiError or let it pass; nothing of ``attributes.object`` may be changed."""
        ...


@runtime_checkable
class Closeable(Protocol):
    """Holds something that has to be let go when the server stops, such as connections."""

    async def close(self) -> None: ...
