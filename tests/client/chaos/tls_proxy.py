"""A proxy that speaks TLS with its clients, and passes their requests on over a transport that may fail."""

import ssl
from pathlib import Path

from aiohttp import web

from steersman.client.transport import Reply, Request, Transport, TransportError

_HOP_BY_HOP = frozenset(("connection", "content-length", "host", "transfer-encoding"))


class TlsProxy:
    """Where the transport fails, the proxy resets the client's connection."""

    def __init__(self, transport: Transport, pki: Path) -> None:
        self._transport = transport
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        application = web.Application(client_max_size=1 << 24)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(application, shutdown_timeout=1)
        self.url = ""

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"https://127.0.0.1:{port}"

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._transport.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
        body = await request.read()
        try:
            reply = await self._transport.send(Request(request.method, request.raw_path, headers, body))
        except TransportError:
            return _reset(request)
        try:
            return await _stream(request, reply)
        finally:
            await reply.close()


async def _stream(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    for name, value in reply.headers:
        if name.lower() not in _HOP_BY_HOP | {"content-encoding"}:
            response.headers.add(name, value)
    await response.prepare(request)
    try:
        async for piece in reply.chunks():
            await response.write(piece)
    except TransportError:
        return _reset(request)
    await response.write_eof()
    return response


def _reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=502)
