"""What proves to the server who asks: the interface, and the credentials that never change."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

Headers = Mapping[str, str]

NO_HEADERS: Headers = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate chain and its key, both PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


class CredentialProvider(Protocol):
    """Credentials for all requests of a client; one provider serves any number of concurrent requests."""

    async def headers(self) -> Headers:
        """The request headers that authenticate. Raises CredentialError if they cannot be had."""
        ...

    async def refresh(self, rejected: Headers) -> bool:
        """To be called when the server answers 401; ``rejected`` is what :meth:`headers` gave for that request.

        True if there are other credentials now, so that the request is worth one more try. Of many callers with the
        same rejected headers only one gets new credentials; the others wait for it. Raises CredentialError.
        """
        ...

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """The certificate that came with the headers, if the provider gives one."""
        ...


class StaticCredentials:
    """Headers that stay as they are."""

    client_certificate: ClientCertificate | None = None

    def __init__(self, headers: Headers = NO_HEADERS) -> None:
        self._headers = headers

    async def headers(self) -> Headers:
        return self._headers

    async def refresh(self, rejected: Headers) -> bool:
        return False


def anonymous() -> StaticCredentials:
    """No headers: an anonymous user, or one whose client certificate says who it is."""
    return StaticCredentials()


def bearer_token(token: str) -> StaticCredentials:
    """A token that does not expire while the client lives."""
    return StaticCredentials(bearer_headers(token))


def basic_auth(username: str, password: str) -> StaticCredentials:
    """HTTP basic authentication (RFC 7617)."""
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return StaticCredentials(MappingProxyType({"Authorization": f"Basic {encoded}"}))


def is_header_value(text: str) -> bool:
    """False for line ends, control characters and what is not ASCII, none of which a token has."""
    return text.isascii() and text.isprintable()


def bearer_headers(token: str) -> Headers:
    return MappingProxyType({"Authorization": f"Bearer {token}"})
