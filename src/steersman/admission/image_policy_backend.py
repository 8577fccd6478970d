"""The backend that reviews images: the server of a kubeconfig file, called over HTTPS."""

import asyncio
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.review_webhook import Review, ReviewFailed
from steersman.client.config import ConfigError, CredentialError, load_kubeconfig
from steersman.client.config.selection import config_from_kubeconfig
from steersman.client.transport import ConnectionLost, TransportError

if TYPE_CHECKING:
    from steersman.admission.webhook.connection import Connection

SECONDS = 30.0
"""How long an answer may take."""

_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json, */*"), ("User-Agent", "kube-apiserver"))
_PASSING = frozenset((408, 429, 500, 504))
"""Codes of failures that may be gone at the next try."""


class ImagePolicyBackend:
    """Belongs to one event loop; the connections are kept. Raises ValueError, with one line, for a wrong file."""

    def __init__(self, kubeconfig: Path) -> None:
        try:
            self._config = config_from_kubeconfig(load_kubeconfig(kubeconfig))
        except ConfigError as error:
            raise ValueError(error.problems[0]) from None
        if urlsplit(self._config.server).scheme != "https":
            raise ValueError(f"{self._config.server}: the backend must be called over HTTPS")
        self._connection: Connection | None = None

    async def post(self, review: Review) -> Review:
        """The answered review. Raises ReviewFailed."""
        url = self._config.server
        try:
            async with asyncio.timeout(SECONDS) as scope:
                connection = await self._connected()
                body = await connection.post("", orjson.dumps(review), _HEADERS)
        except ApiError as error:
            raise ReviewFailed(error.message, passing=error.code in _PASSING) from None
        except TimeoutError as error:
            why = "context deadline exceeded" if scope.expired() else str(error)
            raise ReviewFailed(f'Post "{url}": {why}', passing=True) from None
        except (TransportError, ConfigError, CredentialError) as error:
            lost = isinstance(error, ConnectionLost) or isinstance(error.__cause__, ConnectionLost)
            raise ReviewFailed(f'Post "{url}": {error}', passing=lost) from None
        try:
            answered = orjson.loads(body)
        except ValueError:
            answered = None
        if not isinstance(answered, dict):
            raise ReviewFailed(f'Post "{url}": the answer is no JSON object')
        return answered

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> "Connection":
        if self._connection is None:
            # aiohttp is slow to import, and most servers have no such backend.
            module = await asyncio.to_thread(import_module, "steersman.admission.webhook.connection")
            if self._connection is None:
                made: Connection = module.Connection(self._config, urlsplit(self._config.server).netloc)
                self._connection = made
        return self._connection
