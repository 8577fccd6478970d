"""Authentication by TLS client certificate."""

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request


class ClientCertificate:
    """The certificate's CN is the user's name, its Os are the groups.

    Whether the certificate is good was decided in the TLS handshake, by the server's client CA.
    """

    __slots__ = ()

    def authenticate(self, request: Request) -> UserInfo | None:
        certificate = request.connection.certificate
        if certificate is None or not certificate.common_name:
            return None
        return UserInfo(certificate.common_name, groups=certificate.organizations)
