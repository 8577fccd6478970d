"""The objects of one selection as they are now: a list, then a watch that is taken up again as often as it takes."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.client.resource_client import ResourceClient
from steersman.client.transport import TransportError
from steersman.client.watch import BOOKMARK, DELETED

T = TypeVar("T")

_EXPIRED: Final = 410
_TOO_MANY_REQUESTS: Final = 429

_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 10.0


@dataclass(frozen=True, slots=True)
class State(Generic[T]):
    """An object, as its type and as JSON."""

    object: T
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """With the namespace before it, if it has one."""
        metadata = self.content["metadata"]
        namespace = metadata.get("namespace")
        return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])

    @property
    def uid(self) -> str:
        return str(self.content["metadata"].get("uid", ""))


@dataclass(frozen=True, slots=True)
class Selection(Generic[T]):
    """Objects of ``resource`` by selectors; ``namespace`` as for its verbs."""

    resource: ResourceClient[T]
    namespace: str | None
    label_selector: str = ""
    field_selector: str = ""

    def __str__(self) -> str:
        selector = self.label_selector or self.field_selector.removeprefix("metadata.name=")
        group_resource = self.resource.resource.group_resource
        return f"{group_resource}/{selector}" if selector else str(group_resource)

    async def states(self, on_failure: Callable[[Exception], None]) -> AsyncGenerator[dict[str, State[T]], None]:
        """The objects by name: first as they are, then after each change. The same dict each time; it has no end.

        A watch that ends, or is cut, is taken up where it ended; one that is too old begins with a new list. Lost
        connections, timeouts, 429 and server errors are told to ``on_failure`` and tried again, with a delay that grows
        up to 10 seconds and jitter. Raises other ApiErrors, CredentialError, and ValueError where objects do not fit
        the type.
        """
        delays = _delays()
        found: dict[str, State[T]] = {}
        version = ""
        while True:
            try:
                if not version:
                    version = await self._list(found)
                    yield found
                watch = self.resource.watch(
                    namespace=self.namespace,
                    label_selector=self.label_selector,
                    field_selector=self.field_selector,
                    resource_version=version,
                    bookmarks=True,
                )
                async with watch:
                    async for event in watch:
                        version = watch.resource_version
                        delays = _delays()
                        if event.type == BOOKMARK:
                            continue
                        state = State(event.object, orjson.loads(event.raw))
                        if event.type == DELETED:
                            found.pop(state.name, None)
                        else:
                            found[state.name] = state
                        yield found
            except ApiError as error:
                if error.code == _EXPIRED:
                    version = ""
                elif error.code != _TOO_MANY_REQUESTS and error.code < 500:
                    raise
                on_failure(error)
            except (TransportError, TimeoutError) as error:
                on_failure(error)
            await asyncio.sleep(next(delays))

    async def current(self) -> dict[str, State[T]]:
        """The objects by name as they are now. Raises ApiError, TransportError."""
        found: dict[str, State[T]] = {}
        await self._list(found)
        return found

    async def _list(self, found: dict[str, State[T]]) -> str:
        listed = await self.resource.list(
            namespace=self.namespace, label_selector=self.label_selector, field_selector=self.field_selector
        )
        encode = self.resource.resource.codec.encode
        states = [State(one, orjson.loads(encode(one))) for one in listed]
        found.clear()
        found.update((state.name, state) for state in states)
        return listed.resource_version


def _delays() -> Iterator[float]:
    """Seconds, growing, between half and all of what they may be."""
    delay = _FIRST_DELAY
    while True:
        yield delay * random.uniform(0.5, 1.0)
        delay = min(delay * 2, _LONGEST_DELAY)
