"""TLS: the server's context, and what a verified client certificate says."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steersman.apiserver.http.message import PeerCertificate


def server_ssl_context(certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 and later, HTTP/1.1 by ALPN.

    ``certificate`` and ``key`` are PEM files. With ``client_ca`` (PEM) clients may show a certificate; one that this CA
    did not sign ends the handshake. Raises ValueError, with the file's name, for what is not such a file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise ValueError(f"{certificate}, {key}: not a certificate and its private key in PEM") from None
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError:
            raise ValueError(f"{client_ca}: not a certificate in PEM") from None
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def peer_certificate(certificate: dict[str, Any] | None) -> PeerCertificate | None:
    """The subject in what ``SSLObject.getpeercert()`` returns: empty or None without a verified certificate."""
    if not certificate:
        return None
    names = list(_values(certificate, "commonName"))
    return PeerCertificate(names[-1] if names else "", tuple(_values(certificate, "organizationName")))


def _values(certificate: dict[str, Any], attribute: str) -> Iterator[str]:
    for relative_name in certificate.get("subject", ()):
        for name, value in relative_name:
            if name == attribute:
                yield value
