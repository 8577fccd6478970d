"""Create, get, update and list many ConfigMaps, each answer checked."""

import asyncio
import time
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

from bench.accounting import Meter, Usage
from bench.client import Connection, Response
from bench.config_map import COLLECTION, NAMESPACE, ROOT_CA, config_map, data
from bench.failure import BenchmarkFailed
from bench.load import Outcome, drive, without_collector
from bench.server import Server

LIMIT = 120.0
"""Seconds that a load of 20,000 requests may take; larger ones in proportion."""

_STRIDE = 7919
"""A prime: walks over all objects in no order that a cache would like."""


def name_of(index: int) -> str:
    return f"cm-{index:06d}"


async def make_namespace(server: Server) -> None:
    """Returns when it has what every namespace has, so that no watch sees that come."""
    body = orjson.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    (await server.endpoint.ask("POST", "/api/v1/namespaces", body)).expect(201)
    async with asyncio.timeout(LIMIT):
        while (await server.endpoint.ask("GET", f"{COLLECTION}/{ROOT_CA}")).status != 200:
            await asyncio.sleep(0.005)


async def create(server: Server, count: int, connections: int) -> Outcome:
    """Create ``count`` objects; afterwards a list has to have them all."""
    ask = server.endpoint.request
    requests = (ask("POST", COLLECTION, config_map(name_of(index))) for index in range(count))
    outcome = await drive(server, connections, requests, lambda r: r.expect(201), LIMIT * max(1, count / 20_000))
    await stored(server, count)
    return outcome


async def get(server: Server, stored_count: int, count: int, connections: int) -> Outcome:
    """Get ``count`` times one of the ``stored_count`` objects, each time another one."""
    ask = server.endpoint.request
    names = (name_of(turn * _STRIDE % stored_count) for turn in range(count))

    def check(response: Response) -> None:
        if len(response.expect(200).body) < 1024 or b'"name":"cm-' not in response.body:
            raise BenchmarkFailed(f"not a ConfigMap: {response.body[:300]!r}")

    return await drive(server, connections, (ask("GET", f"{COLLECTION}/{name}") for name in names), check, LIMIT)


async def update(server: Server, count: int, connections: int) -> Outcome:
    """Replace the data of ``count`` objects, each with its resourceVersion; afterwards a list has to show it."""
    objects = await stored(server, count)

    def requests() -> Iterator[bytes]:
        for item in objects:
            yield _put(server, item, "2-")

    outcome = await drive(server, connections, requests(), lambda r: r.expect(200), LIMIT)
    for item in await stored(server, count):
        if item["data"] != data(item["metadata"]["name"], "2-"):
            raise BenchmarkFailed(f"an update was lost: {item['metadata']['name']}")
    return outcome


def _put(server: Server, item: dict[str, Any], edition: str) -> bytes:
    """A request that replaces a listed ``item`` by one with the data of ``edition``."""
    meta = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data(meta["name"], edition)}
    return server.endpoint.request("PUT", f"{COLLECTION}/{meta['name']}", orjson.dumps(body))


async def stored(server: Server, count: int) -> list[dict[str, Any]]:
    """All objects, asked for in one list; raises BenchmarkFailed when there are not ``count`` of them."""
    listed = orjson.loads((await server.endpoint.ask("GET", COLLECTION)).expect(200).body)["items"]
    items = [item for item in listed if item["metadata"]["name"] != ROOT_CA]
    _check_names([item["metadata"]["name"] for item in items], count)
    return items


def _check_names(names: list[str], count: int) -> None:
    """The certificate of the server, which every namespace has, does not count."""
    names = [name for name in names if name != ROOT_CA]
    if len(names) != count or len(set(names)) != count:
        raise BenchmarkFailed(f"a list has {len(names):,} items, {len(set(names)):,} different, instead of {count:,}")


class Lists:
    """Whole lists of ``count`` objects. ``page`` 0 asks for all in one answer."""

    def __init__(self, server: Server, count: int, query: str = "", page: int = 0, gzip: bool = False) -> None:
        self._server, self._count, self._gzip, self._page = server, count, gzip, page
        self._query = "&".join(filter(None, (query, f"limit={page}" if page else "")))

    async def run(self, repeats: int) -> tuple[Usage, list[float]]:
        """What ``repeats`` lists took, and the seconds to each one's first byte.

        One object is replaced before each list, so that no answer can be kept whole and sent again; the few tenths of a
        millisecond for that count as the list's. One list before the measured ones is not counted.
        """
        item = (await stored(self._server, self._count))[0]
        firsts: list[float] = []
        async with self._server.endpoint.connections([None]) as (connection,):
            await self._list(connection)
            with without_collector():
                meter = Meter(self._server.pid)
                for repeat in range(repeats):
                    answer = await connection.exchange(_put(self._server, item, f"list-{repeat}-"))
                    item = orjson.loads(answer.expect(200).body)
                    firsts.append(await self._list(connection))
                usage = meter.read()
        return usage, sorted(firsts)

    async def _list(self, connection: Connection) -> float:
        """One whole list, checked; the seconds until the first byte of its (first) answer."""
        names: list[str] = []
        token, first = "", None
        while first is None or token:
            query = "&".join(filter(None, (self._query, f"continue={quote(token, safe='')}" if token else "")))
            request = self._server.endpoint.request("GET", f"{COLLECTION}?{query}", gzip=self._gzip)
            began = time.perf_counter()
            response = (await connection.exchange(request)).expect(200)
            first = response.first_byte - began if first is None else first
            document = orjson.loads(self._plain(response))
            names += [item["metadata"]["name"] for item in document["items"]]
            token = document["metadata"].get("continue", "")
            if self._page and len(document["items"]) > self._page:
                raise BenchmarkFailed(f"a page has {len(document['items']):,} items")
        _check_names(names, self._count)
        return first

    def _plain(self, response: Response) -> bytes:
        if (response.encoding == b"gzip") != self._gzip:
            raise BenchmarkFailed(f"content encoding {response.encoding!r}, asked for gzip: {self._gzip}")
        return zlib.decompress(response.body, 31) if self._gzip else response.body
