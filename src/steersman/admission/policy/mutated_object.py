"""The object of a request, seen as a policy's rule wants it, and taken back as the policy leaves it."""

from typing import Any

import msgspec

from steersman.admission.policy.failure import MutationFailed
from steersman.admission.webhook.invocation import converted, shown
from steersman.apimachinery.errors import ApiError, internal_error
from steersman.apimachinery.server_side_apply import MergeSchema
from steersman.apimachinery.server_side_apply.merge_schema import DEDUCED
from steersman.apiserver.admission import Attributes
from steersman.apiserver.registry import metadata, shape
from steersman.apiserver.registry.resource import Action, Object, Resource, Subresource

_SERVERS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
"""Of metadata, what only the server says."""
_IDENTITY = ("name", "namespace")


def present(attributes: Attributes, target: Resource) -> Object | None:
    """The object as one of ``target``; not to be changed."""
    return shown(attributes.object, attributes.resource, target, attributes.subresource)


def merge_schema(attributes: Attributes, target: Resource) -> MergeSchema:
    if (action := _action(attributes, target)) is not None:
        return action.definition.merge_schema
    return DEDUCED if _part(attributes, target) is not None else target.definition.merge_schema


def replace(attributes: Attributes, target: Resource, before: Object, mutated: Object) -> None:
    """Make ``mutated``, what became of ``before``, the request's object; it is changed.

    Of a subresource only that part becomes the object's. Raises MutationFailed for another object, ApiError 500 (as
    kube-apiserver) for what is none of its kind.
    """
    for member in ("apiVersion", "kind"):
        if mutated.get(member) != before.get(member):
            raise MutationFailed(f"{member} may not be changed")
    if (action := _action(attributes, target)) is not None:
        _read(action, mutated)
        if "metadata" in before:
            mutated["metadata"] = _settled(metadata.metadata_of(mutated), before["metadata"])
        action.definition.compiled.default(mutated)
        attributes.object = mutated
        return
    if _part(attributes, target) is None:
        _shape(target, before, mutated)
    source = attributes.resource
    part = target.subresources.get(attributes.subresource) if attributes.subresource else None
    if part is not None:
        parent = msgspec.to_builtins(converted(attributes.object or {}, source, target))
        mutated = part.write(parent, mutated)
    attributes.object = converted(mutated, target, source)


def _shape(target: Resource, before: Object, mutated: Object) -> None:
    """Check and complete an object as one that a client sends."""
    try:
        meta = metadata.metadata_of(mutated)
    except ApiError as error:
        raise internal_error(error.message) from None
    _read(target, mutated)
    mutated["metadata"] = _settled(meta, before["metadata"])
    shape.set_defaults(target, mutated)


def _read(shaped: shape.Shaped, mutated: Object) -> None:
    try:
        shape.read_shape(shaped, mutated, "Ignore" if shaped.custom else "Strict", ())
    except ApiError as error:
        raise internal_error(error.message) from None


def _settled(meta: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    for member in _IDENTITY:
        if (meta.get(member) or "") != (before.get(member) or ""):
            raise MutationFailed(f"metadata.{member} may not be changed")
    for member in _SERVERS:
        if member in before:
            meta[member] = before[member]
        else:
            meta.pop(member, None)
    metadata.drop_empty(meta)
    return meta


def _action(attributes: Attributes, target: Resource) -> Action | None:
    return target.actions.get(attributes.subresource) if attributes.subresource else None


def _part(attributes: Attributes, target: Resource) -> Subresource | None:
    """The subresource, where its body is of another kind than the object."""
    part = target.subresources.get(attributes.subresource) if attributes.subresource else None
    return None if part is None or part.kind == target.gvk else part
