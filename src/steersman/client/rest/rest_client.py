"""Requests to one API server as one user: what client-go calls ``rest.Interface``."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from steersman.client.config import Config
from steersman.client.rest.status import api_error
from steersman.client.transport import HeaderFields, Reply, Request, Transport

JSON = "application/json"

Query = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful reply, read whole. Header names are in lower case."""

    status: int
    headers: HeaderFields
    body: bytes


class RestClient:
    """Sends requests as ``config`` says; closes its connections at the end."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._transport = _http_transport(config) if config.transport is None else config.transport

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes = b"",
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float | None = None,
    ) -> Answer:
        """The answer to a request; ``path`` is percent-encoded, ``timeout`` in seconds (None: that of the config).

        Raises ApiError with the server's Status, TransportError if none came, TimeoutError, CredentialError.
        """
        async with self.stream(method, path, query=query, body=body, content_type=content_type, accept=accept) as reply:
            return Answer(reply.status, reply.headers, await reply.read())

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes = b"",
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float | None = None,
    ) -> AsyncIterator[Reply]:
        """A reply whose body is read as it comes, such as a watch; closed at the end of the block.

        ``timeout`` bounds the wait for the reply's head, not the stream. Raises as :meth:`request`.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        headers = [("Accept", accept), *(await self.config.credentials.headers()).items()]
        if body:
            headers.append(("Content-Type", content_type))
        reply = await self._transport.send(Request(method, target, headers, body))
        try:
            if reply.status >= 400:
                raise api_error(reply.status, await reply.read(), tuple(reply.headers))
            yield reply
        finally:
            await reply.close()

    async def close(self) -> None:
        """Close the connections; a transport of the config's is left to its owner."""
        if self.config.transport is None:
            await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _http_transport(config: Config) -> Transport:
    # aiohttp is slow to import, and a server whose clients are all in its process does not need it.
    from steersman.client.rest.http_transport import HttpTransport

    return HttpTransport(config)
