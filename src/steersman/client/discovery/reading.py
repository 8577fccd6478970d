"""Ask a server what it serves."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersion
from steersman.client.discovery.documents import (
    ACCEPT,
    AGGREGATED,
    read_aggregated,
    read_core_versions,
    read_groups,
    read_resources,
)
from steersman.client.discovery.served import Served, ServedResource
from steersman.client.rest import RestClient
from steersman.client.rest.rest_client import JSON
from steersman.client.transport import TransportError

V = TypeVar("V")

STALE = "stale GroupVersion discovery"

_CONCURRENT = 10
_NOTHING = Served({})

Found = dict[GroupVersion, Sequence[ServedResource] | None]


async def read_served(rest: RestClient, known: Served = _NOTHING) -> Served:
    """Two requests, and to servers before 1.26 one more for each group version.

    A group version whose resources cannot be read is a failure, and keeps what is ``known`` of it. Raises ApiError and
    TransportError where not even the groups can be read.
    """
    roots = await asyncio.gather(
        _root(rest, "/api", read_core_versions),
        _root(rest, "/apis", read_groups),
    )
    found: Found = {}
    failures: dict[GroupVersion, str] = {}
    for root in roots:
        # A server may have no core group, or no others, or not tell everybody of them.
        if isinstance(root, ApiError):
            if all(isinstance(one, ApiError) for one in roots):
                raise root
            continue
        found |= root[0]
        failures |= root[1]
    versions = {
        group_version: known.versions.get(group_version, ()) if resources is None else resources
        for group_version, resources in found.items()
    }
    return Served(versions, failures)


async def _root(
    rest: RestClient, path: str, read_versions: Callable[[dict[str, Any]], list[GroupVersion]]
) -> tuple[Found, Mapping[GroupVersion, str]] | ApiError:
    """What stands in one of the two roots of the API, or why it is not told."""
    try:
        document = await _get(rest, path, ACCEPT)
    except ApiError as error:
        if error.code in (403, 404):
            return error
        raise
    if document.get("kind") == AGGREGATED:
        found: Found = _read(path, lambda: dict(read_aggregated(document)))
        return found, {group_version: STALE for group_version, resources in found.items() if resources is None}
    group_versions = _read(path, lambda: read_versions(document))
    turns = asyncio.Semaphore(_CONCURRENT)
    answers = await asyncio.gather(*(_resources(rest, one, turns) for one in group_versions))
    by_version = dict(zip(group_versions, answers, strict=True))
    failures = {one: answer for one, answer in by_version.items() if isinstance(answer, str)}
    return {one: None if isinstance(answer, str) else answer for one, answer in by_version.items()}, failures


async def _resources(
    rest: RestClient, group_version: GroupVersion, turns: asyncio.Semaphore
) -> Sequence[ServedResource] | str:
    """The resources of one group version, or why they cannot be read."""
    path = f"/apis/{group_version}" if group_version.group else f"/api/{group_version}"
    async with turns:
        try:
            document = await _get(rest, path, JSON)
            return _read(path, lambda: read_resources(document, group_version))
        except (ApiError, TransportError, TimeoutError) as error:
            return str(error)


async def _get(rest: RestClient, path: str, accept: str) -> dict[str, Any]:
    answer = await rest.request("GET", path, accept=accept)
    document = _read(path, lambda: orjson.loads(answer.body))
    if not isinstance(document, dict):
        raise TransportError(f"{path} answered what is no discovery document")
    return document


def _read(path: str, reader: Callable[[], V]) -> V:
    try:
        return reader()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise TransportError(f"{path} answered what is no discovery document: {error!r}") from None
