from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1, storage_v1

GA, BETA = (f"storageclass.{part}kubernetes.io/is-default-class" for part in ("", "beta."))


async def add_storage_class(client: Client, name: str, annotations: Any = None) -> None:
    metadata: Any = {"name": name, "annotations": annotations or {}}
    await client.resource(storage_v1.STORAGE_CLASSES).create({"metadata": metadata, "provisioner": "example.com/disk"})


async def create_claim(client: Client, annotations: Any = None, **spec: Any) -> Any:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    metadata: Any = {"name": "data", "annotations": annotations or {}}
    body: Any = {"metadata": metadata, "spec": spec}
    created = await client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS).create(body)
    return created["spec"].get("storageClassName")


@pytest.mark.parametrize("annotation", [GA, BETA])
async def test_a_claim_that_names_no_class_gets_the_default_one(annotation: str) -> None:
    async with serving("DefaultStorageClass") as client:
        await add_storage_class(client, "slow", {annotation: "false"})
        await add_storage_class(client, "fast", {annotation: "true"})

        assert await create_claim(client) == "fast"


@pytest.mark.parametrize(
    ("annotations", "spec", "expected"),
    [
        ({}, {"storageClassName": "slow"}, "slow"),
        ({}, {"storageClassName": ""}, ""),
        ({"volume.beta.kubernetes.io/storage-class": "slow"}, {}, None),
    ],
    ids=["by name", "none", "by annotation"],
)
async def test_a_claim_that_names_one_is_left_alone(annotations: Any, spec: Any, expected: str | None) -> None:
    async with serving("DefaultStorageClass") as client:
        await add_storage_class(client, "fast", {GA: "true"})

        assert await create_claim(client, annotations, **spec) == expected


async def test_without_a_default_nothing_changes() -> None:
    async with serving("DefaultStorageClass") as client:
        await add_storage_class(client, "slow")

        assert await create_claim(client) is None


async def test_of_several_made_at_once_the_first_by_name_counts() -> None:
    class SameTime:
        name, operations, resources = "SameTime", frozenset(("CREATE",)), None

        def admit(self, attributes: Any) -> None:
            attributes.object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"

    async with serving("DefaultStorageClass", extra=(SameTime(),)) as client:
        for name in ("c", "a", "b"):
            await add_storage_class(client, name, {GA: "true"})

        assert await create_claim(client) == "a"


class Ages:
    """Gives classes a creation time after their description, which is a year."""

    name, operations, resources = "Ages", frozenset(("CREATE",)), None

    def admit(self, attributes: Any) -> None:
        labels = attributes.object["metadata"].get("labels") or {}
        if "year" in labels:
            attributes.object["metadata"]["creationTimestamp"] = f"{labels['year']}-01-01T00:00:00Z"


async def test_of_several_the_newest_counts() -> None:
    async with serving("DefaultStorageClass", extra=(Ages(),)) as client:
        for name, year in (("a", "2020"), ("b", "2022"), ("c", "2021")):
            metadata: Any = {"name": name, "annotations": {GA: "true"}, "labels": {"year": year}}
            storage_class: Any = {"metadata": metadata, "provisioner": "example.com/disk"}
            await client.resource(storage_v1.STORAGE_CLASSES).create(storage_class)

        assert await create_claim(client) == "b"


async def test_before_1_26_several_are_refused() -> None:
    async with serving("DefaultStorageClass", version="1.25") as client:
        await add_storage_class(client, "a", {GA: "true"})
        await add_storage_class(client, "b", {BETA: "true"})

        refused = await refusal(create_claim(client))

    assert refused.message == (
        'persistentvolumeclaims "data" is forbidden: Internal error occurred: 2 default StorageClasses were found'
    )


async def test_a_claim_that_is_there_keeps_what_it_has() -> None:
    async with serving("DefaultStorageClass") as client:
        await create_claim(client)
        await add_storage_class(client, "fast", {GA: "true"})
        claims = client.resource(core_v1.PERSISTENT_VOLUME_CLAIMS)

        changed = await claims.patch("data", {"metadata": {"labels": {"a": "b"}}})

    assert "storageClassName" not in changed["spec"]
