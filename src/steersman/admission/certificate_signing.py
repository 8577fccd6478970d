"""CertificateSigning: who gives out a certificate, or refuses to, must be allowed to for its signer."""

from typing import Any

from steersman.admission.configuration import AsksAuthorizer
from steersman.admission.signer_permission import REQUESTS, check_permission
from steersman.apiserver.admission import UPDATE, Attributes
from steersman.apiserver.registry.resource import Object


class CertificateSigning(AsksAuthorizer):
    """The stored request counts: an update cannot name another signer on the way."""

    name = "CertificateSigning"
    operations = frozenset((UPDATE,))
    resources = frozenset((REQUESTS,))

    async def validate(self, attributes: Attributes) -> None:
        new, old = attributes.object, attributes.old_object
        if attributes.subresource != "status" or new is None or old is None or _signed(new) == _signed(old):
            return
        await check_permission(self._authorizer, attributes, old, "sign")


def _signed(request: Object) -> tuple[str, list[Any]]:
    status = request.get("status") or {}
    return status.get("certificate") or "", status.get("conditions") or []
