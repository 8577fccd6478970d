"""What goes wrong on the way to a server, in one line for its user: which host, what, and what to do about it."""

import os
import ssl
from collections.abc import Callable, Mapping

import aiohttp

from steersman.client.transport import ConnectionLost, TransportError

CONNECT_SECONDS = 30.0

_UNTRUSTED = (
    "the server's certificate is not trusted: {why}; give the authority that signed it"
    " (certificate-authority in a kubeconfig, ca_file or ca_data in a TlsConfig)"
)
_MISNAMED = (
    "the server's certificate is for another name: {why}; use a name that it has in the URL,"
    " or give one (tls-server-name in a kubeconfig, server_name in a TlsConfig)"
)
_NAME_CODES = frozenset((62, 63, 64))
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, _EMAIL_MISMATCH and _IP_ADDRESS_MISMATCH."""

_TLS_HINTS: Mapping[str, str] = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS; is its URL http:// rather than https://?",
    "RECORD_LAYER_FAILURE": "the server does not speak TLS; is its URL http:// rather than https://?",
    "HTTP_REQUEST": "the server does not speak TLS; is its URL http:// rather than https://?",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server demands a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not trust the client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the server refuses the client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the server refuses the client certificate, which has expired",
}


def transport_error(host: str, error: BaseException) -> TransportError:
    """``error``, raised by aiohttp for a request to ``host``, as what the interface promises."""
    kind, text = next(say(error) for known, say in _KINDS if isinstance(error, known))
    return kind(f"{host}: {text}")


_Said = tuple[type[TransportError], str]


def _certificate(error: BaseException) -> _Said:
    cause = getattr(error, "certificate_error", None)
    code, why = getattr(cause, "verify_code", 0), getattr(cause, "verify_message", "") or str(cause)
    return TransportError, (_MISNAMED if code in _NAME_CODES else _UNTRUSTED).format(why=why.rstrip("."))


def _tls(error: BaseException) -> _Said:
    reason = _ssl_reason(error)
    return TransportError, _TLS_HINTS.get(reason, f"TLS failed: {reason or 'no reason given'}")


def _ssl_reason(error: BaseException) -> str:
    """OpenSSL's name for what went wrong, where aiohttp has kept it."""
    found = next((one for one in (getattr(error, "os_error", None), error.__cause__, error) if _is_tls(one)), None)
    return getattr(found, "reason", None) or ""


def _is_tls(error: object) -> bool:
    return isinstance(error, ssl.SSLError)


def _proxy_answer(error: BaseException) -> _Said:
    status = getattr(error, "status", 0)
    hint = "; give a user and password in the proxy's URL" if status == 407 else ""
    return TransportError, f"the proxy refused to connect to it: {status} {getattr(error, 'message', '')}{hint}"


def _proxy_connection(error: BaseException) -> _Said:
    return TransportError, f"its proxy cannot be reached: {_reason(getattr(error, 'os_error', error))}"


def _connector(error: BaseException) -> _Said:
    return TransportError, f"cannot connect: {_reason(getattr(error, 'os_error', error))}"


def _operating_system(error: BaseException) -> _Said:
    if (reason := _ssl_reason(error)) in _TLS_HINTS:
        return TransportError, _TLS_HINTS[reason]
    return ConnectionLost, f"the connection was lost: {reason or _reason(error)}"


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(number)
    return getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]


def _said(kind: type[TransportError], text: str) -> Callable[[BaseException], _Said]:
    return lambda _: (kind, text)


def _http(error: BaseException) -> _Said:
    return TransportError, f"its answer is not HTTP/1.1: {(str(getattr(error, 'message', '')).splitlines() or [''])[0]}"


_KINDS: tuple[tuple[type[BaseException], Callable[[BaseException], _Said]], ...] = (
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (aiohttp.ClientConnectorSSLError, _tls),
    (aiohttp.ClientConnectorDNSError, _said(TransportError, "cannot connect: its name cannot be resolved")),
    (aiohttp.ClientProxyConnectionError, _proxy_connection),
    (aiohttp.ClientConnectorError, _connector),
    (aiohttp.ClientHttpProxyError, _proxy_answer),
    (aiohttp.ServerDisconnectedError, _said(ConnectionLost, "the connection was closed before the answer came")),
    (aiohttp.ClientPayloadError, _said(ConnectionLost, "the answer was cut off")),
    (aiohttp.ClientResponseError, _http),
    (TimeoutError, _said(TransportError, f"cannot connect: no answer within {CONNECT_SECONDS:g} seconds")),
    (OSError, _operating_system),
    (BaseException, _said(ConnectionLost, "the connection was lost")),
)
"""The first that fits counts; several of aiohttp's classes are also OSError or TimeoutError."""
