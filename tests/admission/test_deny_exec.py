"""DenyEscalatingExec and DenyExecOnPrivileged: asked directly, for the server runs no containers to connect to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from tests.admission.plugin_server import pod, serving

from steersman.admission.deny_escalating_exec import DenyEscalatingExec
from steersman.admission.deny_exec_on_privileged import DenyExecOnPrivileged
from steersman.admission.pod_spec import PODS
from steersman.apimachinery.errors import ApiError
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.admission import CONNECT, Attributes
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.url import open_store
from steersman.storage.watch_cache import WatchCache

Plugin = type[DenyEscalatingExec] | type[DenyExecOnPrivileged]
BOTH = (DenyEscalatingExec, DenyExecOnPrivileged)


@asynccontextmanager
async def stored(*pods: Any) -> AsyncIterator[tuple[ObjectReader, Resource]]:
    """A reader of a store with ``pods`` in the namespace ``default``, and the resource that they are of."""
    catalog = Catalog(37)
    facts = [one for one in catalog.resources() if (one.group, one.plural) == ("", "pods")]
    served = ServedResources()
    served.install(builtin_resources(facts, Definitions(catalog), {}))
    resource = served.of_group_resource(PODS)
    assert resource is not None
    assert resource.stored is not None
    store = open_store("memory:")
    await store.open()
    cache = WatchCache(store)
    await cache.start()
    for one in pods:
        await store.put(resource.stored.key("default", one["metadata"]["name"]), orjson.dumps(one), 0)
    yield ObjectReader(cache, served), resource
    await cache.stop()
    await store.close()


def connecting(resource: Resource, subresource: str, name: str = "web") -> Attributes:
    return Attributes(CONNECT, resource, "default", name, None, None, UserInfo("me"), subresource)


def container(**security_context: Any) -> Any:
    return [{"name": "web", "image": "nginx:1", "securityContext": security_context}]


@pytest.mark.parametrize("subresource", ["exec", "attach"])
@pytest.mark.parametrize(
    ("plugin", "spec", "refused"),
    [
        *((one, {"containers": container(privileged=True)}, "a privileged container") for one in BOTH),
        *((one, {"initContainers": container(privileged=True)}, "a privileged container") for one in BOTH),
        (DenyEscalatingExec, {"hostPID": True}, "a container using host pid"),
        (DenyEscalatingExec, {"hostIPC": True}, "a container using host ipc"),
    ],
)
async def test_nobody_gets_into_what_leads_to_the_node(
    plugin: Plugin, subresource: str, spec: Any, refused: str
) -> None:
    async with stored(pod(**spec)) as (objects, resource):
        with pytest.raises(ApiError) as refusal:
            await plugin(objects).validate(connecting(resource, subresource))

    assert refusal.value.code == 403
    assert refusal.value.message == f'pods "web" is forbidden: cannot exec into or attach to {refused}'


@pytest.mark.parametrize(
    ("plugin", "spec"),
    [
        *((one, {}) for one in BOTH),
        *((one, {"containers": container(privileged=False), "hostNetwork": True}) for one in BOTH),
        (DenyExecOnPrivileged, {"hostPID": True, "hostIPC": True}),
    ],
)
async def test_other_pods_are_open(plugin: Plugin, spec: Any) -> None:
    async with stored(pod(**spec)) as (objects, resource):
        await plugin(objects).validate(connecting(resource, "exec"))


@pytest.mark.parametrize("plugin", BOTH)
@pytest.mark.parametrize("subresource", ["portforward", "proxy"])
async def test_other_ways_of_connecting_are_left_alone(plugin: Plugin, subresource: str) -> None:
    async with stored(pod(containers=container(privileged=True))) as (objects, resource):
        await plugin(objects).validate(connecting(resource, subresource))


@pytest.mark.parametrize("plugin", BOTH)
async def test_a_pod_that_is_not_there_is_refused(plugin: Plugin) -> None:
    async with stored() as (objects, resource):
        with pytest.raises(ApiError) as refusal:
            await plugin(objects).validate(connecting(resource, "exec"))

    assert refusal.value.message == 'pods "web" is forbidden: pods "web" not found'


@pytest.mark.parametrize("plugin", BOTH)
async def test_a_chain_can_have_it(plugin: Plugin) -> None:
    async with serving(plugin.name):
        pass
