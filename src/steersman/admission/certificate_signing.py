"""CertificateSigning: who gives out a certificate, or refuses to, must be allowed to for its signer."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.signer_permission import REQUESTS, check_permission
from steersman.apiserver.admission import UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.registry.resource import Object


class CertificateSigning:
    """The stored request counts: an update cannot name another signer on the way."""

    name = "CertificateSigning"
    operations = frozenset((UPDATE,))
    resources = frozenset((REQUESTS,))

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.authorizer)

    async def validate(self, attributes: Attributes) -> None:
        new, old = attributes.object, attributes.old_object
        if attributes.subresource != "status" or new is None or old is None or _signed(new) == _signed(old):
            return
        await check_permission(self._authorizer, attributes, old, "sign")


def _signed(request: Object) -> tuple[str, list[Any]]:
    status = request.get("status") or {}
    return status.get("certificate") or "", status.get("conditions") or []
