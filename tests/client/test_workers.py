"""Workers: what they do with keys that fail, and what they say of it."""

import asyncio
import logging
from collections import Counter

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.client.config import ConfigError, CredentialError
from steersman.client.transport import TransportError
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers


def queue_of(*keys: str) -> RateLimitingQueue[str]:
    queue: RateLimitingQueue[str] = RateLimitingQueue(ItemExponentialFailureRateLimiter(0.0, 0.0))
    for key in keys:
        queue.add(key)
    return queue


@pytest.mark.parametrize(
    ("error", "level", "said"),
    [
        (ApiError(409, "Conflict", "it has been modified"), "DEBUG", "it has been modified"),
        (ApiError(404, "NotFound", "it is gone"), "DEBUG", "it is gone"),
        (ApiError(403, "Forbidden", "jane may not"), "WARNING", "jane may not"),
        (TransportError("cannot connect"), "WARNING", "cannot connect"),
        (TimeoutError(), "WARNING", "TimeoutError"),
        (CredentialError("exec plugin aws: failed"), "WARNING", "exec plugin aws: failed"),
        (ConfigError("ca.crt: no certificate", "tls.key: no key"), "WARNING", "ca.crt: no certificate tls.key: no key"),
    ],
    ids=lambda value: value.reason if isinstance(value, ApiError) else type(value).__name__,
)
async def test_what_is_refused_is_told_in_a_line_and_tried_again(
    error: Exception, level: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "steersman.client.workers")
    queue, tries = queue_of("a"), Counter[str]()

    async def sync(key: str) -> None:
        tries[key] += 1
        if tries[key] < 3:
            raise error
        queue.shut_down()

    await run_workers(queue, sync, name="orders")
    assert tries == {"a": 3}
    assert queue.num_requeues("a") == 0
    assert [(one.levelname, one.getMessage(), one.exc_info) for one in caplog.records] == [
        (level, f"orders: a: {said}; it is tried again", None)
    ] * 2


async def test_a_fault_of_the_controller_has_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    queue, tries = queue_of("a"), Counter[str]()

    async def sync(key: str) -> None:
        tries[key] += 1
        if tries[key] == 1:
            raise KeyError("spec")
        queue.shut_down()

    await run_workers(queue, sync, name="orders")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "orders: a failed; it is tried again")
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)


async def test_workers_work_beside_each_other() -> None:
    queue, both = queue_of("a", "b"), asyncio.Barrier(2)

    async def sync(_: str) -> None:
        async with asyncio.timeout(10):
            await both.wait()
        queue.shut_down()

    await run_workers(queue, sync, name="orders", workers=2)
    assert not len(queue)


async def test_cancelled_workers_leave_nothing_in_process() -> None:
    queue, begun = queue_of("a"), asyncio.Event()

    async def sync(_: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(run_workers(queue, sync, name="orders"))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(10):
        await queue.shut_down_with_drain()
