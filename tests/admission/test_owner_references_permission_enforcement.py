from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.admission.owner_references_permission_enforcement import OwnerReferencesPermissionEnforcement
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import NO_OPINION, Decision, Verdict
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.request_info import RequestInfo
from steersman.client import Client
from steersman.client.kinds import core_v1

DELETE = "delete /v1/configmaps default/x"
OF_DEPLOYMENTS = "update apps/v1/deployments/finalizers default/web"
OF_NODES = "update /v1/nodes/finalizers /a"


class Allows:
    """Allows what is listed: ``verb group/version/resource[/subresource] namespace/name``."""

    def __init__(self, *allowed: str) -> None:
        self._allowed = allowed
        self.asked: list[str] = []

    async def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        parts = [info.group, info.version, info.resource, *([info.subresource] if info.subresource else [])]
        self.asked.append(f"{info.verb} {'/'.join(parts)} {info.namespace}/{info.name}")
        return Verdict(Decision.ALLOW) if self.asked[-1] in self._allowed else Verdict(NO_OPINION.decision, "not you")


@pytest.fixture(scope="module")
def served() -> ServedResources:
    catalog = Catalog(37)
    served = ServedResources()
    served.install(builtin_resources(catalog.resources(), Definitions(catalog), {}))
    return served


def enforcing(allows: Allows, served: ServedResources) -> Any:
    return serving(extra=(OwnerReferencesPermissionEnforcement(allows, served),))


def owner(kind: str = "Deployment", api_version: str = "apps/v1", name: str = "web", **more: Any) -> Any:
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": f"uid-of-{name}", **more}


BLOCKING = owner(blockOwnerDeletion=True)
BLOCKING_NODE = owner("Node", "v1", "a", blockOwnerDeletion=True)


def config_map(*owners: Any) -> Any:
    return {"metadata": {"name": "x", "ownerReferences": list(owners)}}


async def create(client: Client, *owners: Any) -> Any:
    return await client.resource(core_v1.CONFIG_MAPS).create(config_map(*owners))


async def own(client: Client, *owners: Any) -> Any:
    """Change the owners of the ConfigMap."""
    return await client.resource(core_v1.CONFIG_MAPS).update(config_map(*owners))


async def test_a_new_object_has_the_owners_it_likes(served: ServedResources) -> None:
    allows = Allows()
    async with enforcing(allows, served) as client:
        await create(client, owner(), owner("Node", "v1", "a"))

    assert allows.asked == []


async def test_an_update_that_keeps_them_asks_nobody(served: ServedResources) -> None:
    allows = Allows(OF_DEPLOYMENTS)
    async with enforcing(allows, served) as client:
        await create(client, BLOCKING)
        await client.resource(core_v1.CONFIG_MAPS).patch("x", {"data": {"a": "b"}})

    assert allows.asked == [OF_DEPLOYMENTS]


@pytest.mark.parametrize("owners", [(), (owner(name="other"),), (owner(controller=True),)])
async def test_who_may_delete_an_object_may_change_its_owners(served: ServedResources, owners: Any) -> None:
    async with enforcing(Allows(DELETE), served) as client:
        await create(client, owner())

        await own(client, *owners)


async def test_who_may_not_delete_it_may_not(served: ServedResources) -> None:
    async with enforcing(Allows(OF_DEPLOYMENTS), served) as client:
        await create(client, owner())

        refused = await refusal(own(client))

    assert (refused.code, refused.message) == (
        403,
        'configmaps "x" is forbidden: cannot set an ownerRef on a resource you can\'t delete: not you, <nil>',
    )


@pytest.mark.parametrize(
    ("owners", "allowed"),
    [((BLOCKING,), OF_DEPLOYMENTS), ((BLOCKING_NODE,), OF_NODES)],
    ids=["of a namespace", "of none"],
)
async def test_holding_up_an_owner_takes_permission_on_its_finalizers(
    served: ServedResources, owners: Any, allowed: str
) -> None:
    async with enforcing(Allows(allowed), served) as client:
        await create(client, *owners)
    async with enforcing(Allows(), served) as client:
        refused = await refusal(create(client, *owners))

    assert refused.message == (
        'configmaps "x" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to'
        " a resource you can't set finalizers on: not you, <nil>"
    )


async def test_an_owner_that_was_held_up_before_asks_for_nothing_more(served: ServedResources) -> None:
    allows = Allows(DELETE, OF_DEPLOYMENTS)
    async with enforcing(allows, served) as client:
        await create(client, BLOCKING)
        await own(client, BLOCKING, owner(name="other"))

    assert allows.asked == [OF_DEPLOYMENTS, DELETE]


async def test_holding_up_one_later_asks(served: ServedResources) -> None:
    async with enforcing(Allows(DELETE), served) as client:
        await create(client, owner())

        refused = await refusal(own(client, BLOCKING))

    assert "cannot set blockOwnerDeletion" in refused.message


@pytest.mark.parametrize(("api_version", "kind"), [("apps/v1", "Wheel"), ("nowhere.example.com/v1", "Deployment")])
async def test_a_kind_that_nobody_knows_is_refused(served: ServedResources, api_version: str, kind: str) -> None:
    async with enforcing(Allows(OF_DEPLOYMENTS), served) as client:
        refused = await refusal(create(client, owner(kind, api_version, blockOwnerDeletion=True)))

    assert refused.message == (
        'configmaps "x" is forbidden: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for'
        f' APIVersion {api_version} Kind {kind}: no matches for kind "{kind}" in version "{api_version}"'
    )


async def test_the_status_of_pods_is_left_alone(served: ServedResources) -> None:
    allows = Allows()
    async with enforcing(allows, served) as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(pod())
        await pods.patch("web", {"status": {"message": "x"}}, subresource="status")

    assert allows.asked == []


async def test_the_servers_own_authorizer_is_asked() -> None:
    async with serving("OwnerReferencesPermissionEnforcement") as client:
        await create(client, BLOCKING)
        await own(client, BLOCKING_NODE)
