"""A clock that only waiting moves, for clients under test."""

from dataclasses import dataclass, field
from typing import Any

from steersman.client.config import Config
from steersman.client.rest import RestClient


@dataclass
class VirtualWaiting:
    """``waits`` has the seconds that were slept, in order."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def client(self, server: str, **fields: Any) -> RestClient:
        """A client of that server without a rate limit, whose chances are all 0."""
        config = Config(server, **{"qps": -1.0, **fields})
        return RestClient(config, clock=self.clock, sleep=self.sleep, chance=lambda: 0.0)
