"""The admission seam: what the life cycle asks before it stores, and what it tells about the request."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.resource import Object, Resource


@dataclass(slots=True)
class Attributes:
    """One write on its way to the store. ``operation`` is CREATE, UPDATE or DELETE; ``object`` is None for DELETE."""

    operation: str
    resource: Resource
    namespace: str
    name: str
    object: Object | None
    old_object: Object | None
    user: UserInfo
    subresource: str = ""
    dry_run: bool = False


class AdmissionPlugin(Protocol):
    """``admit`` may change ``attributes.object``; it refuses by raising ApiError. An awaitable result is awaited."""

    operations: frozenset[str]

    def admit(self, attributes: Attributes) -> Awaitable[None] | None: ...


class AdmissionChain:
    """Plugins in order, indexed by operation; the first refusal ends the request."""

    def __init__(self, plugins: Sequence[AdmissionPlugin] = ()) -> None:
        self._by_operation = {
            operation: tuple(plugin for plugin in plugins if operation in plugin.operations)
            for operation in ("CREATE", "UPDATE", "DELETE")
        }

    async def admit(self, attributes: Attributes) -> None:
        for plugin in self._by_operation[attributes.operation]:
            pending = plugin.admit(attributes)
            if pending is not None:
                await pending
