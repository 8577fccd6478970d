from pathlib import Path

import pytest
from bench.clients.watched_process import TookTooLong, watched_process
from bench.failure import BenchmarkFailed


async def test_orders_are_answered_and_measured(tmp_path: Path) -> None:
    async with watched_process("bench.clients.with_work_queue", ["20000"], tmp_path) as client:
        client.begin("cycle")
        numbers, cost = await client.answered("cycle", 30)

        assert numbers == [20_000]
        assert cost.cpu > 0
        assert cost.wall > 0
        assert client.peak > 10
        pid = client.pid
    assert not Path(f"/proc/{pid}").exists()


async def test_no_answer_in_time(tmp_path: Path) -> None:
    async with watched_process("bench.clients.with_work_queue", ["1"], tmp_path) as client:
        with pytest.raises(TookTooLong, match=r"with_work_queue took longer than 0.01 s until 'cycle'"):
            await client.answered("cycle", 0.01)


async def test_an_order_out_of_turn_ends_the_client_and_the_reason_is_told(tmp_path: Path) -> None:
    async with watched_process("bench.clients.with_work_queue", ["1"], tmp_path) as client:
        client.begin("fill")
        with pytest.raises(BenchmarkFailed, match=r"expected the order 'cycle', got 'fill'"):
            await client.answered("fill", 30)


async def test_a_client_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFailed, match="No module named"):
        async with watched_process("bench.clients.with_nothing", [], tmp_path):
            pass
