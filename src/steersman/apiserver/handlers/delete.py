"""DELETE of one object or of a collection."""

from typing import Any

import orjson

from steersman.apimachinery.errors import bad_request
from steersman.apiserver.handlers.call import Call, one_object, rendered
from steersman.apiserver.handlers.list import select
from steersman.apiserver.handlers.negotiation import decode_body
from steersman.apiserver.handlers.options import dry_run, list_options
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry.lifecycle import DeleteOptions, decode
from steersman.apiserver.registry.resource import Resource

PROPAGATION_POLICIES = ("Orphan", "Background", "Foreground")


async def delete(call: Call) -> Response:
    deleted = await call.backend.lifecycle.delete(call.resource, call.namespace, call.info.name, _options(call))
    if not deleted.gone:
        return one_object(call, deleted.entry)
    meta = decode(call.resource, deleted.entry)["metadata"]
    return Response(200, orjson.dumps(_success(call.resource, call.info.name, meta.get("uid", ""))))


async def delete_collection(call: Call) -> Response:
    options = _options(call)
    listed, selected = await select(call, list_options(call.query, call.resource))
    deleted = await call.backend.lifecycle.delete_collection(call.resource, selected, options)
    representation = call.representation()
    body = representation.collection([one.entry for one in deleted], listed.revision, "", None)
    return rendered(call, body, representation)


def _options(call: Call) -> DeleteOptions:
    """From the body (DeleteOptions), which may be missing, and the query."""
    body: dict[str, Any] = {}
    if call.request.body.strip():
        body = decode_body(call.request.body, call.content_type, "DeleteOptions").value
        if body.get("kind", "DeleteOptions") != "DeleteOptions":
            raise bad_request(f"the object provided is unrecognized (must be of type DeleteOptions): {body['kind']}")
    policy = body.get("propagationPolicy") or call.query.get("propagationPolicy")
    if policy is not None and policy not in PROPAGATION_POLICIES:
        listed = ", ".join(f'"{one}"' for one in PROPAGATION_POLICIES)
        raise bad_request(f'propagationPolicy: Unsupported value: "{policy}": supported values: {listed}')
    preconditions = body.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        raise bad_request("json: cannot unmarshal preconditions into Go value of type v1.Preconditions")
    return DeleteOptions(call.user, dry_run(call.query) or body.get("dryRun") == ["All"], preconditions)


def _success(resource: Resource, name: str, uid: str) -> dict[str, Any]:
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }
