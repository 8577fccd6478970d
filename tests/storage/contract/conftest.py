"""The stores that the contract is tested on. A new implementation is one more line in STORES."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from steersman.storage.store import Store
from steersman.storage.url import open_store

STORES = {"memory": "memory:", "sqlite": "sqlite:///{directory}/store.db"}
DURABLE = ["sqlite"]


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return STORES[request.param].format(directory=tmp_path)


@pytest.fixture(params=DURABLE)
def durable_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return STORES[request.param].format(directory=tmp_path)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    await store.open()
    yield store
    await store.close()
