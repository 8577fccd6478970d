"""CertificateApproval: who approves a certificate request must be allowed to for its signer."""

from steersman.admission.configuration import AsksAuthorizer
from steersman.admission.signer_permission import REQUESTS, check_permission
from steersman.apiserver.admission import UPDATE, Attributes


class CertificateApproval(AsksAuthorizer):
    """The stored request counts: an update cannot name another signer on the way."""

    name = "CertificateApproval"
    operations = frozenset((UPDATE,))
    resources = frozenset((REQUESTS,))

    async def validate(self, attributes: Attributes) -> None:
        if attributes.subresource == "approval" and attributes.old_object is not None:
            await check_permission(self._authorizer, attributes, attributes.old_object, "approve")
