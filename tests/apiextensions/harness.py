"""Definitions and their instances over a real store, cache and life cycle, and controllers in the same process."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from steersman.apiextensions.serving import DefinitionServing
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import AdmissionChain, AdmissionPlugin, Attributes, ChainMetrics
from steersman.apiserver.authentication.client_certificate import ClientCertificate
from steersman.apiserver.authentication.required import RequiredAuthentication
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import AuthorizerChain, PrivilegedGroups
from steersman.apiserver.handlers.call import Backend
from steersman.apiserver.handlers.negotiation import DECODERS
from steersman.apiserver.http.message import PeerCertificate
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.initialization import Initialization
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.registry.stored_form import decode
from steersman.apiserver.registry.write_options import DeleteOptions, WriteOptions
from steersman.apiserver.server import ApiServer
from steersman.client.config import Config
from steersman.controlplane.controllers import running_controllers
from steersman.controlplane.in_process import InProcessTransport
from steersman.controlplane.surroundings import Surroundings
from steersman.storage.memory import MemoryStore
from steersman.storage.watch_cache import Cacher, WatchCache

NOW = "2026-01-01T00:00:00Z"
USER = UserInfo("admin")
PACKAGE = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions"
FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
DATABASES = "databases.example.com"
PATIENCE = 10.0

Definition = dict[str, Any]


@dataclass
class Server:
    """A server without HTTP."""

    cache: WatchCache
    lifecycle: Lifecycle
    served: ServedResources
    definitions: list[Resource]
    controllers: AsyncExitStack
    """Runs them until it is closed."""

    def find(self, version: str = "v1", plural: str = "databases") -> Resource | None:
        return self.served.find("example.com", version, plural)

    async def define(self, crd: Definition) -> Definition:
        resource = self.definitions[crd["apiVersion"].endswith("v1beta1")]
        written = await self.lifecycle.create(resource, "", crd, WriteOptions(USER))
        return decode(self.definitions[0], written.entry)

    async def change(self, name: str, change: Callable[[Definition], None]) -> None:
        def changed(crd: Definition) -> Definition:
            change(crd)
            return crd

        await self.lifecycle.update(self.definitions[0], "", name, changed, WriteOptions(USER))

    async def remove(self, name: str = DATABASES) -> None:
        await self.lifecycle.delete(self.definitions[0], "", name, DeleteOptions(USER))

    async def until(self, holds: Callable[[Definition | None], bool], name: str = DATABASES) -> Definition | None:
        """The definition as soon as ``holds`` is true of it; None stands for none."""
        cacher = await self.lifecycle.cacher(self.definitions[0])

        def state() -> Definition | None:
            entry = cacher.get("", name)
            return None if entry is None else entry.parsed()

        await changed_until(cacher, lambda: holds(state()))
        return state()

    async def serves(self, holds: Callable[[], bool]) -> None:
        """Wait for changes of what is served until ``holds`` is true."""
        changed = asyncio.Event()
        self.served.on_change(changed.set)
        async with asyncio.timeout(PATIENCE):
            while not holds():
                changed.clear()
                await changed.wait()

    async def established(self, name: str = DATABASES) -> Definition:
        crd = await self.until(lambda crd: condition(crd, "Established") == "InitialNamesAccepted", name)
        assert crd is not None
        return crd

    async def instances(self, version: str = "v1") -> Cacher:
        resource = self.find(version)
        assert resource is not None
        return await self.lifecycle.cacher(resource)

    async def instance(self, name: str, namespace: str = "default", **fields: Any) -> dict[str, Any]:
        resource = self.find()
        assert resource is not None
        obj = {"metadata": {"name": name, **fields.pop("metadata", {})}, **fields}
        return decode(resource, (await self.lifecycle.create(resource, namespace, obj, WriteOptions(USER))).entry)


async def changed_until(cacher: Cacher, holds: Callable[[], bool]) -> None:
    """Wait for changes of the resource until ``holds`` is true."""
    changed = asyncio.Event()
    unsubscribe = cacher.subscribe(lambda _changes: changed.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                changed.clear()
                await changed.wait()
    finally:
        unsubscribe()


def condition(crd: Definition | None, type_: str) -> str:
    """The reason of a condition, "" where it is not there."""
    conditions = (crd or {}).get("status", {}).get("conditions", [])
    return next((one["reason"] for one in conditions if one["type"] == type_), "")


@asynccontextmanager
async def serving(
    store: MemoryStore,
    definitions: list[Resource],
    plugins: tuple[AdmissionPlugin, ...] = (),
    builtin: tuple[Resource, ...] = (),
) -> AsyncIterator[Server]:
    cache = WatchCache(store)
    await cache.start()
    uids = itertools.count()
    sources = Sources(now=lambda: NOW, uid=lambda: f"uid-{next(uids)}", random=lambda _below: 0)
    metrics = Metrics({})
    lifecycle = Lifecycle(store, cache, AdmissionChain(ChainMetrics(metrics), plugins), sources, metrics)
    served = ServedResources()
    served.install([*definitions, *builtin])
    everybody = RequiredAuthentication(ClientCertificate())
    authorizer = AuthorizerChain([PrivilegedGroups("system:masters")])
    backend = Backend(store, cache, lifecycle, metrics, time.time, DECODERS)
    handler = ApiServer(served, backend, everybody, authorizer, {}).handle
    transport = InProcessTransport(lambda: handler, PeerCertificate("admin", ("system:masters",)))
    config = Config("https://in-process", qps=-1, transport=transport)
    serving = DefinitionServing(lifecycle, cache, served, definitions[0])
    await serving.start()
    try:
        async with AsyncExitStack() as controllers:
            around = Surroundings(served, serving, sources, metrics, Initialization(), 37, _no_token)
            await controllers.enter_async_context(running_controllers(config, around))
            yield Server(cache, lifecycle, served, definitions, controllers)
    finally:
        serving.stop()
        await cache.stop()


async def _no_token(namespace: str, account: str, uid: str, secret: str) -> str:
    raise AssertionError("there are no Secrets here")


def version(name: str, storage: bool = False, served: bool = True, **fields: Any) -> dict[str, Any]:
    spec = {"type": "object", "properties": {"size": {"type": "integer", "default": 1}, "name": {"type": "string"}}}
    schema = {"type": "object", "properties": {"spec": spec}}
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": schema}, **fields}


def definition(plural: str = "databases", kind: str = "Database", **spec: Any) -> Definition:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": plural, "kind": kind},
            "scope": "Namespaced",
            "versions": [version("v1", storage=True)],
            **spec,
        },
    }


class RefusesOnce:
    """Refuses the first write of one kind."""

    def __init__(self, operation: str, plural: str) -> None:
        self.operations = frozenset((operation,))
        self.name, self.resources = "RefusesOnce", None
        self._plural, self._refused = plural, False

    def admit(self, attributes: Attributes) -> None:
        if attributes.resource.plural == self._plural and not self._refused:
            self._refused = True
            raise forbidden(attributes.resource.group_resource, attributes.name, "not now")
