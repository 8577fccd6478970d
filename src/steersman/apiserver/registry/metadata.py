"""Metadata that the server sets, keeps and checks (API conventions, "Metadata")."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from msgspec import Struct

from steersman.apimachinery.errors import MODIFIED, ApiError, bad_request, conflict, field_invalid, invalid
from steersman.apimachinery.group_version import GroupKind, GroupResource
from steersman.apimachinery.names import generate_name
from steersman.apimachinery.object_meta import restore_object_meta
from steersman.apiserver.registry.resource import Object, Resource

DROPPED_ALWAYS = ("managedFields", "selfLink")
_OMITTED_WHEN_EMPTY = (
    "annotations",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "labels",
    "ownerReferences",
)
DROPPED_ON_CREATE = (*DROPPED_ALWAYS, "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


class Sources(Struct, frozen=True):
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


def set_type(obj: Object, api_version: str, kind: str) -> None:
    """Check apiVersion and kind against what the URL says; fill them in when they are missing."""
    sent_version, sent_kind = obj.get("apiVersion") or api_version, obj.get("kind") or kind
    if sent_version != api_version:
        raise bad_request(
            f"the API version in the data ({sent_version}) does not match the expected API version ({api_version})"
        )
    if sent_kind != kind:
        raise bad_request(f"the kind in the data ({sent_kind}) does not match the expected kind ({kind})")
    obj["apiVersion"], obj["kind"] = api_version, kind


def set_place(meta: dict[str, Any], resource: Resource, namespace: str, name: str) -> None:
    """Check the name, where the URL has one, and the namespace, which is filled in when it is missing."""
    if name:
        sent = meta.get("name")
        if not sent:
            raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
        if sent != name:
            raise bad_request(f"the name of the object ({sent}) does not match the name on the URL ({name})")
    if not resource.namespaced:
        meta.pop("namespace", None)
    elif not meta.get("namespace"):
        meta["namespace"] = namespace
    elif meta["namespace"] != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


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
    drop_empty(meta)
    meta["uid"] = sources.uid()
    meta["creationTimestamp"] = sources.now()
    if resource.strategy.tracks_generation:
        meta["generation"] = 1


def prepare_update(obj: Object, old: Object, resource: Resource, *, patched: bool = False) -> None:
    """Keep what only the server changes; refuse another object (UID) or another state (resourceVersion).

    The UID in a replacement is a precondition; one that a patch changes is left for validation to refuse.
    """
    meta, before = obj["metadata"], old["metadata"]
    if not patched and meta.get("uid") and meta["uid"] != before.get("uid"):
        message = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {before.get('uid')}"
        raise conflict(resource.group_resource, before["name"], message)
    version = sent_version(obj)
    if version and version != before["resourceVersion"]:
        raise conflict(resource.group_resource, before["name"], MODIFIED)
    obj["metadata"] = restored = restore_object_meta(meta, before)
    for field in DROPPED_ALWAYS:
        restored.pop(field, None)
    drop_empty(restored)
    restored["resourceVersion"] = before["resourceVersion"]


def set_initializers(meta: dict[str, Any], initializers: Any) -> None:
    """Those that the object came with, in the place of what is there; None for none."""
    if initializers is not None:
        meta["initializers"] = initializers
    else:
        meta.pop("initializers", None)


def sent_version(obj: Object) -> str:
    """The resourceVersion that a client demands the object to be at, empty for whichever."""
    version = metadata_of(obj).get("resourceVersion")
    return "" if version is None or version == "0" else version


def drop_empty(meta: dict[str, Any]) -> None:
    """Drop null and what says as much: a null would count as set, and none of it makes an object another one."""
    for field in _OMITTED_WHEN_EMPTY:
        if field in meta and not meta[field]:
            del meta[field]


def bump_generation(obj: Object, old: Object, has_status: bool) -> None:
    """Count a change outside metadata, and outside status where that is written separately."""
    apart = ("metadata", "status") if has_status else ("metadata",)
    if not is_same(_without(obj, apart), _without(old, apart)):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _without(obj: Object, members: tuple[str, ...]) -> Object:
    return {key: value for key, value in obj.items() if key not in members}


def is_same(new: Object, old: Object) -> bool:
    """Whether both are the same JSON, whatever the order of members: to Python alone 1, 1.0 and true are equal."""
    return new == old and (
        orjson.dumps(new) == orjson.dumps(old)
        or orjson.dumps(new, option=orjson.OPT_SORT_KEYS) == orjson.dumps(old, option=orjson.OPT_SORT_KEYS)
    )


def mark_deleted(meta: dict[str, Any], now: str) -> None:
    """Metadata of an object that goes once its finalizers are gone; the mark counts as a change of it."""
    meta.update(deletionTimestamp=now, deletionGracePeriodSeconds=0)
    if meta.get("generation"):
        meta["generation"] += 1


def check_preconditions(preconditions: Mapping[str, str], meta: dict[str, Any], resource: Resource) -> None:
    """DeleteOptions.preconditions: uid and resourceVersion; raises 409."""
    for field, label, perhaps in _PRECONDITIONS:
        wanted, found = preconditions.get(field), meta.get(field)
        if wanted is not None and wanted != found:
            message = (
                f"the {label} in the precondition ({wanted}) does not match the {label} in record ({found}). "
                f"The object might have been {perhaps}"
            )
            raise conflict(GroupResource(resource.group, resource.kind), meta["name"], message)


_PRECONDITIONS = (("uid", "UID", "deleted and then recreated"), ("resourceVersion", "ResourceVersion", "modified"))


def resource_version_required(resource: Resource, name: str) -> ApiError:
    """422 for a PUT without resourceVersion of a kind that may not be overwritten blindly."""
    error = field_invalid("metadata.resourceVersion", 0, "must be specified for an update")
    return invalid(GroupKind(resource.group, resource.plural), name, [error])
