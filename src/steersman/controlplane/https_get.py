"""Small documents from servers on the network: bounded in size and time, over TLS that is verified."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from steersman.apiserver.authentication.oidc.provider import Fetch, FetchFailed
from steersman.client.config import Config, ConfigError
from steersman.client.config.tls import TlsConfig
from steersman.client.rest.http_transport import HttpTransport
from steersman.client.transport import Reply, Request, TransportError

SECONDS = 30.0
MAX_BYTES = 1 << 20
MAX_REDIRECTS = 10
MAX_SERVERS = 16
"""Servers of which the TLS context is kept."""

_HEADERS = (("Accept", "application/json, */*"), ("Accept-Encoding", "identity"), ("User-Agent", "kube-apiserver"))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


def https_get(authority: bytes, seconds: float = SECONDS) -> Fetch:
    """``authority`` has the certificates (PEM) that are trusted, the system's where it is empty.

    Redirects are followed, to other https URLs only. The proxy is the environment's.
    """

    tls = TlsConfig(ca_data=authority)

    @lru_cache(MAX_SERVERS)
    def config(origin: str) -> Config:
        # A configuration keeps its TLS context, which takes long to make.
        return Config(origin, tls=tls)

    async def get(url: str, token: str) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await _follow(url, token, config)
        except TimeoutError:
            raise FetchFailed(f'Get "{url}": no answer within {seconds:g} seconds') from None
        except (TransportError, ConfigError, ValueError) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            raise FetchFailed(f'Get "{url}": {why}') from None

    return get


async def _follow(url: str, token: str, config: Callable[[str], Config]) -> bytes:
    origin = _origin(url)
    for _ in range(MAX_REDIRECTS + 1):
        found = await _get(url, token if _origin(url) == origin else "", config)
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise FetchFailed(f'Get "{url}": stopped after {MAX_REDIRECTS} redirects')


async def _get(url: str, token: str, config: Callable[[str], Config]) -> bytes | str:
    """The document, or where it is said to be."""
    place = urlsplit(url)
    transport = HttpTransport(config(_origin(url)))
    credentials = (("Authorization", f"Bearer {token}"),) if token else ()
    target = f"{place.path or '/'}{f'?{place.query}' if place.query else ''}"
    try:
        reply = await transport.send(Request("GET", target, (*_HEADERS, *credentials)))
        try:
            return await _answer(url, reply)
        finally:
            await reply.close()
    finally:
        await transport.close()


async def _answer(url: str, reply: Reply) -> bytes | str:
    headers = dict(reply.headers)
    if reply.status in _REDIRECTS and "location" in headers:
        return headers["location"]
    if reply.status != 200:
        raise FetchFailed(f'Get "{url}": the server answered {reply.status}')
    if headers.get("content-encoding", "identity") != "identity":
        raise FetchFailed(f'Get "{url}": the answer is packed, though that was not asked for')
    body = bytearray()
    async for piece in reply.chunks():
        body += piece
        if len(body) > MAX_BYTES:
            raise FetchFailed(f'Get "{url}": the answer is longer than {MAX_BYTES} bytes')
    return bytes(body)


def _origin(url: str) -> str:
    """Raises FetchFailed for what is not https."""
    try:
        place = urlsplit(url)
        is_plain = url.isascii() and url.isprintable() and " " not in url
        if is_plain and place.scheme == "https" and place.hostname and "@" not in place.netloc:
            return f"https://{place.netloc}"
    except ValueError:
        pass
    raise FetchFailed(f'Get "{url}": not an https URL')
