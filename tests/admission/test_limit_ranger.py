from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1

CPU = {"cpu": "100m"}


@asynccontextmanager
async def limited(*limits: Any, names: tuple[str, ...] = ("limits",)) -> AsyncIterator[Client]:
    """A server whose namespace ``default`` has LimitRanges of ``limits``."""
    async with serving("LimitRanger") as client:
        for name in names:
            limit_range: Any = {"metadata": {"name": name}, "spec": {"limits": list(limits)}}
            await client.resource(core_v1.LIMIT_RANGES).create(limit_range)
        yield client


def using(requests: Any = None, limits: Any = None, **more: Any) -> Any:
    resources = ({"requests": requests} if requests else {}) | ({"limits": limits} if limits else {})
    return {"name": "web", "image": "nginx:1", "resources": resources, **more}


async def test_a_container_gets_what_it_leaves_open() -> None:
    limit = {"type": "Container", "default": {"cpu": "200m", "memory": "64Mi"}, "defaultRequest": CPU}
    async with limited(limit) as client:
        created = await client.resource(core_v1.PODS).create(
            pod(containers=[using({"memory": "32Mi"})], initContainers=[{"name": "setup", "image": "setup:1"}])
        )

    assert created["spec"]["containers"][0].get("resources") == {
        "limits": {"cpu": "200m", "memory": "64Mi"},
        "requests": {"cpu": "100m", "memory": "32Mi"},
    }
    assert created["spec"].get("initContainers", [])[0].get("resources") == {
        "limits": {"cpu": "200m", "memory": "64Mi"},
        "requests": {"cpu": "100m", "memory": "64Mi"},
    }
    assert created["metadata"].get("annotations") == {
        "kubernetes.io/limit-ranger": (
            "LimitRanger plugin set: cpu request for container web; cpu, memory limit for container web;"
            " cpu, memory request for init container setup; cpu, memory limit for init container setup"
        )
    }


async def test_what_says_all_of_it_is_left_alone() -> None:
    asked = using({"cpu": "50m"}, {"cpu": "60m"})
    async with limited({"type": "Container", "default": CPU, "defaultRequest": CPU}) as client:
        created = await client.resource(core_v1.PODS).create(pod(containers=[asked]))

    assert created["spec"]["containers"][0].get("resources") == asked["resources"]
    assert "annotations" not in created["metadata"]


async def test_other_namespaces_and_templates_are_left_alone() -> None:
    async with limited({"type": "Container", "default": CPU, "max": {"cpu": "1m"}}) as client:
        elsewhere = await client.resource(core_v1.PODS).create(pod(), namespace="kube-system")
        template: Any = {"metadata": {"name": "x"}, "template": {"spec": pod()["spec"]}}
        created: Any = await client.resource(core_v1.POD_TEMPLATES).create(template)

    assert not elsewhere["spec"]["containers"][0].get("resources")
    assert not created["template"]["spec"]["containers"][0].get("resources")


A_CORE = {"cpu": "1"}


@pytest.mark.parametrize(
    ("limit", "spec", "message"),
    [
        (
            {"type": "Pod", "min": CPU},
            {},
            "minimum cpu usage per Pod is 100m.  No request is specified",
        ),
        (
            {"type": "Container", "min": CPU},
            {"containers": [using({"cpu": "50m"})]},
            "minimum cpu usage per Container is 100m, but request is 50m",
        ),
        (
            {"type": "Container", "min": CPU},
            {"containers": [using(CPU, {"cpu": "50m"})]},
            "minimum cpu usage per Container is 100m, but limit is 50m",
        ),
        (
            {"type": "Container", "max": {"memory": "1Gi"}, "default": {}, "defaultRequest": {"memory": "1Gi"}},
            {"containers": [using(limits={"memory": "2Gi"}, requests={"memory": "1Gi"})]},
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}},
            {"containers": [using(CPU, {"cpu": "250m"})]},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000",
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}},
            {"containers": [using()]},
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}},
            {"containers": [using(CPU)]},
            "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
        ),
        (
            {"type": "Container", "max": CPU, "default": CPU, "defaultRequest": CPU},
            {"initContainers": [{**using(limits=A_CORE), "name": "setup"}], "containers": [using(CPU, CPU)]},
            "maximum cpu usage per Container is 100m, but limit is 1",
        ),
        (
            {"type": "Pod", "max": A_CORE},
            {"containers": [using(A_CORE, A_CORE), {**using(CPU, CPU), "name": "second"}]},
            "maximum cpu usage per Pod is 1, but limit is 1100m",
        ),
        (
            {"type": "Pod", "min": A_CORE, "max": {"memory": "1Gi"}},
            {},
            "[minimum cpu usage per Pod is 1.  No request is specified,"
            " maximum memory usage per Pod is 1Gi.  No limit is specified]",
        ),
        (
            {"type": "Pod", "max": A_CORE},
            {"containers": [using(CPU, CPU)], "initContainers": [{**using(limits={"cpu": "2"}), "name": "setup"}]},
            "maximum cpu usage per Pod is 1, but limit is 2",
        ),
    ],
)
async def test_a_pod_beyond_the_limits_is_refused(limit: Any, spec: Any, message: str) -> None:
    async with limited(limit) as client:
        refused = await refusal(client.resource(core_v1.PODS).create(pod(**spec)))

    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {message}')


@pytest.mark.parametrize(
    "limit",
    [
        {"type": "Container", "min": CPU, "max": A_CORE, "maxLimitRequestRatio": {"cpu": "10"}},
        {"type": "Pod", "min": CPU, "max": A_CORE, "maxLimitRequestRatio": {"cpu": "10"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}},
    ],
)
async def test_a_pod_at_the_limits_passes(limit: Any) -> None:
    async with limited(limit) as client:
        await client.resource(core_v1.PODS).create(pod(containers=[using(CPU, A_CORE)]))


async def test_each_limit_range_of_the_namespace_counts() -> None:
    async with limited({"type": "Container", "default": CPU}, names=("a",)) as client:
        strict: Any = {"metadata": {"name": "b"}, "spec": {"limits": [{"type": "Container", "max": {"cpu": "50m"}}]}}
        await client.resource(core_v1.LIMIT_RANGES).create(strict)

        refused = await refusal(client.resource(core_v1.PODS).create(pod()))

    assert refused.message == 'pods "web" is forbidden: maximum cpu usage per Container is 50m, but limit is 100m'


async def test_a_pod_is_not_resized_beyond_the_limits() -> None:
    async with limited({"type": "Container", "max": {"cpu": "2"}}) as client:
        pods = client.resource(core_v1.PODS)
        asked = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}
        await pods.create(pod(containers=[{"name": "web", "image": "x", "resources": asked}]))

        def resized(limit: str) -> Any:
            containers = [{"name": "web", "resources": {"limits": {"cpu": limit}}}]
            return pods.patch("web", {"spec": {"containers": containers}}, subresource="resize")

        refused = await refusal(resized("3"))
        changed: Any = await resized("1500m")

    assert refused.message == 'pods "web" is forbidden: maximum cpu usage per Container is 2, but limit is 3'
    assert changed["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1500m"}


async def test_a_pod_that_is_there_may_still_be_labelled() -> None:
    async with serving("LimitRanger") as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(pod())
        limit_range: Any = {"metadata": {"name": "x"}, "spec": {"limits": [{"type": "Container", "min": CPU}]}}
        await client.resource(core_v1.LIMIT_RANGES).create(limit_range)

        labelled = await pods.patch("web", {"metadata": {"labels": {"a": "b"}}})

    assert labelled["metadata"].get("labels") == {"a": "b"}
    assert not labelled["spec"]["containers"][0].get("resources")


def claim(storage: str) -> Any:
    resources = {"requests": {"storage": storage}}
    return {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources}}


OF_CLAIMS = {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "4Gi"}}


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("512Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi"),
        ("5Gi", "maximum storage usage per PersistentVolumeClaim is 4Gi, but request is 5Gi"),
    ],
)
async def test_a_claim_beyond_the_limits_is_refused(storage: str, message: str) -> None:
    async with limited(OF_CLAIMS) as client:
        refused = await refusal(client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS).create(claim(storage)))

    assert refused.message == f'persistentvolumeclaims "data" is forbidden: {message}'


async def test_a_claim_is_checked_where_it_changes() -> None:
    async with serving("LimitRanger") as client:
        claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
        await claims.create(claim("8Gi"))
        limit_range: Any = {"metadata": {"name": "x"}, "spec": {"limits": [OF_CLAIMS]}}
        await client.resource(core_v1.LIMIT_RANGES).create(limit_range)

        await claims.patch("data", {"metadata": {"labels": {"a": "b"}}})
        refused = await refusal(claims.patch("data", {"spec": {"resources": {"requests": {"storage": "9Gi"}}}}))
        await claims.patch("data", {"spec": {"resources": {"requests": {"storage": "4Gi"}}}})

    assert refused.message == (
        'persistentvolumeclaims "data" is forbidden:'
        " maximum storage usage per PersistentVolumeClaim is 4Gi, but request is 9Gi"
    )
