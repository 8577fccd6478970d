"""What the server gives to a plugin that is made for it."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from steersman.apiserver.admission.plugin import AdmissionPlugin
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.served import ServedResources


class PluginContext(Struct, frozen=True):
    """What a plugin may use of the server it is in: reads come from the server's own caches."""

    objects: ObjectReader
    served: ServedResources
    lifecycle: Lifecycle
    authorizer: Authorizer
    metrics: Metrics
    minor: int
    """The Kubernetes minor that the server is: 37 for 1.37."""


class PluginFactory(Protocol):
    """Makes a plugin: as a rule a class of plugins, with this as its class method."""

    def create(self, context: PluginContext, configuration: Mapping[str, Any] | None) -> AdmissionPlugin:
        """``configuration`` is the plugin's own in the AdmissionConfiguration. Raises ValueError for a wrong one."""
        ...
