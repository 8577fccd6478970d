from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving
from tests.admission.signers import SIGNER, Allows, signing_request

from steersman.admission.certificate_signing import CertificateSigning
from steersman.client import Client
from steersman.client.kinds import certificates_v1

FAILED = {"type": "Failed", "status": "True", "reason": "Broken", "message": "out of order"}
CERTIFICATE = {"certificate": "LS0t"}


async def write_status(client: Client, status: Any) -> Any:
    requests = client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS)
    created: Any = await requests.create(signing_request())
    created["status"] = status
    return await requests.update(created, subresource="status")


@pytest.mark.parametrize("status", [CERTIFICATE, {"conditions": [FAILED]}])
@pytest.mark.parametrize("name", [SIGNER, "example.com/*"])
async def test_who_may_sign_for_the_signer_does(status: Any, name: str) -> None:
    async with serving(extra=(CertificateSigning(Allows("sign", name)),)) as client:
        assert (await write_status(client, status))["status"]


@pytest.mark.parametrize("status", [CERTIFICATE, {"conditions": [FAILED]}])
async def test_others_are_refused(status: Any) -> None:
    async with serving(extra=(CertificateSigning(Allows("approve", SIGNER)),)) as client:
        refused = await refusal(write_status(client, status))

    assert (refused.code, refused.message) == (
        403,
        'certificatesigningrequests.certificates.k8s.io "mine" is forbidden:'
        f' user not permitted to sign requests with signerName "{SIGNER}"',
    )


async def test_what_signs_nothing_is_left_alone() -> None:
    nobody = Allows("sign")
    async with serving(extra=(CertificateSigning(nobody),)) as client:
        await write_status(client, {})
        requests = client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS)
        await requests.patch("mine", {"metadata": {"labels": {"a": "b"}}})

    assert nobody.asked == []


async def test_the_servers_own_authorizer_is_asked() -> None:
    async with serving("CertificateSigning") as client:
        assert (await write_status(client, CERTIFICATE))["status"] == CERTIFICATE
