"""Calling one address over HTTPS. To be imported at the first call only: aiohttp takes long to load."""

import asyncio
import os
from collections.abc import Callable, Mapping

import aiohttp

from steersman.client.config import Config
from steersman.client.rest.http_transport import HttpTransport
from steersman.client.rest.status import api_error
from steersman.client.transport import Reply, Request, TransportError

MAX_BYTES = 8 << 20
"""The longest answer: more than a patch can need that puts an object of the greatest size in place of another."""

MAX_CALLS = 100
"""How many calls one address gets at once; the others wait for their turn, within their time."""

_SUCCESS = range(200, 207)
_SHOWN = 2048

_UNKNOWN_AUTHORITY = "certificate signed by unknown authority, which is not in the webhook's caBundle"
_VERIFICATION: Mapping[int, str] = {
    9: "certificate is not yet valid",
    10: "certificate has expired",
    18: _UNKNOWN_AUTHORITY,
    19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY,
    21: _UNKNOWN_AUTHORITY,
}
"""By OpenSSL's X509_V_ERR codes."""


class Connection:
    """One address, with one set of authorities and one user; its connections are kept alive. ``uses`` counts calls."""

    def __init__(self, config: Config, host: str) -> None:
        """``host`` is what the Host header says."""
        self.uses = 0
        self._config, self._host = config, host
        self._transport = HttpTransport(config)
        self._turns = asyncio.Semaphore(MAX_CALLS)

    async def post(self, target: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
        """The answer's body. Raises TransportError, ApiError for a status that is no success, ConfigError."""
        self.uses += 1
        try:
            async with self._turns:
                return await self._post(target, body, headers)
        finally:
            self.uses -= 1

    async def close(self) -> None:
        await self._transport.close()

    async def _post(self, target: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
        credentials = await self._config.credentials.headers()
        fields = [("Host", self._host), *headers, *credentials.items(), *self._config.impersonation.headers()]
        try:
            reply = await self._transport.send(Request("POST", target, fields, body))
        except TransportError as error:
            raise TransportError(reason(error)) from error
        try:
            if reply.status not in _SUCCESS:
                text = await _read(reply, _SHOWN, cut=True)
                raise api_error(reply.status, text, reply.headers, "POST")
            return await _read(reply, MAX_BYTES)
        finally:
            await reply.close()


async def _read(reply: Reply, limit: int, *, cut: bool = False) -> bytes:
    pieces, size = [], 0
    async for piece in reply.chunks():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            if cut:
                break
            raise TransportError(f"the response is larger than {limit} bytes")
    return b"".join(pieces)


def reason(error: TransportError) -> str:
    """Why there was no answer, in one line, worded as Go's HTTP client does."""
    cause = error.__cause__
    while isinstance(cause, TransportError):
        cause = cause.__cause__
    said = next((say(cause) for known, say in _KINDS if isinstance(cause, known)), None)
    return said if said is not None else str(error)


def _certificate(error: BaseException) -> str:
    found = getattr(error, "certificate_error", None)
    told = getattr(found, "verify_message", "") or str(found)
    why = _VERIFICATION.get(getattr(found, "verify_code", 0)) or told.rstrip(".")
    return f"tls: failed to verify certificate: x509: {why}"


def _tls(error: BaseException) -> str:
    why = getattr(getattr(error, "os_error", None), "reason", None) or "no reason given"
    if why in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return "http: server gave HTTP response to HTTPS client"
    return f"remote error: tls: {why.lower().replace('_', ' ')}"


def _name(error: BaseException) -> str:
    return f"dial tcp: lookup {getattr(error, 'host', '')}: no such host"


def _connect(error: BaseException) -> str:
    cause = getattr(error, "os_error", error)
    number = getattr(cause, "errno", None)
    why = os.strerror(number).lower() if isinstance(number, int) and number > 0 else _first_line(cause)
    return f"dial tcp {getattr(error, 'host', '')}:{getattr(error, 'port', '')}: connect: {why}"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


_KINDS: tuple[tuple[type[BaseException], Callable[[BaseException], str]], ...] = (
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (aiohttp.ClientConnectorSSLError, _tls),
    (aiohttp.ClientConnectorDNSError, _name),
    (aiohttp.ClientProxyConnectionError, _connect),
    (aiohttp.ClientConnectorError, _connect),
    (aiohttp.ServerDisconnectedError, lambda _: "EOF"),
    (aiohttp.ClientPayloadError, lambda _: "unexpected EOF"),
)
"""The first that fits counts; what is none of them says what the transport made of it."""
