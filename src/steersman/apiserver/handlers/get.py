"""GET of one object, or of a part of it."""

from collections.abc import Awaitable

from steersman.apiserver.handlers.call import Call, rendered
from steersman.apiserver.handlers.list import wait_until
from steersman.apiserver.handlers.options import resource_version
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.resource import Subresource
from steersman.apiserver.registry.stored_form import decode
from steersman.storage.watch_cache import Cacher


def get(call: Call, subresource: Subresource | None) -> Response | Awaitable[Response]:
    """Answers at once when the cache is filled and up to date, as it is but for the first moments.

    ``resourceVersion`` asks for a state that is not older. Raises 504 when it does not come.
    """
    stored = call.stored
    cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
    revision = resource_version(call.query) or 0 if call.query else 0
    if cacher.ready and revision <= cacher.revision:
        return _answer(call, cacher, subresource)
    return _wait(call, cacher, subresource, revision)


async def _wait(call: Call, cacher: Cacher, subresource: Subresource | None, revision: int) -> Response:
    await cacher.wait_ready()
    await wait_until(cacher, revision)
    return _answer(call, cacher, subresource)


def _answer(call: Call, cacher: Cacher, subresource: Subresource | None) -> Response:
    representation = call.representation()
    entry = cacher.get(call.namespace, call.info.name)
    if entry is None or ((shown := call.shown()) is not None and not shown(entry)):
        raise call.missing()
    if subresource is None or subresource.kind == call.resource.gvk:
        return rendered(call, representation.single(entry), representation)
    return rendered(call, representation.part(subresource.read(decode(call.resource, entry))), representation)
