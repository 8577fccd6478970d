"""GET of one object, or of a part of it."""

from collections.abc import Awaitable

import orjson

from steersman.apiserver.handlers.call import Call, one_object
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.lifecycle import decode
from steersman.apiserver.registry.resource import Subresource
from steersman.storage.watch_cache import Cacher


def get(call: Call, subresource: Subresource | None) -> Response | Awaitable[Response]:
    """Answers at once when the cache is filled and up to date, as it is but for the first moments."""
    stored = call.stored
    cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
    if cacher.ready:
        return _answer(call, cacher, subresource)
    return _wait(call, cacher, subresource)


async def _wait(call: Call, cacher: Cacher, subresource: Subresource | None) -> Response:
    await cacher.wait_ready()
    return _answer(call, cacher, subresource)


def _answer(call: Call, cacher: Cacher, subresource: Subresource | None) -> Response:
    entry = cacher.get(call.namespace, call.info.name)
    if entry is None:
        raise call.missing()
    if subresource is None:
        return one_object(call, entry)
    return Response(200, orjson.dumps(subresource.read(decode(call.resource, entry))))
