"""Certificate requests, and an authorizer that allows some verbs on some signers."""

import base64
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import NO_OPINION, Decision, Verdict
from steersman.apiserver.request_info import RequestInfo

SIGNER = "example.com/clients"


class Allows:
    """Allows ``verb`` on the signers that are ``named``; keeps what it was asked."""

    def __init__(self, verb: str, *named: str) -> None:
        self._verb, self._named = verb, named
        self.asked: list[RequestInfo] = []

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        self.asked.append(info)
        allowed = info.verb == self._verb and info.resource == "signers" and info.name in self._named
        return Verdict(Decision.ALLOW) if allowed else NO_OPINION


def signing_request(signer: str = SIGNER, *organizations: str, request: bytes | None = None) -> Any:
    """A CertificateSigningRequest for a user of ``organizations``."""
    pem = _pem(organizations) if request is None else request
    spec = {"signerName": signer, "request": base64.b64encode(pem).decode(), "usages": ["client auth"]}
    return {"metadata": {"name": "mine"}, "spec": spec}


def _pem(organizations: tuple[str, ...]) -> bytes:
    names = [x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")]
    names += [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, one) for one in organizations]
    builder = x509.CertificateSigningRequestBuilder(x509.Name(names))
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)
