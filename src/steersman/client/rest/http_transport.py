"""Requests over HTTP/1.1: pooled connections, TLS, proxies.

To be imported only by who makes such a client: aiohttp alone takes more than 100 ms to load.
"""

import base64
import io
import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
from yarl import URL

from steersman.client.config import Config
from steersman.client.rest.http_failure import CONNECT_SECONDS, transport_error
from steersman.client.rest.http_reply import HttpReply
from steersman.client.rest.proxy import find_proxy
from steersman.client.rest.tcp import open_socket
from steersman.client.transport import Reply, Request, TransportError

_IDLE_SECONDS = 45.0
"""How long an idle connection is kept: less than the 90 seconds after which servers close them."""

_READ_BYTES = 1 << 18
"""What is read ahead of the reader: long lists and busy watches come in large pieces, of which few are held at once."""

_HEAD_BYTES = 1 << 20
_LARGE = 1 << 20

_NEVER_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class HttpTransport:
    """Sends requests to ``config.server``, through a proxy where there is one. It belongs to one event loop.

    Connections are made with ``config.ssl_context()``. Once that is another context, new requests go over new
    connections; old ones end as they fall idle. Redirects are not followed, cookies not kept. Raises ConfigError.
    """

    def __init__(self, config: Config) -> None:
        url = urlsplit(config.server)
        self._config = config
        self._host = url.netloc.rpartition("@")[2]
        self._root = f"{url.scheme}://{self._host}{url.path}"
        self._authorization = _authorization(url)
        self._server_name = config.tls.server_name or None
        proxy = find_proxy(config.server, config.proxy_url, os.environ)
        self._proxy = None if proxy is None else URL(proxy.url, encoded=True)
        proof = {"Proxy-Authorization": proxy.authorization} if proxy and proxy.authorization else {}
        # A proxy for https gets its own request, CONNECT; one for http gets ours.
        self._proxy_headers, own = (proof, {}) if config.is_secure else ({}, proof)
        self._own_headers = tuple(own.items())
        self._pool: _Pool | None = None
        self._retired: set[_Pool] = set()
        self._closed = False

    async def send(self, request: Request) -> Reply:
        """Raises ConfigError as ``config.ssl_context`` does, TransportError as the interface says."""
        if self._closed:
            raise TransportError(f"{self._host}: this client has been closed")
        pool = await self._current()
        pool.sending += 1
        try:
            response = await pool.session.request(
                request.method,
                URL(self._root + request.target, encoded=True),
                headers=self._headers(request),
                data=_payload(request.body),
                allow_redirects=False,
                proxy=self._proxy,
                proxy_headers=self._proxy_headers,
                server_hostname=self._server_name,
            )
        except BaseException as error:
            pool.sending -= 1
            await pool.let_go()
            if isinstance(error, (aiohttp.ClientError, OSError)):
                raise transport_error(self._host, error) from error
            raise
        pool.sending -= 1
        reply = HttpReply(response, self._host, pool.closed)
        pool.replies.add(reply)
        return reply

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        self._closed = True
        pools = [*self._retired, *([self._pool] if self._pool else ())]
        self._pool = None
        self._retired.clear()
        for pool in pools:
            await pool.close()

    def _headers(self, request: Request) -> Sequence[tuple[str, str]]:
        fields = [*request.headers, *self._own_headers] if self._own_headers else request.headers
        if self._authorization and not any(name.lower() == "authorization" for name, _ in fields):
            return [*fields, ("Authorization", self._authorization)]
        return fields

    async def _current(self) -> "_Pool":
        context = self._config.ssl_context()
        pool = self._pool
        if pool is not None and pool.context is context:
            return pool
        self._pool = made = _Pool(context)
        if pool is not None:
            self._retired.add(pool)
            await pool.retire(self._retired.discard)
        return made


class _Pool:
    """The connections made with one TLS context, and what they are used for."""

    __slots__ = ("_on_empty", "context", "replies", "sending", "session")

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.sending = 0
        self.replies: set[HttpReply] = set()
        self._on_empty: Callable[[_Pool], None] | None = None
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=True if context is None else context,
                limit=0,
                keepalive_timeout=_IDLE_SECONDS,
                socket_factory=open_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NEVER_AUTOMATIC,
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            auto_decompress=False,
            middlewares=(_once,),
            read_bufsize=_READ_BYTES,
            max_line_size=_HEAD_BYTES,
            max_field_size=_HEAD_BYTES,
        )

    async def retire(self, on_empty: "Callable[[_Pool], None]") -> None:
        """There will be no new requests: close once those under way have ended."""
        self._on_empty = on_empty
        await self.let_go()

    async def closed(self, reply: HttpReply) -> None:
        self.replies.discard(reply)
        await self.let_go()

    async def let_go(self) -> None:
        if self._on_empty is not None and not self.sending and not self.replies:
            self._on_empty(self)
            await self.session.close()

    async def close(self) -> None:
        for reply in tuple(self.replies):
            await reply.close()
        await self.session.close()


async def _once(
    request: aiohttp.ClientRequest, handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a request a second time when the connection is lost: it may have been done."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise transport_error(request.url.raw_authority, error) from error


def _payload(body: bytes) -> bytes | io.BytesIO | None:
    # aiohttp writes bytes in one go, whatever the size, and a file in parts, each when the one before has gone.
    if not body:
        return None
    return body if len(body) < _LARGE else io.BytesIO(body)


def _authorization(url: SplitResult) -> str:
    """A user and password in the server's URL, as Go sends them."""
    if "@" not in url.netloc:
        return ""
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {base64.b64encode(user.encode()).decode()}"
