"""Events are the same objects in the core group and in events.k8s.io."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.apiserver.api_client import Client, serving

CORE, NEW = "/api/v1/namespaces/default/events", "/apis/events.k8s.io/v1/namespaces/default/events"
EVENT: dict[str, Any] = {
    "metadata": {"name": "web.1", "namespace": "default"},
    "regarding": {"kind": "Pod", "name": "web", "namespace": "default"},
    "reason": "Started",
    "action": "Start",
    "note": "it runs",
    "type": "Normal",
    "eventTime": "2026-01-02T03:04:05.000006Z",
    "reportingController": "example.com/starter",
    "reportingInstance": "starter-0",
    "deprecatedCount": 3,
    "deprecatedSource": {"component": "starter"},
}


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving() as client:
        yield client


async def test_one_written_in_the_new_group_reads_as_of_the_core(api: Client) -> None:
    made = await api.made(NEW, EVENT)

    found = (await api.get(f"{CORE}/web.1")).body

    assert found["apiVersion"] == "v1"
    assert found["involvedObject"] == EVENT["regarding"]
    assert (found["message"], found["reportingComponent"], found["count"]) == ("it runs", "example.com/starter", 3)
    assert found["source"] == {"component": "starter"}
    assert made["apiVersion"] == "events.k8s.io/v1"
    assert {name: made[name] for name in EVENT if name != "metadata"} == {
        name: value for name, value in EVENT.items() if name != "metadata"
    }
    assert found["metadata"]["uid"] == made["metadata"]["uid"]


async def test_one_written_in_the_core_reads_as_of_the_new_group(api: Client) -> None:
    involved = {"kind": "Pod", "name": "web", "namespace": "default"}
    await api.made(CORE, {"metadata": {"name": "old"}, "involvedObject": involved, "message": "hello", "reason": "X"})

    found = (await api.get(f"{NEW}/old")).body

    assert (found["regarding"], found["note"]) == (involved, "hello")
    assert not {"involvedObject", "message"} & found.keys()


async def test_each_group_selects_by_its_own_names(api: Client) -> None:
    await api.made(NEW, EVENT)

    assert await api.names(NEW, fieldSelector="regarding.name=web,reportingController=example.com/starter") == ["web.1"]
    assert await api.names(CORE, fieldSelector="involvedObject.name=web") == ["web.1"]
    assert await api.names(CORE, fieldSelector="involvedObject.name=other") == []
