"""A loop in a thread: what runs in it, and how it ends."""

import asyncio
import signal
import threading

import pytest

from steersman.client.sync import LoopThread


async def answer(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def fail() -> None:
    raise LookupError("nothing there")


def test_it_returns_and_raises() -> None:
    with LoopThread() as loop:
        assert loop.run(answer(3)) == 3
        with pytest.raises(LookupError, match="nothing there"):
            loop.run(fail())


def test_many_threads_share_it() -> None:
    found: list[int] = []
    with LoopThread() as loop:
        threads = [threading.Thread(target=lambda at=at: found.append(loop.run(answer(at)))) for at in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == list(range(20))


def test_its_own_thread_cannot_wait_for_it() -> None:
    loop = LoopThread()

    async def inside() -> None:
        loop.run(answer(1))

    with loop, pytest.raises(RuntimeError, match="use the asynchronous client here"):
        loop.run(inside())


def test_ctrl_c_gives_up_what_is_waited_for() -> None:
    ended = threading.Event()

    async def wait_for_ever() -> None:
        # Nothing tells when the main thread has begun to wait; before that, it would have nothing to give up.
        await asyncio.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with LoopThread() as loop:
        with pytest.raises(KeyboardInterrupt):
            loop.run(wait_for_ever())
        assert ended.wait(10)
        assert loop.run(answer(1)) == 1


def test_closing_ends_the_thread_and_what_others_wait_for() -> None:
    loop = LoopThread()
    started, ended = threading.Event(), threading.Event()

    async def wait_for_ever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    failures: list[BaseException] = []

    def wait() -> None:
        try:
            loop.run(wait_for_ever())
        except RuntimeError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert started.wait(10)
    loop.close()
    waiting.join(10)
    assert ended.is_set()
    assert [str(one) for one in failures] == ["the client was closed meanwhile"]
    assert not any(thread.name == "steersman-client" for thread in threading.enumerate())
    loop.close()
    with pytest.raises(RuntimeError, match="the client is closed"):
        loop.run(answer(1))
