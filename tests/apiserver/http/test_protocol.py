"""What cannot be seen from a client: when the connection stops reading."""

import asyncio

from steersman.apiserver.http.limits import Limits
from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.http.protocol import HttpProtocol
from steersman.apiserver.http.server_state import ServerState


class RecordingTransport(asyncio.Transport):
    """A socket that takes everything, and notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.written = True, b""

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


def receive(protocol: HttpProtocol, data: bytes) -> None:
    protocol.get_buffer(len(data))[: len(data)] = data
    protocol.buffer_updated(len(data))


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_reading_stops_at_the_limit_of_pipelined_requests_and_goes_on_below_it() -> None:
    release, answered = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        await release.wait()
        if request.path == "/last":
            answered.set()
        return Response(200)

    transport = RecordingTransport()
    protocol = HttpProtocol(ServerState(handler, Limits(pipelined_requests=3)), asyncio.get_running_loop())
    protocol.connection_made(transport)
    reading = []
    for request in (REQUEST, REQUEST, REQUEST, REQUEST.replace(b"/ ", b"/last ")):
        receive(protocol, request)
        reading.append(transport.reading)
    release.set()
    await answered.wait()

    assert reading == [True, True, True, False]
    assert transport.reading
    protocol.connection_lost(None)


async def test_no_request_is_begun_while_the_client_takes_no_answers() -> None:
    transport = RecordingTransport()
    protocol = HttpProtocol(
        ServerState(lambda request: Response(200), Limits(pipelined_requests=2)), asyncio.get_running_loop()
    )
    protocol.connection_made(transport)
    protocol.pause_writing()
    receive(protocol, REQUEST * 2)
    before, reading = transport.written, transport.reading
    protocol.resume_writing()

    assert (before, reading) == (b"", False)
    assert transport.written.count(b"HTTP/1.1 200 OK") == 2
    assert transport.reading
    protocol.connection_lost(None)
