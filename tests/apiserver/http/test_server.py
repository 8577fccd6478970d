"""The server over real sockets."""

import asyncio

from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.http.server import HttpServer


async def test_answers_a_get() -> None:
    def handler(request: Request) -> Response:
        return Response(200, f"{request.method} {request.path} {request.query}".encode())

    server = HttpServer(handler)
    host, port = await server.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /api/v1?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nGET /api/v1 x=1")
    writer.close()
    await server.drain(1)
