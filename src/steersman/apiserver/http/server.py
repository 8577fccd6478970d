"""The HTTP server: listeners, and the end of them."""

import asyncio
import functools
import socket
import ssl

from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Handler
from steersman.apiserver.http.protocol import HttpProtocol
from steersman.apiserver.http.server_state import ServerState

_BACKLOG = 1024
_SHUTDOWN_SECONDS = 5.0


class HttpServer:
    """Serves ``handler`` on any number of listeners of the running event loop."""

    def __init__(self, handler: Handler, *, limits: Limits = Limits()) -> None:  # noqa: B008 (frozen)
        self._state = ServerState(handler, limits)
        self._listeners: list[asyncio.Server] = []

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._state.connections)

    async def listen(self, host: str, port: int, ssl_context: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Starts to accept on ``host`` and ``port``, and returns both as bound: port 0 picks a free one.

        ``::`` is every address of the machine, of IPv4 too. With ``ssl_context`` over TLS. Raises OSError where the
        address cannot be bound.
        """
        loop, limits = asyncio.get_running_loop(), self._state.limits
        listen = functools.partial(
            loop.create_server,
            lambda: HttpProtocol(self._state, loop),
            ssl=ssl_context,
            backlog=_BACKLOG,
            ssl_handshake_timeout=limits.handshake_seconds if ssl_context else None,
            ssl_shutdown_timeout=_SHUTDOWN_SECONDS if ssl_context else None,
        )
        if host == "::" and socket.has_dualstack_ipv6():
            # asyncio's own sockets take IPv6 alone, whatever the system's default is.
            address = (host, port)
            sock = socket.create_server(address, family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True)
            listener = await listen(sock=sock)
        else:
            listener = await listen(host, port)
        self._listeners.append(listener)
        bound = listener.sockets[0].getsockname()
        return str(bound[0]), int(bound[1])

    async def drain(self, timeout: float) -> None:
        """Stops: accepts no more, ends streams, lets requests in flight finish for up to ``timeout`` seconds.

        What is still open after that is cut. Answers sent meanwhile carry ``Connection: close``.
        """
        state = self._state
        state.draining = True
        for listener in self._listeners:
            listener.close()
        for connection in list(state.connections):
            connection.drain()
        try:
            async with asyncio.timeout(timeout):
                await state.empty.wait()
        except TimeoutError:
            for connection in list(state.connections):
                connection.abort()
            await state.empty.wait()
        finally:
            state.close()
            self._listeners.clear()
