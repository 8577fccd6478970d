"""DenyServiceExternalIPs: no Service takes up addresses that are not its own; those that have some may keep them."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.resource import Object

SERVICES = GroupResource("", "services")


class DenyServiceExternalIPs:
    name = "DenyServiceExternalIPs"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((SERVICES,))

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls()

    def validate(self, attributes: Attributes) -> None:
        if not attributes.subresource and not _addresses(attributes.object) <= _addresses(attributes.old_object):
            raise forbidden(SERVICES, attributes.name, "Use of external IPs is denied by admission control")


def _addresses(service: Object | None) -> set[str]:
    return set(((service or {}).get("spec") or {}).get("externalIPs") or ())
