"""DenyServiceExternalIPs: no Service takes up addresses that are not its own; those that have some may keep them."""

from steersman.admission.configuration import Unconfigured
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Object

SERVICES = GroupResource("", "services")


class DenyServiceExternalIPs(Unconfigured):
    name = "DenyServiceExternalIPs"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((SERVICES,))

    def validate(self, attributes: Attributes) -> None:
        if not attributes.subresource and not _addresses(attributes.object) <= _addresses(attributes.old_object):
            raise forbidden(SERVICES, attributes.name, "Use of external IPs is denied by admission control")


def _addresses(service: Object | None) -> set[str]:
    return set(((service or {}).get("spec") or {}).get("externalIPs") or ())
