"""From a definition that was created to its instances: named, served, changed, and there again after a restart."""

import asyncio

import pytest
from msgspec.structs import replace
from tests.apiextensions.harness import (
    DATABASES,
    Definition,
    RefusesOnce,
    Server,
    condition,
    definition,
    serving,
    version,
)

from steersman.apiextensions.custom_resource import served_resources
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.stored_form import decode
from steersman.storage.memory import MemoryStore


async def test_a_new_definition_is_established_and_served(server: Server) -> None:
    created = await server.define(definition())
    assert created["status"] == {
        "acceptedNames": {"kind": "", "plural": ""},
        "conditions": [],
        "storedVersions": ["v1"],
    }
    crd = await server.established()
    assert crd["status"]["acceptedNames"] == {
        "plural": "databases",
        "singular": "database",
        "kind": "Database",
        "listKind": "DatabaseList",
    }
    assert condition(crd, "NamesAccepted") == "NoConflicts"
    assert crd["metadata"]["generation"] == 1
    assert "finalizers" not in crd["metadata"]
    resource = server.find()
    assert resource is not None
    assert resource.custom


async def test_instances_are_created_by_their_schema(server: Server) -> None:
    await server.define(definition())
    await server.established()
    created = await server.instance("a", spec={"other": 1})
    assert created["spec"] == {"size": 1}
    assert created["metadata"]["generation"] == 1
    with pytest.raises(ApiError) as caught:
        await server.instance("b", spec={"size": "big"})
    assert caught.value.code == 422


async def test_a_definition_in_v1beta1(server: Server) -> None:
    crd = definition(version="v1")
    del crd["spec"]["versions"]
    crd["apiVersion"] = "apiextensions.k8s.io/v1beta1"
    created = await server.define(crd)
    assert created["apiVersion"] == "apiextensions.k8s.io/v1"
    assert created["spec"]["versions"] == [{"name": "v1", "served": True, "storage": True}]
    await server.established()
    instance = await server.instance("a", spec={"anything": ["goes"]})
    assert instance["spec"] == {"anything": ["goes"]}


async def test_a_name_in_use_waits_until_it_is_free(server: Server) -> None:
    await server.define(definition())
    await server.established()
    await server.define(definition("bases", "Database"))
    second = await server.until(lambda crd: condition(crd, "NamesAccepted") != "", "bases.example.com")
    assert condition(second, "NamesAccepted") == "ListKindConflict"
    assert condition(second, "Established") == "NotAccepted"
    assert server.find(plural="bases") is None
    await server.remove()
    await server.established("bases.example.com")
    assert server.find(plural="bases") is not None


async def test_a_name_given_up_goes_to_who_waits(server: Server) -> None:
    await server.define(definition(names={"plural": "databases", "kind": "Database", "shortNames": ["db"]}))
    await server.established()
    await server.define(definition("bases", "Base", names={"plural": "bases", "kind": "Base", "shortNames": ["db"]}))
    await server.until(lambda crd: condition(crd, "NamesAccepted") == "ShortNamesConflict", "bases.example.com")
    await server.change(DATABASES, lambda crd: crd["spec"]["names"].pop("shortNames"))
    await server.established("bases.example.com")
    first, second = server.find(), server.find(plural="bases")
    assert first is not None
    assert second is not None
    assert (first.short_names, second.short_names) == ((), ("db",))


async def test_of_many_at_once_one_gets_the_kind(server: Server) -> None:
    plurals = [f"p{number}" for number in range(8)]
    await asyncio.gather(*(server.define(definition(plural, "Same")) for plural in plurals))
    settled = [
        await server.until(lambda crd: condition(crd, "NamesAccepted") != "", f"{plural}.example.com")
        for plural in plurals
    ]
    assert sorted(condition(crd, "Established") for crd in settled) == ["InitialNamesAccepted"] + ["NotAccepted"] * 7


async def test_built_in_names_are_taken(store: MemoryStore, definitions: list[Resource]) -> None:
    names = {"plural": "databases", "singular": "database", "kind": "Database", "listKind": "DatabaseList"}
    made = definition()
    made["metadata"]["uid"] = "1"
    made["status"] = {"acceptedNames": names}
    builtin = replace(served_resources(made)[0], custom=False)
    async with serving(store, definitions, builtin=(builtin,)) as server:
        await server.define(definition())
        crd = await server.until(lambda crd: condition(crd, "NamesAccepted") != "")
        assert condition(crd, "Established") == "NotAccepted"
        assert server.find() is builtin


async def test_versions_come_and_go(server: Server) -> None:
    await server.define(definition())
    await server.established()
    await server.instance("a", spec={"size": 3})

    def add(crd: Definition) -> None:
        crd["spec"]["versions"] = [version("v1"), version("v2", storage=True)]

    def hide(crd: Definition) -> None:
        crd["spec"]["versions"] = [version("v1", served=False), version("v2", storage=True)]

    await server.change(DATABASES, add)
    await server.serves(lambda: server.find("v2") is not None)
    crd = await server.until(lambda crd: crd is not None)
    assert crd is not None
    assert crd["status"]["storedVersions"] == ["v1", "v2"]
    assert crd["metadata"]["generation"] == 2
    for name in ("v1", "v2"):
        resource = server.find(name)
        assert resource is not None
        entry = (await server.instances(name)).get("default", "a")
        assert entry is not None
        seen = decode(resource, entry)
        assert (seen["apiVersion"], seen["spec"]) == (f"example.com/{name}", {"size": 3})
    await server.change(DATABASES, hide)
    await server.serves(lambda: server.find("v1") is None)
    assert server.served.groups()["example.com"] == ["v2"]


async def test_what_is_not_of_the_spec_changes_nothing_that_is_served(server: Server) -> None:
    await server.define(definition())
    await server.established()
    before, generation = server.find(), server.served.generation
    await server.change(DATABASES, lambda crd: crd["metadata"].update(labels={"a": "b"}))
    await server.until(lambda crd: crd is not None and "labels" in crd["metadata"])
    await server.define(definition("others", "Other"))
    await server.established("others.example.com")
    assert server.find() is before
    assert server.served.generation == generation + 1


async def test_naming_that_failed_is_tried_again(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions, (RefusesOnce("UPDATE", "customresourcedefinitions"),)) as server:
        await server.define(definition())
        await server.established()


async def test_after_a_restart_all_is_served_from_the_start(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions) as server:
        await server.define(definition())
        await server.established()
        await server.instance("a")
    async with serving(store, definitions) as server:
        assert server.find() is not None
        assert (await server.instances()).count == 1


async def test_a_malformed_definition_does_not_keep_the_others_from_being_served(
    store: MemoryStore, definitions: list[Resource]
) -> None:
    async with serving(store, definitions) as server:
        await server.define(definition())
        await server.established()
    stored = definitions[0].stored
    assert stored is not None
    broken = b'{"metadata":{"name":"a.b.c","uid":"1"},"status":{"conditions":[{"type":"Established","status":"True"}]}}'
    await store.put(stored.key("", "a.b.c"), broken)
    async with serving(store, definitions) as server:
        assert server.find() is not None
