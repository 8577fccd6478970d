"""The time, as whoever looks after tokens and keys needs it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct


class Clock(Struct, frozen=True):
    """``now`` is in seconds since 1970, ``monotonic`` in seconds since anything; ``sleep`` waits for seconds."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
