"""CREATE, UPDATE and PATCH: the body decoded, the life cycle run, the stored bytes answered."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from steersman.apimachinery import strategic_merge
from steersman.apimachinery.encoding import json
from steersman.apimachinery.errors import bad_request, unsupported_media_type
from steersman.apimachinery.json_patch import JSONPatch
from steersman.apimachinery.merge_patch import apply_merge_patch
from steersman.apiserver.admission.observed import SentReference
from steersman.apiserver.handlers.apply import APPLY_PATCH, read_application
from steersman.apiserver.handlers.call import Call, rendered
from steersman.apiserver.handlers.negotiation import Body, decode_body, media_type
from steersman.apiserver.handlers.options import WriteQuery, deadline, write_query
from steersman.apiserver.handlers.representation import Representation
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry import metadata, shape
from steersman.apiserver.registry.field_tracking import can_be_tracked
from steersman.apiserver.registry.initialization import Visibility
from steersman.apiserver.registry.lifecycle import Change, Written
from steersman.apiserver.registry.resource import CreateCall, Object, Resource, Subresource
from steersman.apiserver.registry.stored_form import decode
from steersman.apiserver.registry.write_options import WriteOptions
from steersman.storage.watch_cache import Entry

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
LARGE_BODY = 256 * 1024
"""Bytes from which a body is decoded in a thread: 3 MiB of YAML take a second."""


async def create(call: Call) -> Response:
    representation, query = call.representation(), write_query(call.query, "CreateOptions")
    body = await read_body(call, call.resource.kind, query.field_validation)
    options = write_options(call, query, body.duplicates)
    written = await call.backend.lifecycle.create(call.resource, call.namespace, body.value, options)
    entry = await _initialized(call, written.entry, query)
    return rendered(call, representation.single(entry), representation, 201, written.warnings)


async def create_virtual(call: Call) -> Response:
    """POST of an object that is answered, not stored (reviews)."""
    if call.resource.create_only is None:
        raise call.not_allowed()
    representation, query = call.representation(), write_query(call.query, "CreateOptions")
    body, duplicates = await read_body(call, call.resource.kind, query.field_validation)
    metadata.metadata_of(body)
    metadata.set_type(body, call.resource.api_version, call.resource.kind)
    warnings = shape.read_shape(call.resource, body, query.field_validation, duplicates)
    metadata.metadata_of(body)
    answer = await call.resource.create_only(CreateCall(body, call.namespace, call.user))
    return rendered(call, representation.part(answer), representation, 201, warnings)


async def update(call: Call, subresource: Subresource | None) -> Response:
    kind = subresource.kind.kind if subresource else call.resource.kind
    query = write_query(call.query, "UpdateOptions")
    body, duplicates = await read_body(call, kind, query.field_validation)
    if call.resource.custom and subresource is None and not metadata.sent_version(body):
        raise metadata.resource_version_required(call.resource, call.info.name)
    unused = [body]
    decode_again = partial(decode_body, call.request.body, call.content_type, kind, call.backend.decoders)

    def replace(old: Object) -> Object:
        """A retry needs the body afresh, for the life cycle changes what it is given."""
        return unused.pop() if unused else decode_again().value

    return await _change(call, replace, subresource, write_options(call, query, duplicates))


async def patch(call: Call, subresource: Subresource | None) -> Response:
    media = _patch_type(call)
    if media == APPLY_PATCH:
        return await _apply(call, subresource)
    query = write_query(call.query, "PatchOptions")
    change, duplicates = _patch(call, media, query.field_validation)
    return await _change(call, change, subresource, write_options(call, query, duplicates, patched=True))


async def _apply(call: Call, subresource: Subresource | None) -> Response:
    representation, resource = call.representation(), call.resource
    query = write_query(call.query, "PatchOptions", applies=True)
    application, options = await read_application(call, subresource, query)
    lifecycle, may_create = call.backend.lifecycle, partial(call.demand, "create")
    written = await lifecycle.apply(
        resource, call.namespace, call.info.name, application, options, subresource, may_create
    )
    if written.created:
        written = replace(written, entry=await _initialized(call, written.entry, query))
    return _answer(call, representation, subresource, written)


async def _initialized(call: Call, created: Entry, query: WriteQuery) -> Entry:
    """What is answered to a create: the object as its initializers leave it, unless the client does not wait for that.

    Raises what :meth:`Initialization.wait` raises.
    """
    initialization = call.backend.lifecycle.initialization
    if not initialization.enabled or query.dry_run or Visibility.of(call.query) is not Visibility.INITIALIZED:
        return created
    stored = call.stored
    cacher = call.backend.cache.cacher(stored.prefix, stored.codec, stored.namespaced)
    return await initialization.wait(call.resource.group_resource, cacher, created)


def write_options(call: Call, query: WriteQuery, duplicates: tuple[str, ...], *, patched: bool = False) -> WriteOptions:
    return WriteOptions(
        call.user,
        query.dry_run,
        query.field_validation,
        duplicates,
        patched,
        field_manager=query.field_manager,
        user_agent=call.request.headers.get(b"user-agent", b""),
        deadline=deadline(call.query),
        observed=call.request.observed,
    )


async def _change(call: Call, change: Change, subresource: Subresource | None, options: WriteOptions) -> Response:
    representation, resource = call.representation(), call.resource
    whole = change if subresource is None else _of_parent(change, subresource, call)
    written = await call.backend.lifecycle.update(resource, call.namespace, call.info.name, whole, options, subresource)
    return _answer(call, representation, subresource, written)


def _answer(call: Call, representation: Representation, subresource: Subresource | None, written: Written) -> Response:
    if subresource is None or subresource.kind == call.resource.gvk:
        body = representation.single(written.entry)
    else:
        body = representation.part(subresource.read(decode(call.resource, written.entry)))
    return rendered(call, body, representation, 201 if written.created else 200, written.warnings)


def _of_parent(change: Change, subresource: Subresource, call: Call) -> Change:
    """A change of the subresource's body, as a change of the object it belongs to."""
    read, write, resource = subresource.read, subresource.write, call.resource

    def changed(parent: Object) -> Object:
        part = change(read(parent))
        _check_part(part, subresource, resource)
        metadata.set_place(metadata.metadata_of(part), resource, call.namespace, call.info.name)
        return write(parent, part)

    return changed


def _check_part(part: Object, subresource: Subresource, resource: Resource) -> None:
    """What ``subresource.write`` may rely on: kind and types are those of the body."""
    kind = subresource.kind
    metadata.metadata_of(part)
    metadata.set_type(part, kind.api_version, kind.kind)
    if kind == resource.gvk:
        shape.check_types(resource, part)
    else:
        shape.check_metadata_types(part, kind)


def _patch_type(call: Call) -> str:
    """The media type of the patch; raises 415 for those that the resource does not take."""
    media = media_type(call.content_type)
    supported = [JSON_PATCH, MERGE_PATCH]
    if call.resource.strategic_merge:
        supported.append(STRATEGIC_MERGE_PATCH)
    if media in supported:
        return media
    if can_be_tracked(call.resource):
        supported.append(APPLY_PATCH)
    if media not in supported:
        raise unsupported_media_type(supported)
    return media


def _patch(call: Call, media: str, field_validation: str) -> tuple[Change, tuple[str, ...]]:
    """The change that the body says, and the paths of fields that stand twice in it."""
    raw = call.request.body
    body = json.decode(raw)
    if media == JSON_PATCH:
        compiled = JSONPatch.parse(body)
        return _patched(compiled.apply), ()
    if not isinstance(body, dict):
        raise bad_request("error decoding patch: a patch of this type must be a JSON object")
    duplicates = tuple(json.duplicate_keys(raw, body)) if field_validation != "Ignore" else ()
    if media == MERGE_PATCH:
        return _patched(lambda old: apply_merge_patch(old, body)), duplicates
    meta = call.resource.definition.patch_meta
    return _patched(lambda old: strategic_merge.apply(old, body, meta)), duplicates


def _patched(apply: Callable[[Object], Any]) -> Change:
    def change(old: Object) -> Object:
        patched = apply(old)
        if not isinstance(patched, dict):
            raise bad_request("the patched value is not a JSON object")
        return patched

    return change


async def read_body(call: Call, kind: str, field_validation: str = "Ignore") -> Body:
    """The decoded body; a large one is decoded beside the loop."""
    body, find_duplicates = call.request.body, field_validation != "Ignore"
    decode_it = partial(decode_body, body, call.content_type, kind, call.backend.decoders, find_duplicates)
    read = await asyncio.to_thread(decode_it) if len(body) > LARGE_BODY else decode_it()
    if call.request.observed is not None:
        call.request.observed.sent = SentReference.of(read.value)
    return read
