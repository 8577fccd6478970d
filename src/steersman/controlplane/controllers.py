"""The controllers that run beside the server, on clients in the same process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from steersman.apiextensions.finalizing_controller import FinalizingController
from steersman.apiextensions.naming_controller import NamingController
from steersman.apiextensions.serving import DefinitionServing
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.served import ServedResources
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.config import Config
from steersman.client.informer import SharedInformerFactory
from steersman.controllers.namespace_controller import NAMESPACES, NamespaceController

DEFINITIONS = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")


@asynccontextmanager
async def running_controllers(
    config: Config, served: ServedResources, serving: DefinitionServing, sources: Sources
) -> AsyncIterator[None]:
    """Run the controllers of the kinds that are served, within the block."""
    async with Client(config) as client:
        factory = SharedInformerFactory(client)
        running = [
            *_of_definitions(client, factory, served, serving, sources),
            *_of_namespaces(client, factory, served),
        ]
        async with factory:
            tasks = [asyncio.create_task(controller.run()) for controller in running]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def _of_definitions(
    client: Client,
    factory: SharedInformerFactory,
    served: ServedResources,
    serving: DefinitionServing,
    sources: Sources,
) -> list[NamingController | FinalizingController]:
    """In whichever version definitions are served: names, conditions and finalizers are the same in each."""
    found = served.of_group_resource(DEFINITIONS)
    if found is None:
        return []
    resource = ApiResource(found.group, found.version, found.plural, found.kind, found.namespaced, DICTS)
    definitions, informer = client.resource(resource), factory.for_resource(resource)
    finalizing = FinalizingController(definitions, informer, serving.delete_instances, sources.now)
    serving.on_instances_changed = finalizing.look_at
    return [NamingController(definitions, informer, serving.built_in, sources.now), finalizing]


def _of_namespaces(
    client: Client, factory: SharedInformerFactory, served: ServedResources
) -> list[NamespaceController]:
    if served.of_group_resource(NAMESPACES.group_resource) is None:
        return []
    return [NamespaceController(client, factory.for_resource(NAMESPACES))]
