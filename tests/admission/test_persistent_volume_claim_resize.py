from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1, storage_v1

PLUGIN = "PersistentVolumeClaimResize"
NOT_ALLOWED = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def size(storage: str, **spec: Any) -> Any:
    return {"spec": {"resources": {"requests": {"storage": storage}}, **spec}}


async def claim(client: Client, storage_class: str = "", phase: str = "Bound", capacity: str = "2Gi") -> Any:
    """A claim of 4Gi, of which ``capacity`` is there; the class ``elastic`` lets it grow, ``fixed`` does not."""
    for name, expansion in (("elastic", True), ("fixed", False)):
        made: Any = {"metadata": {"name": name}, "provisioner": "a.com/b", "allowVolumeExpansion": expansion}
        await client.resource(storage_v1.STORAGE_CLASSES).create(made)
    claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)
    body: Any = size("4Gi", accessModes=["ReadWriteOnce"], storageClassName=storage_class)
    body["metadata"] = {"name": "data"}
    created: Any = await claims.create(body)
    created["status"] = {"phase": phase, "capacity": {"storage": capacity}}
    await claims.update(created, subresource="status")
    return claims


async def test_a_bound_claim_grows_where_its_class_allows_it() -> None:
    async with serving(PLUGIN) as client:
        claims = await claim(client, "elastic")

        grown = await claims.patch("data", size("8Gi"))

    assert grown["spec"]["resources"] == {"requests": {"storage": "8Gi"}}


@pytest.mark.parametrize(
    ("storage_class", "phase", "message"),
    [
        ("elastic", "Pending", "Only bound persistent volume claims can be expanded"),
        ("fixed", "Bound", NOT_ALLOWED),
        ("missing", "Bound", NOT_ALLOWED),
        ("", "Bound", NOT_ALLOWED),
    ],
)
async def test_else_it_does_not(storage_class: str, phase: str, message: str) -> None:
    async with serving(PLUGIN) as client:
        claims = await claim(client, storage_class, phase)

        refused = await refusal(claims.patch("data", size("8Gi")))

    assert (refused.code, refused.message) == (403, f'persistentvolumeclaims "data" is forbidden: {message}')


async def test_what_leaves_the_size_alone_passes() -> None:
    async with serving(PLUGIN) as client:
        claims = await claim(client, "fixed", "Pending")

        await claims.patch("data", {"metadata": {"labels": {"a": "b"}}})
        await claims.patch("data", size("4096Mi"))


@pytest.mark.parametrize(
    ("version", "storage", "than"),
    [("1.37", "2Gi", "status.capacity"), ("1.37", "1Gi", "status.capacity"), ("1.33", "3Gi", "previous value")],
)
async def test_none_shrinks(version: str, storage: str, than: str) -> None:
    async with serving(PLUGIN, version=version) as client:
        claims = await claim(client, "elastic")

        refused = await refusal(claims.patch("data", size(storage)))

    assert (refused.code, refused.reason) == (422, "Invalid")
    assert refused.message == (
        'PersistentVolumeClaim "data" is invalid: '
        f"spec.resources.requests.storage: Forbidden: field can not be less than {than}"
    )


async def test_an_expansion_that_failed_is_taken_back() -> None:
    async with serving(PLUGIN) as client:
        claims = await claim(client, "elastic")

        taken_back = await claims.patch("data", size("3Gi"))

    assert taken_back["spec"]["resources"] == {"requests": {"storage": "3Gi"}}
