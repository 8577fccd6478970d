"""Servers that can be restarted at any moment: a process behind a faulty TLS proxy, or an object in this process."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tests.client.chaos.faults import Faults, FaultyTransport
from tests.client.chaos.tls_proxy import TlsProxy
from tests.conformance.processes import ServerProcess

from steersman.client.config import Config, TlsConfig, config_from_kubeconfig, load_kubeconfig
from steersman.client.rest.http_transport import HttpTransport
from steersman.client.transport import Reply, Request, TransportError
from steersman.controlplane import ControlPlane

COMPACTION_SECONDS = 2.0
"""So that versions really expire while watches are cut."""


class RestartableServer(Protocol):
    """``direct`` is the way of the writers, ``faulty`` that of the informers."""

    direct: Config
    faulty: Config

    async def start(self) -> None: ...

    async def restart(self) -> None: ...

    async def stop(self) -> None: ...


class ProcessBehindTls:
    """``steersman serve``, killed with SIGKILL and started again on the same port and data."""

    def __init__(self, directory: Path, faults: Faults) -> None:
        self._faults = faults
        self._server = ServerProcess(directory, ("--compaction-interval", str(COMPACTION_SECONDS)))

    async def start(self) -> None:
        await asyncio.to_thread(self._server.start)
        self.direct = replace(config_from_kubeconfig(load_kubeconfig(self._server.kubeconfig)), qps=-1)
        pki = self._server.directory / "pki"
        self._proxy = TlsProxy(FaultyTransport(HttpTransport(self.direct), self._faults), pki)
        await self._proxy.start()
        self.faulty = Config(self._proxy.url, tls=TlsConfig(ca_file=str(pki / "ca.crt")), qps=-1)

    async def restart(self) -> None:
        await asyncio.to_thread(self._server.kill)
        await asyncio.to_thread(self._server.start)

    async def stop(self) -> None:
        await self._proxy.stop()
        await asyncio.to_thread(self._server.end)


class ObjectInProcess:
    """A control plane on SQLite in this process, stopped and replaced by another on the same data."""

    def __init__(self, directory: Path, faults: Faults) -> None:
        self._directory = directory
        self._control_plane: ControlPlane | None = None
        self.direct = Config("https://in-process", qps=-1, transport=self)
        self.faulty = replace(self.direct, transport=FaultyTransport(self, faults))

    async def start(self) -> None:
        starting = ControlPlane(data_dir=self._directory, compaction_interval=COMPACTION_SECONDS)
        await starting.start()
        self._control_plane = starting

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        stopping, self._control_plane = self._control_plane, None
        if stopping is not None:
            await stopping.stop()

    async def send(self, request: Request) -> Reply:
        if self._control_plane is None:
            raise TransportError("the server is down")
        transport = self._control_plane.client_config().transport
        assert transport is not None
        return await transport.send(request)

    async def close(self) -> None:
        """It holds nothing."""
