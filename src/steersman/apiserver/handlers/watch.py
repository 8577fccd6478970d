"""WATCH: the cache's events as a stream (API concepts, "Efficient detection of changes")."""

import random
from collections.abc import Callable, Mapping

import orjson

from steersman.apimachinery.errors import ApiError, bad_request, expired, resource_version_too_large
from steersman.apiserver.handlers.call import Call
from steersman.apiserver.handlers.list import selector
from steersman.apiserver.handlers.options import ListOptions, list_options
from steersman.apiserver.handlers.representation import Representation
from steersman.apiserver.http.message import Frame, Stream, StreamWriter
from steersman.storage.store import Compacted, FutureRevision
from steersman.storage.watch_cache import View

MIN_TIMEOUT = 1800
"""Seconds a watch without timeoutSeconds lasts at least; at most twice that, so that clients do not return at once."""


def watch(call: Call) -> Stream:
    stored, options = call.stored, list_options(call.query, call.resource)
    _check(options)
    view = _view(call, options, call.representation())
    timeout = float(options.timeout) if options.timeout else random.uniform(MIN_TIMEOUT, 2 * MIN_TIMEOUT)

    async def run(writer: StreamWriter) -> None:
        cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
        try:
            await cacher.watch(
                view,
                writer,
                start=options.revision or None,
                initial_events=options.initial_events,
                bookmarks=options.bookmarks,
                timeout=timeout,
            )
        except Compacted as lost:
            start = options.revision or 0
            writer.send(_error_event(expired(f"too old resource version: {start} ({lost.compact_revision})")))
        except FutureRevision as future:
            writer.send(_error_event(resource_version_too_large(options.revision or 0, future.current)))

    return Stream(run)


def _check(options: ListOptions) -> None:
    if options.initial_events and options.match != "NotOlderThan":
        raise bad_request(
            "sendInitialEvents: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )
    if options.match and not options.initial_events:
        raise bad_request("resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch")


def _view(call: Call, options: ListOptions, representation: Representation) -> View[Frame]:
    info, resource = call.info, call.resource
    name = info.name or options.fields.required_value("metadata.name")
    return View(
        key=(resource.gvk, call.namespace, name, str(options.labels), str(options.fields), representation.key),
        namespace=call.namespace or None,
        name=name or None,
        matches=selector(options),
        encode=representation.single,
        frame=Frame,
        bookmark=_bookmark(resource.api_version, resource.kind),
    )


def _bookmark(api_version: str, kind: str) -> Callable[[int, Mapping[str, str]], bytes]:
    def bookmark(revision: int, annotations: Mapping[str, str]) -> bytes:
        meta: dict[str, object] = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = dict(annotations)
        return orjson.dumps({"kind": kind, "apiVersion": api_version, "metadata": meta})

    return bookmark


def _error_event(error: ApiError) -> Frame:
    return Frame(orjson.dumps({"type": "ERROR", "object": error.status()}) + b"\n")
