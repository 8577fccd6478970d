"""Server-side apply: from the body of a PATCH to what becomes of the object (KEP-555)."""

import asyncio
from functools import partial

import msgspec

from steersman.apimachinery.errors import ApiError, bad_request, conflict
from steersman.apiserver.handlers.call import Call
from steersman.apiserver.handlers.negotiation import JSON, YAML, Body, Decoders
from steersman.apiserver.handlers.options import WriteQuery, deadline
from steersman.apiserver.registry import metadata
from steersman.apiserver.registry.field_tracking import field_manager
from steersman.apiserver.registry.lifecycle import Application
from steersman.apiserver.registry.resource import Object, Resource, Subresource
from steersman.apiserver.registry.write_options import WriteOptions

APPLY_PATCH = "application/apply-patch+yaml"
LARGE_BODY = 64 * 1024
"""Bytes from which a configuration is decoded in a thread: YAML takes its time."""

_COUNT = {"type": "integer"}
_SCALE = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"replicas": _COUNT}},
        "status": {"type": "object", "properties": {"replicas": _COUNT, "selector": {"type": "string"}}},
    },
}
_IDENTITY = ("name", "namespace", "uid", "resourceVersion")


async def read_application(
    call: Call, subresource: Subresource | None, query: WriteQuery
) -> tuple[Application, WriteOptions]:
    """What the request does to the object, for :meth:`Lifecycle.apply`. Raises 400 for a body that cannot be read."""
    body, find = call.request.body, query.field_validation != "Ignore"
    decode = partial(_decode, body, call.backend.decoders, find)
    applied, duplicates = await asyncio.to_thread(decode) if len(body) > LARGE_BODY else decode()
    resource, name = call.resource, call.info.name
    manager = field_manager(resource, subresource.name if subresource else "")
    strict = query.field_validation == "Strict"

    def apply(live: Object, now: str) -> Object:
        wanted: Object = msgspec.to_builtins(applied)
        if subresource is not None and subresource.kind != resource.gvk:
            wanted = _of_parent(wanted, subresource, resource)
        merged, managed = manager.apply(live, wanted, query.field_manager, now, force=query.force)
        if strict and duplicates:
            problems = ", ".join(f'duplicate field "{path}"' for path in duplicates)
            raise bad_request(f"error strict decoding patch: {problems}")
        if not live:
            _prepare_new(merged, resource, call.namespace, name)
        elif subresource is not None and subresource.kind == resource.gvk:
            merged = subresource.write(live, merged)
        return {**merged, "metadata": {**merged["metadata"], "managedFields": managed}}

    options = WriteOptions(
        call.user,
        query.dry_run,
        "Ignore" if strict else query.field_validation,
        () if strict else duplicates,
        patched=True,
        applied=True,
        field_manager=query.field_manager,
        deadline=deadline(call.query),
        observed=call.request.observed,
    )
    return apply, options


def _decode(body: bytes, decoders: Decoders, find_duplicates: bool) -> Body:
    """A configuration in YAML, or in JSON, which is YAML that is read faster."""
    try:
        value, duplicates = _decode_quickly(body, decoders, find_duplicates) or decoders[YAML](body, find_duplicates)
    except ApiError as error:
        raise bad_request(f"error decoding patch: {error.message}") from None
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise bad_request("error decoding patch: a configuration must be an object")
    return Body(value, tuple(duplicates))


def _decode_quickly(body: bytes, decoders: Decoders, find_duplicates: bool) -> Body | None:
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        value, duplicates = decoders[JSON](body, find_duplicates)
    except ApiError:
        return None
    return Body(value, tuple(duplicates))


def _prepare_new(obj: Object, resource: Resource, namespace: str, name: str) -> None:
    """Check what an apply says of an object that is not there: it cannot be a certain one, but must be the URL's."""
    meta = metadata.metadata_of(obj)
    if meta.get("uid"):
        message = f"uid mismatch: the provided object specified uid {meta['uid']}, and no existing object was found"
        raise conflict(resource.group_resource, name, message)
    meta.pop("resourceVersion", None)
    metadata.set_place(meta, resource, namespace, name)


def _of_parent(scale: Object, subresource: Subresource, resource: Resource) -> Object:
    """A configuration of the scale as one of the object it belongs to: the replicas at their place there."""
    # As in field_tracking: not imported before somebody applies.
    from steersman.apimachinery.server_side_apply import FieldManager, MergeSchema

    FieldManager(MergeSchema.read(_SCALE, _no_reference), subresource.kind).check(scale)
    sent = metadata.metadata_of(scale)
    parent: Object = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {field: sent[field] for field in _IDENTITY if field in sent},
    }
    replicas = (scale.get("spec") or {}).get("replicas")
    return parent if replicas is None else subresource.write(parent, scale)


def _no_reference(ref: str) -> Object:
    raise LookupError(f"the schema of a scale has no references: {ref}")
