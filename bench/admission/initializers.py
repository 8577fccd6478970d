"""Creates that wait for two initializers, one after the other, before they are answered."""

from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from bench.client import Response
from bench.clients.watched_process import watched_process
from bench.config_map import COLLECTION, config_map
from bench.failure import BenchmarkFailed
from bench.groups import Run
from bench.load import drive
from bench.objects import LIMIT

ON = ("--enable-admission-plugins", "Initializers")
NAMES = ("first.bench.example.com", "second.bench.example.com")
_CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations"


async def admission_initializers(run: Run) -> None:
    if not run.wants("admission-initializers"):
        return
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(run.fresh_server(*ON))
        (await server.endpoint.ask("POST", _CONFIGURATIONS, _configuration())).expect(201)
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="steersman-bench-")))
        for name in NAMES:
            (directory / name).mkdir()
            program = watched_process("bench.admission.initializer", [server.kubeconfig, name], directory / name)
            await stack.enter_async_context(program)
        for connections, prefix in ((1, "one"), (run.scale.connections, "many")):
            names = (f"{prefix}-{index:06d}" for index in range(run.scale.initialized_creates))
            requests = (server.endpoint.request("POST", COLLECTION, config_map(name)) for name in names)
            outcome = await drive(server, connections, requests, _check, LIMIT)
            if connections == 1:
                run.note("admission-initializers.p50", outcome.latency_ms(50), outcome.usage)
                run.note("admission-initializers.p99", outcome.latency_ms(99), outcome.usage)
            else:
                run.note("admission-initializers.cpu", outcome.cpu_us, outcome.usage)
                run.note("admission-initializers.rate", outcome.rate, outcome.usage)


def _check(response: Response) -> None:
    """Both initializers have left their label, and none has to come."""
    body = response.expect(201).body
    if body.count(b'"was-here"') != len(NAMES) or b'"initializers"' in body:
        raise BenchmarkFailed(f"an initializer did not have its turn: {body[:500]!r}")


def _configuration() -> bytes:
    """The initializers of new ConfigMaps, in the order of their turns."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    initializers = [{"name": name, "rules": [rule]} for name in NAMES]
    return orjson.dumps({"metadata": {"name": "bench"}, "initializers": initializers})
