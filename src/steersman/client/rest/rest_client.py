"""Requests to one API server as one user: what client-go calls ``rest.Interface``."""

import asyncio
import logging
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Self, TypeVar
from urllib.parse import urlencode

from msgspec import Struct

from steersman.apimachinery.errors import ApiError
from steersman.client.config import Config, ConfigError
from steersman.client.rest.rate_limit import RateLimit
from steersman.client.rest.retry import retry_after, wait_after_loss, wait_after_refusal
from steersman.client.rest.status import api_error
from steersman.client.rest.warning_header import ParsedWarning, parse_warnings
from steersman.client.transport import ConnectionLost, HeaderFields, Reply, Request, Transport

_log = logging.getLogger(__name__)

JSON = "application/json"

Query = Mapping[str, str] | Sequence[tuple[str, str]]

T = TypeVar("T")

_PATH = re.compile(r"/[^\x00-\x20?#\x7f-\U0010ffff]*")
_SUCCESS = range(200, 207)


class Answer(Struct, frozen=True):
    """A successful reply, read whole. Header names are in lower case."""

    status: int
    headers: HeaderFields
    body: bytes


class RestClient:
    """Sends requests as ``config`` says; closes its connections at the end.

    Requests wait for their turn by ``qps`` and ``burst``, watches do not. What failed is tried again where that is safe
    (see :mod:`~steersman.client.rest.retry`), and once more with new credentials after a 401; only the log tells of it.
    ``clock`` and ``sleep`` are in seconds, ``chance`` gives numbers in 0…1. Raises ConfigError.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self._transport = _http_transport(config) if config.transport is None else config.transport
        self._limit = RateLimit(config.qps, config.burst, clock, sleep)
        self._sleep, self._chance = sleep, chance
        self._fixed = _fixed_fields(config)
        self._packed = config.transport is None and not config.disable_compression

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

        The timeout is for all tries together, not for waiting by QPS before the first; the server is told of it.
        Raises ApiError with the server's Status, TransportError if none came, TimeoutError, CredentialError.
        """
        seconds = self.config.timeout if timeout is None else timeout
        if seconds is not None:
            query = _with_timeout(query, seconds)
        call = _Call(method, path, query, body, self._fields(accept, content_type, body))
        if self._packed:
            call.fields.append(("Accept-Encoding", "gzip"))
        await self._limit.wait(method, path)
        return await self._in_time(call, _whole, seconds)

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
        call = _Call(method, path, query, body, self._fields(accept, content_type, body))
        if not _is_watch(query):
            await self._limit.wait(method, path)
        reply = await self._in_time(call, _open, self.config.timeout if timeout is None else timeout)
        try:
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

    def _fields(self, accept: str, content_type: str, body: bytes) -> list[tuple[str, str]]:
        if body:
            return [("Accept", accept), ("Content-Type", content_type), *self._fixed]
        return [("Accept", accept), *self._fixed]

    async def _in_time(self, call: "_Call", take: "_Take[T]", seconds: float | None) -> T:
        if seconds is None:
            return await self._perform(call, take)
        try:
            async with asyncio.timeout(seconds) as scope:
                return await self._perform(call, take)
        except TimeoutError:
            if not scope.expired():
                raise
            raise TimeoutError(f"{call.method} {call.path}: no answer within {seconds:g} seconds") from None

    async def _perform(self, call: "_Call", take: "_Take[T]") -> T:
        """What ``take`` makes of the reply to the first try that succeeds."""
        attempt, refreshed = 1, False
        while True:
            credentials = await self.config.credentials.headers()
            failure: ConnectionLost | ApiError
            try:
                reply = await self._transport.send(call.request(credentials))
                if reply.status in _SUCCESS:
                    self._warn(reply.headers)
                    return await take(reply)
                failure = await _refusal(reply, call.method)
            except ConnectionLost as loss:
                failure, wait = loss, wait_after_loss(attempt, call.method, self._chance())
            else:
                if reply.status == 401 and not refreshed and await self.config.credentials.refresh(credentials):
                    refreshed = True
                    continue
                wait = wait_after_refusal(attempt, reply.status, retry_after(reply.headers), self._chance())
                if wait is None:
                    self._warn(reply.headers)
            if wait is None:
                raise failure
            _log.debug("%s %s failed, retry %d in %.1f s: %s", call.method, call.path, attempt, wait, failure)
            await self._sleep(wait)
            await self._limit.wait(call.method, call.path)
            attempt += 1

    def _warn(self, headers: HeaderFields) -> None:
        for name, value in headers:
            if name == "warning":
                for warning in parse_warnings(value):
                    self._hand_over(warning)

    def _hand_over(self, warning: ParsedWarning) -> None:
        try:
            self.config.warning_handler(*warning)
        except Exception:
            # What was asked has been done: it must not look as if it had failed.
            _log.exception("the handler of warnings failed")


_Take = Callable[[Reply], Awaitable[T]]


class _Call:
    """One request, as it is for each of its tries."""

    __slots__ = ("_body", "_target", "fields", "method", "path")

    def __init__(self, method: str, path: str, query: Query, body: bytes, fields: list[tuple[str, str]]) -> None:
        if not _PATH.fullmatch(path):
            raise ValueError(f"a path starts with / and is percent-encoded, unlike {path!r}")
        self.method, self.path, self.fields = method, path, fields
        self._target, self._body = f"{path}?{urlencode(query)}" if query else path, body

    def request(self, credentials: Mapping[str, str]) -> Request:
        return Request(self.method, self._target, [*self.fields, *credentials.items()], self._body)


async def _whole(reply: Reply) -> Answer:
    try:
        return Answer(reply.status, reply.headers, await reply.read())
    finally:
        await reply.close()


async def _open(reply: Reply) -> Reply:
    return reply


async def _refusal(reply: Reply, method: str) -> ApiError:
    try:
        return api_error(reply.status, await reply.read(), reply.headers, method)
    finally:
        await reply.close()


def _with_timeout(query: Query, seconds: float) -> Query:
    """With the parameter ``timeout``, a duration of Go's, unless it is there."""
    pairs = tuple(query.items() if isinstance(query, Mapping) else query)
    if any(name == "timeout" for name, _ in pairs):
        return pairs
    return (*pairs, ("timeout", f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"))


def _is_watch(query: Query) -> bool:
    pairs = query.items() if isinstance(query, Mapping) else query
    return any(name == "watch" and value in ("true", "1") for name, value in pairs)


def _fixed_fields(config: Config) -> tuple[tuple[str, str], ...]:
    fields = (("User-Agent", config.user_agent), *config.impersonation.headers())
    for name, value in fields:
        if not value.isprintable():
            raise ConfigError(f"{name}: {value!r} has characters that a header cannot have")
    return fields


def _http_transport(config: Config) -> Transport:
    # aiohttp is slow to import, and a server whose clients are all in its process does not need it.
    from steersman.client.rest.http_transport import HttpTransport

    return HttpTransport(config)
