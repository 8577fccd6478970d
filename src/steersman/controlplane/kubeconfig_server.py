"""The server that a kubeconfig file names, to post JSON to: webhooks for reviews and for audit events."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.client.config.errors import ConfigError, CredentialError
from steersman.client.transport import ConnectionLost, Request, Transport, TransportError

if TYPE_CHECKING:
    from steersman.client.config import Config

SECONDS = 30.0
"""How long an answer may take."""

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json, */*"), ("User-Agent", "kube-apiserver"))
_SUCCESS = range(200, 207)
_PASSING = frozenset((408, 429, 500, 504))


class PostFailed(Exception):
    """There is no answer of success; ``passing`` tells that to ask again may help."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class KubeconfigServer:
    """Raises ValueError, with one line, for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        # Imported for those who have such a file: the other servers start sooner.
        from steersman.client.config import config_from_kubeconfig, load_kubeconfig

        try:
            self._config: Config = config_from_kubeconfig(load_kubeconfig(path))
        except ConfigError as error:
            raise ValueError(error.problems[0]) from None
        self._transport: Transport | None = None

    @property
    def url(self) -> str:
        return self._config.server

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    async def post(self, body: bytes) -> bytes:
        """The body of the answer. Raises PostFailed."""
        try:
            async with asyncio.timeout(SECONDS):
                status, answer = await self._send(body)
        except ConnectionLost as error:
            raise PostFailed(f'Post "{self.url}": {error}', passing=True) from None
        except (TransportError, ConfigError, CredentialError) as error:
            raise PostFailed(f'Post "{self.url}": {error}') from None
        except TimeoutError:
            raise PostFailed(f'Post "{self.url}": context deadline exceeded', passing=True) from None
        if status not in _SUCCESS:
            raise PostFailed(f'Post "{self.url}": the server answered {status}', passing=status in _PASSING)
        return answer

    async def _send(self, body: bytes) -> tuple[int, bytes]:
        if self._transport is None:
            # aiohttp is slow to import, and most servers have no webhook.
            from steersman.client.rest.http_transport import HttpTransport

            self._transport = HttpTransport(self._config)
        credentials = await self._config.credentials.headers()
        reply = await self._transport.send(Request("POST", "", (*_HEADERS, *credentials.items()), body))
        try:
            return reply.status, await reply.read()
        finally:
            await reply.close()
