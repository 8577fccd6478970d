"""Apply and update: what becomes of an object, and of who manages its fields (KEP-555, "Merge algorithm")."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.errors import ApiError, bad_request
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.server_side_apply.comparison import compare, same_value
from steersman.apimachinery.server_side_apply.conflict import apply_conflict
from steersman.apimachinery.server_side_apply.conformance import explain_shape
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.last_applied import (
    CLIENT_SIDE_APPLY,
    KUBECTL,
    LAST_APPLIED_PATH,
    last_applied_fields,
    renew_last_applied,
)
from steersman.apimachinery.server_side_apply.managed_fields import (
    APPLY,
    UPDATE,
    Entry,
    Managed,
    ManagedFields,
    Manager,
    cap_update_managers,
    decode_managed_fields,
    encode_managed_fields,
    is_reset,
)
from steersman.apimachinery.server_side_apply.mentioned_fields import fields_of, reconcile, with_structs
from steersman.apimachinery.server_side_apply.merge_schema import MergeSchema
from steersman.apimachinery.server_side_apply.merging import merge
from steersman.apimachinery.server_side_apply.path_element import field_element
from steersman.apimachinery.server_side_apply.removal import remove

Object = dict[str, Any]

BEFORE_FIRST_APPLY = "before-first-apply"
"""The manager of what an object had when the first apply came."""
UNKNOWN = "unknown"
"""The manager of writes whose client does not say who it is."""

_STATUS = FieldSet.of((field_element("status"),))
_STATUS_PARTS = ("status", "approval")
_NOBODYS = FieldSet.of(
    *((field_element(name),) for name in ("apiVersion", "kind", "metadata")),
    *(
        (field_element("metadata"), field_element(name))
        for name in (
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        )
    ),
)
"""What the server alone sets, or every write says."""


class FieldManager:
    """Writes of one kind, in one version, to the object itself or to a subresource.

    ``has_status`` is whether status is written only through a subresource, so that nobody manages it otherwise.
    """

    __slots__ = ("_api_version", "_has_status", "_kind", "_schema", "_subresource")

    def __init__(
        self, schema: MergeSchema, kind: GroupVersionKind, *, has_status: bool = False, subresource: str = ""
    ) -> None:
        self._schema, self._kind, self._api_version = schema, kind, kind.api_version
        self._has_status, self._subresource = has_status, subresource

    def apply(
        self, live: Object, applied: Object, manager: str, now: str, *, force: bool = False
    ) -> tuple[Object, list[Entry]]:
        """The object that an applied configuration makes of ``live``, without managedFields, and its managedFields.

        ``live`` is {} for an object that is to be created; ``now`` is the time, RFC 3339 with seconds. The result
        shares parts with both. Raises ApiError: 409 where fields belong to others and ``force`` is not given, 400 for
        another kind or a configuration with managedFields, 500 (as kube-apiserver) for one that is not of the schema.
        """
        self.check(applied)
        try:
            managed = decode_managed_fields(_metadata(live).get("managedFields"))
        except ValueError as error:
            raise _failure(f"failed to decode managed fields: {error}") from None
        live = _without_managed_fields(live)
        try:
            managed = managed or self._begin(live, now)
            merged, managed = self._applied(live, applied, managed, manager, now, force)
        except ValueError as error:
            raise _failure(f"failed to create typed live object ({self._shown(live)}): {error}") from None
        if manager == KUBECTL:
            renew_last_applied(merged, applied)
        return merged, encode_managed_fields(managed)

    def update(self, old: Object, new: Object, sent: Any, manager: str, now: str) -> list[Entry]:
        """The managedFields of an object after a write that was no apply; [] where nobody manages it from now on.

        ``old`` has its managedFields, ``new`` none; ``sent`` is what the client wants them to be, None for nothing.
        """
        present = _metadata(old).get("managedFields")
        managed = self._wanted(present, sent)
        if not managed:
            return []
        try:
            changed = compare(self._schema, _without_managed_fields(old), new)
        except ValueError:
            # Items of its lists cannot be told apart: who manages what stays as it was.
            return list(present or ())
        taken = self._of_request(changed.modified | changed.added)
        lost = taken | self._of_request(changed.removed)
        mine = Manager(manager or UNKNOWN, UPDATE, self._subresource, self._api_version)
        left = _nonempty({one: Managed(had.fields - lost, had.api_version, had.time) for one, had in managed.items()})
        if gained := taken - _NOBODYS:
            before = left.get(mine)
            left[mine] = Managed(before.fields | gained if before else gained, self._api_version, now)
        return encode_managed_fields(cap_update_managers(left))

    def _wanted(self, present: Any, sent: Any) -> ManagedFields:
        """Who manages what before the write: as the client says where it may, and what it says can be read."""
        candidates = (present,) if self._subresource else (sent, present)
        if not self._subresource and is_reset(sent):
            return {}
        for entries in candidates:
            try:
                if managed := decode_managed_fields(entries):
                    return managed
            except ValueError:
                continue
        return {}

    def check(self, applied: Object) -> None:
        """Raise for a configuration that is not to be applied, as :meth:`apply` does."""
        meta = applied.get("metadata")
        kind = _kind_text(
            *(text if isinstance(text := applied.get(key), str) else "" for key in ("apiVersion", "kind"))
        )
        if kind != _kind_text(self._api_version, self._kind.kind):
            raise bad_request(f"invalid object type: {kind}")
        if isinstance(meta, dict) and meta.get("managedFields") is not None:
            raise bad_request("metadata.managedFields must be nil")
        if fault := explain_shape(self._schema, applied):
            raise _failure(f"failed to create typed patch object ({self._shown(applied)}): {fault}")

    def _begin(self, live: Object, now: str) -> ManagedFields:
        """Who manages an object that was not tracked: client-side apply what it set, nobody in particular the rest."""
        everything = self._of_object(compare(self._schema, {}, live).added) - _NOBODYS
        applied = FieldSet()
        if LAST_APPLIED_PATH in everything:
            applied = last_applied_fields(self._schema, live, self._api_version) | FieldSet.of(LAST_APPLIED_PATH)
        owned = {CLIENT_SIDE_APPLY: applied & everything, BEFORE_FIRST_APPLY: everything - applied}
        return {
            Manager(name, UPDATE, api_version=self._api_version): Managed(fields, self._api_version, now)
            for name, fields in owned.items()
            if fields
        }

    def _applied(
        self, live: Object, applied: Object, managed: ManagedFields, manager: str, now: str, force: bool
    ) -> tuple[Object, ManagedFields]:
        schema, me = self._schema, Manager(manager, APPLY, self._subresource)
        managed = {
            one: Managed(reconcile(schema, had.fields), had.api_version, had.time) for one, had in managed.items()
        }
        last = managed.get(me)
        mine = self._of_request(fields_of(schema, applied))
        managed[me] = Managed(mine, self._api_version)
        merged = merge(schema, live, applied)
        if last is not None:
            merged = self._prune(merged, last.fields, managed)
        changed = compare(schema, live, merged)
        taken = self._of_request(changed.modified | changed.added)
        others = {one: had for one, had in managed.items() if one != me}
        self._refuse_conflicts(live, others, taken, manager, force)
        lost = taken | self._of_request(changed.removed)
        left = _nonempty({one: Managed(had.fields - lost, had.api_version, had.time) for one, had in others.items()})
        if mine := mine - _NOBODYS:
            as_before = last is not None and last.fields == mine and same_value(live, merged)
            left[me] = Managed(mine, self._api_version, last.time if last and as_before else now)
        return merged, left

    def _refuse_conflicts(
        self, live: Object, others: ManagedFields, taken: FieldSet, manager: str, force: bool
    ) -> None:
        """Raise 409 for fields of others, except for those that kubectl set before it applied on the server's side."""
        if force:
            return
        conflicts = {one: both for one, had in others.items() if (both := had.fields & taken)}
        if conflicts and manager == KUBECTL:
            allowed = last_applied_fields(self._schema, live, self._api_version)
            conflicts = {one: left for one, fields in conflicts.items() if (left := fields - allowed)}
        if conflicts:
            raise apply_conflict(conflicts)

    def _prune(self, merged: Object, last: FieldSet, managed: ManagedFields) -> Object:
        """Without what the manager applied the last time and not now, unless someone else manages it."""
        schema = self._schema
        last = with_structs(schema, last)
        everything = with_structs(schema, fields_of(schema, merged))
        owned = FieldSet()
        for one in managed.values():
            owned |= with_structs(schema, one.fields)
        pruned = remove(schema, merged, last)
        kept = with_structs(schema, fields_of(schema, pruned)) | owned
        pruned = remove(schema, merged, everything - kept)
        # What nobody manages, and lay in what went, comes back.
        gone = everything - with_structs(schema, fields_of(schema, pruned))
        left: Object = remove(schema, merged, gone & last)
        return left

    def _of_request(self, fields: FieldSet) -> FieldSet:
        """What a request to this subresource can write, of a set of fields."""
        if self._subresource in _STATUS_PARTS:
            return fields.only(field_element("status"))
        return self._of_object(fields)

    def _of_object(self, fields: FieldSet) -> FieldSet:
        return fields.without(_STATUS) if self._has_status else fields

    def _shown(self, obj: Object) -> str:
        meta = _metadata(obj)
        kind = _kind_text(self._api_version, self._kind.kind)
        return f"{meta.get('namespace') or ''}/{meta.get('name') or ''}; {kind}"


def _metadata(obj: Mapping[str, Any]) -> dict[str, Any]:
    meta = obj.get("metadata")
    return meta if isinstance(meta, dict) else {}


def _without_managed_fields(obj: Object) -> Object:
    meta = _metadata(obj)
    if "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {key: value for key, value in meta.items() if key != "managedFields"}}


def _nonempty(managed: ManagedFields) -> ManagedFields:
    return {one: had for one, had in managed.items() if had.fields}


def _kind_text(api_version: str, kind: str) -> str:
    """As Go prints a GroupVersionKind: ``apps/v1, Kind=Deployment``."""
    group, _, version = api_version.rpartition("/")
    return f"{group}/{version}, Kind={kind}"


def _failure(message: str) -> ApiError:
    return ApiError(500, "", message)
