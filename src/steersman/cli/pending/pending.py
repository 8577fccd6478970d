"""The objects that wait for initializers, of all resources at once."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.table import age
from steersman.cli.cluster.arguments import find_resources
from steersman.cli.cluster.selection import name_of
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.session import Session
from steersman.cli.pending.turn import turn
from steersman.cli.printing.tab_writer import align
from steersman.client.api_resource import ALL_NAMESPACES
from steersman.client.discovery.served import ServedResource
from steersman.client.resource_client import PAGE_SIZE

Json = dict[str, Any]

CONCURRENT = 8
"""Lists that are read at the same time."""

ONLY = "only"
"""Leaves out what is initialized; for a server that does not know the word it means ``true``."""

_ACCEPT = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_HEADER = ["NAMESPACE", "KIND/NAME", "PENDING", "AGE", "WAITING-ON", "RESULT"]
_NONE = "<none>"


@dataclass(frozen=True)
class Pending:
    """What was asked for."""

    session: Session
    selectors: Selectors
    all_namespaces: bool

    async def print(self, types: Sequence[str], *, headers: bool) -> None:
        """The table of all objects of the types, of all types without any. Raises NoMatchError for unknown types."""
        resources = await self._resources(types)
        turns = asyncio.Semaphore(CONCURRENT)
        found = await asyncio.gather(*(self._find(one, turns, bool(types)) for one in resources))
        now = time.time()
        rows: dict[str, list[str]] = {}
        for resource, obj in (one for part in found for one in part):
            # An object may be served by several resources: it is shown as one of the first.
            rows.setdefault(obj["metadata"]["uid"], _row(resource, obj, now))
        lines = sorted(rows.values())
        if lines:
            self.session.write(align([*([_HEADER] if headers else ()), *lines], min_width=6, padding=3))
        elif not self.session.exit_code:
            self.session.complain("No objects wait for initializers")

    async def _resources(self, types: Sequence[str]) -> list[ServedResource]:
        if types:
            return [one for type in types for one in await find_resources(self.session.client, type)]
        served = await self.session.client.discovery.served()
        return [one for one in served.preferred() if "list" in one.verbs]

    async def _find(
        self, resource: ServedResource, turns: asyncio.Semaphore, is_asked_for: bool
    ) -> list[tuple[ServedResource, Json]]:
        """Objects that wait. What cannot be listed is told; it is a failure only if it was asked for by name."""
        found: list[tuple[ServedResource, Json]] = []
        async with turns:
            with self.session.going_on():
                try:
                    found += [(resource, obj) for obj in await self._list(resource) if _is_pending(obj)]
                except ApiError as error:
                    if is_asked_for:
                        raise
                    self.session.complain(f"Warning: {resource.plural}: {error.message}")
        return found

    async def _list(self, resource: ServedResource) -> list[Json]:
        namespaced = resource.namespaced and not self.all_namespaces
        path = resource.api_resource.path(self.session.namespace if namespaced else ALL_NAMESPACES)
        query = {
            "includeUninitialized": ONLY,
            "limit": str(PAGE_SIZE),
            **({"labelSelector": self.selectors.selector} if self.selectors.selector else {}),
            **({"fieldSelector": self.selectors.field_selector} if self.selectors.field_selector else {}),
        }
        objects: list[Json] = []
        while True:
            answer = await self.session.client.rest.request("GET", path, query=query, accept=_ACCEPT)
            page = orjson.loads(answer.body)
            objects += page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return objects
            query["continue"] = following


def _is_pending(obj: Json) -> bool:
    return bool(obj["metadata"].get("initializers"))


def _row(resource: ServedResource, obj: Json, now: float) -> list[str]:
    metadata = obj["metadata"]
    said = metadata["initializers"]
    now_asked, later = turn(said)
    result = said.get("result") or {}
    return [
        metadata.get("namespace") or _NONE,
        name_of(resource, metadata["name"]),
        ",".join([*now_asked, *later]) or _NONE,
        age(metadata.get("creationTimestamp"), now),
        ",".join(now_asked) or _NONE,
        ": ".join(filter(None, (result.get("reason"), result.get("message")))) or _NONE,
    ]
