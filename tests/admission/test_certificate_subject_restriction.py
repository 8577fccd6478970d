from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving
from tests.admission.signers import SIGNER, signing_request

from steersman.client.kinds import certificates_v1

PLUGIN = "CertificateSubjectRestriction"
CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
REFUSED = 'certificatesigningrequests.certificates.k8s.io "mine" is forbidden: '


@pytest.mark.parametrize(
    "request_",
    [
        signing_request(CLIENT_SIGNER),
        signing_request(CLIENT_SIGNER, "developers", "system:mastersmind"),
        signing_request(SIGNER, "system:masters"),
        signing_request(SIGNER, request=b"nothing of the kind"),
    ],
    ids=["of no group", "of other groups", "for another signer", "whatever for another signer"],
)
async def test_other_requests_pass(request_: Any) -> None:
    async with serving(PLUGIN) as client:
        await client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS).create(request_)


async def test_nobody_asks_to_be_one_of_the_masters() -> None:
    request = signing_request(CLIENT_SIGNER, "developers", "system:masters")
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS).create(request))

    assert (refused.code, refused.message) == (
        403,
        f"{REFUSED}use of {CLIENT_SIGNER} signer with system:masters group is not allowed",
    )


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        (b"x", "PEM block type must be CERTIFICATE REQUEST"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", ""),
    ],
)
async def test_what_cannot_be_read_is_refused(pem: bytes, problem: str) -> None:
    request = signing_request(CLIENT_SIGNER, request=pem)
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS).create(request))

    assert refused.code == 403
    assert refused.message.startswith(f"{REFUSED}failed to parse CSR: {problem}")
