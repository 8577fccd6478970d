"""What the default chain costs a create that nothing in it has anything to say to, and what all plugins cost it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import orjson

from bench.admission.all_plugins import all_plugins
from bench.config_map import COLLECTION, NAMESPACE, config_map
from bench.groups import Run
from bench.load import drive
from bench.objects import LIMIT
from bench.server import Server

ALONE = ("--admission-control", "NamespaceLifecycle")
"""The least chain that a server with namespaces can have."""

_ROUNDS = 4
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


async def admission_chain(run: Run) -> None:
    """The servers have their turns one after the other, so that what else happens on the machine hits all alike."""
    if not run.wants("admission-chain"):
        return
    async with AsyncExitStack() as stack:
        servers = {
            "default": await stack.enter_async_context(run.fresh_server()),
            "alone": await stack.enter_async_context(run.fresh_server(*ALONE)),
            "all": await stack.enter_async_context(all_plugins(run)),
        }
        await asyncio.sleep(run.scale.settle)
        for kind, path, body in (("configmaps", COLLECTION, config_map), ("pods", _PODS, pod)):
            each = await _creates(run, servers, path, body)
            for chain, microseconds in each.items():
                run.note(f"admission-chain.{kind}.{chain}", microseconds)
            run.note(f"admission-chain.{kind}.difference", each["default"] - each["alone"])


async def _creates(run: Run, servers: dict[str, Server], path: str, body: Callable[[str], bytes]) -> dict[str, float]:
    """The CPU of each server, in microseconds a create."""
    seconds = dict.fromkeys(servers, 0.0)
    count = run.scale.chain_creates // _ROUNDS
    for turn in range(_ROUNDS):
        for chain, server in servers.items():
            names = (f"chain-{turn * count + index:06d}" for index in range(count))
            requests = (server.endpoint.request("POST", path, body(name)) for name in names)
            outcome = await drive(server, run.scale.connections, requests, lambda r: r.expect(201), LIMIT)
            run.watch_out("admission-chain", outcome.usage)
            seconds[chain] += outcome.usage.server
    return {chain: taken * 1e6 / (count * _ROUNDS) for chain, taken in seconds.items()}


def pod(name: str) -> bytes:
    """A new Pod of one container as JSON, about 0.5 KB."""
    container = {
        "name": "web",
        "image": "registry.example.com/web:1.27",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "env": [{"name": "MODE", "value": "production"}],
    }
    labels = {"app": "bench", "part": name[-1]}
    spec = {"containers": [container]}
    return orjson.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec})
