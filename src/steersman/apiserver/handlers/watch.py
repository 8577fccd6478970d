"""WATCH: the cache's events as a stream (API concepts, "Efficient detection of changes")."""

import random

import orjson

from steersman.apimachinery.errors import ApiError, bad_request, expired, not_acceptable, resource_version_too_large
from steersman.apimachinery.group_version import GroupVersionResource
from steersman.apiserver.handlers.call import Call
from steersman.apiserver.handlers.list import place, selector
from steersman.apiserver.handlers.negotiation import JSON
from steersman.apiserver.handlers.options import ListOptions, list_options
from steersman.apiserver.handlers.representation import Representation
from steersman.apiserver.http.message import Frame, Stream, StreamWriter
from steersman.apiserver.metrics import Metrics
from steersman.storage.store import Compacted, FutureRevision
from steersman.storage.watch_cache import View

MIN_TIMEOUT = 1800
"""Seconds a watch without timeoutSeconds lasts at least; at most twice that, so that clients do not return at once."""


def watch(call: Call) -> Stream:
    """Raises 400 and 422 for options that cannot be, 406 where the client takes no stream of JSON."""
    if call.request.method != "GET":
        raise call.not_allowed()
    stored, options, representation = call.stored, list_options(call.query, call.resource), call.representation()
    if representation.yaml:
        raise not_acceptable([JSON])
    view = _view(call, options, representation)
    timeout = float(options.timeout) if options.timeout else random.uniform(MIN_TIMEOUT, 2 * MIN_TIMEOUT)
    resource = GroupVersionResource(call.resource.group, call.resource.version, call.resource.plural)
    metrics = call.backend.metrics

    async def run(writer: StreamWriter) -> None:
        cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
        metrics.watches[resource] += 1
        try:
            start = options.revision or None
            if start is None and options.initial_events is False:
                await cacher.wait_ready()
                start = cacher.revision
            await cacher.watch(
                view,
                _CountingSink(writer, metrics, resource),
                start=start,
                initial_events=bool(options.initial_events),
                bookmarks=options.bookmarks,
                timeout=timeout,
            )
        except Compacted as lost:
            asked = options.revision or 0
            writer.send(_error_event(expired(f"too old resource version: {asked} ({lost.compact_revision})")))
        except FutureRevision as future:
            writer.send(_error_event(resource_version_too_large(options.revision or 0, future.current)))
        finally:
            metrics.watches[resource] -= 1

    return Stream(run)


class _EventsFrame(Frame):
    """A frame that knows how many events are in it."""

    __slots__ = ("events",)

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.events = data.count(b"\n")


class _CountingSink:
    """A stream whose events are counted."""

    __slots__ = ("_counts", "_resource", "_writer")

    def __init__(self, writer: StreamWriter, metrics: Metrics, resource: GroupVersionResource) -> None:
        self._writer, self._counts, self._resource = writer, metrics.watch_events, resource

    @property
    def closed(self) -> bool:
        return self._writer.closed

    @property
    def buffered(self) -> int:
        return self._writer.buffered

    def send(self, frame: _EventsFrame, /) -> None:
        self._counts[self._resource] += frame.events
        self._writer.send(frame)

    def abort(self) -> None:
        self._writer.abort()


def _view(call: Call, options: ListOptions, representation: Representation) -> View[_EventsFrame]:
    resource, name = call.resource, call.info.name
    selected = options.fields.required_value("metadata.name")
    if name and selected is not None and selected != name:
        raise bad_request("fieldSelector metadata.name doesn't match requested name")
    name, namespace, shown = name or selected or "", place(call, options), call.shown()
    return View(
        key=(resource.gvk, str(options.labels), str(options.fields), representation.key, shown),
        namespace=namespace,
        name=name or None,
        matches=selector(options, shown),
        encode=representation.single,
        frame=_EventsFrame,
        bookmark=representation.bookmark,
    )


def _error_event(error: ApiError) -> Frame:
    return Frame(orjson.dumps({"type": "ERROR", "object": error.status()}) + b"\n")
