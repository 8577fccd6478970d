"""Asking another server for a review: what is tried again, and what is kept."""

import pytest

from steersman.apiserver.review_webhook import CACHED, TRIES, AnswerCache, Review, ReviewFailed, ask


class Flaky:
    """Fails a number of times, then answers."""

    def __init__(self, failures: int, passing: bool) -> None:
        self.failures, self.passing, self.asked = failures, passing, 0

    async def post(self, review: Review) -> Review:
        self.asked += 1
        if self.asked <= self.failures:
            raise ReviewFailed(f"failure {self.asked}", passing=self.passing)
        return {**review, "status": {}}


@pytest.mark.parametrize(
    ("failures", "passing", "asked", "message"),
    [
        (0, True, 1, ""),
        (2, True, 3, ""),
        (TRIES - 1, True, TRIES, ""),
        (TRIES, True, TRIES, f"failure {TRIES}"),
        (1, False, 1, "failure 1"),
    ],
)
async def test_a_failure_that_passes_is_tried_again(failures: int, passing: bool, asked: int, message: str) -> None:
    flaky, pauses = Flaky(failures, passing), list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    if message:
        with pytest.raises(ReviewFailed, match=message):
            await ask(flaky.post, {"kind": "x"}, sleep)
    else:
        assert await ask(flaky.post, {"kind": "x"}, sleep) == {"kind": "x", "status": {}}
    assert flaky.asked == asked
    assert len(pauses) == asked - 1
    assert pauses == sorted(pauses)


def test_answers_are_kept_for_their_time() -> None:
    now = 0.0
    cache: AnswerCache[str] = AnswerCache(lambda: now)
    cache.put(b"a", "yes", 10)
    cache.put(b"b", "no", 5)
    cache.put(b"c", "never", 0)

    assert [cache.get(key) for key in (b"a", b"b", b"c")] == ["yes", "no", None]
    now = 5
    assert [cache.get(key) for key in (b"a", b"b")] == ["yes", None]
    now = 10
    assert cache.get(b"a") is None


def test_the_cache_forgets_what_was_not_asked_for() -> None:
    cache: AnswerCache[int] = AnswerCache(lambda: 0)
    cache.put(b"first", 1, 10)
    cache.put(b"second", 2, 10)
    cache.get(b"first")
    for number in range(CACHED - 1):
        cache.put(b"%d" % number, number, 10)

    assert (cache.get(b"first"), cache.get(b"second")) == (1, None)
