"""Rules of ``metadata`` that hold for every kind: on creation, and from one state of an object to the next.

Metadata comes as JSON whose types have been checked (:mod:`steersman.apimachinery.object_meta_types`). Specified in API
conventions, section "Metadata"; messages are those of kube-apiserver.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from steersman.apimachinery.errors import (
    FieldError,
    field_forbidden,
    field_invalid,
    field_not_supported,
    field_required,
    field_too_long,
    render_value,
)
from steersman.apimachinery.group_version import GroupVersion
from steersman.apimachinery.names import NameValidator, check_label_key, check_label_value, label_name
from steersman.apimachinery.time import parse_time

ANNOTATIONS_SIZE = 256 * 1024
"""Bytes that all keys and values of an object's annotations may have together."""

MAX_ERRORS = 100
"""Faults of one list or map that are told; a body may have hundreds of thousands."""

FIELD_MANAGER_LENGTH = 128
FINALIZER_ORPHAN = "orphan"
FINALIZER_FOREGROUND = "foregroundDeletion"

_IMMUTABLE = "field is immutable"
_SUBRESOURCE_LENGTH = 256
_NOT_OWNERS = (("v1", "Event"),)


def validate_object_meta(
    meta: Mapping[str, Any], namespaced: bool, name_validator: NameValidator, path: str = "metadata"
) -> list[FieldError]:
    """What is wrong with metadata as it is to be stored, after the server has given name and namespace."""
    errors: list[FieldError] = []
    if generate_name := meta.get("generateName"):
        place = f"{path}.generateName"
        errors += [field_invalid(place, generate_name, error) for error in name_validator(generate_name, True)]
    if name := meta.get("name"):
        errors += [field_invalid(f"{path}.name", name, error) for error in name_validator(name, False)]
    else:
        errors.append(field_required(f"{path}.name", "name or generateName is required"))
    errors += _validate_namespace(meta.get("namespace") or "", namespaced, f"{path}.namespace")
    errors += _validate_generation(meta, path)
    errors += _validate_client_fields(meta, path)
    if finalizers := meta.get("finalizers"):
        errors += validate_finalizers(finalizers, f"{path}.finalizers")
    errors += _validate_managed_fields(meta, path)
    return errors


def validate_object_meta_update(
    new: Mapping[str, Any], old: Mapping[str, Any], path: str = "metadata"
) -> list[FieldError]:
    """What is wrong with the step from ``old`` to ``new`` metadata, once :func:`restore_object_meta` has been at it."""
    errors: list[FieldError] = []
    if old.get("deletionTimestamp"):
        errors += _validate_no_new_finalizers(new, old, path)
    if not new.get("resourceVersion"):
        errors.append(field_invalid(f"{path}.resourceVersion", "", "must be specified for an update"))
    errors += _validate_generation(new, path)
    if (new.get("generation") or 0) < (old.get("generation") or 0):
        errors.append(field_invalid(f"{path}.generation", new.get("generation") or 0, "must not be decremented"))
    for field in ("name", "namespace", "uid"):
        if (value := new.get(field) or "") != (old.get(field) or ""):
            errors.append(field_invalid(f"{path}.{field}", value, _IMMUTABLE))
    for field in ("creationTimestamp", "deletionTimestamp"):
        if not _same_time(new.get(field), old.get(field)):
            errors.append(field_invalid(f"{path}.{field}", new.get(field), _IMMUTABLE))
    if (seconds := new.get("deletionGracePeriodSeconds")) != old.get("deletionGracePeriodSeconds"):
        errors.append(field_invalid(f"{path}.deletionGracePeriodSeconds", seconds, _IMMUTABLE))
    errors += _validate_client_fields(new, path)
    errors += _validate_managed_fields(new, path)
    return errors


def restore_object_meta(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """``new`` metadata with what an update cannot change put back from ``old`` without a word, as kube-apiserver does.

    A client may leave out uid, creationTimestamp and the deletion fields; a uid that differs is left for
    :func:`validate_object_meta_update` to refuse. The generation is the old one: whoever knows the kind raises it.
    """
    restored = dict(new)
    if not new.get("uid"):
        _carry(restored, old, "uid")
    _carry(restored, old, "generation")
    if old.get("creationTimestamp"):
        restored["creationTimestamp"] = old["creationTimestamp"]
    if old.get("deletionTimestamp"):
        restored["deletionTimestamp"] = old["deletionTimestamp"]
    if new.get("deletionGracePeriodSeconds") is None:
        _carry(restored, old, "deletionGracePeriodSeconds")
    return restored


def _carry(meta: dict[str, Any], old: Mapping[str, Any], field: str) -> None:
    if old.get(field) is None:
        meta.pop(field, None)
    else:
        meta[field] = old[field]


def _same_time(new: str | None, old: str | None) -> bool:
    if new == old or not new or not old:
        return (new or None) == (old or None)
    return parse_time(new) == parse_time(old)


def _validate_namespace(namespace: str, namespaced: bool, path: str) -> list[FieldError]:
    if not namespaced:
        return [field_forbidden(path, "not allowed on this type")] if namespace else []
    if not namespace:
        return [field_required(path)]
    return [field_invalid(path, namespace, error) for error in label_name(namespace, False)]


def _validate_generation(meta: Mapping[str, Any], path: str) -> list[FieldError]:
    generation = meta.get("generation") or 0
    if generation < 0:
        return [field_invalid(f"{path}.generation", generation, "must be greater than or equal to 0")]
    return []


def _validate_client_fields(meta: Mapping[str, Any], path: str) -> list[FieldError]:
    """The fields that a client writes, checked alike on creation and update."""
    errors: list[FieldError] = []
    if labels := meta.get("labels"):
        errors += validate_labels(labels, f"{path}.labels")
    if annotations := meta.get("annotations"):
        errors += validate_annotations(annotations, f"{path}.annotations")
    if references := meta.get("ownerReferences"):
        errors += _validate_owner_references(references, f"{path}.ownerReferences")
    return errors


def validate_labels(labels: Mapping[str, str | None], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for key, value in labels.items():
        if len(errors) >= MAX_ERRORS:
            break
        errors += [field_invalid(path, key, error) for error in check_label_key(key)]
        errors += [field_invalid(path, value, error) for error in check_label_value(value or "")]
    return errors


def validate_annotations(annotations: Mapping[str, str | None], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    size = 0
    for key, value in annotations.items():
        # Unlike a label's, the prefix of an annotation's key may have upper case.
        if len(errors) < MAX_ERRORS:
            errors += [field_invalid(path, key, error) for error in check_label_key(key.lower())]
        size += len(key.encode()) + len((value or "").encode())
    if size > ANNOTATIONS_SIZE:
        errors.append(field_too_long(path, ANNOTATIONS_SIZE))
    return errors


def validate_finalizers(finalizers: Sequence[str], path: str) -> list[FieldError]:
    faults = (field_invalid(path, one, error) for one in finalizers for error in check_label_key(one or ""))
    errors = list(islice(faults, MAX_ERRORS))
    if FINALIZER_ORPHAN in finalizers and FINALIZER_FOREGROUND in finalizers:
        detail = f"finalizer {FINALIZER_ORPHAN} and {FINALIZER_FOREGROUND} cannot be both set"
        errors.append(field_invalid(path, list(finalizers), detail))
    return errors


def _validate_no_new_finalizers(new: Mapping[str, Any], old: Mapping[str, Any], path: str) -> list[FieldError]:
    added = sorted(set(new.get("finalizers") or ()) - set(old.get("finalizers") or ()))
    if not added:
        return []
    listed = ", ".join(render_value(finalizer) for finalizer in added)
    detail = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
    return [field_forbidden(f"{path}.finalizers", detail)]


def _validate_owner_references(references: Sequence[Mapping[str, Any] | None], path: str) -> list[FieldError]:
    """At most some :data:`MAX_ERRORS`, and one of a second controller: it shows all the references."""
    errors: list[FieldError] = []
    controllers: list[str] = []
    for index, given in enumerate(references):
        if len(errors) >= MAX_ERRORS:
            break
        reference = _complete_owner_reference(given or {})
        errors += _validate_owner_reference(reference, f"{path}[{index}]")
        if not reference.get("controller"):
            continue
        controllers.append(f"{reference['kind']}/{reference['name']}")
        if len(controllers) == 2:
            detail = (
                "Only one reference can have Controller set to true. "
                f'Found "true" in references for {controllers[0]} and {controllers[1]}'
            )
            shown = [_complete_owner_reference(one or {}) for one in references]
            errors.append(field_invalid(path, shown, detail))
    return errors


def _complete_owner_reference(reference: Mapping[str, Any]) -> dict[str, Any]:
    complete = {field: reference.get(field) or "" for field in ("apiVersion", "kind", "name", "uid")}
    given = {
        field: reference[field] for field in ("controller", "blockOwnerDeletion") if reference.get(field) is not None
    }
    return complete | given


def _validate_owner_reference(reference: Mapping[str, Any], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    api_version = reference["apiVersion"]
    if not api_version:
        errors.append(field_required(f"{path}.apiVersion", "must not be empty"))
    elif not _is_api_version(api_version):
        errors.append(field_invalid(f"{path}.apiVersion", api_version, "must be <group>/<version> or <version>"))
    for field in ("kind", "name", "uid"):
        if not reference[field]:
            errors.append(field_required(f"{path}.{field}", "must not be empty"))
    if (api_version, reference["kind"]) in _NOT_OWNERS:
        named = f"/{api_version}, Kind={reference['kind']}"
        errors.append(field_invalid(path, reference, f"{named} is disallowed from being an owner"))
    return errors


def _is_api_version(text: str) -> bool:
    try:
        return bool(GroupVersion.parse(text).version)
    except ValueError:
        return False


def _validate_managed_fields(meta: Mapping[str, Any], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, given in enumerate(meta.get("managedFields") or ()):
        if len(errors) >= MAX_ERRORS:
            break
        entry, place = given or {}, f"{path}.managedFields[{index}]"
        operation = entry.get("operation") or ""
        if not operation:
            errors.append(field_required(f"{place}.operation", "must not be empty"))
        elif operation not in ("Apply", "Update"):
            errors.append(field_not_supported(f"{place}.operation", operation, ("Apply", "Update")))
        if (fields_type := entry.get("fieldsType") or "FieldsV1") != "FieldsV1":
            errors.append(field_invalid(f"{place}.fieldsType", fields_type, "must be `FieldsV1`"))
        errors += validate_field_manager(entry.get("manager") or "", f"{place}.manager")
        if len((entry.get("subresource") or "").encode()) > _SUBRESOURCE_LENGTH:
            errors.append(field_too_long(f"{place}.subresource", _SUBRESOURCE_LENGTH))
    return errors


def validate_field_manager(manager: str, path: str = "fieldManager") -> list[FieldError]:
    """A field manager's name, in ``managedFields`` or as the ``fieldManager`` of a request.

    The letters of one that is too long are not looked at: each fault shows the whole name.
    """
    if len(manager.encode()) > FIELD_MANAGER_LENGTH:
        return [field_too_long(path, FIELD_MANAGER_LENGTH)]
    errors: list[FieldError] = []
    if not manager.isprintable():
        at = 0
        for letter in manager:
            if not letter.isprintable():
                detail = f"invalid character U+{ord(letter):04X} (at position {at})"
                errors.append(field_invalid(path, manager, detail))
            at += len(letter.encode())
    return errors
