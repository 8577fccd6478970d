"""Review webhooks: posting to the server that a kubeconfig file names."""

import asyncio
from pathlib import Path

import orjson

from steersman.apiserver.review_webhook import Post, Review, ReviewFailed
from steersman.client.config import Config, ConfigError, CredentialError
from steersman.client.transport import ConnectionLost, Request, Transport, TransportError

SECONDS = 30.0
"""How long an answer may take."""

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json, */*"), ("User-Agent", "kube-apiserver"))
_SUCCESS = range(200, 207)
_PASSING = frozenset((408, 429, 500, 504))


class ReviewWebhook:
    """The server of a kubeconfig file. Raises ValueError, with one line, for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        # Imported for those who have such a file: the other servers start sooner.
        from steersman.client.config import config_from_kubeconfig, load_kubeconfig

        try:
            self._config: Config = config_from_kubeconfig(load_kubeconfig(path))
        except ConfigError as error:
            raise ValueError(error.problems[0]) from None
        self._transport: Transport | None = None
        self.post: Post = self._post

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    async def _post(self, review: Review) -> Review:
        url = self._config.server
        try:
            async with asyncio.timeout(SECONDS):
                status, body = await self._send(orjson.dumps(review))
        except ConnectionLost as error:
            raise ReviewFailed(f'Post "{url}": {error}', passing=True) from None
        except (TransportError, ConfigError, CredentialError) as error:
            raise ReviewFailed(f'Post "{url}": {error}') from None
        except TimeoutError:
            raise ReviewFailed(f'Post "{url}": context deadline exceeded', passing=True) from None
        if status not in _SUCCESS:
            raise ReviewFailed(f'Post "{url}": the server answered {status}', passing=status in _PASSING)
        try:
            answered = orjson.loads(body)
        except ValueError:
            raise ReviewFailed(f'Post "{url}": the answer is not JSON') from None
        if not isinstance(answered, dict):
            raise ReviewFailed(f'Post "{url}": the answer is not an object')
        return answered

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
