"""Past usage from a Prometheus server, which has cAdvisor's metrics of containers.

Specified in Prometheus, "HTTP API", section "Range queries".
"""

import asyncio
import math
import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from steersman.admission.usage_source import CPU, MEMORY, UsageQuery, UsageUnknown, repository
from steersman.client.config import Config, ConfigError, CredentialError
from steersman.client.transport import Reply, Request, TransportError

if TYPE_CHECKING:
    from steersman.client.rest.http_transport import HttpTransport

SECONDS = 5.0
"""How long an answer may take: a Pod waits for it."""
MAX_BYTES = 16 << 20
POINTS = 168
"""How many samples of each container a query asks for: over a week, one an hour."""

_DAY = 86_400
_METRICS = {
    CPU: "rate(container_cpu_usage_seconds_total{%s}[5m])",
    MEMORY: "container_memory_working_set_bytes{%s}",
}


class PrometheusUsage:
    """``config`` is how the server is reached; it belongs to one event loop, and keeps its connections."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._transport: HttpTransport | None = None

    async def samples(self, query: UsageQuery) -> Sequence[float]:
        end = int(time.time())
        seconds = query.days * _DAY
        asked = {"query": expression(query), "start": end - seconds, "end": end, "step": seconds // POINTS}
        try:
            async with asyncio.timeout(SECONDS):
                status, body = await self._get(f"/api/v1/query_range?{urlencode(asked)}")
        except (TransportError, ConfigError, CredentialError) as error:
            raise UsageUnknown(f"{self._config.server}: {error}") from None
        except TimeoutError:
            raise UsageUnknown(f"{self._config.server}: no answer in {SECONDS:g} seconds") from None
        try:
            answer = orjson.loads(body)
            if status != 200 or answer["status"] != "success":
                raise UsageUnknown(f"{self._config.server}: HTTP status {status}: {answer.get('error')}")
            return list(_values(answer["data"]["result"]))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise UsageUnknown(f"{self._config.server}: HTTP status {status}, no answer to a range query") from None

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    async def _get(self, target: str) -> tuple[int, bytes]:
        if self._transport is None:
            # aiohttp is slow to import, and most servers ask no Prometheus.
            from steersman.client.rest.http_transport import HttpTransport

            self._transport = HttpTransport(self._config)
        credentials = await self._config.credentials.headers()
        headers = (("Accept", "application/json"), ("User-Agent", "kube-apiserver"), *credentials.items())
        reply = await self._transport.send(Request("GET", target, headers))
        try:
            return reply.status, await _read(reply)
        finally:
            await reply.close()


def expression(query: UsageQuery) -> str:
    """PromQL for the usage of each container of the image."""
    image = query.image if query.tagged else f"{re.escape(repository(query.image))}([:@].*)?"
    selectors = [f"image{'=' if query.tagged else '=~'}{_quoted(image)}", 'container!=""']
    if query.namespace is not None:
        selectors.append(f"namespace={_quoted(query.namespace)}")
    return _METRICS[query.resource] % ",".join(selectors)


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _values(series: Any) -> Iterator[float]:
    """Of all series; a sample may be NaN, where a counter began anew."""
    for one in series:
        for _, text in one["values"]:
            value = float(text)
            if math.isfinite(value):
                yield value


async def _read(reply: Reply) -> bytes:
    pieces, size = [], 0
    async for piece in reply.chunks():
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise TransportError(f"the response is larger than {MAX_BYTES} bytes")
    return b"".join(pieces)
