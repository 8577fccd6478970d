"""Whether a user may approve or sign the certificate requests of a signer.

Both are verbs on ``signers`` of certificates.k8s.io, which exist for authorization alone: by the signer's name, or for
all signers of its domain by ``example.com/*``.
"""

from steersman.admission.permission import allows, verdict_on
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import Attributes
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.registry.resource import Object

REQUESTS = GroupResource("certificates.k8s.io", "certificatesigningrequests")


async def check_permission(authorizer: Authorizer, attributes: Attributes, request: Object, verb: str) -> None:
    """Raises Forbidden where the user may not ``verb`` what is signed by the signer of ``request``."""
    signer = (request.get("spec") or {}).get("signerName") or ""
    for name in (signer, f"{signer.partition('/')[0]}/*"):
        verdict = await verdict_on(
            authorizer, attributes.user, verb, group=REQUESTS.group, version="*", resource="signers", name=name
        )
        if allows(verdict):
            return
    message = f'user not permitted to {verb} requests with signerName "{signer}"'
    raise forbidden(REQUESTS, attributes.name, message)
