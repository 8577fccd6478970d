"""A clock that stands until it is put forward."""

import asyncio

from steersman.apiserver.authentication.oidc.clock import Clock

START = 1_800_000_000.0


class FakeClock:
    """``clock`` shows it; whoever sleeps by it wakes up when it has been put forward far enough."""

    def __init__(self) -> None:
        self.seconds = START
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []
        self.clock = Clock(lambda: self.seconds, lambda: self.seconds, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.seconds + seconds, future))
        await future

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        for at, future in self._sleeping:
            if at <= self.seconds and not future.done():
                future.set_result(None)
        self._sleeping = [one for one in self._sleeping if not one[1].done()]
