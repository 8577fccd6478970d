import asyncio

import pytest

from steersman.storage.store import FutureRevision, StoreClosed
from steersman.storage.watch_cache.progress import Progress


async def test_wakes_those_whose_revision_has_come() -> None:
    progress, later = Progress(), asyncio.get_running_loop().time() + 10
    waiting = {revision: asyncio.create_task(progress.wait_for(revision, later)) for revision in (7, 5, 6)}
    await asyncio.sleep(0)

    progress.advance(6)
    await asyncio.wait([waiting[5], waiting[6]])

    assert not waiting[7].done()
    progress.advance(4)
    assert progress.revision == 6
    progress.fail(StoreClosed("gone"))
    with pytest.raises(StoreClosed):
        await waiting[7]


async def test_those_who_gave_up_are_forgotten() -> None:
    progress, now = Progress(), asyncio.get_running_loop().time()
    leaving = asyncio.create_task(progress.wait_for(5, now + 10))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])

    with pytest.raises(FutureRevision) as caught:
        await progress.wait_for(6, now)

    assert caught.value.current == 0
    assert progress.waiting == 0
