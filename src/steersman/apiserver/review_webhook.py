"""Asking another server for a review: what both kinds of review webhooks share (access and token reviews)."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

Review = dict[str, Any]
Post = Callable[[Review], Awaitable[Review]]
"""Sends a review and gives the answered one. Raises ReviewFailed."""
Sleep = Callable[[float], Awaitable[None]]

TRIES = 5
FIRST_PAUSE_SECONDS = 0.5
PAUSE_FACTOR = 1.5
CACHED = 8192
"""Answers that are kept at most; then those that were not asked for the longest time go."""

T = TypeVar("T")


class ReviewFailed(Exception):
    """There is no answer; ``passing`` tells that asking again may help."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


async def ask(post: Post, review: Review, sleep: Sleep = asyncio.sleep) -> Review:
    """The answered review; a failure that passes is tried again, with growing pauses. Raises ReviewFailed."""
    pause = FIRST_PAUSE_SECONDS
    for _ in range(TRIES - 1):
        try:
            return await post(review)
        except ReviewFailed as failure:
            if not failure.passing:
                raise
        await sleep(pause * (1 + random.random() / 5))
        pause *= PAUSE_FACTOR
    return await post(review)


class AnswerCache(Generic[T]):
    """Answers by what was asked, each for a time of its own; ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: OrderedDict[bytes, tuple[float, T]] = OrderedDict()

    def get(self, key: bytes) -> T | None:
        found = self._answers.get(key)
        if found is None:
            return None
        if self._clock() >= found[0]:
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return found[1]

    def put(self, key: bytes, answer: T, seconds: float) -> None:
        if seconds <= 0:
            return
        self._answers[key] = (self._clock() + seconds, answer)
        self._answers.move_to_end(key)
        if len(self._answers) > CACHED:
            self._answers.popitem(last=False)
