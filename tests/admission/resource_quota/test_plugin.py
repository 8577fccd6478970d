import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import configured, pod, refusal
from tests.admission.resource_quota.quota_server import add_quota, until, used_of, with_quota

from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.client.kinds import apps_v1, core_v1


def using(requests: Any = None, limits: Any = None) -> Any:
    resources = {"requests": requests or {}, "limits": limits or {}}
    return [{"name": "web", "image": "nginx:1", "resources": resources}]


def config_map(name: str) -> Any:
    return {"metadata": {"name": name}}


def service(type_: str, ports: int = 1, **more: Any) -> Any:
    listed = [{"name": f"p{port}", "port": port} for port in range(1, ports + 1)]
    return {"metadata": {"name": "web"}, "spec": {"type": type_, "ports": listed, **more}}


def claim(storage: str, name: str = "data", **more: Any) -> Any:
    resources = {"requests": {"storage": storage}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources, **more}
    return {"metadata": {"name": name}, "spec": spec}


class RefusesConfigMaps:
    """Stands after ResourceQuota."""

    name = "RefusesConfigMaps"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((GroupResource("", "configmaps"),))

    def validate(self, attributes: Attributes) -> None:
        raise forbidden(attributes.group_resource, attributes.name, "no more")


class HoldsConfigMaps:
    """Stands after ResourceQuota; whoever creates waits until ``go`` is set."""

    name = "HoldsConfigMaps"
    operations = frozenset((CREATE,))
    resources = frozenset((GroupResource("", "configmaps"),))

    def __init__(self) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def validate(self, attributes: Attributes) -> None:
        self.reached.set()
        await self.go.wait()


GOLD = "gold.storageclass.storage.k8s.io"


@pytest.mark.parametrize(
    ("hard", "resource", "created", "used"),
    [
        ({"pods": "2"}, core_v1.PODS, pod(), {"pods": "1"}),
        ({"count/pods": "2"}, core_v1.PODS, pod(), {"count/pods": "1"}),
        (
            {"cpu": "2", "limits.cpu": "4", "requests.memory": "1Gi", "limits.memory": "1Gi"},
            core_v1.PODS,
            pod(containers=using({"cpu": "500m", "memory": "64Mi"}, {"cpu": "1", "memory": "128Mi"})),
            {"cpu": "500m", "limits.cpu": "1", "limits.memory": "128Mi", "requests.memory": "64Mi"},
        ),
        (
            {"requests.nvidia.com/gpu": "4", "requests.ephemeral-storage": "1Gi", "hugepages-2Mi": "1Gi"},
            core_v1.PODS,
            pod(
                containers=using(
                    {"nvidia.com/gpu": "2", "ephemeral-storage": "1Mi", "hugepages-2Mi": "4Mi", "cpu": "1"},
                    {"nvidia.com/gpu": "2", "hugepages-2Mi": "4Mi"},
                )
            ),
            {"hugepages-2Mi": "4Mi", "requests.ephemeral-storage": "1Mi", "requests.nvidia.com/gpu": "2"},
        ),
        ({"configmaps": "2", "count/configmaps": "2"}, core_v1.CONFIG_MAPS, config_map("a"), None),
        (
            {"services": "2", "services.nodeports": "9", "services.loadbalancers": "1"},
            core_v1.SERVICES,
            service("LoadBalancer", 3),
            {"services": "1", "services.loadbalancers": "1", "services.nodeports": "3"},
        ),
        (
            {"services": "2", "services.nodeports": "9", "services.loadbalancers": "1"},
            core_v1.SERVICES,
            service("ClusterIP", 3),
            {"services": "1", "services.loadbalancers": "0", "services.nodeports": "0"},
        ),
        (
            {"persistentvolumeclaims": "2", "requests.storage": "9Gi", f"{GOLD}/requests.storage": "5Gi"},
            core_v1.PERSISTENT_VOLUME_CLAIMS,
            claim("2Gi", storageClassName="gold"),
            {f"{GOLD}/requests.storage": "2Gi", "persistentvolumeclaims": "1", "requests.storage": "2Gi"},
        ),
        (
            {f"{GOLD}/persistentvolumeclaims": "5"},
            core_v1.PERSISTENT_VOLUME_CLAIMS,
            claim("2Gi", storageClassName="silver"),
            {f"{GOLD}/persistentvolumeclaims": "0"},
        ),
        (
            {"count/deployments.apps": "1"},
            apps_v1.DEPLOYMENTS,
            {
                "metadata": {"name": "web"},
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod()["spec"]},
                },
            },
            {"count/deployments.apps": "1"},
        ),
    ],
)
async def test_a_create_is_charged(hard: Any, resource: Any, created: Any, used: Any) -> None:
    async with with_quota(hard) as client:
        before = await used_of(client)
        await client.resource(resource).create(created)

        after = await used_of(client)

    if used is None:
        used = {name: str(int(before[name]) + 1) for name in hard}
    assert after == used


@pytest.mark.parametrize(
    ("hard", "resource", "created", "message"),
    [
        ({"pods": "0"}, core_v1.PODS, pod(), "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"),
        (
            {"requests.cpu": "1", "pods": "5", "limits.cpu": "1"},
            core_v1.PODS,
            pod(containers=using({"cpu": "2"}, {"cpu": "3"})),
            "exceeded quota: q, requested: limits.cpu=3,requests.cpu=2, used: limits.cpu=0,requests.cpu=0,"
            " limited: limits.cpu=1,requests.cpu=1",
        ),
        ({"limits.cpu": "1"}, core_v1.PODS, pod(), "failed quota: q: must specify limits.cpu for: web"),
        (
            {"limits.cpu": "1", "memory": "1Gi"},
            core_v1.PODS,
            pod(initContainers=[{"name": "setup", "image": "x"}]),
            "failed quota: q: must specify limits.cpu for: setup,web; memory for: setup,web",
        ),
        (
            {"services.nodeports": "1"},
            core_v1.SERVICES,
            service("NodePort", 2),
            "exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0,"
            " limited: services.nodeports=1",
        ),
        (
            {"requests.storage": "1Gi"},
            core_v1.PERSISTENT_VOLUME_CLAIMS,
            claim("2Gi"),
            "exceeded quota: q, requested: requests.storage=2Gi, used: requests.storage=0,"
            " limited: requests.storage=1Gi",
        ),
    ],
)
async def test_a_create_beyond_the_quota_is_refused(hard: Any, resource: Any, created: Any, message: str) -> None:
    async with with_quota(hard) as client:
        refused = await refusal(client.resource(resource).create(created))
        used = await used_of(client)

    kind, name = resource.group_resource, created["metadata"]["name"]
    assert (refused.code, refused.message) == (403, f'{kind} "{name}" is forbidden: {message}')
    assert set(used.values()) == {"0"}


async def test_what_no_quota_counts_is_left_alone() -> None:
    async with with_quota({"pods": "0"}) as client:
        await client.resource(core_v1.CONFIG_MAPS).create(config_map("a"))
        await client.resource(core_v1.PODS).create(pod(), namespace="kube-system")

        assert await used_of(client) == {"pods": "0"}


async def test_a_resize_is_charged_the_difference() -> None:
    async with with_quota({"requests.cpu": "2"}) as client:
        pods = client.resource(core_v1.PODS)

        def using(cpu: str) -> Any:
            return [{"name": "web", "image": "x", "resources": {"requests": {"cpu": cpu}, "limits": {"cpu": "4"}}}]

        def resized(cpu: str) -> Any:
            containers = using(cpu)
            return pods.patch("web", {"spec": {"containers": containers}}, subresource="resize")

        await pods.create(pod(containers=using("1")))
        await resized("1500m")
        assert await used_of(client) == {"requests.cpu": "1500m"}
        refused = await refusal(resized("3"))

    assert refused.message == (
        'pods "web" is forbidden: exceeded quota: q, requested: requests.cpu=1500m,'
        " used: requests.cpu=1500m, limited: requests.cpu=2"
    )


async def test_what_is_done_to_a_pod_is_no_pod() -> None:
    hard = {"pods": "1", "count/pods": "1", "requests.cpu": "1"}
    async with with_quota(hard) as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(pod(containers=[{"name": "web", "image": "x", "resources": {"requests": {"cpu": "1"}}}]))
        full = await used_of(client)
        binding = {"metadata": {"name": "web"}, "target": {"name": "n"}}
        await pods.create_subresource("web", "binding", binding)
        assert (await refusal(client.rest.request("POST", "/api/v1/namespaces/default/pods/web/exec"))).code == 404
        eviction = {"metadata": {"name": "web"}}
        await pods.create_subresource("web", "eviction", eviction, dry_run=True)

        assert await used_of(client) == full == hard


async def test_sixty_four_creators_never_overshoot() -> None:
    async with with_quota({"count/secrets": "40"}) as client:
        secrets = client.resource(core_v1.SECRETS)
        there = int((await used_of(client))["count/secrets"])
        results = await asyncio.gather(
            *(secrets.create({"metadata": {"name": f"s{number}"}}) for number in range(64)), return_exceptions=True
        )
        stored = [one async for one in secrets.list(namespace="default")]
        used = await used_of(client)

    refused = [one for one in results if isinstance(one, ApiError)]
    assert (len(stored), used, len(refused)) == (40, {"count/secrets": "40"}, 24 + there)
    assert {one.code for one in refused} == {403}


async def test_creators_and_deleters_never_overshoot() -> None:
    """The controller counts while writes are on their way."""
    most = 8
    async with with_quota({"count/secrets": str(most)}) as client:
        secrets = client.resource(core_v1.SECRETS)
        seen: list[int] = []
        refusals: set[int] = set()

        async def create_and_delete(number: int) -> None:
            for turn in range(6):
                name = f"s{number}-{turn}"
                try:
                    await secrets.create({"metadata": {"name": name}})
                except ApiError as error:
                    refusals.add(error.code)
                    continue
                seen.append(len([one async for one in secrets.list(namespace="default")]))
                await secrets.delete(name)

        await asyncio.gather(*(create_and_delete(number) for number in range(24)))
        used = await until(client, lambda used: used["count/secrets"] == "0")

    assert refusals <= {403}
    assert max(seen) <= most
    assert used == {"count/secrets": "0"}


async def test_a_recount_keeps_the_share_of_a_write_on_its_way() -> None:
    holding = HoldsConfigMaps()
    async with with_quota({"count/configmaps": "9"}, extra=(holding,)) as client:
        before = int((await used_of(client))["count/configmaps"])
        creating = asyncio.create_task(client.resource(core_v1.CONFIG_MAPS).create(config_map("a")))
        await holding.reached.wait()
        quotas = client.resource(core_v1.RESOURCE_QUOTAS)
        wrong = {"status": {"used": {"count/configmaps": "0"}}}

        on_its_way: Any = await quotas.patch("q", wrong, subresource="status")
        holding.go.set()
        await creating
        stored: Any = await quotas.patch("q", wrong, subresource="status")

    share = {"count/configmaps": str(before + 1)}
    assert on_its_way["status"]["used"] == share
    assert stored["status"]["used"] == share


async def test_who_gives_up_gives_its_share_back() -> None:
    holding = HoldsConfigMaps()
    async with with_quota({"count/configmaps": "9"}, extra=(holding,)) as client:
        before = await used_of(client)
        creating = asyncio.create_task(client.resource(core_v1.CONFIG_MAPS).create(config_map("a")))
        await holding.reached.wait()
        creating.cancel()
        await asyncio.wait((creating,))
        holding.go.set()

        assert await until(client, lambda used: used == before) == before


async def test_what_a_later_plugin_refuses_gives_its_share_back() -> None:
    async with with_quota({"count/configmaps": "5"}, extra=(RefusesConfigMaps(),)) as client:
        before = await used_of(client)
        refused = await refusal(client.resource(core_v1.CONFIG_MAPS).create(config_map("a")))

        assert refused.message == 'configmaps "a" is forbidden: no more'
        assert await used_of(client) == before


async def test_what_the_store_refuses_gives_its_share_back() -> None:
    async with with_quota({"pods": "5"}) as client:
        await client.resource(core_v1.PODS).create(pod())
        refused = await refusal(client.resource(core_v1.PODS).create(pod()))

        assert refused.reason == "AlreadyExists"
        assert await used_of(client) == {"pods": "1"}


async def test_what_one_quota_refuses_no_other_is_charged_for() -> None:
    async with with_quota({"pods": "5"}) as client:
        await add_quota(client, "z", {"count/pods": "0"})
        refused = await refusal(client.resource(core_v1.PODS).create(pod()))

        assert "exceeded quota: z" in refused.message
        assert await used_of(client) == {"pods": "0"}


async def test_a_dry_run_is_checked_but_not_charged() -> None:
    async with with_quota({"pods": "1"}) as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(pod(), dry_run=True)
        free = await used_of(client)
        await pods.create(pod())
        refused = await refusal(pods.create(pod("second"), dry_run=True))

    assert free == {"pods": "0"}
    assert "exceeded quota: q" in refused.message


async def test_an_update_is_charged_the_difference() -> None:
    async with with_quota({"services": "1", "services.nodeports": "3"}) as client:
        services = client.resource(core_v1.SERVICES)
        await services.create(service("NodePort", 2))
        more = service("NodePort", 3)
        await services.patch("web", {"spec": {"ports": more["spec"]["ports"]}})
        used = await used_of(client)
        too_many = service("NodePort", 5)["spec"]["ports"]
        refused = await refusal(services.patch("web", {"spec": {"ports": too_many}}))

    assert used == {"services": "1", "services.nodeports": "3"}
    assert refused.message == (
        'services "web" is forbidden: exceeded quota: q, requested: services.nodeports=2,'
        " used: services.nodeports=3, limited: services.nodeports=3"
    )


IN_A_YEAR = 365 * 24 * 3600
ELSEWHERE = {
    "podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "zone", "namespaces": ["x"], "labelSelector": {}}
        ]
    }
}


def selector(scope: str, operator: str, *values: str) -> Any:
    one = {"scopeName": scope, "operator": operator} | ({"values": list(values)} if values else {})
    return {"scopeSelector": {"matchExpressions": [one]}}


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        ({"scopes": ["Terminating"]}, pod(activeDeadlineSeconds=IN_A_YEAR), pod()),
        ({"scopes": ["NotTerminating"]}, pod(), pod(activeDeadlineSeconds=IN_A_YEAR)),
        ({"scopes": ["BestEffort"]}, pod(), pod(containers=using({"cpu": "1"}))),
        ({"scopes": ["NotBestEffort"]}, pod(containers=using({"cpu": "1"})), pod()),
        ({"scopes": ["CrossNamespacePodAffinity"]}, pod(affinity=ELSEWHERE), pod()),
        (selector("PriorityClass", "In", "high"), pod(priorityClassName="high"), pod(priorityClassName="low")),
        (selector("PriorityClass", "NotIn", "high"), pod(), pod(priorityClassName="high")),
        (selector("PriorityClass", "Exists"), pod(priorityClassName="low"), pod()),
        (selector("PriorityClass", "DoesNotExist"), pod(), pod(priorityClassName="low")),
    ],
)
async def test_a_quota_is_for_its_scopes(spec: Any, inside: Any, outside: Any) -> None:
    async with with_quota({"pods": "0"}, **spec) as client:
        pods = client.resource(core_v1.PODS)
        refused = await refusal(pods.create(inside))
        await pods.create(outside)
        used = await used_of(client)

    assert "exceeded quota: q, requested: pods=1" in refused.message
    assert used == {"pods": "0"}


async def test_a_quota_is_for_claims_of_an_attributes_class() -> None:
    spec = selector("VolumeAttributesClass", "In", "fast")
    async with with_quota({"persistentvolumeclaims": "0"}, **spec) as client:
        claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
        refused = await refusal(claims.create(claim("1Gi", volumeAttributesClassName="fast")))
        await claims.create(claim("1Gi", volumeAttributesClassName="slow"))

    assert "exceeded quota: q" in refused.message


def limiting(directory: Path, **limited: Any) -> Path:
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "ResourceQuotaConfiguration",
        "limitedResources": [{"resource": "pods", **limited}],
    }
    return configured(directory, "ResourceQuota", document)


async def test_what_is_limited_needs_a_quota(tmp_path: Path) -> None:
    file = limiting(tmp_path, matchContains=["requests.cpu"])
    async with with_quota({"pods": "5"}, configuration=file) as client:
        pods = client.resource(core_v1.PODS)
        refused = await refusal(pods.create(pod(containers=using({"cpu": "1"}))))
        await pods.create(pod())
        await add_quota(client, "cpu", {"requests.cpu": "1"})
        await pods.create(pod("second", containers=using({"cpu": "1"})))

    assert refused.message == 'pods "web" is forbidden: insufficient quota to consume: requests.cpu'


async def test_a_limited_scope_needs_a_quota(tmp_path: Path) -> None:
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}
    async with with_quota({"pods": "5"}, configuration=limiting(tmp_path, matchScopes=[scope])) as client:
        pods = client.resource(core_v1.PODS)
        refused = await refusal(pods.create(pod(priorityClassName="high")))
        await pods.create(pod())
        await add_quota(client, "high", {"pods": "1"}, **selector("PriorityClass", "In", "high"))
        await pods.create(pod("second", priorityClassName="high"))

    assert refused.message == (
        'pods "web" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [high]}]'
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "Other"}, "must be a ResourceQuotaConfiguration"),
        ({"limitedResources": [{"matchContains": []}]}, "limitedResources[0].resource: Required value"),
        ({"limitedResources": [{"resource": "pods", "matchContains": "x"}]}, "matchContains: must be a list"),
    ],
)
async def test_a_wrong_configuration_is_refused(tmp_path: Path, document: Any, message: str) -> None:
    kind = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "ResourceQuotaConfiguration"}
    file = configured(tmp_path, "ResourceQuota", kind | document)
    with pytest.raises(ValueError, match="ResourceQuota") as raised:
        async with with_quota({}, configuration=file):
            pass

    assert message in str(raised.value)
