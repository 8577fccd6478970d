"""Every test that takes a store runs over each of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.storage.watch_cache.harness import World, opener, world

from steersman.storage.store import Store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = opener(request.param, tmp_path)()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def here(store: Store) -> AsyncIterator[World]:
    async with world(store) as made:
        yield made
