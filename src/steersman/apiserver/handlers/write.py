"""CREATE, UPDATE and PATCH: the body decoded, the life cycle run, the stored bytes answered."""

from collections.abc import Callable
from typing import Any

import orjson

from steersman.apimachinery import strategic_merge
from steersman.apimachinery.encoding import json
from steersman.apimachinery.errors import bad_request, unsupported_media_type
from steersman.apimachinery.json_patch import JSONPatch
from steersman.apimachinery.merge_patch import apply_merge_patch
from steersman.apiserver.handlers.call import Call, one_object, warning_headers
from steersman.apiserver.handlers.negotiation import Body, decode_body, media_type
from steersman.apiserver.handlers.options import dry_run, field_validation
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry import metadata
from steersman.apiserver.registry.lifecycle import Change, WriteOptions, decode
from steersman.apiserver.registry.resource import CreateCall, Object, Subresource

Patch = Callable[[Object], Object]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


async def create(call: Call) -> Response:
    validation = field_validation(call.query)
    obj, duplicates = _body(call, call.resource.kind, validation)
    options = WriteOptions(call.user, dry_run(call.query), validation, duplicates)
    written = await call.backend.lifecycle.create(call.resource, call.namespace, obj, options)
    return one_object(call, written.entry, 201, written.warnings)


async def create_virtual(call: Call) -> Response:
    """POST of an object that is answered, not stored (reviews)."""
    if call.resource.create_only is None:
        raise call.not_allowed()
    body, _ = _body(call, call.resource.kind)
    metadata.metadata_of(body)
    metadata.set_type(body, call.resource)
    answer = await call.resource.create_only(CreateCall(body, call.namespace, call.user))
    return Response(201, orjson.dumps(answer))


async def update(call: Call, subresource: Subresource | None) -> Response:
    kind = subresource.kind.kind if subresource else call.resource.kind
    validation = field_validation(call.query)
    body, duplicates = _body(call, kind, validation)
    if call.resource.custom and subresource is None and not metadata.metadata_of(body).get("resourceVersion"):
        raise metadata.resource_version_required(call.resource, call.info.name)
    unused = [body]

    def replace(old: Object) -> Object:
        """A retry needs the body afresh, for the life cycle changes what it is given."""
        return unused.pop() if unused else _body(call, kind).value

    options = WriteOptions(call.user, dry_run(call.query), validation, duplicates)
    return await _change(call, replace, subresource, options)


async def patch(call: Call, subresource: Subresource | None) -> Response:
    options = WriteOptions(call.user, dry_run(call.query), field_validation(call.query))
    return await _change(call, _patch(call), subresource, options)


async def _change(call: Call, change: Change, subresource: Subresource | None, options: WriteOptions) -> Response:
    whole = change if subresource is None else _of_parent(change, subresource)
    written = await call.backend.lifecycle.update(
        call.resource, call.namespace, call.info.name, whole, options, subresource
    )
    if subresource is None:
        return one_object(call, written.entry, 200, written.warnings)
    shown = subresource.read(decode(call.resource, written.entry))
    return Response(200, orjson.dumps(shown), headers=warning_headers(written.warnings))


def _of_parent(change: Change, subresource: Subresource) -> Change:
    """A change of the subresource's body, as a change of the object it belongs to."""
    read, write = subresource.read, subresource.write

    def changed(parent: Object) -> Object:
        return write(parent, change(read(parent)))

    return changed


def _patch(call: Call) -> Patch:
    media = media_type(call.content_type)
    supported = [JSON_PATCH, MERGE_PATCH]
    if call.resource.strategic_merge:
        supported.append(STRATEGIC_MERGE_PATCH)
    if media not in supported:
        raise unsupported_media_type(supported)
    body = json.decode(call.request.body)
    if media == JSON_PATCH:
        compiled = JSONPatch.parse(body)
        return lambda old: _object(compiled.apply(old))
    if not isinstance(body, dict):
        raise bad_request("error decoding patch: a patch of this type must be a JSON object")
    if media == MERGE_PATCH:
        return lambda old: _object(apply_merge_patch(old, body))
    meta = call.resource.definition.patch_meta
    return lambda old: _object(strategic_merge.apply(old, body, meta))


def _object(patched: Any) -> Object:
    if not isinstance(patched, dict):
        raise bad_request("the patched value is not a JSON object")
    return patched


def _body(call: Call, kind: str, validation: str = "Ignore") -> Body:
    return decode_body(call.request.body, call.content_type, kind, validation != "Ignore")
