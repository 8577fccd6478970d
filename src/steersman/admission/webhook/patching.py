"""Applying a webhook's JSON patch: the result is read as an object from a client would be, and gets its defaults."""

from typing import Any

import msgspec
import orjson

from steersman.admission.webhook.admission_review import JSON_PATCH, Answer
from steersman.admission.webhook.failure import CallFailed
from steersman.admission.webhook.invocation import Invocation, converted, shown
from steersman.apimachinery.errors import (
    ApiError,
    bad_request,
    field_invalid,
    internal_error,
    invalid,
    render_value,
)
from steersman.apimachinery.json_patch import JSONPatch
from steersman.apimachinery.object_meta import restore_object_meta
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.registry import metadata, shape
from steersman.apiserver.registry.resource import Action, Object, Resource

_KEPT = ("uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "selfLink")
"""Of metadata, what only the server says, and a webhook changes without effect."""
_OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"


def apply(answer: Answer, invocation: Invocation, attributes: Attributes) -> bool:
    """Change ``attributes.object`` as the answer wants; whether that made a difference.

    Raises CallFailed for what is no patch; ApiError for a patch that does not apply, or whose result is no such object.
    """
    name = invocation.webhook.name
    patch = _read(answer, name)
    if patch is None:
        return False
    if attributes.object is None:
        raise internal_error(
            f'admission webhook "{name}" attempted to modify the object, which is not supported for this operation'
        )
    source, target = attributes.resource, invocation.resource
    before = shown(attributes.object, source, target, attributes.subresource) or {}
    try:
        patched = patch.apply(before)
    except ApiError as error:
        raise internal_error(_cause(error)) from None
    _check_type(patched, before)
    if attributes.subresource and (action := target.actions.get(attributes.subresource)):
        attributes.object = patched
        return _decode_body(action, patched, before, attributes)
    part = target.subresources.get(attributes.subresource) if attributes.subresource else None
    if part is None or part.kind == target.gvk:
        changed = _decode(target, patched, before, attributes)
    else:
        changed = not metadata.is_same(patched, before)
    if part is not None:
        # Of a part, such as the status, only what it writes counts.
        patched = part.write(msgspec.to_builtins(converted(attributes.object, source, target)), patched)
    attributes.object = converted(patched, target, source)
    if part is None:
        _prepare(attributes.object, attributes)
    return changed


def _read(answer: Answer, name: str) -> JSONPatch | None:
    if not answer.patch:
        return None
    undecodable = "received undecodable patch in webhook response"
    try:
        operations = orjson.loads(answer.patch)
    except orjson.JSONDecodeError as error:
        raise CallFailed(name, f"{undecodable}: {error}") from None
    if operations == []:
        return None
    try:
        patch = JSONPatch.parse(operations)
    except ApiError as error:
        if isinstance(operations, list) and all(isinstance(one, dict) for one in operations):
            raise internal_error(error.message) from None
        raise CallFailed(name, f"{undecodable}: {error.message}") from None
    if answer.patch_type != JSON_PATCH:
        raise CallFailed(name, f"unsupported patch type {render_value(answer.patch_type)}")
    return patch


def _cause(error: ApiError) -> str:
    causes = (error.details or {}).get("causes") or [{}]
    return causes[0].get("message") or error.message


def _check_type(patched: Any, wanted: Object) -> None:
    if not isinstance(patched, dict):
        raise internal_error("json: the patched object is no object")
    if not patched.get("kind"):
        raise internal_error(f"Object 'Kind' is missing in '{orjson.dumps(patched).decode()}'")
    if (patched["kind"], patched.get("apiVersion")) != (wanted.get("kind"), wanted.get("apiVersion")):
        found = f'no kind "{patched["kind"]}" is registered for version "{patched.get("apiVersion") or ""}"'
        raise internal_error(f'{found}: a webhook cannot make another kind of "{wanted.get("kind")}"')


def _decode(resource: Resource, patched: Object, before: Object, attributes: Attributes) -> bool:
    """Give ``patched`` the shape of its kind; whether it is another object than before."""
    try:
        meta = metadata.metadata_of(patched)
        if resource.custom:
            shape.check_metadata_types(patched, resource.gvk)
    except ApiError as error:
        raise internal_error(error.message) from None
    _take_shape(resource, patched)
    patched["metadata"] = _settled(meta, before["metadata"], attributes)
    changed = not metadata.is_same(patched, before)
    shape.set_defaults(resource, patched)
    return changed


def _decode_body(action: Action, patched: Object, before: Object, attributes: Attributes) -> bool:
    """The same for what an action takes; the options of a connection have no metadata."""
    _take_shape(action, patched)
    if "metadata" in before:
        patched["metadata"] = _settled(patched.get("metadata") or {}, before["metadata"], attributes)
    changed = not metadata.is_same(patched, before)
    action.definition.compiled.default(patched)
    return changed


def _take_shape(shaped: shape.Shaped, patched: Object) -> None:
    schema = shaped.definition.compiled
    if not shaped.custom and (mismatch := schema.go_type_errors(patched)):
        raise internal_error(mismatch)
    schema.prune(patched)


def _prepare(obj: Object, attributes: Attributes) -> None:
    """What the kind does to every object that is written (a status of its own, the generation), now to this one."""
    strategy, old = attributes.resource.strategy, attributes.old_object
    if old is None:
        strategy.prepare_for_create(obj)
        return
    strategy.prepare_for_update(obj, old)
    if strategy.tracks_generation:
        if "generation" in old["metadata"]:
            obj["metadata"]["generation"] = old["metadata"]["generation"]
        metadata.bump_generation(obj, old, strategy.has_status)


def _settled(meta: Object, before: Object, attributes: Attributes) -> Object:
    """The metadata with what a webhook cannot change put back, or refused where that would be another object."""
    if (meta.get("namespace") or "") != (before.get("namespace") or ""):
        raise bad_request(_OTHER_NAMESPACE)
    if attributes.operation != CREATE:
        meta = restore_object_meta(meta, before)
    elif meta.get("name") != before.get("name"):
        error = field_invalid("metadata.name", meta.get("name") or "", "field is immutable")
        raise invalid(attributes.resource.gvk.group_kind, attributes.name, [error])
    kept = _KEPT if attributes.operation == CREATE else tuple(one for one in _KEPT if one != "uid")
    for field in kept:
        if field in before:
            meta[field] = before[field]
        else:
            meta.pop(field, None)
    metadata.drop_empty(meta)
    return meta
