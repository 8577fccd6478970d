"""A server with as many admission plugins as can be together, each with what it needs."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from bench.admission.webhook_process import Webhooks, webhook_process
from bench.failure import BenchmarkFailed
from bench.groups import Run
from bench.server import Server
from steersman.admission import catalog

LEFT_OUT = {
    "AlwaysDeny": "refuses everything",
    "PodSecurityPolicy": "refuses every Pod where there is no policy, and policies are not served any more",
}
"""Plugins that no server can have beside the others and still create a Pod, and why."""

_EVENTS_A_SECOND = 5_000


@asynccontextmanager
async def all_plugins(run: Run) -> AsyncIterator[Server]:
    """Raises BenchmarkFailed when the backend of ImagePolicyWebhook has not been asked in the end."""
    async with webhook_process(0) as backend:
        with TemporaryDirectory(prefix="steersman-bench-", dir=run.parent) as directory:
            configuration = _configuration(Path(directory), backend)
            chain = ",".join(catalog.in_recommended_order(frozenset(catalog.known_names()) - LEFT_OUT.keys()))
            flags = ("--admission-control", chain, "--admission-control-config-file", str(configuration))
            async with run.fresh_server(*flags) as server:
                yield server
        if not await backend.answered():
            raise BenchmarkFailed("the images of no Pod were reviewed")


def _configuration(directory: Path, backend: Webhooks) -> Path:
    """The AdmissionConfiguration of the plugins that cannot be without one."""
    kubeconfig, configuration = directory / "kubeconfig", directory / "admission.json"
    authority = base64.b64encode(backend.authority).decode()
    cluster = {"server": f"{backend.url}/images", "certificate-authority-data": authority}
    kubeconfig.write_bytes(
        orjson.dumps(
            {
                "clusters": [{"name": "images", "cluster": cluster}],
                "users": [{"name": "server", "user": {}}],
                "contexts": [{"name": "images", "context": {"cluster": "images", "user": "server"}}],
                "current-context": "images",
            }
        )
    )
    plugins: dict[str, Any] = {
        "ImagePolicyWebhook": {"imagePolicy": {"kubeConfigFile": str(kubeconfig), "retryBackoff": 1}},
        "EventRateLimit": {"limits": [{"type": "Server", "qps": _EVENTS_A_SECOND, "burst": _EVENTS_A_SECOND}]},
    }
    listed = [{"name": name, "configuration": of_plugin} for name, of_plugin in plugins.items()]
    head = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration"}
    configuration.write_bytes(orjson.dumps({**head, "plugins": listed}))
    return configuration
