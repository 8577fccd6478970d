from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from steersman.client import Client
from steersman.client.api_resource import ALL_NAMESPACES
from steersman.client.kinds import core_v1
from steersman.client.wait import deleted, exists, wait_for
from steersman.controllers.root_ca_publisher import CONFIG_MAPS, DESCRIPTION, DESCRIPTION_ANNOTATION, NAME
from steersman.controlplane import ControlPlane

SECONDS = 30


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    async with ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path, store="memory:") as server:
        yield server


@pytest.fixture
async def client(server: ControlPlane) -> AsyncIterator[Client]:
    async with Client(server.client_config()) as client:
        yield client


@pytest.fixture
def authority(server: ControlPlane, tmp_path: Path) -> str:
    return (tmp_path / "pki" / "ca.crt").read_text()


async def published(client: Client, namespace: str, predicate: Any) -> dict[str, Any]:
    """The ConfigMap, as soon as it is so."""
    found: dict[str, Any] = await wait_for(
        client.resource(CONFIG_MAPS), NAME, predicate, namespace=namespace, timeout=SECONDS
    )
    return found


async def test_each_namespace_has_the_certificate_of_the_server(client: Client, authority: str) -> None:
    await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "team"}})

    for namespace in ("default", "kube-system", "kube-public", "kube-node-lease", "team"):
        found = await published(client, namespace, exists())
        assert found["data"] == {"ca.crt": authority}
        assert found["metadata"]["annotations"] == {DESCRIPTION_ANNOTATION: DESCRIPTION}


async def test_one_that_is_deleted_is_made_again(client: Client) -> None:
    first = await published(client, "default", exists())

    await client.resource(CONFIG_MAPS).delete(NAME)

    await published(client, "default", lambda found: found["metadata"]["uid"] != first["metadata"]["uid"])


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"ca.crt": "mine"}},
        {"data": {"more": "of it"}},
        {"data": None},
        {"metadata": {"annotations": None}},
    ],
)
async def test_one_that_is_changed_is_changed_back(client: Client, authority: str, change: Any) -> None:
    await published(client, "default", exists())
    changed = await client.resource(CONFIG_MAPS).patch(NAME, change)
    version = changed["metadata"]["resourceVersion"]

    found = await published(client, "default", lambda one: one["metadata"]["resourceVersion"] != version)

    assert found["data"] == {"ca.crt": authority}
    assert found["metadata"]["annotations"] == {DESCRIPTION_ANNOTATION: DESCRIPTION}


async def test_what_others_add_to_its_metadata_stays(client: Client) -> None:
    await published(client, "default", exists())
    annotations = {"annotations": {DESCRIPTION_ANNOTATION: "read it", "ours": "x"}}
    await client.resource(CONFIG_MAPS).patch(NAME, {"metadata": annotations, "data": {"ca.crt": "mine"}})

    found = await published(client, "default", lambda one: one["data"]["ca.crt"] != "mine")

    assert found["metadata"]["annotations"] == {DESCRIPTION_ANNOTATION: DESCRIPTION, "ours": "x"}


async def test_it_does_not_keep_a_namespace_from_going(client: Client) -> None:
    namespaces = client.resource(core_v1.NAMESPACES)
    await namespaces.create({"metadata": {"name": "team"}})
    await published(client, "team", exists())

    await namespaces.delete("team")

    await wait_for(namespaces, "team", deleted(), timeout=SECONDS)


async def names(client: Client) -> list[str]:
    """The ConfigMaps, once the controllers have been at all namespaces for long: they have seen to others since."""
    for namespace in ("one", "two", "three"):
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": namespace}})
        accounts = client.resource(core_v1.SERVICE_ACCOUNTS)
        await wait_for(accounts, "default", exists(), namespace=namespace, timeout=SECONDS)
    return [one["metadata"]["name"] async for one in client.resource(CONFIG_MAPS).list(namespace=ALL_NAMESPACES)]


async def test_before_1_20_there_is_none(tmp_path: Path) -> None:
    async with (
        ControlPlane(listen="127.0.0.1:0", data_dir=tmp_path, store="memory:", version="1.19") as server,
        Client(server.client_config()) as client,
    ):
        assert await names(client) == []


async def test_a_server_without_a_certificate_publishes_none() -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        assert await names(client) == []
