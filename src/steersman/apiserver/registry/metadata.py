"""Metadata that the server sets, keeps and checks (API conventions, "Metadata")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.errors import MODIFIED, ApiError, bad_request, conflict, field_invalid, invalid
from steersman.apimachinery.names import generate_name
from steersman.apimachinery.object_meta import restore_object_meta
from steersman.apiserver.registry.resource import Object, Resource

DROPPED_ALWAYS = ("managedFields", "selfLink")
DROPPED_ON_CREATE = (*DROPPED_ALWAYS, "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where what cannot be computed comes from.

    ``now`` gives the time in RFC 3339 with seconds, ``uid`` a new UUID, ``random(n)`` an integer below ``n``.
    """

    now: Callable[[], str]
    uid: Callable[[], str]
    random: Callable[[int], int]


def metadata_of(obj: Object) -> dict[str, Any]:
    """The object's metadata, which must be a JSON object; it is created when missing."""
    meta = obj.get("metadata")
    if meta is None:
        meta = obj["metadata"] = {}
    elif type(meta) is not dict:
        raise bad_request("json: cannot unmarshal the value of metadata into Go value of type v1.ObjectMeta")
    return meta


def set_type(obj: Object, resource: Resource) -> None:
    """Check apiVersion and kind against what the URL says; fill them in when they are missing."""
    api_version, kind = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if api_version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({api_version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind != resource.kind:
        raise bad_request(f"the kind in the data ({kind}) does not match the expected kind ({resource.kind})")
    obj["apiVersion"], obj["kind"] = api_version, kind


def set_place(meta: dict[str, Any], resource: Resource, namespace: str, name: str) -> None:
    """Check name and namespace against the URL's; fill them in when they are missing."""
    if name:
        if meta.get("name") and meta["name"] != name:
            raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
        meta["name"] = name
    if not resource.namespaced:
        if not meta.get("namespace"):
            meta.pop("namespace", None)
    elif not meta.get("namespace"):
        meta["namespace"] = namespace
    elif meta["namespace"] != namespace:
        raise bad_request(
            f"the namespace of the provided object does not match the namespace sent on the request: "
            f"{meta['namespace']} != {namespace}"
        )


def prepare_create(meta: dict[str, Any], resource: Resource, sources: Sources) -> None:
    """Fresh metadata: what a client may not set is dropped, what the server gives is set."""
    if meta.get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    for field in ("resourceVersion", *DROPPED_ON_CREATE):
        meta.pop(field, None)
    if not meta.get("name"):
        prefix = meta.get("generateName")
        if prefix and isinstance(prefix, str):
            meta["name"] = generate_name(prefix, sources.random)
    meta["uid"] = sources.uid()
    meta["creationTimestamp"] = sources.now()
    if resource.strategy.tracks_generation:
        meta["generation"] = 1


def prepare_update(obj: Object, old: Object, resource: Resource) -> None:
    """Keep what only the server changes; refuse another object (UID) or another state (resourceVersion)."""
    meta, before = obj["metadata"], old["metadata"]
    if meta.get("uid") and meta["uid"] != before["uid"]:
        message = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {before['uid']}"
        raise conflict(resource.group_resource, before["name"], message)
    if meta.get("resourceVersion") and meta["resourceVersion"] != before["resourceVersion"]:
        raise conflict(resource.group_resource, before["name"], MODIFIED)
    obj["metadata"] = restored = restore_object_meta(meta, before)
    for field in DROPPED_ALWAYS:
        restored.pop(field, None)
    restored["resourceVersion"] = before["resourceVersion"]


def bump_generation(obj: Object, old: Object, has_status: bool) -> None:
    """Count a change outside metadata, and outside status where that is written separately."""
    apart = ("metadata", "status") if has_status else ("metadata",)
    if _without(obj, apart) != _without(old, apart):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _without(obj: Object, members: tuple[str, ...]) -> Object:
    return {key: value for key, value in obj.items() if key not in members}


def check_preconditions(preconditions: dict[str, Any], meta: dict[str, Any], resource: Resource) -> None:
    """DeleteOptions.preconditions: uid and resourceVersion; raises 409."""
    for field, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        wanted = preconditions.get(field)
        if wanted is not None and wanted != meta[field]:
            message = f"Precondition failed: {label} in precondition: {wanted}, {label} in object meta: {meta[field]}"
            raise conflict(resource.group_resource, meta["name"], message)


def resource_version_required(resource: Resource, name: str) -> ApiError:
    """422 for a PUT without resourceVersion of a kind that may not be overwritten blindly."""
    error = field_invalid("metadata.resourceVersion", 0, "must be specified for an update")
    return invalid(resource.gvk.group_kind, name, [error])
