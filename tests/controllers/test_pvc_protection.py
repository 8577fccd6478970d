from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.client import Client
from steersman.client.cache import CachedObject
from steersman.client.kinds import core_v1
from steersman.client.wait import deleted, wait_for
from steersman.controllers.pvc_protection import FINALIZER, uses

SECONDS = 30


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving("StorageObjectInUseProtection", "NamespaceLifecycle") as client:
        yield client


def mounting(claim: str) -> Any:
    return [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]


async def create_claim(client: Client, name: str, namespace: str = "default", finalizers: Any = None) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim: Any = {"metadata": {"name": name, "finalizers": finalizers or []}, "spec": spec}
    await client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS).create(claim, namespace=namespace)


async def was_looked_at(client: Client) -> None:
    """Return when what was deleted before has been looked at: one that nothing uses went after it."""
    claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
    await create_claim(client, "after")
    await claims.delete("after")
    await wait_for(claims, "after", deleted(), timeout=SECONDS)


async def test_a_claim_that_nothing_uses_goes(client: Client) -> None:
    claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
    await create_claim(client, "data")

    await claims.delete("data")

    await wait_for(claims, "data", deleted(), timeout=SECONDS)


async def test_a_claim_stays_until_the_last_pod_that_uses_it_is_gone(client: Client) -> None:
    claims, pods = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS), client.resource(core_v1.PODS)
    await create_claim(client, "data")
    for name in ("a", "b"):
        await pods.create(pod(name, volumes=mounting("data"), nodeName="here"))
    await claims.delete("data")
    await was_looked_at(client)

    assert (await claims.get("data"))["metadata"].get("finalizers") == [FINALIZER]
    await pods.delete("a")
    await was_looked_at(client)
    assert (await claims.get("data"))["metadata"].get("deletionTimestamp")
    await pods.delete("b")
    await wait_for(claims, "data", deleted(), timeout=SECONDS)


async def test_a_pod_that_is_on_no_node_yet_holds_nothing(client: Client) -> None:
    claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
    await create_claim(client, "data")
    await client.resource(core_v1.PODS).create(pod(volumes=mounting("data")))

    await claims.delete("data")

    await wait_for(claims, "data", deleted(), timeout=SECONDS)


async def test_the_finalizers_of_others_stay(client: Client) -> None:
    claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
    await create_claim(client, "data", finalizers=["example.com/mine"])

    await claims.delete("data")

    released = await wait_for(
        claims, "data", lambda claim: FINALIZER not in claim["metadata"].get("finalizers", []), timeout=SECONDS
    )
    assert released["metadata"].get("finalizers") == ["example.com/mine"]


async def test_a_namespace_with_claims_goes(client: Client) -> None:
    namespaces = client.resource(core_v1.NAMESPACES)
    await namespaces.create({"metadata": {"name": "team"}})
    await create_claim(client, "data", namespace="team")

    await namespaces.delete("team")

    await wait_for(namespaces, "team", deleted(), timeout=SECONDS)
    gone = await refusal(client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS).get("data", namespace="team"))
    assert gone.reason == "NotFound"


CLAIM = CachedObject.from_dict(
    {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "web-data",
            "namespace": "default",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "1"}],
        },
    }
)
EPHEMERAL: Any = [{"name": "data", "ephemeral": {"volumeClaimTemplate": {}}}]


@pytest.mark.parametrize(
    ("metadata", "volumes", "expected"),
    [
        ({}, None, False),
        ({}, [{"name": "data", "emptyDir": {}}], False),
        ({}, mounting("other"), False),
        ({}, mounting("web-data"), True),
        ({"deletionTimestamp": "now", "deletionGracePeriodSeconds": 0}, mounting("web-data"), True),
        ({"uid": "1"}, EPHEMERAL, True),
        ({"uid": "2"}, EPHEMERAL, False),
        ({"uid": "1", "deletionTimestamp": "now", "deletionGracePeriodSeconds": 30}, EPHEMERAL, True),
        ({"uid": "1", "deletionTimestamp": "now", "deletionGracePeriodSeconds": 0}, EPHEMERAL, False),
    ],
)
def test_which_pods_use_a_claim(metadata: Any, volumes: Any, expected: bool) -> None:
    found = {"metadata": {"name": "web", "uid": "9", **metadata}, "spec": {"volumes": volumes}}

    assert uses(found, CLAIM) is expected
