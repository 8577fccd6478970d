"""A control plane that serves HTTP and writes an audit log, and what stands in that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import orjson

from steersman.apiserver.audit.backend import BLOCKING, Batching
from steersman.controlplane import ControlPlane
from steersman.controlplane.audit import AuditOptions, LogOptions

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
QUIET = "- {level: None, users: ['system:apiserver']}\n"
"""Of the server's own controllers nothing is told."""
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
TOKENS = 'admin-token,admin,1,"system:masters"\njane-token,jane,2,"developers"\n'

Event = dict[str, Any]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


class AuditedServer:
    """``log`` is the audit log; it has the events of a request once it has been answered."""

    def __init__(self, plane: ControlPlane, session: aiohttp.ClientSession, log: Path) -> None:
        self.plane, self.log, self._session = plane, log, session
        self.url = plane.insecure_url

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str = "admin-token", **headers: str
    ) -> Reply:
        """``body`` is sent as it is when it is bytes, as JSON otherwise."""
        data = None if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        fields = {"Content-Type": "application/json", "User-Agent": "test/1"} if data else {"User-Agent": "test/1"}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, self.url + path, data=data, headers=fields) as answer:
            content = await answer.read()
            decoded = orjson.loads(content) if answer.content_type == "application/json" else content.decode()
            return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, decoded)

    async def last(self, method: str, path: str, body: Any = None, **options: Any) -> Event:
        """The last event of a request."""
        reply = await self.call(method, path, body, **options)
        [*_, last] = self.events(reply.headers["audit-id"])
        return last

    def watch(self, path: str) -> Any:
        """The open answer of a watch."""
        fields = {"Authorization": "Bearer admin-token"}
        return self._session.get(f"{self.url}{path}?watch=1", headers=fields)

    def events(self, audit_id: str = "") -> list[Event]:
        """Those of one request, or all."""
        found = [orjson.loads(line) for line in self.log.read_bytes().splitlines()]
        return [one for one in found if not audit_id or one["auditID"] == audit_id]


@asynccontextmanager
async def audited_server(
    directory: Path, rules: str, *, head: str = "", batching: Batching | None = None, **options: Any
) -> AsyncIterator[AuditedServer]:
    """``rules`` are those of the policy in YAML, ``head`` what else it says."""
    policy, tokens, log = (directory / name for name in ("policy.yaml", "tokens.csv", "audit.log"))
    policy.write_text(f"{HEAD}{head}rules:\n{QUIET}{rules}")
    tokens.touch(mode=0o600)
    tokens.write_text(TOKENS)
    audit = AuditOptions(policy, LogOptions(log, batching=batching or Batching(BLOCKING)))
    known = {"store": "memory:", "insecure_http": "127.0.0.1:0", "token_auth_file": tokens, "audit": audit}
    async with ControlPlane(**{**known, **options}) as plane, aiohttp.ClientSession() as session:
        yield AuditedServer(plane, session, log)


def config_map(name: str = "", **more: Any) -> dict[str, Any]:
    metadata = {"name": name} if name else {}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}


async def eventually(server: AuditedServer, audit_id: str, count: int) -> list[Event]:
    """The events of a request, once there are so many."""
    async with asyncio.timeout(10):
        while len(found := server.events(audit_id)) < count:
            await asyncio.sleep(0.005)
    return found
