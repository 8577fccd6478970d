"""Which mutations are made again, once something has changed what they had already seen (reinvocationPolicy)."""

from dataclasses import dataclass, field

import msgspec

from steersman.admission.policy.binding import Binding
from steersman.admission.policy.policy import Policy
from steersman.apiserver.registry.resource import Object

Key = tuple[str, str, str, str]
"""Policy, binding, and the namespace and name of the parameters."""


@dataclass(slots=True)
class Reinvocation:
    """What is remembered between the two rounds of one request."""

    made: set[Key] = field(default_factory=set)
    """Those that want to be made again, and have not seen the object's last change."""
    again: set[Key] = field(default_factory=set)
    output: Object | None = None
    """The object as the mutations left it."""

    def changed(self) -> None:
        self.again |= self.made
        self.made.clear()

    def begin(self, obj: Object | None) -> None:
        """The second round begins: others may have changed the object since."""
        if self.made and self.output != obj:
            self.changed()

    def end(self, obj: Object | None) -> None:
        # A copy, for other plugins change the object in place.
        self.output = msgspec.to_builtins(obj) if self.made else None


def key_of(policy: Policy, binding: Binding, params: Object | None) -> Key:
    meta = (params or {}).get("metadata") or {}
    return policy.name, binding.name, meta.get("namespace") or "", meta.get("name") or ""
