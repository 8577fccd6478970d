import math

import pytest
from tests.client.work_queue.virtual_time import clock, run

from steersman.client.work_queue import (
    BucketRateLimiter,
    ItemExponentialFailureRateLimiter,
    ItemFastSlowRateLimiter,
    MaxOfRateLimiter,
    RateLimiter,
    RateLimitingQueue,
    TokenBucket,
    WithMaxWaitRateLimiter,
    default_controller_rate_limiter,
)


def exponential() -> RateLimiter[str]:
    return ItemExponentialFailureRateLimiter(0.001, 1.0)


def fast_slow() -> RateLimiter[str]:
    return ItemFastSlowRateLimiter(0.005, 10.0, 3)


def slowest() -> RateLimiter[str]:
    return MaxOfRateLimiter(ItemFastSlowRateLimiter(0.005, 3.0, 3), ItemExponentialFailureRateLimiter(0.001, 1.0))


def capped() -> RateLimiter[str]:
    return WithMaxWaitRateLimiter(ItemExponentialFailureRateLimiter(0.001, 1.0), 0.003)


@pytest.mark.parametrize(
    ("limiter", "delays"),
    [
        (exponential(), [0.001, 0.002, 0.004, 0.008, 0.016]),
        (fast_slow(), [0.005, 0.005, 0.005, 10.0, 10.0]),
        (slowest(), [0.005, 0.005, 0.005, 3.0, 3.0]),
        (capped(), [0.001, 0.002, 0.003, 0.003, 0.003]),
    ],
    ids=["exponential", "fast slow", "max of", "with max wait"],
)
def test_each_item_has_delays_of_its_own_until_it_is_forgotten(limiter: RateLimiter[str], delays: list[float]) -> None:
    assert [limiter.when("one") for _ in delays] == pytest.approx(delays)
    assert limiter.num_requeues("one") == len(delays)
    assert limiter.num_requeues("two") == 0
    assert limiter.when("two") == pytest.approx(delays[0])

    limiter.forget("one")

    assert limiter.num_requeues("one") == 0
    assert limiter.num_requeues("two") == 1
    assert limiter.when("one") == pytest.approx(delays[0])


def test_forgetting_what_was_never_tracked_is_no_error() -> None:
    slowest().forget("nothing")


def test_the_exponential_delay_ends_at_its_maximum_however_many_failures() -> None:
    limiter = ItemExponentialFailureRateLimiter[str](0.005, 1000.0)

    delays = [limiter.when("one") for _ in range(2000)]

    assert delays[17] == pytest.approx(0.005 * 2**17)
    assert set(delays[18:]) == {1000.0}


def test_a_max_of_no_limiters_does_not_delay() -> None:
    limiter: MaxOfRateLimiter[str] = MaxOfRateLimiter()

    assert limiter.when("one") == 0
    assert limiter.num_requeues("one") == 0


def test_the_bucket_gives_its_burst_at_once_and_then_one_place_in_line_after_another() -> None:
    now = 100.0
    limiter: BucketRateLimiter[str] = BucketRateLimiter(10, 3, clock=lambda: now)

    assert [limiter.when("any") for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])
    now = 100.2
    assert limiter.when("other") == pytest.approx(0.1)
    now = 200.0
    assert [limiter.when("any") for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])
    assert limiter.num_requeues("any") == 0


@pytest.mark.parametrize(
    ("qps", "burst", "tokens", "delays"),
    [
        (math.inf, 0, 1, [0, 0, 0]),
        (0, 2, 1, [0, 0, math.inf, math.inf]),
        (5, 0, 1, [math.inf, math.inf]),
        (5, 2, 3, [math.inf, math.inf]),
        (5, 2, 2, [0, 0.4, 0.8]),
    ],
    ids=["no limit", "nothing after the burst", "no burst", "more than the burst", "two at a time"],
)
def test_edges_of_token_buckets(qps: float, burst: int, tokens: int, delays: list[float]) -> None:
    bucket = TokenBucket(qps, burst)

    assert [bucket.reserve(7.0, tokens) for _ in delays] == pytest.approx(delays)


def test_a_token_bucket_does_not_mind_a_time_before_the_last() -> None:
    bucket = TokenBucket(1, 1)

    assert [bucket.reserve(5.0), bucket.reserve(4.0), bucket.reserve(5.0)] == [0, 1, 2]


@pytest.mark.parametrize(("qps", "burst"), [(-1, 1), (math.nan, 1), (1, -1)])
def test_token_buckets_refuse_negative_rates(qps: float, burst: int) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        TokenBucket(qps, burst)


def test_controllers_default_is_five_milliseconds_doubled_and_ten_a_second_after_a_hundred() -> None:
    limiter = default_controller_rate_limiter(clock=lambda: 0.0)

    assert [limiter.when("one") for _ in range(4)] == pytest.approx([0.005, 0.01, 0.02, 0.04])
    assert {limiter.when(number) for number in range(96)} == {0.005}
    assert limiter.when("late") == pytest.approx(0.1)
    assert limiter.when("later") == pytest.approx(0.2)


def test_a_rate_limited_item_comes_later_each_time_until_it_is_forgotten() -> None:
    async def scenario() -> None:
        queue = RateLimitingQueue(ItemExponentialFailureRateLimiter[str](1.0, 60.0), clock=clock)
        times = []
        for _ in range(3):
            queue.add_rate_limited("a")
            queue.done(await queue.get())
            times.append(clock())
        assert times == pytest.approx([1, 3, 7], abs=0.01)
        assert queue.num_requeues("a") == 3

        queue.forget("a")
        queue.add_rate_limited("a")
        await queue.get()

        assert clock() == pytest.approx(8, abs=0.01)
        assert queue.num_requeues("a") == 1

    run(scenario)


def test_a_queue_has_the_controllers_rate_limiter_if_none_is_given() -> None:
    async def scenario() -> None:
        queue: RateLimitingQueue[int] = RateLimitingQueue(clock=clock)
        for item in range(110):
            queue.add_rate_limited(item)
        for _ in range(110):
            await queue.get()

        assert clock() == pytest.approx(1.0, abs=0.01)

    run(scenario)
