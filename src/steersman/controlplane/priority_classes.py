"""The PriorityClasses that are there from the start, for what a cluster cannot do without."""

import logging
from typing import Any

from steersman.admission.priority import PRIORITY_CLASSES, SYSTEM_CLASSES
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.registry.write_options import WriteOptions

_DESCRIPTIONS = {
    "system-cluster-critical": (
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
    ),
    "system-node-critical": "Used for system critical pods that must not be moved from their current node.",
}
_logger = logging.getLogger(__name__)


async def create_system_priority_classes(lifecycle: Lifecycle, served: ServedResources) -> None:
    """Create those that are missing, if any are served. The server runs without one that is refused."""
    resource = served.of_group_resource(PRIORITY_CLASSES)
    if resource is None:
        return
    cacher = await lifecycle.cacher(resource)
    for name, value in SYSTEM_CLASSES.items():
        if cacher.get("", name) is None:
            obj: dict[str, Any] = {
                "metadata": {"name": name},
                "value": value,
                "description": _DESCRIPTIONS[name],
            }
            try:
                await lifecycle.create(resource, "", obj, WriteOptions(SERVER))
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    _logger.error("the PriorityClass %s cannot be created: %s", name, error)
