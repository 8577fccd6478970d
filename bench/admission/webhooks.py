"""Creates that webhooks have a say in, each of which takes 5 ms to answer."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from bench.admission.webhook_process import START_LIMIT, Webhooks, webhook_process
from bench.client import Response
from bench.config_map import COLLECTION, NAMESPACE, config_map
from bench.failure import BenchmarkFailed
from bench.groups import Run
from bench.load import drive
from bench.objects import LIMIT
from bench.server import Server

SECONDS = 0.005
"""What each webhook takes to answer."""

MIXES = ((5, 0), (0, 5), (5, 5))
"""How many mutating and how many validating webhooks there are."""

_CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1"
_STEP = 0.02


async def admission_webhooks(run: Run) -> None:
    """Each mix on a server of its own."""
    if not run.wants("admission-webhooks"):
        return
    for mutating, validating in MIXES:
        async with run.fresh_server() as server:
            await Mix(run, server, mutating, validating).measure()


class Mix:
    def __init__(self, run: Run, server: Server, mutating: int, validating: int) -> None:
        self._run, self._server = run, server
        self._mutating, self._validating = mutating, validating
        self._key = f"admission-webhooks.{mutating}+{validating}"

    async def measure(self) -> None:
        """One create after the other for the latency; then many at once, when there are connections for that many."""
        async with self._serving() as webhooks:
            await self._wait_until_all_are_asked(webhooks)
            count, scale = self._run.scale.webhook_creates, self._run.scale
            one = await drive(self._server, 1, self._requests("one", count), self._check, LIMIT)
            await self._expect_answered(webhooks, count)
            self._run.note(f"{self._key}.p50", one.latency_ms(50), one.usage)
            self._run.note(f"{self._key}.p99", one.latency_ms(99), one.usage)
            await drive(self._server, scale.connections, self._requests("warm", scale.connections), self._check, LIMIT)
            await self._expect_answered(webhooks, scale.connections)
            many = await drive(self._server, scale.connections, self._requests("many", count), self._check, LIMIT)
            await self._expect_answered(webhooks, count)
            self._run.note(f"{self._key}.cpu", many.cpu_us, many.usage)
            self._run.note(f"{self._key}.rate", many.rate, many.usage)

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[Webhooks]:
        """The process of the webhooks, which the server knows of."""
        async with webhook_process(SECONDS) as webhooks:
            for phase, count in (("mutating", self._mutating), ("validating", self._validating)):
                if count:
                    body = orjson.dumps(_configuration(phase, count, webhooks))
                    path = f"{_CONFIGURATIONS}/{phase}webhookconfigurations"
                    (await self._server.endpoint.ask("POST", path, body)).expect(201)
            yield webhooks

    def _requests(self, prefix: str, count: int) -> Iterator[bytes]:
        for index in range(count):
            yield self._server.endpoint.request("POST", COLLECTION, config_map(f"{prefix}-{index:06d}"))

    def _check(self, response: Response) -> None:
        """Every mutating webhook has left its label."""
        if response.expect(201).body.count(b'"was-here"') != self._mutating:
            raise BenchmarkFailed(f"a mutating webhook was not asked: {response.body[:500]!r}")

    async def _wait_until_all_are_asked(self, webhooks: Webhooks) -> None:
        """The server takes up new configurations in its own time, and opens connections to those it asks."""
        expected, probe = self._mutating + self._validating, 0
        async with asyncio.timeout(START_LIMIT):
            while await webhooks.answered() != expected:
                await asyncio.sleep(_STEP)
                probe += 1
                await self._server.endpoint.ask("POST", COLLECTION, config_map(f"probe-{probe}"))

    async def _expect_answered(self, webhooks: Webhooks, creates: int) -> None:
        expected = creates * (self._mutating + self._validating)
        if (answered := await webhooks.answered()) != expected:
            raise BenchmarkFailed(f"webhooks were asked {answered:,} times instead of {expected:,}")


def _configuration(phase: str, count: int, webhooks: Webhooks) -> dict[str, Any]:
    """``count`` webhooks for new ConfigMaps in our namespace."""
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    bundle = base64.b64encode(webhooks.authority).decode()
    path = phase.removesuffix("ing") + "e"
    return {
        "metadata": {"name": f"bench-{phase}"},
        "webhooks": [
            {
                "name": f"{path}-{number}.bench.example.com",
                "rules": [rule],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
                "clientConfig": {"url": f"{webhooks.url}/{path}/{number}", "caBundle": bundle},
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
            for number in range(count)
        ],
    }
