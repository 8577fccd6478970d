"""From a definition that was created to its instances, and back: over a real store, cache and life cycle."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from steersman.apiextensions.custom_resource import served_resources
from steersman.apiextensions.definition_resource import definition_resources
from steersman.apiextensions.reaction import DefinitionReaction
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.table import ColumnSet
from steersman.apis.builtin import Definitions
from steersman.apis.catalog import Catalog
from steersman.apiserver.admission import AdmissionChain, AdmissionPlugin, Attributes
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.lifecycle import DeleteOptions, Lifecycle, WriteOptions, decode
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.memory import MemoryStore
from steersman.storage.watch_cache import Cacher, WatchCache

NOW = "2026-01-01T00:00:00Z"
USER = UserInfo("admin")
PACKAGE = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions"
FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
DATABASES = "databases.example.com"
PATIENCE = 10.0

Definition = dict[str, Any]


@pytest.fixture(scope="session")
def definitions() -> list[Resource]:
    schemas = Definitions(Catalog(21))
    v1, v1beta1 = (schemas.definition(f"{PACKAGE}.{version}.CustomResourceDefinition") for version in ("v1", "v1beta1"))
    return definition_resources(v1, v1beta1, ColumnSet.default)


@dataclass
class Server:
    """A server without HTTP."""

    cache: WatchCache
    lifecycle: Lifecycle
    served: ServedResources
    definitions: list[Resource]
    reaction: DefinitionReaction

    def find(self, version: str = "v1", plural: str = "databases") -> Resource | None:
        return self.served.find("example.com", version, plural)

    async def define(self, crd: Definition) -> Definition:
        resource = self.definitions[crd["apiVersion"].endswith("v1beta1")]
        written = await self.lifecycle.create(resource, "", crd, WriteOptions(USER))
        return decode(self.definitions[0], written.entry)

    async def change(self, name: str, change: Callable[[Definition], None]) -> None:
        def changed(crd: Definition) -> Definition:
            change(crd)
            return crd

        await self.lifecycle.update(self.definitions[0], "", name, changed, WriteOptions(USER))

    async def remove(self, name: str = DATABASES) -> None:
        await self.lifecycle.delete(self.definitions[0], "", name, DeleteOptions(USER))

    async def until(self, holds: Callable[[Definition | None], bool], name: str = DATABASES) -> Definition | None:
        """The definition as soon as ``holds`` is true of it; None stands for none."""
        cacher = await self.lifecycle.cacher(self.definitions[0])

        def state() -> Definition | None:
            entry = cacher.get("", name)
            return None if entry is None else entry.parsed()

        await changed_until(cacher, lambda: holds(state()))
        return state()

    async def serves(self, holds: Callable[[], bool]) -> None:
        """Wait for changes of what is served until ``holds`` is true."""
        changed = asyncio.Event()
        self.served.on_change(changed.set)
        async with asyncio.timeout(PATIENCE):
            while not holds():
                changed.clear()
                await changed.wait()

    async def established(self, name: str = DATABASES) -> Definition:
        crd = await self.until(lambda crd: condition(crd, "Established") == "InitialNamesAccepted", name)
        assert crd is not None
        return crd

    async def instances(self, version: str = "v1") -> Cacher:
        resource = self.find(version)
        assert resource is not None
        return await self.lifecycle.cacher(resource)

    async def instance(self, name: str, namespace: str = "default", **fields: Any) -> dict[str, Any]:
        resource = self.find()
        assert resource is not None
        obj = {"metadata": {"name": name, **fields.pop("metadata", {})}, **fields}
        return decode(resource, (await self.lifecycle.create(resource, namespace, obj, WriteOptions(USER))).entry)


async def changed_until(cacher: Cacher, holds: Callable[[], bool]) -> None:
    """Wait for changes of the resource until ``holds`` is true."""
    changed = asyncio.Event()
    unsubscribe = cacher.subscribe(lambda _changes: changed.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                changed.clear()
                await changed.wait()
    finally:
        unsubscribe()


def condition(crd: Definition | None, type_: str) -> str:
    """The reason of a condition, "" where it is not there."""
    conditions = (crd or {}).get("status", {}).get("conditions", [])
    return next((one["reason"] for one in conditions if one["type"] == type_), "")


@asynccontextmanager
async def serving(
    store: MemoryStore,
    definitions: list[Resource],
    plugins: tuple[AdmissionPlugin, ...] = (),
    builtin: tuple[Resource, ...] = (),
) -> AsyncIterator[Server]:
    cache = WatchCache(store)
    await cache.start()
    uids = itertools.count()
    sources = Sources(now=lambda: NOW, uid=lambda: f"uid-{next(uids)}", random=lambda _below: 0)
    lifecycle = Lifecycle(store, cache, AdmissionChain(plugins), sources, Metrics({}))
    served = ServedResources()
    served.install([*definitions, *builtin])
    reaction = DefinitionReaction(lifecycle, cache, served, definitions[0], sources.now)
    await reaction.start()
    try:
        yield Server(cache, lifecycle, served, definitions, reaction)
    finally:
        await reaction.stop()
        await cache.stop()


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def server(store: MemoryStore, definitions: list[Resource]) -> AsyncIterator[Server]:
    async with serving(store, definitions) as server:
        yield server


def version(name: str, storage: bool = False, served: bool = True, **fields: Any) -> dict[str, Any]:
    spec = {"type": "object", "properties": {"size": {"type": "integer", "default": 1}, "name": {"type": "string"}}}
    schema = {"type": "object", "properties": {"spec": spec}}
    return {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": schema}, **fields}


def definition(plural: str = "databases", kind: str = "Database", **spec: Any) -> Definition:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": plural, "kind": kind},
            "scope": "Namespaced",
            "versions": [version("v1", storage=True)],
            **spec,
        },
    }


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
    held = await server.until(lambda crd: condition(crd, "Terminating") == "InstanceDeletionCompleted")
    assert held is not None
    assert held["metadata"]["finalizers"] == ["example.com/hold"]
    await server.change(DATABASES, lambda crd: crd["metadata"].update(finalizers=[]))
    await server.until(lambda crd: crd is None)


class RefusesOnce:
    """Refuses the first write of one kind."""

    def __init__(self, operation: str, plural: str) -> None:
        self.operations = frozenset((operation,))
        self._plural, self._refused = plural, False

    def admit(self, attributes: Attributes) -> None:
        if attributes.resource.plural == self._plural and not self._refused:
            self._refused = True
            raise forbidden(attributes.resource.group_resource, attributes.name, "not now")


async def test_naming_that_failed_is_tried_again(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions, (RefusesOnce("UPDATE", "customresourcedefinitions"),)) as server:
        await server.define(definition())
        await server.established()


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


async def test_after_a_restart_all_is_served_from_the_start(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions) as server:
        await server.define(definition())
        await server.established()
        await server.instance("a")
    async with serving(store, definitions) as server:
        assert server.find() is not None
        assert (await server.instances()).count == 1


async def test_after_a_restart_what_was_begun_is_finished(store: MemoryStore, definitions: list[Resource]) -> None:
    async with serving(store, definitions) as server:
        await server.define(definition())
        await server.established()
        await server.instance("a")
        await server.reaction.stop()
        await server.define(definition("others", "Other"))
        await server.remove()
    async with serving(store, definitions) as server:
        await server.established("others.example.com")
        await server.until(lambda crd: crd is None)


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
