"""Servers reduced to what they have of admission, over one store: replicas, as they are over etcd."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.controlplane.chain_server import CHAIN

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.group_version import GroupResource
from steersman.apis.admission_chains import CHAINS
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.admission import ChainMetrics
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import AlwaysAllow
from steersman.apiserver.health import Health
from steersman.apiserver.http.message import Connection, Request
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object, Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.registry.write_options import DeleteOptions, WriteOptions
from steersman.controlplane.admission_chain import StoredChain
from steersman.storage.memory import MemoryStore
from steersman.storage.watch_cache import WatchCache

USER = UserInfo("root", groups=("system:masters",))
CONFIG_MAPS = GroupResource("", "configmaps")


class Replica:
    """A server whose flags have the chain ``plugins``."""

    def __init__(self, store: MemoryStore, *plugins: Any) -> None:
        catalog, metrics = Catalog(37), Metrics({})
        definitions = Definitions(catalog)
        options = AdmissionOptions(control=("AlwaysAdmit",), extra=plugins)
        self.chain = StoredChain(options, definitions, ChainMetrics(metrics))
        self.cache, self.health = WatchCache(store), Health()
        self._served = ServedResources()
        core = [one for one in catalog.resources() if not one.group]
        self._served.install([*builtin_resources(core, definitions, {}, {}), *self.chain.resources])
        luck = random.Random(1)
        # Two letters to choose from: names that are generated meet.
        sources = Sources(lambda: "2026-01-01T00:00:00Z", lambda: "1", lambda below: luck.randrange(min(below, 2)))
        self.lifecycle = Lifecycle(store, self.cache, self.chain.admission, sources, metrics, None, self.chain.checks())
        objects = ObjectReader(self.cache, self._served)
        self.context = PluginContext(objects, self._served, self.lifecycle, AlwaysAllow(), metrics, 37)

    @property
    def names(self) -> list[str]:
        """The plugins that are in force."""
        return [plugin.name for plugin in self.chain.admission.plugins]

    def resource(self, resource: GroupResource) -> Resource:
        found = self._served.of_group_resource(resource)
        assert found is not None
        return found

    async def set(self, *names: str) -> int:
        """Have these plugins in the chain; the revision of the change."""
        spec = {"plugins": [{"name": name} for name in names]}
        pending = self.lifecycle.update(
            self.resource(CHAINS), "", CHAIN, lambda live: {**live, "spec": spec}, WriteOptions(USER)
        )
        return (await pending).entry.revision

    async def create(self, **metadata: Any) -> Object:
        """A ConfigMap."""
        body: Object = {"metadata": metadata}
        written = await self.lifecycle.create(self.resource(CONFIG_MAPS), "default", body, WriteOptions(USER))
        made: Object = written.entry.parsed()
        return made

    async def annotate(self, name: str, annotations: Object) -> Object:
        def change(live: Object) -> Object:
            return {**live, "metadata": {**live["metadata"], "annotations": dict(annotations)}}

        resource = self.resource(CONFIG_MAPS)
        written = await self.lifecycle.update(resource, "default", name, change, WriteOptions(USER))
        changed: Object = written.entry.parsed()
        return changed

    async def delete_all(self) -> int:
        """How many ConfigMaps there were."""
        resource = self.resource(CONFIG_MAPS)
        entries = (await self.lifecycle.cacher(resource)).list()[0]
        return len(await self.lifecycle.delete_collection(resource, entries, DeleteOptions(USER)))

    def plugin_objects(self) -> list[Object]:
        """The AdmissionPlugins that it shows."""
        plugins = next(one for one in self.chain.resources if one.kind == "AdmissionPlugin")
        assert plugins.computed is not None
        return list(plugins.computed())

    async def ready(self) -> int:
        """The HTTP status of the check of its chain."""
        request = Request("GET", "/readyz/admission-chain", "", {}, b"", Connection())
        return (await self.health.handle(request)).status


@asynccontextmanager
async def replicas(*made_of: tuple[Any, ...]) -> AsyncIterator[list[Replica]]:
    """Replicas over one store, the flags of each having plugins of its own."""
    store = MemoryStore()
    async with AsyncExitStack() as stack:
        await store.open()
        stack.push_async_callback(store.close)
        running = [Replica(store, *plugins) for plugins in made_of]
        for one in running:
            await one.cache.start()
            stack.push_async_callback(one.cache.stop)
            await one.chain.start(one.context, one.health, stack)
        yield running
