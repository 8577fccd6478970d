from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.admission.plugin_server import pod, serving
from tests.admission.resource_quota.quota_server import NAMESPACE, add_quota, until

from steersman.client import Client
from steersman.client.kinds import core_v1


@asynccontextmanager
async def counted(plugin: str, hard: Any) -> AsyncIterator[Client]:
    async with serving(plugin) as client:
        await add_quota(client, "q", hard)
        yield client


with_and_without_admission = pytest.mark.parametrize("plugin", ["ResourceQuota", "AlwaysAdmit"])


@with_and_without_admission
async def test_what_was_there_before_the_quota_is_counted(plugin: str) -> None:
    async with serving(plugin) as client:
        for name in ("a", "b"):
            await client.resource(core_v1.PODS).create(pod(name), namespace=NAMESPACE)
        await client.resource(core_v1.PODS).create(pod("elsewhere"), namespace="kube-system")

        await add_quota(client, "q", {"pods": "5", "cpu": "1"})

        assert await until(client, lambda used: True) == {"cpu": "0", "pods": "2"}


@with_and_without_admission
async def test_what_is_deleted_is_given_back(plugin: str) -> None:
    async with serving(plugin) as client:
        secrets = client.resource(core_v1.SECRETS)
        for name in ("a", "b"):
            await secrets.create({"metadata": {"name": name}}, namespace=NAMESPACE)
        await add_quota(client, "q", {"count/secrets": "5", "secrets": "5"})
        await until(client, lambda used: used == {"count/secrets": "2", "secrets": "2"})

        await secrets.delete("a", namespace=NAMESPACE)

        await until(client, lambda used: used == {"count/secrets": "1", "secrets": "1"})


async def test_what_is_over_is_given_back() -> None:
    async with counted("ResourceQuota", {"pods": "5", "count/pods": "5"}) as client:
        pods = client.resource(core_v1.PODS)
        created: Any = await pods.create(pod(), namespace=NAMESPACE)
        await until(client, lambda used: used["pods"] == "1")

        created["status"] = {"phase": "Succeeded"}
        await pods.update_status(created, namespace=NAMESPACE)

        await until(client, lambda used: used == {"pods": "0", "count/pods": "1"})


async def test_a_quota_that_changes_is_followed() -> None:
    async with counted("ResourceQuota", {"pods": "5"}) as client:
        quotas = client.resource(core_v1.RESOURCE_QUOTAS)
        await quotas.patch("q", {"spec": {"hard": {"pods": "6", "services": "1"}}}, namespace=NAMESPACE)

        await until(client, lambda used: used.keys() == {"pods", "services"})
        quota: Any = await quotas.get("q", namespace=NAMESPACE)

    assert quota["status"]["hard"] == {"pods": "6", "services": "1"}


async def test_who_writes_what_is_used_is_corrected() -> None:
    async with counted("ResourceQuota", {"pods": "5"}) as client:
        quotas = client.resource(core_v1.RESOURCE_QUOTAS)
        await client.resource(core_v1.PODS).create(pod(), namespace=NAMESPACE)
        wrong = {"status": {"used": {"pods": "4"}}}

        written: Any = await quotas.patch("q", wrong, subresource="status", namespace=NAMESPACE)

    assert written["status"]["used"] == {"pods": "1"}
