from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving
from tests.admission.signers import SIGNER, Allows, signing_request

from steersman.admission.certificate_approval import CertificateApproval
from steersman.client import Client
from steersman.client.kinds import certificates_v1

APPROVED = {"type": "Approved", "status": "True", "reason": "Known", "message": "known to us"}


async def approve(client: Client) -> Any:
    requests = client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS)
    created: Any = await requests.create(signing_request())
    created["status"] = {"conditions": [APPROVED]}
    return await requests.update(created, subresource="approval")


@pytest.mark.parametrize("name", [SIGNER, "example.com/*"], ids=["by name", "by domain"])
async def test_who_may_approve_for_the_signer_does(name: str) -> None:
    async with serving(extra=(CertificateApproval(Allows("approve", name)),)) as client:
        approved = await approve(client)

    assert approved["status"]["conditions"][0]["type"] == "Approved"


@pytest.mark.parametrize(
    "allows", [Allows("sign", SIGNER), Allows("approve", "example.com/other"), Allows("approve", "other.com/*")]
)
async def test_others_are_refused(allows: Allows) -> None:
    async with serving(extra=(CertificateApproval(allows),)) as client:
        refused = await refusal(approve(client))

    assert (refused.code, refused.message) == (
        403,
        'certificatesigningrequests.certificates.k8s.io "mine" is forbidden:'
        f' user not permitted to approve requests with signerName "{SIGNER}"',
    )
    assert [(one.verb, one.group, one.version, one.name) for one in allows.asked] == [
        ("approve", "certificates.k8s.io", "*", SIGNER),
        ("approve", "certificates.k8s.io", "*", "example.com/*"),
    ]


async def test_only_approval_is_asked_about() -> None:
    nobody = Allows("approve")
    async with serving(extra=(CertificateApproval(nobody),)) as client:
        requests = client.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS)
        created: Any = await requests.create(signing_request())
        await requests.patch("mine", {"metadata": {"labels": {"a": "b"}}})
        created["metadata"] = {"name": "mine"}
        await requests.update(created, subresource="status")

    assert nobody.asked == []


async def test_the_servers_own_authorizer_is_asked() -> None:
    async with serving("CertificateApproval") as client:
        await approve(client)
