"""The way to webhooks: which address, over which of the connections that are kept, and for how long."""

import asyncio
import math
from collections import OrderedDict
from importlib import import_module
from typing import TYPE_CHECKING

from steersman.admission.webhook.authentication import USER_AGENT, Authentication
from steersman.admission.webhook.service_resolver import ServiceResolver
from steersman.admission.webhook.webhook import Target
from steersman.apimachinery.errors import ApiError
from steersman.client.config import ConfigError, CredentialError
from steersman.client.transport import TransportError

if TYPE_CHECKING:
    from steersman.admission.webhook.connection import Connection

_CONNECTION = "steersman.admission.webhook.connection"

MAX_CONNECTIONS = 200
"""Addresses to which connections are kept."""

DEADLINE_EXCEEDED = "context deadline exceeded"

_HEADERS = (
    ("Content-Type", "application/json"),
    ("Accept", "application/json, */*"),
    ("User-Agent", USER_AGENT),
)

_Key = tuple[str, str, bytes]


class PostFailed(Exception):
    """There is no answer, or one that is no success; ``code`` is the HTTP status that says as much."""

    def __init__(self, message: str, code: int = 503) -> None:
        super().__init__(message)
        self.code = code


class WebhookClient:
    """Calls webhooks; belongs to one event loop. Connections are shared by targets of one address and CA bundle."""

    def __init__(self, resolver: ServiceResolver, authentication: Authentication) -> None:
        self._resolver, self._authentication = resolver, authentication
        self._connections: OrderedDict[_Key, Connection] = OrderedDict()
        self._closed = False

    async def post(self, target: Target, body: bytes, deadline: float) -> bytes:
        """The body of a successful answer that came before ``deadline``, on the event loop's clock.

        Raises PostFailed, with one line in the words of kube-apiserver.
        """
        seconds = math.ceil(deadline - asyncio.get_running_loop().time())
        path = f"{target.path}?timeout={seconds}s" if seconds > 0 else target.path
        try:
            async with asyncio.timeout_at(deadline) as scope:
                connection = await self._connection(target)
                return await connection.post(path, body, _HEADERS)
        except ApiError as error:
            raise PostFailed(error.message, error.code) from None
        except TimeoutError as error:
            why = DEADLINE_EXCEEDED if scope.expired() else str(error)
        except (TransportError, ConfigError, CredentialError) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
        raise PostFailed(f'Post "https://{target.authority}{path}": {why}')

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        self._closed = True
        while self._connections:
            _, connection = self._connections.popitem()
            await connection.close()

    async def _connection(self, target: Target) -> "Connection":
        """Raises TransportError where the service has no address, ConfigError where the user cannot be shown."""
        if self._closed:
            raise TransportError("the server is stopping")
        address = await self._address(target)
        key = (address, target.host if target.service else "", target.ca_bundle)
        connection = self._connections.get(key)
        if connection is None:
            module = await asyncio.to_thread(import_module, _CONNECTION)
            connection = self._connections.get(key)
            if connection is None:
                made: Connection = module.Connection(self._authentication.config(target, address), target.authority)
                connection = self._connections[key] = made
                await self._limit()
        self._connections.move_to_end(key)
        return connection

    async def _address(self, target: Target) -> str:
        if target.service is None:
            return f"https://{target.host_port}"
        service = target.service
        try:
            host, port = await self._resolver.resolve(service.namespace, service.name, service.port)
        except ApiError as error:
            raise TransportError(error.message) from None
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    async def _limit(self) -> None:
        """Let go of the address that was not called for the longest time, where there are too many."""
        if len(self._connections) > MAX_CONNECTIONS:
            idle = next((key for key, one in self._connections.items() if not one.uses), None)
            if idle is not None:
                await self._connections.pop(idle).close()
