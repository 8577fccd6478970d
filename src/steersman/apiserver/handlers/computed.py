"""GET and LIST of what is not stored, but found out when it is asked for: the state of the server itself.

A list is always whole: ``limit`` is no promise of the client's, and none is broken by more. It cannot be of another
moment than the present, whatever resourceVersion is asked for; its own is that of the newest write.
"""

from collections.abc import Sequence

import orjson

from steersman.apiserver.handlers.call import Call, rendered, rendered_list
from steersman.apiserver.handlers.list import place, selector
from steersman.apiserver.handlers.options import list_options, resource_version
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.resource import Object
from steersman.storage.watch_cache import Codec, Entry


def get(call: Call) -> Response:
    """Raises 404 where there is no object of this name now."""
    resource_version(call.query)
    representation = call.representation()
    wanted = (call.namespace, call.info.name)
    found = next((entry for entry in _entries(call) if (entry.namespace, entry.name) == wanted), None)
    if found is None:
        raise call.missing()
    return rendered(call, representation.single(found), representation)


async def list_(call: Call) -> Response:
    """The objects that the selectors ask for, in the order in which they are computed."""
    representation, options = call.representation(), list_options(call.query, call.resource)
    namespace, matches = place(call, options), selector(options)
    found = [
        entry
        for entry in _entries(call)
        if (namespace is None or entry.namespace == namespace) and (matches is None or matches(entry))
    ]
    body = await representation.collection(found, call.backend.cache.revision, "", None)
    return await rendered_list(call, body, representation)


def _entries(call: Call) -> Sequence[Entry]:
    """The objects of this moment, in the form in which stored ones are."""
    resource = call.resource
    if resource.computed is None:
        raise call.not_allowed()
    codec = Codec(resource.api_version, resource.kind)

    def entry(obj: Object) -> Entry:
        meta = obj["metadata"]
        data = orjson.dumps({"apiVersion": resource.api_version, "kind": resource.kind, **obj})
        return Entry(meta.get("namespace", ""), meta["name"], 0, 0, data, codec)

    return [entry(obj) for obj in resource.computed()]
