"""CertificateSubjectRestriction: nobody asks for a client certificate that may do everything.

A certificate of the signer ``kubernetes.io/kube-apiserver-client`` whose organization is ``system:masters`` would pass
every authorization.
"""

import base64
import binascii

from steersman.admission.configuration import Unconfigured
from steersman.admission.signer_permission import REQUESTS
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import CREATE, Attributes

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
MASTERS = "system:masters"


class CertificateSubjectRestriction(Unconfigured):
    name = "CertificateSubjectRestriction"
    operations = frozenset((CREATE,))
    resources = frozenset((REQUESTS,))

    def validate(self, attributes: Attributes) -> None:
        spec = (attributes.object or {}).get("spec") or {}
        if attributes.subresource or spec.get("signerName") != CLIENT_SIGNER:
            return
        try:
            organizations = _organizations(spec.get("request") or "")
        except ValueError as error:
            raise forbidden(REQUESTS, attributes.name, f"failed to parse CSR: {error}") from None
        if MASTERS in organizations:
            message = f"use of {CLIENT_SIGNER} signer with {MASTERS} group is not allowed"
            raise forbidden(REQUESTS, attributes.name, message)


def _organizations(request: str) -> set[str | bytes]:
    """Those of the subject of a PEM certificate request, base64 once more. Raises ValueError."""
    # Imported for those who ask for certificates: it takes longer than all else at start.
    from cryptography import x509

    try:
        pem = base64.b64decode(request, validate=True)
    except binascii.Error:
        pem = b""
    if b"-----BEGIN CERTIFICATE REQUEST-----" not in pem:
        raise ValueError("PEM block type must be CERTIFICATE REQUEST")
    subject = x509.load_pem_x509_csr(pem).subject
    return {one.value for one in subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)}
