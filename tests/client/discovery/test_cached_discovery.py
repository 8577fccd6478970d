"""Discovery against control planes of several versions, as they answer now and as servers before 1.26 did."""

import asyncio

import pytest
from tests.client.discovery.transports import BETA, PLAIN, Between

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.client.discovery import CachedDiscovery, Served
from steersman.client.discovery.cached_discovery import RENEWAL_PERIOD, RENEWALS
from steersman.client.rest import RestClient
from steersman.client.transport import TransportError
from steersman.controlplane import ControlPlane


async def served_by(version: str, accept: str = "") -> tuple[Served, list[str]]:
    async with ControlPlane(version=version) as control_plane:
        between = Between(control_plane.client_config(), accept=accept)
        async with RestClient(between.config) as rest:
            return await CachedDiscovery(rest).served(), between.targets


@pytest.mark.parametrize("version", ["1.7", "1.16", "1.20", "1.37"])
async def test_all_forms_say_the_same(version: str) -> None:
    aggregated, few = await served_by(version)
    beta, as_few = await served_by(version, accept=BETA)
    plain, many = await served_by(version, accept=PLAIN)
    assert (beta, as_few) == (aggregated, few)
    assert few == ["/api", "/apis"]
    assert len(many) == 2 + len(plain.versions)
    assert list(aggregated.versions) == list(plain.versions)
    for group_version, resources in aggregated.versions.items():
        assert set(resources) == set(plain.versions[group_version])
        by_name = {one.plural: one for one in plain.versions[group_version]}
        assert all(by_name[one.plural].subresources == one.subresources for one in resources)
    assert not aggregated.failures
    assert not plain.failures


@pytest.mark.parametrize(
    ("version", "first"),
    [("1.7", "apps/v1beta1"), ("1.16", "apps/v1"), ("1.37", "apps/v1")],
)
async def test_preferred_versions_come_first(version: str, first: str) -> None:
    served, _ = await served_by(version)
    deployments = [one for one in served.preferred() if (one.group, one.plural) == ("apps", "deployments")]
    assert [str(one.group_version) for one in deployments] == [first]


async def test_what_a_resource_is() -> None:
    served, _ = await served_by("1.37")
    deployments = next(one for one in served if one.plural == "deployments")
    assert (deployments.singular, deployments.kind, deployments.short_names) == (
        "deployment",
        "Deployment",
        ("deploy",),
    )
    assert deployments.namespaced
    assert "deletecollection" in deployments.verbs
    assert deployments.categories == ("all",)
    assert deployments.subresources["scale"].kind == GroupVersionKind("autoscaling", "v1", "Scale")
    assert deployments.subresources["status"].kind == GroupVersionKind("apps", "v1", "Deployment")
    assert not next(one for one in served if one.plural == "namespaces").namespaced


async def test_asks_once_until_it_is_out_of_date() -> None:
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config())
        discovery = CachedDiscovery(RestClient(between.config))
        first = await asyncio.gather(*(discovery.served() for _ in range(20)))
        assert all(one is first[0] for one in first)
        assert between.targets == ["/api", "/apis"]
        discovery.invalidate()
        assert await discovery.served() is not first[0]
        assert between.targets == ["/api", "/apis"] * 2


async def test_doubts_ask_again_only_so_often() -> None:
    now = 0.0
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config())
        discovery = CachedDiscovery(RestClient(between.config), clock=lambda: now)
        served = await discovery.served()
        for _ in range(3 * RENEWALS):
            served = await discovery.newer_than(served)
            discovery.doubt()
            served = await discovery.served()
        assert between.targets.count("/apis") == 1 + RENEWALS
        now += RENEWAL_PERIOD
        newer = await discovery.newer_than(served)
        assert newer is not served
        assert await discovery.newer_than(served) is newer
        discovery.invalidate()
        assert await discovery.served() is not newer


async def test_a_group_that_cannot_be_read_keeps_what_was_known() -> None:
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config(), accept=PLAIN)
        discovery = CachedDiscovery(RestClient(between.config))
        between.cut = lambda target: target in ("/apis/apps/v1", "/apis/batch/v1")
        served = await discovery.served()
        apps, batch = GroupVersion("apps", "v1"), GroupVersion("batch", "v1")
        assert served.failures == dict.fromkeys((apps, batch), "connection reset by peer")
        assert not served.versions[apps]

        between.cut = lambda target: target == "/apis/batch/v1"
        discovery.invalidate()
        known = (await discovery.served()).versions[apps]
        assert known
        between.cut = lambda target: target == "/apis/apps/v1"
        discovery.invalidate()
        served = await discovery.served()
        assert list(served.failures) == [apps]
        assert served.versions[apps] == known
        assert served.versions[batch]


async def test_without_an_answer_the_next_use_asks_again() -> None:
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config())
        discovery = CachedDiscovery(RestClient(between.config))
        between.cut = lambda target: True
        with pytest.raises(TransportError):
            await discovery.served()
        between.cut = lambda target: False
        assert list(await discovery.served())


async def test_a_server_that_tells_nothing_says_why() -> None:
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config())
        between.moved = {"/api": "/no-such-path", "/apis": "/no-such-path"}
        with pytest.raises(ApiError, match="could not find the requested resource") as refused:
            await CachedDiscovery(RestClient(between.config)).served()
        assert refused.value.code == 404


async def test_a_server_without_a_core_group() -> None:
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config())
        between.moved = {"/api": "/no-such-path"}
        served = await CachedDiscovery(RestClient(between.config)).served()
        assert all(group_version.group for group_version in served.versions)
        assert list(served)
