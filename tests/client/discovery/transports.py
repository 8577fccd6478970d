"""Transports that stand between a client and a control plane in this process, to see and to disturb what is said."""

from collections.abc import Callable
from dataclasses import replace

from steersman.client.config import Config
from steersman.client.transport import Reply, Request, Transport, TransportError

PLAIN = "application/json"
BETA = f"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,{PLAIN}"


class Between:
    """Passes requests on to ``config``'s transport; ``targets`` are those that were sent.

    Of what a client accepts the server sees only ``accept``, if that is given: so :data:`PLAIN` makes it one from
    before 1.26, and :data:`BETA` one from before 1.30. Requests that ``cut`` picks fail; ``moved`` sends them to
    another path.
    """

    def __init__(self, config: Config, *, accept: str = "") -> None:
        assert config.transport is not None
        self._inner: Transport = config.transport
        self.config = replace(config, transport=self)
        self.targets: list[str] = []
        self.accept = accept
        self.moved: dict[str, str] = {}
        self.cut: Callable[[str], bool] = lambda target: False

    async def send(self, request: Request) -> Reply:
        self.targets.append(request.target)
        if self.cut(request.target):
            raise TransportError("connection reset by peer")
        if self.accept:
            fields = [(name, self.accept if name == "Accept" else value) for name, value in request.headers]
            request = replace(request, headers=fields)
        return await self._inner.send(replace(request, target=self.moved.get(request.target, request.target)))

    async def close(self) -> None:
        await self._inner.close()
