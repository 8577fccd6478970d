"""Names of resources, against what control planes of several versions serve."""

import pytest
from tests.client.discovery.transports import PLAIN, Between

from steersman.apimachinery.group_version import (
    GroupKind,
    GroupResource,
    GroupVersion,
    GroupVersionKind,
    GroupVersionResource,
)
from steersman.client.discovery import (
    AmbiguousResourceError,
    CachedDiscovery,
    NoKindMatchError,
    NoResourceMatchError,
    ResourceName,
    RestMapper,
    Served,
    ServedResource,
)
from steersman.client.discovery.resource_index import ResourceIndex
from steersman.client.rest import RestClient
from steersman.controlplane import ControlPlane

APPS = "apps/v1, Resource=deployments"


async def resource_for(name: ResourceName, version: str) -> ServedResource:
    async with ControlPlane(version=version) as control_plane, RestClient(control_plane.client_config()) as rest:
        return await RestMapper(CachedDiscovery(rest)).resource_for(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deploy", APPS),
        ("deployment", APPS),
        ("Deployments", APPS),
        ("Deployment", APPS),
        ("deployments.apps", APPS),
        ("deploy.ap", APPS),
        ("Deployment.apps", APPS),
        ("deployments.v1.apps", APPS),
        ("Deployment.v1.apps", APPS),
        ("pods.v1.", "/v1, Resource=pods"),
        ("ev", "/v1, Resource=events"),
        ("events.events.k8s.io", "events.k8s.io/v1, Resource=events"),
        ("hpa", "autoscaling/v2, Resource=horizontalpodautoscalers"),
        ("hpa.v1.autoscaling", "autoscaling/v1, Resource=horizontalpodautoscalers"),
        ("crd", "apiextensions.k8s.io/v1, Resource=customresourcedefinitions"),
        (GroupVersionKind("", "v1", "Pod"), "/v1, Resource=pods"),
        (GroupVersionResource("apps", "v1", "deployments"), APPS),
        (GroupKind("autoscaling", "HorizontalPodAutoscaler"), "autoscaling/v2, Resource=horizontalpodautoscalers"),
        (GroupResource("events.k8s.io", "events"), "events.k8s.io/v1, Resource=events"),
    ],
)
async def test_names(name: ResourceName, expected: str) -> None:
    assert str((await resource_for(name, "1.37")).group_version_resource) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.7", "apps/v1beta1"), ("1.16", "apps/v1"), ("1.20", "apps/v1")],
)
async def test_names_on_old_servers(version: str, expected: str) -> None:
    assert str((await resource_for("deploy", version)).group_version) == expected


async def test_a_group_that_is_gone_today() -> None:
    assert str((await resource_for("deploy.extensions", "1.7")).group_version) == "extensions/v1beta1"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("foo", NoResourceMatchError, 'the server doesn\'t have a resource type "foo"'),
        ("pods.v2.", NoResourceMatchError, 'the server doesn\'t have a resource type "pods.v2."'),
        (
            GroupVersionKind("apps", "v2", "Deployment"),
            NoKindMatchError,
            'no matches for kind "Deployment" in version "apps/v2"',
        ),
        (GroupVersionKind("", "v1", "pod"), NoKindMatchError, 'no matches for kind "pod" in version "v1"'),
        (GroupKind("x", "Pod"), NoKindMatchError, 'no matches for kind "Pod" in group "x"'),
        (GroupVersionResource("", "v1", "pod"), NoResourceMatchError, "no matches for /v1, Resource=pod"),
        (GroupResource("x", "pods"), NoResourceMatchError, "no matches for x/, Resource=pods"),
    ],
)
async def test_names_that_nothing_has(name: ResourceName, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        await resource_for(name, "1.37")
    assert str(raised.value) == message


async def test_a_missing_name_says_where_else_it_may_be() -> None:
    async with ControlPlane() as control_plane:
        between = Between(control_plane.client_config(), accept=PLAIN)
        between.cut = lambda target: target == "/apis/apps/v1"
        mapper = RestMapper(CachedDiscovery(RestClient(between.config)))
        with pytest.raises(NoKindMatchError, match=r"server APIs: apps/v1: connection reset by peer\)$"):
            await mapper.resource_for(GroupKind("apps", "Deployment"))
        with pytest.raises(NoKindMatchError, match=r'in group "x"$'):
            await mapper.resource_for(GroupKind("x", "Deployment"))


def resource(group: str, plural: str, short_names: tuple[str, ...] = ()) -> ServedResource:
    return ServedResource(group, "v1", plural, plural.removesuffix("s"), plural.title(), True, frozenset(), short_names)


def index(*resources: ServedResource) -> ResourceIndex:
    versions: dict[GroupVersion, list[ServedResource]] = {}
    for one in resources:
        versions.setdefault(one.group_version, []).append(one)
    return ResourceIndex(Served(versions))


def test_two_of_one_group_version_are_ambiguous() -> None:
    both = index(resource("a", "widgets", short_names=("w",)), resource("a", "wheels", short_names=("w",)))
    with pytest.raises(AmbiguousResourceError) as raised:
        both.find("w")
    assert str(raised.value) == "w matches multiple resources [a/v1, Resource=widgets a/v1, Resource=wheels]"


def test_the_first_group_wins_and_names_win_over_short_names() -> None:
    several = index(
        resource("a", "wheels", short_names=("widgets", "w")),
        resource("b", "widgets", short_names=("w",)),
        resource("bb", "widgets"),
    )
    first, widgets, longer = (several.find(name) for name in ("w", "widgets", "widgets.bb"))
    assert [one and (one.group, one.plural) for one in (first, widgets, longer)] == [
        ("a", "wheels"),
        ("b", "widgets"),
        ("bb", "widgets"),
    ]
