"""Transports that stand between a client and a control plane in this process, to see and to disturb what is said."""

from collections.abc import Callable
from dataclasses import replace

from steersman.client.config import Config
from steersman.client.transport import Reply, Request, Transport, TransportError


class Between:
    """Passes requests on to ``config``'s transport; ``targets`` are those that were sent.

    An ``old`` server is one before 1.26: it does not see that the aggregated document is asked for. Requests that
    ``cut`` picks fail; ``moved`` sends them to another path.
    """

    def __init__(self, config: Config, *, old: bool = False) -> None:
        assert config.transport is not None
        self._inner: Transport = config.transport
        self.config = replace(config, transport=self)
        self.targets: list[str] = []
        self.old = old
        self.moved: dict[str, str] = {}
        self.cut: Callable[[str], bool] = lambda target: False

    async def send(self, request: Request) -> Reply:
        self.targets.append(request.target)
        if self.cut(request.target):
            raise TransportError("connection reset by peer")
        if self.old:
            accept = [(name, "application/json" if name == "Accept" else value) for name, value in request.headers]
            request = replace(request, headers=accept)
        return await self._inner.send(replace(request, target=self.moved.get(request.target, request.target)))

    async def close(self) -> None:
        await self._inner.close()
