"""DELETE of one object or of a collection."""

from typing import Any

import orjson

from steersman.apiserver.handlers.call import Call, rendered, rendered_list
from steersman.apiserver.handlers.delete_options import delete_options
from steersman.apiserver.handlers.list import select
from steersman.apiserver.handlers.options import deadline, list_options
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.lifecycle import Deleted
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.write_options import DeleteOptions


async def delete(call: Call) -> Response:
    representation, options = call.representation(), _options(call)
    deleted = await call.backend.lifecycle.delete(call.resource, call.namespace, call.info.name, options)
    if deleted.gone:
        body = orjson.dumps(_success(call.resource, deleted))
    else:
        body = representation.single(deleted.entry)
    return rendered(call, body, representation)


async def delete_collection(call: Call) -> Response:
    representation, options = call.representation(), _options(call)
    selection = await select(call, list_options(call.query, call.resource))
    deleted = await call.backend.lifecycle.delete_collection(call.resource, selection.entries, options)
    body = await representation.collection(
        [one.entry for one in deleted], selection.revision, selection.token, selection.remaining
    )
    return await rendered_list(call, body, representation)


def _options(call: Call) -> DeleteOptions:
    dry_run, said = delete_options(call.request.body, call.content_type, call.query, call.backend.decoders)
    return DeleteOptions(call.user, dry_run, said, deadline(call.query), call.request.observed)


def _success(resource: Resource, deleted: Deleted) -> dict[str, Any]:
    uid = deleted.entry.metadata.uid
    details = {"name": deleted.entry.name, "group": resource.group, "kind": resource.plural, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }
