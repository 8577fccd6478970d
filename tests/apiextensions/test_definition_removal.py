"""From a definition that was deleted to nothing left of it: its instances, finalizers, and what goes wrong between."""

from typing import Any

import pytest
from tests.apiextensions.harness import (
    DATABASES,
    FINALIZER,
    USER,
    RefusesOnce,
    Server,
    changed_until,
    condition,
    definition,
    serving,
)

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.write_options import WriteOptions
from steersman.storage.memory import MemoryStore


async def test_a_deleted_definition_takes_its_instances_along(server: Server) -> None:
    await server.define(definition())
    await server.established()
    for namespace in ("one", "two"):
        await server.instance("a", namespace)
    instances = await server.instances()
    served_when_gone: list[Resource | None] = []
    cacher = await server.lifecycle.cacher(server.definitions[0])
    cacher.subscribe(lambda batch: served_when_gone.extend(server.find() for change in batch if change.deleted))
    await server.remove()
    await server.until(lambda crd: crd is None)
    assert served_when_gone == [None]
    assert "example.com" not in server.served.groups()
    assert not instances.ready
    await server.define(definition())
    await server.established()
    assert (await server.instances()).count == 0


async def test_finalizers_of_instances_hold_the_definition(server: Server) -> None:
    await server.define(definition())
    await server.established()
    await server.instance("held", metadata={"finalizers": ["example.com/hold"]})
    await server.instance("free")
    await server.remove()
    crd = await server.until(lambda crd: condition(crd, "Terminating") == "InstanceDeletionInProgress")
    assert crd is not None
    assert crd["metadata"]["finalizers"] == [FINALIZER]
    instances = await server.instances()
    await changed_until(instances, lambda: instances.get("default", "free") is None)
    with pytest.raises(ApiError) as caught:
        await server.instance("new")
    assert caught.value.code == 403
    # By the time this one is served, the reaction to the first has come to rest.
    await server.define(definition("others", "Other"))
    await server.established("others.example.com")
    resource = server.find()
    assert resource is not None

    def release(obj: dict[str, Any]) -> dict[str, Any]:
        obj["metadata"]["finalizers"] = []
        return obj

    await server.lifecycle.update(resource, "default", "held", release, WriteOptions(USER))
    await server.until(lambda crd: crd is None)
    assert server.find() is None


async def test_a_definition_that_was_never_established_goes_at_once(server: Server) -> None:
    await server.define(definition())
    await server.established()
    await server.define(definition("bases", "Database"))
    await server.until(lambda crd: condition(crd, "Established") == "NotAccepted", "bases.example.com")
    await server.remove("bases.example.com")
    await server.until(lambda crd: crd is None, "bases.example.com")
    assert server.find() is not None


async def test_other_finalizers_of_a_definition_are_waited_for(server: Server) -> None:
    crd = definition()
    crd["metadata"]["finalizers"] = ["example.com/hold"]
    await server.define(crd)
    await server.established()
    await server.remove()
    held = await server.until(lambda crd: crd is not None and crd["metadata"]["finalizers"] == ["example.com/hold"])
    assert condition(held, "Terminating") == "InstanceDeletionCompleted"
    await server.change(DATABASES, lambda crd: crd["metadata"].update(finalizers=[]))
    await server.until(lambda crd: crd is None)


async def test_a_deletion_that_failed_is_tried_again(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions, (RefusesOnce("DELETE", "databases"),)) as server:
        await server.define(definition())
        await server.established()
        await server.instance("a")
        await server.remove()
        crd = await server.until(lambda crd: condition(crd, "Terminating") == "InstanceDeletionFailed")
        assert crd is not None
        (terminating,) = (one for one in crd["status"]["conditions"] if one["type"] == "Terminating")
        assert terminating["message"] == (
            'could not issue all deletes: databases.example.com "a" is forbidden: not now'
        )
        await server.until(lambda crd: crd is None)


async def test_after_a_restart_what_was_begun_is_finished(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions) as server:
        await server.define(definition())
        await server.established()
        await server.instance("a")
        await server.controllers.aclose()
        await server.define(definition("others", "Other"))
        await server.remove()
    async with serving(store, definitions) as server:
        await server.established("others.example.com")
        await server.until(lambda crd: crd is None)
