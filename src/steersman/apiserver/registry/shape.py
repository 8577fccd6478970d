"""From what a client sent to an object of the kind's shape: types checked, unknown fields dropped, defaults set."""

from collections.abc import Sequence
from typing import Protocol

import orjson

from steersman.apimachinery.errors import ApiError, FieldError, bad_request, field_invalid, invalid
from steersman.apimachinery.group_version import GroupKind, GroupVersionKind
from steersman.apimachinery.object_meta import validate_object_meta, validate_object_meta_update
from steersman.apimachinery.object_meta_types import check_object_meta_types
from steersman.apiserver.registry.resource import Definition, Object, Resource

FIELD_VALIDATIONS = ("Ignore", "Warn", "Strict")


class Shaped(Protocol):
    """What has a body of some kind: a resource, or an action."""

    @property
    def gvk(self) -> GroupVersionKind: ...

    @property
    def definition(self) -> Definition: ...

    @property
    def custom(self) -> bool: ...


def read_shape(
    resource: Shaped, obj: Object, field_validation: str, duplicates: Sequence[str], *, patched: bool = False
) -> list[str]:
    """Drop from ``obj`` what the schema does not know, in place; return warnings.

    Raises 400 where Go's decoder would (a built-in kind with a wrong type), and for unknown or duplicate fields
    under ``Strict`` (KEP-2885); 422 where the object is the result of a patch.
    """
    schema = resource.definition.compiled
    if not resource.custom:
        mismatch = schema.go_type_errors(obj)
        if mismatch:
            raise _refusal(resource, mismatch, obj if patched else None)
    else:
        check_types(resource, obj)
    unknown = schema.prune(obj)
    if field_validation == "Ignore" or not (unknown or duplicates):
        return []
    complaints = [f'duplicate field "{path}"' for path in duplicates] + [f'unknown field "{path}"' for path in unknown]
    if field_validation == "Warn":
        return complaints
    raise _refusal(resource, "strict decoding error: " + ", ".join(complaints), obj if patched else None)


def check_types(resource: Shaped, obj: Object) -> None:
    """Raise 400 where Go's decoder would; of a custom resource it reads the metadata alone."""
    if resource.custom:
        check_metadata_types(obj, resource.gvk)
        return
    mismatch = resource.definition.compiled.go_type_errors(obj)
    if mismatch:
        raise _refusal(resource, mismatch, None)


def check_metadata_types(obj: Object, kind: GroupVersionKind) -> None:
    check_object_meta_types(obj["metadata"], kind.kind, kind.version)


def _refusal(resource: Shaped, problem: str, patched: Object | None) -> ApiError:
    if patched is not None:
        return invalid(GroupKind("", ""), "", [field_invalid("patch", orjson.dumps(patched).decode(), problem)])
    if resource.custom:
        return bad_request(problem)
    kind = resource.gvk
    return bad_request(f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {problem}')


def set_defaults(resource: Resource, obj: Object) -> None:
    resource.definition.compiled.default(obj)
    resource.strategy.complete(obj)


def check(resource: Resource, obj: Object, old: Object | None) -> None:
    """Validate metadata, schema and strategy; raises 422 with every cause."""
    strategy, meta = resource.strategy, obj["metadata"]
    if old is None:
        errors = validate_object_meta(meta, resource.namespaced, strategy.validate_name)
    else:
        errors = validate_object_meta_update(meta, old["metadata"])
    errors += resource.definition.compiled.validate(obj)
    if not errors:
        errors = strategy.validate(obj) if old is None else strategy.validate_update(obj, old)
    refuse(resource, obj, errors)


def refuse(resource: Resource, obj: Object, errors: Sequence[FieldError]) -> None:
    """Raise 422 where there are ``errors`` of ``obj``."""
    if errors:
        raise invalid(resource.gvk.group_kind, obj["metadata"].get("name") or "", errors)
