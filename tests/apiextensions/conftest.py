from collections.abc import AsyncIterator

import pytest
from tests.apiextensions.harness import PACKAGE, Server, serving

from steersman.apiextensions.definition_resource import definition_resources
from steersman.apimachinery.table import ColumnSet
from steersman.apis.builtin import Definitions
from steersman.apis.catalog import Catalog
from steersman.apiserver.registry.resource import Resource
from steersman.storage.memory import MemoryStore


@pytest.fixture(scope="session")
def definitions() -> list[Resource]:
    schemas = Definitions(Catalog(21))
    v1, v1beta1 = (schemas.definition(f"{PACKAGE}.{version}.CustomResourceDefinition") for version in ("v1", "v1beta1"))
    return definition_resources(v1, v1beta1, ColumnSet.default)


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
