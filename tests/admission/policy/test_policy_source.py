"""Which policies are in force, and how often their expressions are read."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest
from tests.admission.policy.serving import rule

from steersman.admission.policy.policy_source import PolicySource
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog, RuntimeConfig
from steersman.apis.catalog.group_order import group_rank
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.store import Store
from steersman.storage.url import open_store
from steersman.storage.watch_cache import WatchCache


class Policies:
    """Policies in a store of their own; ``compiled`` has the name in the spec of each that was read."""

    def __init__(self, store: Store, cache: WatchCache) -> None:
        catalog = Catalog(37)
        self.served = ServedResources(group_rank)
        facts = catalog.resources(RuntimeConfig(), "kubernetes")
        self.served.install(builtin_resources(facts, Definitions(catalog), {}))
        self.compiled: list[str] = []
        self._store = store
        self._revisions: dict[str, int] = {}
        self.source = PolicySource(ObjectReader(cache, self.served), self.served, "validating", self._compile)

    def _compile(self, spec: Mapping[str, Any]) -> str:
        self.compiled.append(spec["called"])
        return str(spec["called"])

    async def put(self, kind: str, name: str, spec: dict[str, Any], generation: int = 1, **more: Any) -> None:
        key = f"/registry/validatingadmission{kind}/{name}"
        obj = {"metadata": {"name": name, "uid": name, "generation": generation}, "spec": spec, **more}
        self._revisions[key] = await self._store.put(key, orjson.dumps(obj), self._revisions.get(key, 0))

    async def policy(self, name: str, resource: str = "configmaps", **more: Any) -> None:
        spec = {"called": name, "matchConstraints": {"resourceRules": [rule(resource)]}}
        await self.put("policies", name, spec, **more)

    async def found(self, plural: str = "configmaps", operation: str = "CREATE") -> list[str]:
        resource = self.served.find("", "v1", plural)
        assert resource is not None
        hooks = await self.source.find(operation, resource, "")
        assert self.source.at_hand(operation, resource, "") is hooks
        return [f"{hook.compiled}: {', '.join(one.binding.name for one in hook.bindings)}" for hook in hooks]


@pytest.fixture
async def policies() -> AsyncIterator[Policies]:
    store = open_store("memory:")
    await store.open()
    cache = WatchCache(store)
    await cache.start()
    yield Policies(store, cache)
    await cache.stop()
    await store.close()


async def test_policies_and_their_bindings_come_in_the_order_of_their_names(policies: Policies) -> None:
    for name in ("b", "a", "unbound"):
        await policies.policy(name)
    for name, policy in (("z", "a"), ("y", "b"), ("x", "a"), ("w", "missing")):
        await policies.put("policybindings", name, {"policyName": policy})

    assert await policies.found() == ["a: x, z", "b: y"]


async def test_expressions_are_read_when_a_request_may_concern_them_and_then_kept(policies: Policies) -> None:
    await policies.policy("maps")
    await policies.policy("secrets", "secrets")
    for name in ("maps", "secrets"):
        await policies.put("policybindings", name, {"policyName": name})

    assert await policies.found("pods") == []
    assert policies.compiled == []
    await policies.found()
    await policies.found(operation="UPDATE")
    assert policies.compiled == ["maps"]
    await policies.policy("maps", status={"observedGeneration": 1})
    await policies.found()
    assert policies.compiled == ["maps"]
    await policies.policy("maps", generation=2)
    await policies.found()
    assert policies.compiled == ["maps", "maps"]


async def test_what_comes_and_goes_is_seen_by_the_next_request(policies: Policies) -> None:
    assert await policies.found() == []
    await policies.policy("a")
    assert await policies.found() == []
    await policies.put("policybindings", "x", {"policyName": "a"})
    assert await policies.found() == ["a: x"]
    await policies.put("policybindings", "x", {"policyName": "a", "matchResources": {"resourceRules": [rule("pods")]}})
    assert await policies.found() == []


async def test_constraints_that_cannot_be_read_concern_every_request(policies: Policies) -> None:
    await policies.put("policies", "a", {"called": "a"})
    await policies.put("policybindings", "x", {"policyName": "a"})

    assert await policies.found("secrets") == ["a: x"]


async def test_a_source_that_is_closed_follows_nothing(policies: Policies) -> None:
    assert await policies.found() == []
    policies.source.close()
    await policies.policy("a")
    await policies.put("policybindings", "x", {"policyName": "a"})

    assert await policies.found() == []
