"""Keeps the graph of nodes like what is stored."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authorization.node.graph import NodeGraph
from steersman.apiserver.registry.reader import ObjectReader
from steersman.storage.watch_cache import Cacher, Entry
from steersman.storage.watch_cache.entry import Change

Take = Callable[[Entry, dict[str, Any] | None], None]


async def follow(graph: NodeGraph, objects: ObjectReader) -> Callable[[], None]:
    """Fill the graph with what is stored of the kinds that are served, and keep it so; the result ends that."""
    takes: dict[GroupResource, Take] = {
        GroupResource("", "pods"): lambda entry, obj: graph.set_pod(entry.namespace, entry.name, obj),
        GroupResource("", "persistentvolumes"): lambda entry, obj: graph.set_volume(entry.name, obj),
        GroupResource("storage.k8s.io", "volumeattachments"): (
            lambda entry, obj: graph.set_owned("volumeattachments", entry.name, obj)
        ),
        GroupResource("resource.k8s.io", "resourceslices"): (
            lambda entry, obj: graph.set_owned("resourceslices", entry.name, obj)
        ),
    }
    found = [(objects.cacher(resource), take) for resource, take in takes.items()]
    followed = [(cacher, take) for cacher, take in found if cacher is not None]
    await asyncio.gather(*(cacher.wait_ready() for cacher, _ in followed))
    ends = [_follow_one(cacher, take) for cacher, take in followed]

    def end() -> None:
        for one in ends:
            one()

    return end


def _follow_one(cacher: Cacher, take: Take) -> Callable[[], None]:
    def changed(changes: Sequence[Change]) -> None:
        for change in changes:
            take(change.entry, None if change.deleted else change.entry.parsed())

    end = cacher.subscribe(changed)
    for entry in cacher.list()[0]:
        take(entry, entry.parsed())
    return end
