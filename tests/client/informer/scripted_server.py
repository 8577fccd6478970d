"""A server that does what a script says: answers that a real one gives only at bad times, or in old versions.

It is another implementation of ``ListerWatcher``. A script is a list of answers, one for each request in turn.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson
from tests.client.informer.cluster import CONFIG_MAPS

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import ApiResource
from steersman.client.informer import ListOptions


def config_map(name: str, version: int, value: str = "", kind: str = "ConfigMap") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "resourceVersion": str(version)}
    return {"kind": kind, "apiVersion": "v1", "metadata": metadata, "data": {"value": value}}


def event(type_: str, obj: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": type_, "object": obj}) + b"\n"


def bookmark(version: int, *, end: bool = False) -> bytes:
    annotations = {"annotations": {"k8s.io/initial-events-end": "true"}} if end else {}
    metadata = {"resourceVersion": str(version), "creationTimestamp": None, **annotations}
    return event("BOOKMARK", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata})


def page(version: int, *objects: dict[str, Any], token: str = "") -> bytes:
    metadata = {"resourceVersion": str(version), "continue": token}
    return orjson.dumps({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": metadata, "items": objects})


def error_event(error: ApiError) -> bytes:
    return event("ERROR", error.status())


EXPIRED = ApiError(410, "Expired", "too old resource version: 1 (5)")
TOO_LARGE = ApiError(
    504,
    "Timeout",
    "Too large resource version: 9, current: 5",
    {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]},
)
OLD_TOO_LARGE = ApiError(504, "Timeout", "Timeout: Too large resource version: 9, current: 5")
THROTTLED = ApiError(429, "TooManyRequests", "Too many requests, please try again later.")
INTERNAL = ApiError(500, "InternalError", "etcdserver: mvcc: required revision is a future revision")


class Open(Enum):
    """What a watch does that stays open: nothing more, as the end of the script, or on the way to its next answer."""

    FOREVER = 1
    SILENT = 2


FOREVER, SILENT = Open

Step = bytes | Exception | Open


@dataclass
class Watch:
    """An answer to a watch request: what comes, then the end of the stream."""

    steps: Sequence[Step]


@dataclass
class ScriptedServer:
    """``script`` holds, for each request, an error, a body of a list, or a Watch; after it nothing is answered."""

    script: list[Exception | bytes | Watch]
    page_size: int = 0
    requests: list[str] = field(default_factory=list)
    resource: ApiResource[Any] = field(default=CONFIG_MAPS)

    def __post_init__(self) -> None:
        self.done = asyncio.Event()

    async def list(self, options: ListOptions) -> bytes:
        answer = await self._answer("list", options)
        assert isinstance(answer, bytes), f"the script did not expect a list: {self.requests}"
        return answer

    @asynccontextmanager
    async def watch(self, options: ListOptions) -> AsyncIterator[AsyncIterator[bytes]]:
        verb = "watch-list" if options.send_initial_events else "watch"
        answer = await self._answer(verb, options)
        assert isinstance(answer, Watch), f"the script did not expect a watch: {self.requests}"
        yield self._stream(answer)

    async def _stream(self, watch: Watch) -> AsyncIterator[bytes]:
        for step in watch.steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, Open):
                if step is FOREVER:
                    self.done.set()
                await asyncio.Event().wait()
            else:
                yield step

    async def _answer(self, verb: str, options: ListOptions) -> bytes | Watch:
        """Note the request as ``verb @version``, with limit and continue token where there are any."""
        paging = f" limit {options.limit}" if options.limit else ""
        token = f" continue {options.continue_token}" if options.continue_token else ""
        self.requests.append(f"{verb} @{options.resource_version}{paging}{token}")
        if not self.script:
            self.done.set()
            await asyncio.Event().wait()
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
