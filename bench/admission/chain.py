"""What the default chain costs a create, which nothing in it has anything to say to."""

import asyncio
from contextlib import AsyncExitStack

import orjson

from bench.config_map import COLLECTION, NAMESPACE, config_map
from bench.groups import Run
from bench.load import drive
from bench.objects import LIMIT

ALONE = ("--admission-control", "NamespaceLifecycle")
"""The least chain that a server with namespaces can have."""

_ROUNDS = 4
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


async def admission_chain(run: Run) -> None:
    """Two servers have their turns one after the other, so that what else happens on the machine hits both alike."""
    if not run.wants("admission-chain"):
        return
    async with AsyncExitStack() as stack:
        default = await stack.enter_async_context(run.fresh_server())
        alone = await stack.enter_async_context(run.fresh_server(*ALONE))
        await asyncio.sleep(run.scale.settle)
        for kind, path, body in (("configmaps", COLLECTION, config_map), ("pods", _PODS, pod)):
            seconds = {default: 0.0, alone: 0.0}
            count = run.scale.chain_creates // _ROUNDS
            for turn in range(_ROUNDS):
                for server in seconds:
                    names = (f"chain-{turn * count + index:06d}" for index in range(count))
                    requests = (server.endpoint.request("POST", path, body(name)) for name in names)
                    outcome = await drive(server, run.scale.connections, requests, lambda r: r.expect(201), LIMIT)
                    run.watch_out("admission-chain", outcome.usage)
                    seconds[server] += outcome.usage.server
            each = {server: taken * 1e6 / (count * _ROUNDS) for server, taken in seconds.items()}
            run.note(f"admission-chain.{kind}.default", each[default])
            run.note(f"admission-chain.{kind}.alone", each[alone])
            run.note(f"admission-chain.{kind}.difference", each[default] - each[alone])


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
